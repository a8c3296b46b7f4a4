/* nn/layers/volume - activations of convolutional networks: places of frame, row and column, channels innermost; how
 * windows lie on them; and pooling.
 *
 * A volume is (before.t + size.t + after.t, ... y, ... x, slots) floats. Around the places that mean something lies a
 * border of zeros, as wide as the widest window that reads the volume reaches over its edge, so that no window ever
 * looks whether it is inside. Channels live in slots: a layer's channels take a multiple of SLOT_CHANNELS slots, so
 * that every vector width divides them; slots without a channel hold zero. Frames of a two-dimensional network are
 * simply the first axis. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SLOT_CHANNELS = 16 };

typedef struct {
    int t, y, x;
} Extent;

typedef struct {
    Extent size, before, after;
    int slots;
} Volume;

static inline size_t extent_places(Extent extent) {
    return (size_t)extent.t * (size_t)extent.y * (size_t)extent.x;
}

static inline Extent volume_whole(const Volume *volume) {
    const Extent *b = &volume->before, *s = &volume->size, *a = &volume->after;
    return (Extent){b->t + s->t + a->t, b->y + s->y + a->y, b->x + s->x + a->x};
}

static inline size_t volume_floats(const Volume *volume) {
    return extent_places(volume_whole(volume)) * (size_t)volume->slots;
}

/* Where place (t, y, x) begins; coordinates may be negative, into the border. */
static inline size_t volume_at(const Volume *volume, int t, int y, int x) {
    Extent whole = volume_whole(volume);
    size_t row = (size_t)(volume->before.t + t) * (size_t)whole.y + (size_t)(volume->before.y + y);
    return (row * (size_t)whole.x + (size_t)(volume->before.x + x)) * (size_t)volume->slots;
}

static inline int channel_slots(int channels) {
    return (channels + SLOT_CHANNELS - 1) / SLOT_CHANNELS * SLOT_CHANNELS;
}

/* A window that moves over a volume. SAME is TensorFlow's: as many outputs as fit strides, half of the padding it takes
 * before (rounded down), the rest after. Otherwise `pad` zeros on either side. */
typedef struct {
    Extent kernel, stride, pad;
    int same;
} Window;

/* How a window lies on a volume of this size: its outputs, and how far it reaches over the edges. after may be negative
 * where the last window ends inside; sizes below 1 mean that it does not fit. */
typedef struct {
    Extent size, before, after;
} WindowFit;
WindowFit window_fit(const Window *window, Extent size);

/* Zeros into the border; a volume's memory is used again and again. */
void volume_clear_border(float *data, const Volume *volume);

/* Largest and mean values of windows. Borders of the input must be as wide as the window reaches. For the largest value
 * they count as zeros, which is what frameworks pad with minus infinity for as long as nothing is negative: inputs come
 * from ReLUs. The mean is over the places inside the volume only (count_include_pad = false). */
typedef struct {
    Volume in, out;
    Extent kernel, stride, before;
    int out_first; /* the first slot of the output; as many as the input has are written */
} PoolShape;

void pool_max(const PoolShape *shape, float *out, const float *in);
void pool_mean(const PoolShape *shape, float *out, const float *in);
