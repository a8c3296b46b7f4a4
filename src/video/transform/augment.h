/* video/transform/augment - what fine-tuning does to a finished clip, after resizing: flip, erase, mix (VideoMAE's
 * video_transforms.py, random_erasing.py, mixup.py).
 *
 * A clip here is (frame, y, x, channel) floats without gaps, three channels. Erasing works on normalized values. */
#pragma once

#include "math/rng.h"
#include "video/frames/clip.h"

typedef struct {
    int n_frames, height, width;
} ClipShape;

static inline size_t clip_shape_floats(ClipShape shape) {
    return (size_t)shape.n_frames * (size_t)shape.height * (size_t)shape.width * 3;
}

/* (value / 255 - mean) / deviation with the ImageNet means (.485, .456, .406) and deviations (.229, .224, .225), in
 * place on values in [0, 255]. */
void augment_normalize(float *clip, ClipShape shape);
/* Left and right change places in every frame. */
void augment_flip(float *clip, ClipShape shape);

/* With `probability` (first draw): one box for all frames, area share uniform in [.02, 1/3), aspect h/w log-uniform in
 * [.3, 1/.3), strictly smaller than the frame, up to 100 tries; filled with normal noise of its own for each value. */
void augment_erase(float *clip, ClipShape shape, double probability, Rng *rng);

/* How the clips of one batch are mixed with each other: one draw a batch. */
typedef struct {
    bool cut;      /* cutmix: a box changes places; otherwise mixup: a weighted mean */
    double lambda; /* share of a clip that is its own */
    Box box;       /* cutmix */
} AugmentMix;

/* Cutmix with lambda from Beta(cutmix_alpha, cutmix_alpha) or mixup with lambda from Beta(mixup_alpha, mixup_alpha),
 * with equal chance when both alphas are positive; lambda 1 when none is. A cutmix box has sides sqrt(1 - lambda) of
 * the frame and a uniform center, is clipped at the border, and lambda becomes what it leaves. */
AugmentMix augment_draw_mix(ClipShape shape, double mixup_alpha, double cutmix_alpha, Rng *rng);
/* The two partners of a batch in place, each with the other as it was. */
void augment_mix_pair(float *first, float *second, ClipShape shape, const AugmentMix *mix);
/* One of them in place, to the same bits, with the other left as it is. */
void augment_mix_into(float *clip, const float *other, ClipShape shape, const AugmentMix *mix);
/* Smoothed targets of a mixed clip: lambda * smooth(label) + (1 - lambda) * smooth(other), where smooth puts
 * smoothing / n_classes everywhere and 1 - smoothing more on its class. */
void augment_target(float *target, int n_classes, int label, int other, double lambda, double smoothing);

/* randaugment.c: RandAugment as VideoMAE fine-tunes with ("rand-m7-n4-mstd0.5-inc1"): a few operations
 * drawn from 15, the same for all frames of a clip, on 8-bit frames of any size.
 *
 * Each of n_ops operations is drawn with replacement and applied with `probability`; its level is normal(magnitude,
 * deviation) held in [0, 10], its sign is even odds. Draws in order: all operations; then for each one whether,
 * level, sign. The operations: video/transform/randaugment.c. */

typedef struct {
    int n_ops;
    double magnitude, deviation, probability;
} RandAugment;

/* The policy of VideoMAE's commands. The paper's table says magnitude 9. */
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
