/* gen/standin/internal/standin_stage - what both stand-in generators share: opening, random streams, photographs. */
#pragma once

#include "gen/standin/internal/photo.h"
#include "gen/standin/standin.h"

/* The state of an open stand-in generator. */
typedef struct {
    const StandinConfig *config; /* borrowed from the variant */
    PhotoBank bank;
    Range length; /* frames */
    int side;
    uint64_t seed;
} Standin;

/* Random streams of one video. Train and test never share one: their objects differ. */
typedef enum {
    STANDIN_LENGTH,
    STANDIN_BACKGROUND,
    STANDIN_MOVER, /* patch, or figure and clothes */
    STANDIN_MOTION,
    STANDIN_CAMERA,
    STANDIN_CLUTTER,
    STANDIN_DRIFT, /* of the clutter */
    STANDIN_WORLD,
} StandinPart;

/* A photograph and the part of it that is shown. */
typedef struct {
    int32_t number;
    PhotoCrop crop;
} StandinPhoto;

/* For GeneratorOps.open: state, classes, split; checks the length and that the split has `photos` photographs. */
CHECKED Err standin_open(Generator *generator, const char *const *class_names, int n_classes, int photos);
void standin_close(Generator *generator);
const Standin *standin_of(const Generator *generator);
/* The largest world a camera sees (gen/standin/standin_background): a pan of one side and a zoom of a half, with
 * margins.
 */
#define STANDIN_WORLD_SIDE(side) (9 * (size_t)(side) / 4 + 4)
/* For GeneratorOps.scratch_bytes: an upper bound without drifting clutter. */
size_t standin_scratch_bytes(const Generator *generator);

Rng standin_stream(const Standin *standin, uint64_t item, StandinPart part);
static inline float standin_draw_in(Rng *rng, Range range) {
    return rng_uniform(rng, (float)range.low, (float)range.high);
}
/* Item k has class k mod n_classes. */
VideoInfo standin_info(const Standin *standin, uint64_t item, int n_classes);
int standin_n_frames(const Standin *standin, uint64_t item);
/* Time within the video, centered: from just above -1/2 to just below 1/2. */
static inline float standin_time(int frame, int n_frames) {
    return ((float)frame + 0.5f) / (float)n_frames - 0.5f;
}
StandinPhoto standin_photo_draw(const Standin *standin, Rng *rng, PhotosUsed *used, Range shares);
/* Appends a latent column. */
void standin_column(Generator *generator, LatentColumn column);
