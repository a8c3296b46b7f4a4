/* nn/kernels/kernels - the hand-written inner loops, one table of functions per instruction set.
 *
 * The bodies are written once (elementwise_body.h, product_body.h, product_large_body.h, conv_body.h, attention_body.h)
 * and compiled for AVX-512, AVX2 with FMA, NEON, and whatever the compiler's base is; where there is AMX, its tile
 * units take the large products (product_split_body.h). kernels_best picks the widest set this processor has; all give
 * equal results up to rounding, and each gives equal bits for equal input. Callers use nn/layers, not this. */
#pragma once

#include "base/failure/err.h"
#include "base/system/wave.h"
#include "nn/kernels/bf16.h"

#include <stdbool.h>

/* ---- float32 ---- */

/* One head of one clip. Rows of q are q_stride floats apart; of k and v kv_stride; of out out_stride. */
typedef struct {
    int n_queries, n_keys, head_width;
    size_t q_stride, kv_stride, out_stride;
} HeadShape;

typedef struct {
    const float *q, *k, *v; /* (n_queries, head_width), (n_keys, head_width) */
} HeadInputs;

typedef struct {
    float *q, *k, *v; /* shaped as the inputs */
} HeadGradients;

/* Queries begin to end of a head. */
typedef struct {
    int begin, end;
} HeadQueries;

/* The blocks that the backward pass cuts a head into. */
typedef struct {
    int queries, keys;
} HeadBlocks;

/* The backward pass of one head. */
typedef struct {
    const HeadGradients *d;
    const float *dout, *out, *lse;
    const HeadInputs *in;
    const HeadShape *shape;
    float *scratch; /* what all blocks of keys share lies in it */
} HeadBackward;

/* c (rows, columns) = base + bias + a b, with a(i, p) at a[i*a_row + p*a_step] and b(p, j) at b[p*b_step + j*b_column];
 * of each pair of strides one is 1. Columns: a multiple of 2 * lanes. Row i of the base begins at base + i*base_row;
 * the base may be c itself. bias (columns). Either may be NULL. */
typedef struct {
    float *c;
    const float *a, *b;
    size_t ldc, a_row, a_step, b_step, b_column;
    int rows, columns, depth;
    const float *base, *bias;
    size_t base_row;
} LargeProduct;

/* A linear layer: x (R, Din), y (R, Dout), W (Dout, Din). */
typedef struct {
    int R, Din, Dout;
} LinearShape;

/* LayerNorm of rows of `width`; see nn/layers/elementwise.h. */
typedef struct {
    const float *weight, *bias; /* (width); the backward pass reads no bias */
    int width;
    float eps;
} NormParams;

/* Where a LayerNorm's gradients are added. partial: scratch, (2, width) for each thread. */
typedef struct {
    float *x, *weight, *bias;
    float *partial;
} NormGradients;

/* One convolution as the kernels see it: places and runs of floats, no axes (nn/layers/conv.h). An output place sums
 * `depth` products for each channel. What it reads are n_runs runs of `run` neighboring floats (a row of the window
 * with all its channels), run r at run_at[r] from the place's own offset. Weights lie in panels of conv_panel_slots
 * output slots, each (depth, slots of the panel). */
typedef struct {
    const float *panels, *bias; /* bias: (out_slots) */
    int out_slots, depth, n_runs, run;
    const uint32_t *run_at;
    bool relu;
} ConvJob;

/* Some output places: place p is written at out + out_at[p], its window begins at in + in_at[p]. */
typedef struct {
    float *out;
    const uint32_t *out_at;
    const float *in;
    const uint32_t *in_at;
    int places;
} ConvPlaces;

/* Output slots of the next panel, where `left` are to come: three vectors, but four left are better as two and two. */
static inline int conv_panel_slots(int left, int lanes) {
    int vecs = left / lanes;
    return lanes * (vecs == 4 || vecs == 2 ? 2 : vecs < 3 ? 1 : 3);
}

