#include "nn/layers/volume.h"

#include <string.h>

static void fit_axis(int *out, int *before, int *after, int size, int kernel, int stride, int pad, int same) {
    /* same: as many outputs as ceil(size / stride), what is missing divided evenly, the odd one behind (TensorFlow) */
    int total = 2 * pad;
    if (same) {
        total = ((size + stride - 1) / stride - 1) * stride + kernel - size;
        total = total > 0 ? total : 0;
        pad = total / 2;
    }
    *out = size + total >= kernel ? (size + total - kernel) / stride + 1 : 0;
    *before = pad;
    *after = (*out - 1) * stride + kernel - size - pad;
}

WindowFit window_fit(const Window *window, Extent size) {
    WindowFit fit;
    const Extent *k = &window->kernel, *s = &window->stride, *p = &window->pad;
    fit_axis(&fit.size.t, &fit.before.t, &fit.after.t, size.t, k->t, s->t, p->t, window->same);
    fit_axis(&fit.size.y, &fit.before.y, &fit.after.y, size.y, k->y, s->y, p->y, window->same);
    fit_axis(&fit.size.x, &fit.before.x, &fit.after.x, size.x, k->x, s->x, p->x, window->same);
    return fit;
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
