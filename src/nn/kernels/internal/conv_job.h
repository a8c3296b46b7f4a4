/* nn/kernels/internal/conv_job - one convolution as the kernels see it: places and runs of floats, no axes. See
 * nn/layers/conv.h.
 *
 * An output place sums `depth` products for each channel. What it reads are n_runs runs of `run` neighboring floats (a
 * row of the window with all its channels), run r at run_at[r] from the place's own offset. Weights lie in panels of
 * conv_panel_slots output slots, each (depth, slots of the panel). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const float *panels, *bias; /* bias: (out_slots) */
    int out_slots, depth, n_runs, run;
    const uint32_t *run_at;
    bool relu;
} ConvJob;

/* Output slots of the next panel, where `left` are to come: three vectors, but four left are better as two and two. */
static inline int conv_panel_slots(int left, int lanes) {
    int vecs = left / lanes;
    return lanes * (vecs == 4 || vecs == 2 ? 2 : vecs < 3 ? 1 : 3);
}
