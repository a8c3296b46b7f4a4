/* nn/kernels/bf16_job - what the kernels of mixed precision are asked for. See nn/kernels/bf16.h for rows, panels and
 * the bits of a sum.
 *
 * A product is left rows times right panels over the whole depth in one chain, and a finish: what becomes of the sums
 * while they are in the first-level cache. */
#pragma once

#include "nn/kernels/bf16.h"

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

/* Rounded gradients, shaped as the inputs; column sums of the unrounded ones are added to the biases' gradients. */
typedef struct {
    Bf16 *q, *k, *v;
    float *q_bias, *v_bias; /* (head_width) */
} Bf16HeadGradients;

/* Members of a table of kernels; see nn/kernels/kernels.h. */
typedef struct {
    /* Which of the definitions of nn/kernels/bf16.h products follow: 0 pair, 1 tile. */
    int tiles;
    void (*product)(const Bf16Product *product);
    /* As many steps of products, peak_flops each, as the units that multiply can do when nothing is loaded. */
    void (*peak)(int64_t steps);
    double peak_flops;
    /* rows (R, width) = factor * x, rounded, and the padding zeroed; sums (width) += the columns of factor * x. x: rows
     * x_stride floats apart. factors: one for each factor_rows rows, or NULL. sums may be NULL. */
    void (*round_rows)(Bf16 *rows, size_t stride, const float *x, size_t x_stride, int R, int width,
                       const float *factors, int factor_rows, float *sums);
    /* to (columns rounded up to lanes, to_stride) = the transpose of from (rows, padded columns); to_stride >= rows
     * padded. */
    void (*transpose)(Bf16 *to, size_t to_stride, const Bf16 *from, size_t from_stride, int rows, int columns);
    /* Panels of from (rows, padded columns). */
    void (*panels)(uint32_t *to, const Bf16 *from, size_t from_stride, int rows, int columns);
    /* Both packed copies of a weight matrix W (rows, columns), rounded: panels of its transpose, for y = x W^T, and
     * panels of W, backward_panel words apart, for dx = dy W, or NULL. Both begin at whole lines of the cache. */
    void (*pack_weights)(uint32_t *forward, uint32_t *backward, size_t backward_panel, const float *W, int rows,
                         int columns);
    void (*layernorm)(Bf16 *y, size_t stride, const float *x, const float *weight, const float *bias, size_t rows,
                      int width, float eps);
    size_t (*attention_scratch)(const Bf16HeadShape *shape, int backward); /* bytes */
    void (*attention_forward)(Bf16 *out, float *lse, const Bf16HeadInputs *in, const Bf16HeadShape *shape,
                              void *scratch);
    void (*attention_backward)(const Bf16HeadGradients *d, const Bf16 *dout, const Bf16 *out, const float *lse,
                               const Bf16HeadInputs *in, const Bf16HeadShape *shape, void *scratch);
} Bf16Kernels;