/* ---- mixed precision; see nn/kernels/bf16.h for rows, panels and the bits of a sum ----
 *
 * A product is left rows times right panels over the whole depth in one chain, and a finish: what becomes of the sums
 * while they are in the first-level cache. */

typedef enum {
    BF16_TO_FLOATS,       /* floats = base + factor * (sum + bias) */
    BF16_TO_ROWS,         /* rows = round(sum + bias) */
    BF16_TO_GELU,         /* rows = round(sum + bias), gelu = round(GELU(rows)) */
    BF16_TO_GELU_GRADIENT /* x = hidden: gelu = round(GELU(x)), d = sum * GELU'(x), column_sums += d, rows = round(d) */
} Bf16FinishKind;

/* What a kind does not name is not read. Any of bias, base and factors may be NULL. */
typedef struct {
    Bf16FinishKind kind;
    const float *bias; /* (columns) */
    float *floats;     /* (rows, columns), rows floats_stride apart; base likewise, and may be the same */
    const float *base;
    size_t floats_stride, base_stride;
    const float *factors; /* one for each factor_rows rows */
    int factor_rows;
    Bf16 *rows, *gelu; /* (rows, padded columns), rows_stride apart */
    const Bf16 *hidden;
    size_t rows_stride;
    float *column_sums; /* (columns) */
} Bf16Finish;

typedef struct {
    const Bf16 *left; /* (rows, depth), left_stride apart */
    size_t left_stride;
    const uint32_t *right; /* panels of (depth, columns), right_panel words apart */
    size_t right_panel;
    int rows, columns, depth;
    Bf16Finish finish;
} Bf16Product;

/* One head of one clip. Rows of q are q_stride numbers apart; of k and v kv_stride; of out and dout out_stride. */
typedef struct {
    int n_queries, n_keys, head_width;
    size_t q_stride, kv_stride, out_stride;
} Bf16HeadShape;

typedef struct {
    const Bf16 *q, *k, *v; /* (n_queries, head_width), (n_keys, head_width) */
} Bf16HeadInputs;

/* Rounded gradients, shaped as the inputs; and column sums of the unrounded ones, which the biases' gradients are
 * summed from: v's of each block of keys. */
typedef struct {
    Bf16 *q, *k, *v;
    float *q_sums, *v_sums; /* (head_width); (blocks of keys, head_width) */
} Bf16HeadGradients;

/* The backward pass of one head. */
typedef struct {
    const Bf16HeadGradients *d;
    const Bf16 *dout, *out;
    const float *lse;
    const Bf16HeadInputs *in;
    const Bf16HeadShape *shape;
    void *scratch; /* what all blocks of keys share lies in it */
} Bf16HeadBackward;

/* rows (R, width), `stride` apart, = factor * x, rounded, and their padding zeroed; sums (width) += the columns of
 * factor * x. Rows of x are x_stride floats apart. factors: one for each factor_rows rows, or NULL. sums may be NULL.
 */
typedef struct {
    Bf16 *rows;
    size_t stride;
    const float *x;
    size_t x_stride;
    int R, width;
    const float *factors;
    int factor_rows;
    float *sums;
} Bf16Rounding;

