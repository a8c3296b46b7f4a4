/* A convolution of channels-last volumes with their borders stored: an output place reads whole rows of the window,
 * each one contiguous run of kernel.x times slots floats. Weights lie in panels of output channels, two or three
 * vectors wide, in the order in which a tile reads them. Blocks of places and the kernel's tiles:
 * nn/kernels/internal/conv_body.h. */
#include "nn/layers/conv.h"

#include <stdlib.h>
#include <string.h>

/* Output places that go through all weights together. Many, so that weights are fetched rarely; few enough that what
 * they read stays in the second-level cache (BLOCK_FLOATS: half a megabyte). */
enum { BLOCK_PLACES = 1024, BLOCK_PLACES_MIN = 128, BLOCK_FLOATS = 131072 };

/* Along one axis: no window of the layer reads outside what is stored. */
static bool reaches(int before, int size, int after, int out, int kernel, int stride, int pad) {
    return pad <= before && (out - 1) * stride + kernel - pad <= size + after;
}

static void check_borders(const ConvShape *s) {
    const Volume *in = &s->in;
    ASSERT(reaches(in->before.t, in->size.t, in->after.t, s->out.size.t, s->kernel.t, s->stride.t, s->before.t));
    ASSERT(reaches(in->before.y, in->size.y, in->after.y, s->out.size.y, s->kernel.y, s->stride.y, s->before.y));
    ASSERT(reaches(in->before.x, in->size.x, in->after.x, s->out.size.x, s->kernel.x, s->stride.x, s->before.x));
    ASSERT(s->out_first + channel_slots(s->out_channels) <= s->out.slots && s->out_first % SLOT_CHANNELS == 0);
    ASSERT(volume_floats(in) <= UINT32_MAX && volume_floats(&s->out) <= UINT32_MAX);
}

/* Weights as panels, and where each row of a window begins, once for all places. */
Err conv_new(Conv *conv, const ConvShape *shape, const Kernels *kernels) {
    check_borders(shape);
    int n_runs = shape->kernel.t * shape->kernel.y, run = shape->kernel.x * shape->in.slots;
    int out_slots = channel_slots(shape->out_channels), depth = n_runs * run;
    size_t floats = (size_t)depth * (size_t)out_slots;
    *conv = (Conv){.shape = *shape, .kernels = kernels};
    conv->panels = aligned_alloc(64, floats * sizeof *conv->panels);
    conv->bias = aligned_alloc(64, (size_t)out_slots * sizeof *conv->bias);
    conv->run_at = malloc((size_t)n_runs * sizeof *conv->run_at);
    if (!conv->panels || !conv->bias || !conv->run_at) {
        conv_free(conv);
        return RAISE(ERR_MEMORY, "weights of a convolution, %d x %d: no memory", depth, out_slots);
    }
    memset(conv->panels, 0, floats * sizeof *conv->panels);
    memset(conv->bias, 0, (size_t)out_slots * sizeof *conv->bias);
    Extent whole = volume_whole(&shape->in);
    for (int r = 0; r < n_runs; r++) {
        /* where run r of a window begins, seen from its first place */
        size_t row = (size_t)(r / shape->kernel.y) * (size_t)whole.y + (size_t)(r % shape->kernel.y);
        conv->run_at[r] = (uint32_t)(row * (size_t)whole.x * (size_t)shape->in.slots);
    }
    conv->job = (ConvJob){conv->panels, conv->bias, out_slots, depth, n_runs, run, conv->run_at, shape->relu};
    return ERR_NONE;
}

void conv_free(Conv *conv) {
    free(conv->panels);
    free(conv->bias);
    free(conv->run_at);
    *conv = (Conv){0};
}

/* Where the weights of an output channel begin: its column of a panel of `width` columns. */
static float *panel_column(const Conv *conv, int channel, int *width) {
    float *panel = conv->panels;
    int slots, c = 0, lanes = conv->kernels->lanes;
    for (;; c += slots) {
        slots = conv_panel_slots(conv->job.out_slots - c, lanes);
        if (channel < c + slots) break;
        panel += (size_t)conv->job.depth * (size_t)slots;
    }
    *width = slots;
    return panel + (channel - c);
}

