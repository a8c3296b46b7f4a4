/* Videos that exist only while they are looked at. Item epoch * count + index is a video of its own, so a generated
 * epoch never repeats; equal items are equal frames on every rank.
 *
 * A latent dataset is opened as a live source of its own plan, with epoch 0 for every epoch. The two are one file since
 * each needs the other: what a live source draws from may be a latent dataset. */
#include "gen/dataset/sources.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/config/record.h"
#include "gen/dataset/generator.h"
#include "gen/variant/variant_config.h"
#include "par/agree.h"
#include "store/data/dataset.h"

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

/* `setup` but for its media, which the pools become. */
static Err open_all(ClipSource **source, GeneratorSetup setup, const char *pool_paths, const Par *par) {
    *source = NULL;
    Err err = allocate(source, setup.count);
    TRY_OR(done, err_agree_all(err, par, "opening the live source"));
    LiveSource *live = (*source)->state;
    TRY_OR(done, media_open_all(&live->media, pool_paths, dataset_source_open, par));
    setup.media = &live->media;
    TRY_OR(done, err_agree_all(open_generator(*source, &setup), par, "opening the live source"));
done:
    if (err) clip_source_close(source);
    return err;
}

Err live_source_open_all(ClipSource **source, const Variant *variant, const char *pool_paths, const char *split,
                         int64_t count, uint64_t seed, const Par *par) {
    return open_all(source, (GeneratorSetup){.variant = variant, .split = split, .seed = seed, .count = count},
                    pool_paths, par);
}

const char *live_source_media_digest(const ClipSource *source) {
    const LiveSource *live = source->state;
    return live->media.digest;
}

PhotographsShown live_source_photographs(const ClipSource *source) {
    const LiveSource *live = source->state;
    return media_photographs(&live->media, variant_size(live->generator.setup.variant));
}

int64_t live_source_n_images(const ClipSource *source) {
    const LiveSource *live = source->state;
    return media_n_images(&live->media);
}

/* ---- latent datasets ---- */

/* The manifest names the pool; its digest must be what it was, or the frames would be others than were promised. */

/* What a dataset's plan says, as text pieces of its JSON. */
typedef struct {
    cJSON *plan, *provenance;
    const char *split, *media, *pool;
    uint64_t seed;
    Variant *variant;
} Origin;

static Err read_variant(Origin *origin, const char *folder) {
    const cJSON *tree = cJSON_GetObjectItemCaseSensitive(origin->plan, "variant");
    char *text = NULL;
    if (!cJSON_IsObject(tree)) return RAISE(ERR_INPUT, "%s: its manifest names no variant to render it with", folder);
    TRY(json_print(&text, tree));
    Err err = variant_from_text(&origin->variant, text);
    free(text);
    return err;
}

static Err read_origin(Origin *origin, const Dataset *dataset, const char *folder) {
    *origin = (Origin){.seed = dataset->seed, .pool = ""};
    TRY(json_parse(&origin->plan, dataset->config_text, strlen(dataset->config_text), folder, ERR_INPUT));
    origin->split = record_text_or(origin->plan, "split", "");
    origin->media = record_text_or(origin->plan, "media", "");
    if (dataset->provenance) {
        TRY(json_parse(&origin->provenance, dataset->provenance, strlen(dataset->provenance), folder, ERR_INPUT));
        origin->pool = record_text_or(origin->provenance, "pool", "");
    }
    return read_variant(origin, folder);
}

/* The live source keeps the variant for its life; the wrapper owns both. */
typedef struct {
    ClipSource *live;
    Origin origin;
} Rerender;

static Err rerender_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const Rerender *state = source->state;
    (void)epoch; /* a dataset has the same videos in every epoch */
    return clip_source_info(state->live, 0, index, info);
}

static Err rerender_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers, int n_frames,
                         Frames *out) {
    const Rerender *state = source->state;
    (void)epoch;
    return clip_source_read(state->live, 0, index, frame_numbers, n_frames, out);
}

static void rerender_close(ClipSource *source) {
    Rerender *state = source->state;
    clip_source_close(&state->live);
    variant_free(&state->origin.variant);
    cJSON_Delete(state->origin.plan);
    cJSON_Delete(state->origin.provenance);
    free(state);
    free(source);
}

static const ClipSourceOps rerender_ops = {"latent", rerender_info, rerender_read, rerender_close};

static Err open_live(ClipSource *source, const Dataset *dataset, const char *folder) {
    Rerender *state = source->state;
    Origin *origin = &state->origin;
    Par alone = par_serial(1);
    TRY(read_origin(origin, dataset, folder));
    const GeneratorSetup setup = {.variant = origin->variant,
                                  .split = origin->split,
                                  .seed = origin->seed,
                                  .count = dataset->n_clips,
                                  .one_size = true}; /* the frames that its files would hold */
    TRY(err_within(open_all(&state->live, setup, origin->pool, &alone), "%s: rendering its videos: ", folder));
    if (!text_equal(live_source_media_digest(state->live), origin->media)) {
        return RAISE(ERR_INPUT, "%s: rendering its videos: the pool %s is not what it was when the dataset was made",
                     folder, origin->pool);
    }
    TRY(text_copy(source->digest, sizeof source->digest, state->live->digest));
    source->n_classes = state->live->n_classes;
    source->class_names = state->live->class_names;
    return text_copy(source->name, sizeof source->name, dataset->name);
}

static Err open_latent(ClipSource **source, const Dataset *dataset, const char *folder) {
    *source = calloc(1, sizeof **source);
    Rerender *state = calloc(1, sizeof *state);
    if (!*source || !state) {
        free(*source);
        free(state);
        *source = NULL;
        return RAISE(ERR_MEMORY, "%s: opening a latent dataset: out of memory", folder);
    }
    **source = (ClipSource){.ops = &rerender_ops, .count = dataset->n_clips, .state = state};
    Err err = open_live(*source, dataset, folder);
    if (err) clip_source_close(source);
    return err;
}

Err dataset_source_open(ClipSource **source, const char *folder) {
    return shard_source_open(source, folder, open_latent);
}
