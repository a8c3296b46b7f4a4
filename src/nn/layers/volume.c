/* Where windows lie, what a border is, and pools. A layer writes every place inside a volume and nothing outside;
 * borders are cleared once a forward pass, by rows of frames: whole rows above and below, the two ends of the others.
 */
#include "nn/layers/volume.h"

#include <string.h>

typedef struct {
    int size, before, after;
} AxisFit;

/* same: as many outputs as ceil(size / stride), what is missing divided evenly, the odd one behind (TensorFlow). */
static AxisFit fit_axis(int size, int kernel, int stride, int pad, int same) {
    int total = 2 * pad;
    if (same) {
        total = ((size + stride - 1) / stride - 1) * stride + kernel - size;
        total = total > 0 ? total : 0;
        pad = total / 2;
    }
    int out = size + total >= kernel ? (size + total - kernel) / stride + 1 : 0;
    return (AxisFit){out, pad, (out - 1) * stride + kernel - size - pad};
}

WindowFit window_fit(const Window *window, Extent size) {
    const Extent *k = &window->kernel, *s = &window->stride, *p = &window->pad;
    const AxisFit t = fit_axis(size.t, k->t, s->t, p->t, window->same),
                  y = fit_axis(size.y, k->y, s->y, p->y, window->same),
                  x = fit_axis(size.x, k->x, s->x, p->x, window->same);
    return (WindowFit){{t.size, y.size, x.size}, {t.before, y.before, x.before}, {t.after, y.after, x.after}};
}

static void clear_places(float *row, int count, int slots) {
    memset(row, 0, (size_t)count * (size_t)slots * sizeof *row);
}

void volume_clear_border(float *data, const Volume *volume) {
    Extent whole = volume_whole(volume);
    for (int t = 0; t < whole.t; t++) {
        for (int y = 0; y < whole.y; y++) {
            int inside_t = t >= volume->before.t && t < volume->before.t + volume->size.t;
            int inside_y = y >= volume->before.y && y < volume->before.y + volume->size.y;
            if (inside_t && inside_y) {
                clear_places(data, volume->before.x, volume->slots);
                size_t right = (size_t)(volume->before.x + volume->size.x) * (size_t)volume->slots;
                clear_places(data + right, volume->after.x, volume->slots);
            } else {
                clear_places(data, whole.x, volume->slots);
            }
            data += (size_t)whole.x * (size_t)volume->slots;
        }
    }
}

/* ---- pooling ---- */

/* One slot after the other, so that the compiler takes them as vectors. A NaN stays, on either side. */
static void keep_larger(float *restrict out, const float *restrict in, int slots) {
    for (int s = 0; s < slots; s++) out[s] = ((out[s] > in[s]) | (out[s] != out[s])) ? out[s] : in[s];
}

static void add_row(float *restrict out, const float *restrict in, int slots) {
    for (int s = 0; s < slots; s++) out[s] += in[s];
}

static void scale_row(float *out, float factor, int slots) {
    for (int s = 0; s < slots; s++) out[s] *= factor;
}

typedef void (*Fold)(float *restrict out, const float *restrict in, int slots);

/* out (slots) becomes the fold of all places of the window at (t, y, x). */
static inline void fold_window(const PoolShape *p, float *out, const float *in, int t, int y, int x, Fold fold) {
    int slots = p->in.slots, first = 1;
    for (int i = 0; i < p->kernel.t; i++)
        for (int j = 0; j < p->kernel.y; j++) {
            const float *row = in + volume_at(&p->in, t * p->stride.t + i - p->before.t,
                                              y * p->stride.y + j - p->before.y, x * p->stride.x - p->before.x);
            for (int k = 0; k < p->kernel.x; k++, row += slots) {
                if (first) memcpy(out, row, (size_t)slots * sizeof *out);
                if (!first) fold(out, row, slots);
                first = 0;
            }
        }
}

/* How many of a window's places along one axis lie inside the volume. */
static int inside(int position, int kernel, int size) {
    int begin = position > 0 ? position : 0, end = position + kernel < size ? position + kernel : size;
    return end - begin;
}

void pool_max(const PoolShape *p, float *out, const float *in) {
    for (int t = 0; t < p->out.size.t; t++)
        for (int y = 0; y < p->out.size.y; y++)
            for (int x = 0; x < p->out.size.x; x++)
                fold_window(p, out + volume_at(&p->out, t, y, x) + p->out_first, in, t, y, x, keep_larger);
}

/* The sum of the window, border zeros included, over the number of places that are inside. */
void pool_mean(const PoolShape *p, float *out, const float *in) {
    for (int t = 0; t < p->out.size.t; t++)
        for (int y = 0; y < p->out.size.y; y++)
            for (int x = 0; x < p->out.size.x; x++) {
                float *to = out + volume_at(&p->out, t, y, x) + p->out_first;
                int count = inside(t * p->stride.t - p->before.t, p->kernel.t, p->in.size.t) *
                            inside(y * p->stride.y - p->before.y, p->kernel.y, p->in.size.y) *
                            inside(x * p->stride.x - p->before.x, p->kernel.x, p->in.size.x);
                fold_window(p, to, in, t, y, x, add_row);
                scale_row(to, 1 / (float)count, p->in.slots);
            }
}
