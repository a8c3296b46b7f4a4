/* nn/kernels/internal/product_body - the products of linear layers with small weight matrices, for tiny models. See
 * nn/layers/linear.h.
 *
 * A general sgemm copies both operands into its own layout first, which for widths of 64 to 512 costs as much as a
 * fifth of the product. Here the left operand is read in place, one element at a time, and so is the right one; only
 * the weights of y = x W^T are transposed, a panel at a time, into a buffer that stays in the first-level cache. All
 * widths are multiples of LANES. */
#pragma once

#include "nn/kernels/internal/tiles.h"
#include "nn/kernels/internal/transpose.h"

enum { PRODUCT_DEPTH = 128 }; /* of the summed dimension at a time, so that panels stay in the first-level cache */

INLINE int product_depth(int left) {
    return left < PRODUCT_DEPTH ? left : PRODUCT_DEPTH;
}

/* Vectors of the next column panel: threes, but four left are better as two and two. */
INLINE int panel_vecs(int columns) {
    int vecs = columns / LANES;
    return vecs == 4 || vecs == 2 ? 2 : vecs < 3 ? 1 : 3;
}

INLINE void any_panel(float *c, size_t ldc, const float *a, size_t a_row, size_t a_step, const float *b, size_t ldb,
                      int rows, int depth, int add, int n_vecs) {
    if (n_vecs == 3) panel_product(c, ldc, a, a_row, a_step, b, ldb, rows, depth, add, 3);
    if (n_vecs == 2) panel_product(c, ldc, a, a_row, a_step, b, ldb, rows, depth, add, 2);
    if (n_vecs == 1) panel_product(c, ldc, a, a_row, a_step, b, ldb, rows, depth, add, 1);
}

/* panel (depth, n_vecs*LANES) = the transpose of W's rows; W (n_vecs*LANES, ldw). */
INLINE void pack_transposed(float *panel, const float *W, size_t ldw, int depth, int n_vecs) {
    size_t width = (size_t)n_vecs * LANES;
    Vec tile[LANES];
    for (int v = 0; v < n_vecs; v++) {
        for (int d = 0; d < depth; d += LANES) {
            load_transposed(tile, W + (size_t)v * LANES * ldw + d, ldw, LANES, depth - d, 1);
            store_columns(panel + (size_t)d * width + v * LANES, width, tile, depth - d);
        }
    }
}

/* y (R, Dout) += x (R, Din) W^T. */
static void product_forward_body(float *y, size_t ldy, const float *x, size_t ldx, const float *W, int R, int Din,
                                 int Dout) {
    float panel[PRODUCT_DEPTH * 3 * LANES] __attribute__((aligned(64)));
    for (int d = 0; d < Din; d += PRODUCT_DEPTH) {
        int depth = product_depth(Din - d);
        for (int o = 0, vecs; o < Dout; o += vecs * LANES) {
            vecs = panel_vecs(Dout - o);
            pack_transposed(panel, W + (size_t)o * (size_t)Din + d, (size_t)Din, depth, vecs);
            any_panel(y + o, ldy, x + d, ldx, 1, panel, (size_t)(vecs * LANES), R, depth, 1, vecs);
        }
    }
}

/* dx (R, Din) = dy (R, Dout) W. */
static void product_input_body(float *dx, size_t lddx, const float *dy, size_t lddy, const float *W, int R, int Din,
                               int Dout) {
    for (int o = 0; o < Dout; o += PRODUCT_DEPTH) {
        int depth = product_depth(Dout - o);
        for (int d = 0, vecs; d < Din; d += vecs * LANES) {
            vecs = panel_vecs(Din - d);
            any_panel(dx + d, lddx, dy + o, lddy, 1, W + (size_t)o * (size_t)Din + d, (size_t)Din, R, depth, o > 0,
                      vecs);
        }
    }
}

/* dW (Dout, Din) += dy^T x. */
static void product_weight_body(float *dW, const float *dy, size_t lddy, const float *x, size_t ldx, int R, int Din,
                                int Dout) {
    for (int r = 0; r < R; r += PRODUCT_DEPTH) {
        int depth = product_depth(R - r);
        for (int d = 0, vecs; d < Din; d += vecs * LANES) {
            vecs = panel_vecs(Din - d);
            any_panel(dW + d, (size_t)Din, dy + (size_t)r * lddy, 1, lddy, x + (size_t)r * ldx + d, ldx, Dout, depth, 1,
                      vecs);
        }
    }
}
