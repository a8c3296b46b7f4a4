/* nn/kernels/internal/product_body - the products of linear layers with small weight matrices, for tiny models. See
 * nn/layers/linear.h.
 *
 * A general sgemm copies both operands into its own layout first, which for widths of 64 to 512 costs as much as a
 * fifth of the product. Here the left operand is read in place, one element at a time, and so is the right one; only
 * the weights of y = x W^T are transposed, a panel at a time, into a buffer that stays in the first-level cache. All
 * widths are multiples of LANES. */
#pragma once

#include "nn/kernels/internal/tiles.h"
#include "nn/kernels/kernels.h"

enum { PRODUCT_DEPTH = 128 }; /* of the summed dimension at a time, so that panels stay in the first-level cache */

INLINE int product_depth(int left) {
    return left < PRODUCT_DEPTH ? left : PRODUCT_DEPTH;
}

/* Vectors of the next column panel: threes, but four left are better as two and two. Sixteen registers are just enough
 * for a tile of threes and too few as soon as the compiler wants one more. */
INLINE int panel_vecs(int columns) {
    int vecs = columns / LANES;
    if (VEC_REGISTERS <= 16) return vecs < 2 ? 1 : 2;
    return vecs == 4 || vecs == 2 ? 2 : vecs < 3 ? 1 : 3;
}

/* One copy of the tiles for each number of vectors: inside, it is a constant. */
INLINE void any_panel(TileSums c, TileLeft a, TileRight b, int add, int n_vecs) {
    if (n_vecs == 3) panel_product(c, a, b, add, NULL, 3);
    if (n_vecs == 2) panel_product(c, a, b, add, NULL, 2);
    if (n_vecs == 1) panel_product(c, a, b, add, NULL, 1);
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

/* Of all three, operands as LargeProduct says; c's rows and columns are the product's, `depth` what is summed. Each
 * cuts the depth into pieces and the columns into panels: of a piece and a panel the right operand stays in the
 * first-level cache while all rows pass by.
 *
 * c += a b with b(p, j) = W(j, p), which is turned a panel at a time. */
static void product_forward_body(const LargeProduct *p) {
    float panel[PRODUCT_DEPTH * 3 * LANES] __attribute__((aligned(64)));
    for (int d = 0; d < p->depth; d += PRODUCT_DEPTH) {
        int depth = product_depth(p->depth - d);
        const TileLeft x = {p->a + d, p->a_row, 1, p->rows, depth};
        for (int o = 0, vecs; o < p->columns; o += vecs * LANES) {
            vecs = panel_vecs(p->columns - o);
            pack_transposed(panel, p->b + (size_t)o * p->b_column + d, p->b_column, depth, vecs);
            any_panel((TileSums){p->c + o, p->ldc}, x, (TileRight){panel, (size_t)(vecs * LANES)}, 1, vecs);
        }
    }
}

/* c = a b with rows of b as they lie. */
static void product_input_body(const LargeProduct *p) {
    for (int o = 0; o < p->depth; o += PRODUCT_DEPTH) {
        const TileLeft dy = {p->a + o, p->a_row, 1, p->rows, product_depth(p->depth - o)};
        for (int d = 0, vecs; d < p->columns; d += vecs * LANES) {
            vecs = panel_vecs(p->columns - d);
            const TileRight W = {p->b + (size_t)o * p->b_step + d, p->b_step};
            any_panel((TileSums){p->c + d, p->ldc}, dy, W, o > 0, vecs);
        }
    }
}

/* c += a b with a transposed where it lies: a(i, p) at a[i + p*a_step]. */
static void product_weight_body(const LargeProduct *p) {
    for (int r = 0; r < p->depth; r += PRODUCT_DEPTH) {
        const TileLeft dy = {p->a + (size_t)r * p->a_step, 1, p->a_step, p->rows, product_depth(p->depth - r)};
        for (int d = 0, vecs; d < p->columns; d += vecs * LANES) {
            vecs = panel_vecs(p->columns - d);
            const TileRight x = {p->b + (size_t)r * p->b_step + d, p->b_step};
            any_panel((TileSums){p->c + d, p->ldc}, dy, x, 1, vecs);
        }
    }
}
