/* gen/dataset/generator - what every kind of generated video provides: one small table of functions.
 *
 * A Generator turns an item number into one video: its length and label, its latent parameters, its frames. All are
 * pure functions of (seed, item), so any rank, thread or reader gets the same bytes. Items are video indices in files
 * and epoch * count + index when rendering on the fly. Kinds: "objects" (the paper's), the two stand-ins, texture
 * videos; live_source and generate know only this interface.
 *
 * info, latents and render may be called by several threads at once on one Generator; scratch is local to a call.
 * Nothing here communicates. A Generator borrows variant and media for its life. */
#pragma once

#include "gen/variant/media.h"
#include "gen/variant/variant.h"
#include "store/data/shard.h"
#include "video/frames/source.h"

enum { GENERATOR_COLUMNS_MAX = 48 };

typedef struct {
    const Variant *variant; /* its struct: gen/variant/variant_config.h */
    const Media *media;     /* pictures and videos from outside; empty when the variant needs none */
    const char *split;      /* stand-ins: "train" or "test"; "" otherwise */
    uint64_t seed;
    int64_t count; /* videos of the dataset, or of one epoch on the fly: mixes are split by index within it */
    bool one_size; /* of a dataset in files: all frames have the canvas's size, still clips too */
} GeneratorSetup;

typedef struct Generator Generator;

typedef struct {
    const char *name;         /* value of the `generator` key */
    const char *dataset_kind; /* "generated" or "standin", for the manifest */
    /* Checks setup against the variant and fills generator->state, columns, n_columns and the classes. On failure
     * nothing is left to close. ERR_INPUT when media are missing or too few. */
    CHECKED Err (*open)(Generator *generator);
    void (*close)(Generator *generator);
    CHECKED Err (*info)(const Generator *generator, uint64_t item, VideoInfo *info);
    /* columns[c] has room for rows * cols values of column c. */
    CHECKED Err (*latents)(const Generator *generator, uint64_t item, void *const *columns);
    /* Only the frames asked for; `out` is shaped here. Numbers are in 0..n_frames-1, repeats allowed. */
    CHECKED Err (*render)(const Generator *generator, uint64_t item, const int *frame_numbers, int n_frames,
                          Frames *out);
    /* Bytes of scratch one call of render needs at most, for the memory bound. */
    size_t (*scratch_bytes)(const Generator *generator);
} GeneratorOps;

struct Generator {
    const GeneratorOps *ops;
    GeneratorSetup setup;
    int size;                       /* frames are size x size */
    int n_classes;                  /* 0: unlabelled */
    const char *const *class_names; /* n_classes static or state-owned names, or NULL */
    const char *pictures;           /* where a stand-in's pictures come from, for the manifest; NULL: not asked */
    int n_columns;
    LatentColumn columns[GENERATOR_COLUMNS_MAX];
    void *state; /* the kind's */
};

/* The kinds: gen/objects/objects.c, gen/textures/texture_video.c; the stand-ins (standin_motion_generator,
 * standin_actions_generator) are declared in gen/standin/standin.h. */
extern const GeneratorOps objects_generator, texture_video_generator;

/* `generator` is the caller's; close with generator_close. */
CHECKED Err generator_open(Generator *generator, const GeneratorSetup *setup);
void generator_close(Generator *generator); /* fine on a zeroed one */

static inline Err generator_info(const Generator *generator, uint64_t item, VideoInfo *info) {
    return generator->ops->info(generator, item, info);
}
static inline Err generator_latents(const Generator *generator, uint64_t item, void *const *columns) {
    return generator->ops->latents(generator, item, columns);
}
static inline Err generator_render(const Generator *generator, uint64_t item, const int *frame_numbers, int n_frames,
                                   Frames *out) {
    return generator->ops->render(generator, item, frame_numbers, n_frames, out);
}
