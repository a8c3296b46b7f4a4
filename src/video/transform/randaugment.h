/* video/transform/randaugment - RandAugment as VideoMAE fine-tunes with ("rand-m7-n4-mstd0.5-inc1"): a few operations
 * drawn from 15, the same for all frames of a clip, on 8-bit frames of any size.
 *
 * Each of n_ops operations is drawn with replacement and applied with `probability`; its level is normal(magnitude,
 * deviation) held in [0, 10], its sign is even odds. Draws in order: all operations; then for each one whether,
 * level, sign. The operations: video/transform/imageop. */
#pragma once

#include "math/rng.h"
#include "video/frames/clip.h"

typedef struct {
    int n_ops;
    double magnitude, deviation, probability;
} RandAugment;

/* What VideoMAE's commands run. The paper's table says magnitude 9. */
static const RandAugment randaugment_default = {4, 7, 0.5, 0.5};

typedef enum {
    RANDAUGMENT_AUTO_CONTRAST,
    RANDAUGMENT_EQUALIZE,
    RANDAUGMENT_INVERT,
    RANDAUGMENT_ROTATE,
    RANDAUGMENT_POSTERIZE,
    RANDAUGMENT_SOLARIZE,
    RANDAUGMENT_SOLARIZE_ADD,
    RANDAUGMENT_COLOR,
    RANDAUGMENT_CONTRAST,
    RANDAUGMENT_BRIGHTNESS,
    RANDAUGMENT_SHARPNESS,
    RANDAUGMENT_SHEAR_X,
    RANDAUGMENT_SHEAR_Y,
    RANDAUGMENT_TRANSLATE_X,
    RANDAUGMENT_TRANSLATE_Y,
    RANDAUGMENT_COUNT
} RandAugmentOp;

/* One operation at level 0..10; `negative` turns the sign where the operation has one. */
CHECKED Err randaugment_apply(Frames *frames, RandAugmentOp op, double level, bool negative);
/* Draws and applies. */
CHECKED Err randaugment(Frames *frames, const RandAugment *settings, Rng *rng);
