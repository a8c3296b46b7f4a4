/* The paper's generator: opaque objects moving over a background, some of the videos replaced by others (mixes). */
#include "base/system/log.h"
#include "gen/dataset/generator.h"
#include "gen/objects/internal/mix.h"
#include "gen/objects/render.h"
#include "gen/variant/variant_config.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    SceneLaw law;
    Renderer renderer;
    Mix mix;
} Objects;

static bool needs_images(const Variant *variant) {
    return variant->fill == FILL_TEXTURE || variant->background == BACKGROUND_IMAGE || variant_has_still_clips(variant);
}

static bool needs_videos(const Variant *variant) {
    return variant->fill == FILL_TEXTURE_VIDEO || variant->mix == MIX_REAL_VIDEOS;
}

static Err check_media(const Variant *variant, const Media *media) {
    if (needs_images(variant) && media_n_images(media) == 0) {
        return RAISE(ERR_INPUT,
                     "%s: needs images, none given; name a pool with --pool (made by `synvid ingest --as "
                     "images` or `synvid textures`)",
                     variant->name);
    }
    if (needs_images(variant) && media_n_images(media) < variant->pool_min) {
        return RAISE(ERR_INPUT, "%s: pool: %lld images, expected at least %d (pool_min)", variant->name,
                     (long long)media_n_images(media), variant->pool_min);
    }
    if (needs_videos(variant) && media_n_videos(media) == 0) {
        return RAISE(ERR_INPUT, "%s: needs a dataset of %s, none given; name its folder with --pool", variant->name,
                     variant->mix == MIX_REAL_VIDEOS ? "real videos (made by `synvid ingest`)"
                                                     : "texture videos (made by `synvid textures`)");
    }
    return ERR_NONE;
}

/* What the objects are filled from: pool images, texture videos, or nothing. */
static ImageLaw textures_of(const Variant *variant, const Media *media, const ImageLaw *images) {
    switch ((FillKind)variant->fill) {
    case FILL_TEXTURE: return *images;
    case FILL_TEXTURE_VIDEO: return image_law_whole((uint32_t)media_n_videos(media));
    case FILL_COLOR: break;
    }
    return image_law_whole(0);
}

/* The paper's pools are larger than most: that is worth a word, not an error. */
static void tell_of_small_pool(const Variant *variant, const Media *media) {
    int64_t n = media_n_images(media);
    if (needs_images(variant) && variant->pool_size > n)
        log_info("%s: the pool has %lld images, the paper's %lld; all are used", variant->name, (long long)n,
                 (long long)variant->pool_size);
}

static Err objects_open(Generator *generator) {
    const GeneratorSetup *setup = &generator->setup;
    const Variant *variant = setup->variant;
    TRY(check_media(variant, setup->media));
    tell_of_small_pool(variant, setup->media);
    Objects *objects = calloc(1, sizeof *objects);
    if (!objects) return RAISE(ERR_MEMORY, "%s: opening the generator: out of memory", variant->name);
    Err err = renderer_init(&objects->renderer, variant, setup->media);
    if (err) {
        free(objects);
        return err;
    }
    const ImageLaw images = image_law_of(variant, setup->media);
    const ImageLaw textures = textures_of(variant, setup->media, &images);
    scene_law_init(&objects->law, variant, setup->seed, &textures, &images);
    mix_init(&objects->mix, setup, &images);
    generator->state = objects;
    generator->n_columns = scene_columns(generator->columns, variant);
    generator->n_columns += mix_columns(generator->columns + generator->n_columns, &objects->mix);
    return ERR_NONE;
}

static void objects_close(Generator *generator) {
    Objects *objects = generator->state;
    if (!objects) return;
    renderer_free(&objects->renderer);
    free(objects);
}

static Err objects_info(const Generator *generator, uint64_t item, VideoInfo *info) {
    const Objects *objects = generator->state;
    MixPick pick = mix_pick(&objects->mix, item);
    *info = (VideoInfo){.n_frames = scene_length(&objects->law, item),
                        .height = generator->size,
                        .width = generator->size,
                        .label = -1,
                        .still = variant_is_still(generator->setup.variant)};
    return mix_info(&objects->mix, pick, info);
}

/* Videos that are not generated have zero latents, and say in the mix columns what they are. */
static Err objects_latents(const Generator *generator, uint64_t item, void *const *columns) {
    const Objects *objects = generator->state;
    MixPick pick = mix_pick(&objects->mix, item);
    int n_scene = generator->n_columns - mix_columns(NULL, &objects->mix);
    mix_latents(columns + n_scene, &objects->mix, pick);
    if (pick.kind != MIX_NONE) {
        /* a video from outside has no objects: zeros in all columns of the scene */
        for (int c = 0; c < n_scene; c++) {
            const LatentColumn *column = &generator->columns[c];
            memset(columns[c], 0, (size_t)column->rows * (size_t)column->cols * 4);
        }
        return ERR_NONE;
    }
    Painter painter;
    TRY(painter_init(&painter, &objects->renderer));
    scene_draw(&painter.scene, &objects->law, item);
    scene_latents(columns, &painter.scene, objects->law.variant);
    painter_free(&painter);
    return ERR_NONE;
}

static Err objects_render(const Generator *generator, uint64_t item, const int *frame_numbers, int n_frames,
                          Frames *out) {
    const Objects *objects = generator->state;
    MixPick pick = mix_pick(&objects->mix, item);
    if (pick.kind != MIX_NONE) return mix_render(&objects->mix, &objects->renderer, pick, frame_numbers, n_frames, out);
    Painter painter;
    TRY(painter_init(&painter, &objects->renderer));
    scene_draw(&painter.scene, &objects->law, item);
    Err err = render_frames(&painter, frame_numbers, n_frames, out);
    painter_free(&painter);
    return err;
}

static size_t objects_scratch(const Generator *generator) {
    const Objects *objects = generator->state;
    return painter_bytes(&objects->renderer);
}

const GeneratorOps objects_generator = {
    .name = "objects",
    .dataset_kind = "generated",
    .open = objects_open,
    .close = objects_close,
    .info = objects_info,
    .latents = objects_latents,
    .render = objects_render,
    .scratch_bytes = objects_scratch,
};
