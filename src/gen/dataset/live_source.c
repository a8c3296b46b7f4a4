/* Videos that exist only while they are looked at. Item epoch * count + index is a video of its own, so a generated
 * epoch never repeats; equal items are equal frames on every rank. */
#include "gen/dataset/sources.h"

#include "base/config/config.h"
#include "gen/dataset/generator.h"
#include "gen/variant/variant_config.h"
#include "par/agree.h"

#include <stdlib.h>

typedef struct {
    Generator generator;
    Media media;
} LiveSource;

/* The number that all draws of a video depend on. */
static uint64_t item_of(const ClipSource *source, int64_t epoch, int64_t index) {
    return (uint64_t)epoch * (uint64_t)source->count + (uint64_t)index;
}

static Err live_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const LiveSource *live = source->state;
    return generator_info(&live->generator, item_of(source, epoch, index), info);
}

static Err live_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers, int n_frames,
                     Frames *out) {
    const LiveSource *live = source->state;
    return generator_render(&live->generator, item_of(source, epoch, index), frame_numbers, n_frames, out);
}

static void live_close(ClipSource *source) {
    LiveSource *live = source->state;
    if (live) {
        generator_close(&live->generator);
        media_close(&live->media);
    }
    free(live);
    free(source);
}

static const ClipSourceOps live_ops = {.kind = "live", .info = live_info, .read = live_read, .close = live_close};

/* Whatever decides the videos: variant, media, split, count, seed. */
static Err identify(ClipSource *source, const GeneratorSetup *setup) {
    char variant[DIGEST_SIZE], text[256];
    TRY(config_digest(variant, setup->variant, variant_fields));
    TRY(text_format(text, sizeof text, "%s %s %s %lld %llu", variant, setup->media->digest, setup->split,
                    (long long)setup->count, (unsigned long long)setup->seed));
    digest_of(source->digest, text, strlen(text));
    return text_copy(source->name, sizeof source->name, setup->variant->name);
}

static Err open_generator(ClipSource *source, const GeneratorSetup *setup) {
    LiveSource *live = source->state;
    TRY(generator_open(&live->generator, setup));
    source->n_classes = live->generator.n_classes;
    source->class_names = live->generator.class_names;
    return identify(source, setup);
}

static Err allocate(ClipSource **source, int64_t count) {
    *source = calloc(1, sizeof **source);
    LiveSource *live = calloc(1, sizeof *live);
    /* both or none: closing needs the state */
    if (!*source || !live) {
        free(*source);
        free(live);
        *source = NULL;
        return RAISE(ERR_MEMORY, "opening a live source: out of memory");
    }
    **source = (ClipSource){.ops = &live_ops, .count = count, .endless = true, .state = live};
    return ERR_NONE;
}

Err live_source_open_all(ClipSource **source, const Variant *variant, const char *pool_paths, const char *split,
                         int64_t count, uint64_t seed, const Par *par) {
    *source = NULL;
    Err err = allocate(source, count);
    TRY_OR(done, err_agree_all(err, par, "opening the live source"));
    LiveSource *live = (*source)->state;
    TRY_OR(done, media_open_all(&live->media, pool_paths, par));
    GeneratorSetup setup = {.variant = variant, .media = &live->media, .split = split, .seed = seed, .count = count};
    TRY_OR(done, err_agree_all(open_generator(*source, &setup), par, "opening the live source"));
done:
    if (err) clip_source_close(source);
    return err;
}

const char *live_source_media_digest(const ClipSource *source) {
    const LiveSource *live = source->state;
    return live->media.digest;
}

bool live_source_shows_whole_photographs(const ClipSource *source) {
    const LiveSource *live = source->state;
    return media_shows_whole_photographs(&live->media, variant_size(live->generator.setup.variant));
}

int64_t live_source_n_images(const ClipSource *source) {
    const LiveSource *live = source->state;
    return media_n_images(&live->media);
}