/* Members of a table of kernels. */
typedef struct {
    /* Which of the definitions of nn/kernels/bf16.h products follow: 0 pair, 1 tile. */
    int tiles;
    void (*product)(const Bf16Product *product);
    /* As many steps of products, peak_flops each, as the units that multiply can do when nothing is loaded. */
    void (*peak)(int64_t steps);
    double peak_flops;
    void (*round_rows)(const Bf16Rounding *rounding);
    /* to (columns rounded up to lanes, to_stride) = the transpose of from (rows, padded columns); to_stride >= rows
     * padded. */
    void (*transpose)(Bf16 *to, size_t to_stride, const Bf16 *from, size_t from_stride, int rows, int columns);
    /* Panels of from (rows, padded columns). */
    void (*panels)(uint32_t *to, const Bf16 *from, size_t from_stride, int rows, int columns);
    /* Both packed copies of a weight matrix W (rows, columns), rounded: panels of its transpose, for y = x W^T, and
     * panels of W, backward_panel words apart, for dx = dy W, or NULL. Both begin at whole lines of the cache. */
    void (*pack_weights)(uint32_t *forward, uint32_t *backward, size_t backward_panel, const float *W, int rows,
                         int columns);
    void (*layernorm)(Bf16 *y, size_t stride, const float *x, size_t rows, const NormParams *norm);
    size_t (*attention_scratch)(const Bf16HeadShape *shape, int backward); /* bytes */
    HeadBlocks (*attention_blocks)(const Bf16HeadShape *shape);
    void (*attention_forward)(Bf16 *out, float *lse, const Bf16HeadInputs *in, const Bf16HeadShape *shape,
                              HeadQueries queries, void *scratch);
    void (*attention_backward)(const Bf16HeadBackward *head, int block, const WaveLink *link, void *scratch);
} Bf16Kernels;

/* ---- the table ---- */

typedef struct Kernels {
    const char *name;
    int lanes;
    void (*gelu)(float *y, const float *x, size_t count);
    void (*gelu_backward)(float *y, float *dx, const float *dy, const float *x, size_t count);
    void (*layernorm)(float *y, const float *x, size_t rows, const NormParams *norm);
    void (*layernorm_backward)(const NormGradients *d, const float *dy, const float *x, size_t rows,
                               const NormParams *norm);
    /* Products with small weight matrices whose dimensions are multiples of `lanes`; see
     * nn/kernels/internal/product_body.h. Up to product_small_most of either they beat this table's large products or,
     * without those, BLAS. */
    int product_small_most;
    void (*product_forward)(const LargeProduct *product); /* y += x W^T: the base must be c */
    void (*product_input)(const LargeProduct *product);   /* dx = dy W: no base */
    void (*product_weight)(const LargeProduct *product);  /* dW += dy^T x: the base must be c */
    /* Any other product, with so many floats of scratch; NULL where BLAS is as good. See
     * nn/kernels/internal/product_large_body.h and, for AMX, nn/kernels/internal/product_split_body.h. */
    void (*product_large)(const LargeProduct *product, float *scratch);
    size_t product_large_scratch;
    /* Some output places of a convolution; see nn/kernels/internal/conv_body.h. */
    void (*conv_places)(const ConvPlaces *places, const ConvJob *job);
    /* Attention, also in mixed precision: the forward pass of some queries, whose bits do not depend on how they are
     * cut (best at multiples of attention_queries); the backward pass of one block of keys. Blocks are computed in
     * ascending order, or as links of a wave whose steps are blocks of queries; head->scratch is then that of the head,
     * scratch the thread's own, both attention_scratch large, and they may be the same where a thread computes all. */
    int attention_queries;
    size_t (*attention_scratch)(const HeadShape *shape, int backward); /* floats */
    HeadBlocks (*attention_blocks)(const HeadShape *shape);
    void (*attention_forward)(float *out, float *lse, const HeadInputs *in, const HeadShape *shape, HeadQueries queries,
                              float *scratch);
    void (*attention_backward)(const HeadBackward *head, int block, const WaveLink *link, float *scratch);
    Bf16Kernels bf16; /* mixed precision */
} Kernels;

/* The best table of this processor, or the one that SYNVID_KERNELS in the environment names. Always the same. */
const Kernels *kernels_best(void);
/* Raises ERR_USAGE if SYNVID_KERNELS names no table that this processor can run. */
CHECKED Err kernels_check(void);
/* All tables this processor can run, narrowest first; NULL-terminated. */
const Kernels *const *kernels_usable(void);