void conv_set(Conv *conv, const float *weights, const float *bias, const int *channel_of, int in_channels) {
    /* a column of a panel runs through places of the window and, within one, through slots; its elements lie a panel's
     * width apart. A slot without a channel weighs nothing */
    int slots = conv->shape.in.slots, places = conv->job.depth / slots;
    for (int o = 0; o < conv->shape.out_channels; o++) {
        int width;
        float *column = panel_column(conv, o, &width);
        const float *own = weights + (size_t)o * (size_t)in_channels * (size_t)places;
        for (int place = 0; place < places; place++)
            for (int s = 0; s < slots; s++, column += width)
                *column = channel_of[s] < 0 ? 0 : own[(size_t)channel_of[s] * (size_t)places + (size_t)place];
        conv->bias[o] = bias[o];
    }
}

void conv_rescale(Conv *conv, const float *scale, const float *shift) {
    for (int o = 0; o < conv->shape.out_channels; o++) {
        int width;
        float *column = panel_column(conv, o, &width);
        for (int d = 0; d < conv->job.depth; d++, column += width) *column *= scale[o];
        conv->bias[o] = conv->bias[o] * scale[o] + shift[o];
    }
}

/* Offsets of the output places [first, first + count) and of what they read. */
static void block_offsets(uint32_t *out_at, uint32_t *in_at, const ConvShape *s, size_t first, size_t count) {
    size_t columns = (size_t)s->out.size.x, rows = (size_t)s->out.size.y;
    int x = (int)(first % columns), y = (int)(first / columns % rows), t = (int)(first / columns / rows);
    for (size_t p = 0; p < count; p++) {
        out_at[p] = (uint32_t)volume_at(&s->out, t, y, x);
        in_at[p] = (uint32_t)volume_at(&s->in, t * s->stride.t - s->before.t, y * s->stride.y - s->before.y,
                                       x * s->stride.x - s->before.x);
        if (++x < s->out.size.x) continue;
        x = 0;
        if (++y < s->out.size.y) continue;
        y = 0;
        t++;
    }
}

/* By what a place reads that its neighbor has not read: stride.y * stride.x places of all slots. */
static size_t block_places(const ConvShape *s) {
    size_t read = (size_t)s->in.slots * (size_t)s->stride.x * (size_t)s->stride.y, places = BLOCK_FLOATS / read;
    return places < BLOCK_PLACES_MIN ? BLOCK_PLACES_MIN : places > BLOCK_PLACES ? BLOCK_PLACES : places;
}

void conv_forward(const Conv *conv, float *out, const float *in) {
    uint32_t out_at[BLOCK_PLACES], in_at[BLOCK_PLACES];
    const ConvShape *s = &conv->shape;
    size_t places = extent_places(s->out.size), block = block_places(s);
    for (size_t first = 0; first < places; first += block) {
        size_t count = places - first < block ? places - first : block;
        block_offsets(out_at, in_at, s, first, count);
        const ConvPlaces at = {out + s->out_first, out_at, in, in_at, (int)count};
        conv->kernels->conv_places(&at, &conv->job);
    }
}

/* The sum of one output by the formula of the header, in double. */
static double window_sum(const ConvShape *s, const float *in, const float *weights, int t, int y, int x) {
    double sum = 0;
    size_t places = extent_places(s->kernel), place = 0;
    for (int i = 0; i < s->kernel.t; i++)
        for (int j = 0; j < s->kernel.y; j++)
            for (int k = 0; k < s->kernel.x; k++, place++) {
                const float *from = in + volume_at(&s->in, t * s->stride.t + i - s->before.t,
                                                   y * s->stride.y + j - s->before.y,
                                                   x * s->stride.x + k - s->before.x);
                for (int c = 0; c < s->in.slots; c++)
                    sum += (double)from[c] * (double)weights[(size_t)c * places + place];
            }
    return sum;
}

void conv_forward_ref(const ConvShape *s, float *out, const float *in, const float *weights, const float *bias) {
    size_t one = extent_places(s->kernel) * (size_t)s->in.slots;
    for (int t = 0; t < s->out.size.t; t++)
        for (int y = 0; y < s->out.size.y; y++)
            for (int x = 0; x < s->out.size.x; x++)
                for (int o = 0; o < s->out_channels; o++) {
                    double sum = (double)bias[o] + window_sum(s, in, weights + (size_t)o * one, t, y, x);
                    out[volume_at(&s->out, t, y, x) + (size_t)(s->out_first + o)] =
                        (float)(s->relu && sum < 0 ? 0 : sum);
                }
}

double conv_products(const ConvShape *s, int in_channels) {
    return (double)extent_places(s->out.size) * (double)extent_places(s->kernel) * in_channels * s->out_channels;
}
