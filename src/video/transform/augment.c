/* Augmentation of finished clips in the order and with the constants of the official code (VideoMAE's fine-tuning:
 * timm's random erasing, mixup and cutmix). One draw holds for all frames of a clip. */
#include "video/transform/augment.h"

#include <math.h>
#include <string.h>

void augment_normalize(float *clip, ClipShape shape) {
    static const float means[3] = {0.485F, 0.456F, 0.406F}, deviations[3] = {0.229F, 0.224F, 0.225F};
    float scale[3], shift[3];
    for (int c = 0; c < 3; c++) {
        scale[c] = 1 / (255 * deviations[c]);
        shift[c] = -means[c] / deviations[c];
    }
    size_t n_pixels = clip_shape_floats(shape) / 3;
    for (size_t i = 0; i < n_pixels; i++)
        for (size_t c = 0; c < 3; c++) clip[3 * i + c] = clip[3 * i + c] * scale[c] + shift[c];
}

static void swap_pixels(float *a, float *b) {
    for (int c = 0; c < 3; c++) {
        float kept = a[c];
        a[c] = b[c];
        b[c] = kept;
    }
}

void augment_flip(float *clip, ClipShape shape) {
    size_t n_rows = (size_t)shape.n_frames * (size_t)shape.height, width = (size_t)shape.width;
    for (size_t row = 0; row < n_rows; row++, clip += width * 3)
        for (size_t x = 0; x < width / 2; x++) swap_pixels(clip + 3 * x, clip + 3 * (width - 1 - x));
}

/* Where row `row` of the box begins in a frame. */
static float *row_of_box(float *clip, ClipShape shape, Box box, int frame, int row) {
    size_t y = (size_t)frame * (size_t)shape.height + (size_t)(box.y + row);
    return clip + (y * (size_t)shape.width + (size_t)box.x) * 3;
}

static bool draw_erasing_box(Box *box, ClipShape shape, Rng *rng) {
    double widest = log(1 / 0.3);
    /* after a hundred boxes that do not fit the official code gives up; then nothing is erased */
    for (int attempt = 0; attempt < 100; attempt++) {
        double area = (0.02 + (1.0 / 3 - 0.02) * rng_unit_double(rng)) * shape.height * shape.width;
        double aspect = exp(widest * (2 * rng_unit_double(rng) - 1));
        int height = (int)rint(sqrt(area * aspect)), width = (int)rint(sqrt(area / aspect));
        if (height >= shape.height || width >= shape.width) continue;
        int y = rng_between(rng, 0, shape.height - height), x = rng_between(rng, 0, shape.width - width);
        *box = (Box){x, y, width, height};
        return true;
    }
    return false;
}

void augment_erase(float *clip, ClipShape shape, double probability, Rng *rng) {
    Box box;
    if (rng_unit_double(rng) >= probability || !draw_erasing_box(&box, shape, rng)) return;
    for (int frame = 0; frame < shape.n_frames; frame++)
        for (int row = 0; row < box.height; row++) {
            float *values = row_of_box(clip, shape, box, frame, row);
            for (int i = 0; i < box.width * 3; i++) values[i] = rng_normal(rng);
        }
}

static int held_in(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static void draw_cutmix_box(AugmentMix *mix, ClipShape shape, Rng *rng) {
    /* the box's sides are sqrt(1 - lambda) of the frame's; cut at the border, so lambda is what is left */
    double side = sqrt(1 - mix->lambda);
    int height = (int)(shape.height * side), width = (int)(shape.width * side);
    int y = (int)rng_below(rng, (uint32_t)shape.height), x = (int)rng_below(rng, (uint32_t)shape.width);
    int top = held_in(y - height / 2, 0, shape.height), bottom = held_in(y + height / 2, 0, shape.height);
    int left = held_in(x - width / 2, 0, shape.width), right = held_in(x + width / 2, 0, shape.width);
    mix->box = (Box){left, top, right - left, bottom - top};
    mix->lambda = 1 - (double)mix->box.width * mix->box.height / ((double)shape.height * shape.width);
}

AugmentMix augment_draw_mix(ClipShape shape, double mixup_alpha, double cutmix_alpha, Rng *rng) {
    AugmentMix mix = {.lambda = 1};
    if (mixup_alpha <= 0 && cutmix_alpha <= 0) return mix;
    mix.cut = cutmix_alpha > 0 && (mixup_alpha <= 0 || rng_unit_double(rng) < 0.5);
    double alpha = mix.cut ? cutmix_alpha : mixup_alpha;
    mix.lambda = rng_beta(rng, alpha, alpha);
    if (mix.cut) draw_cutmix_box(&mix, shape, rng);
    return mix;
}

void augment_mix_into(float *clip, const float *other, ClipShape shape, const AugmentMix *mix) {
    size_t count = clip_shape_floats(shape);
    float own = (float)mix->lambda;
    if (!mix->cut) {
        for (size_t i = 0; i < count; i++) clip[i] = own * clip[i] + (1 - own) * other[i];
        return;
    }
    for (int frame = 0; frame < shape.n_frames; frame++)
        for (int row = 0; row < mix->box.height; row++) {
            float *to = row_of_box(clip, shape, mix->box, frame, row);
            memcpy(to, other + (to - clip), (size_t)mix->box.width * 3 * sizeof(float));
        }
}

static void blend_pair(float *first, float *second, size_t count, float own) {
    for (size_t i = 0; i < count; i++) {
        float a = first[i], b = second[i];
        first[i] = own * a + (1 - own) * b;
        second[i] = own * b + (1 - own) * a;
    }
}

static void swap_box(float *first, float *second, ClipShape shape, Box box) {
    for (int frame = 0; frame < shape.n_frames; frame++)
        for (int row = 0; row < box.height; row++) {
            float *a = row_of_box(first, shape, box, frame, row), *b = row_of_box(second, shape, box, frame, row);
            for (int x = 0; x < box.width; x++) swap_pixels(a + 3 * x, b + 3 * x);
        }
}

void augment_mix_pair(float *first, float *second, ClipShape shape, const AugmentMix *mix) {
    if (mix->cut)
        swap_box(first, second, shape, mix->box);
    else
        blend_pair(first, second, clip_shape_floats(shape), (float)mix->lambda);
}

void augment_target(float *target, int n_classes, int label, int other, double lambda, double smoothing) {
    for (int k = 0; k < n_classes; k++) {
        double share = (k == label ? lambda : 0) + (k == other ? 1 - lambda : 0);
        /* label smoothing: smoothing / K everywhere, the rest by the shares */
        target[k] = (float)(smoothing / n_classes + (1 - smoothing) * share);
    }
}
