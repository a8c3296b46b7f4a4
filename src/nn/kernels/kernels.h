/* nn/kernels/kernels - the hand-written inner loops, one table of functions per instruction set.
 *
 * The bodies are written once (elementwise_body.h, product_body.h, product_large_body.h, conv_body.h, attention_body.h)
 * and compiled for AVX-512, AVX2 with FMA, NEON, and whatever the compiler's base is; where there is AMX, its tile
 * units take the large products (product_split_body.h). kernels_best picks the widest set this processor has; all give
 * equal results up to rounding, and each gives equal bits for equal input. Callers use nn/layers/gelu,
 * nn/layers/layernorm, nn/layers/conv and nn/layers/attention, not this. */
#pragma once

#include "base/failure/err.h"
#include "nn/kernels/bf16_job.h"
#include "nn/kernels/internal/conv_job.h"

/* One head of one clip. Rows of q are q_stride floats apart; of k and v kv_stride; of out out_stride. */
typedef struct {
    int n_queries, n_keys, head_width;
    size_t q_stride, kv_stride, out_stride;
} HeadShape;

typedef struct {
    const float *q, *k, *v; /* (n_queries, head_width), (n_keys, head_width) */
} HeadInputs;

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

typedef struct Kernels {
    const char *name;
    int lanes;
    void (*gelu)(float *y, const float *x, size_t count);
    void (*gelu_backward)(float *y, float *dx, const float *dy, const float *x, size_t count);
    void (*layernorm)(float *y, const float *x, const float *weight, const float *bias, size_t rows, int width,
                      float eps);
    void (*layernorm_backward)(float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                               const float *weight, size_t rows, int width, float eps, float *partial);
    /* Products with small weight matrices whose dimensions are multiples of `lanes`; see
     * nn/kernels/internal/product_body.h. Up to product_small_most of either they beat this table's large products or,
     * without those, BLAS. */
    int product_small_most;
    void (*product_forward)(float *y, size_t ldy, const float *x, size_t ldx, const float *W, int R, int Din, int Dout);
    void (*product_input)(float *dx, size_t lddx, const float *dy, size_t lddy, const float *W, int R, int Din,
                          int Dout);
    void (*product_weight)(float *dW, const float *dy, size_t lddy, const float *x, size_t ldx, int R, int Din,
                           int Dout);
    /* Any other product, with so many floats of scratch; NULL where BLAS is as good. See
     * nn/kernels/internal/product_large_body.h and, for AMX, nn/kernels/internal/product_split_body.h. */
    void (*product_large)(const LargeProduct *product, float *scratch);
    size_t product_large_scratch;
    /* Some output places of a convolution; see nn/kernels/internal/conv_body.h. */
    void (*conv_places)(float *out, const uint32_t *out_at, const float *in, const uint32_t *in_at, int places,
                        const ConvJob *job);
    size_t (*attention_scratch)(const HeadShape *shape, int backward); /* floats */
    void (*attention_forward)(float *out, float *lse, const HeadInputs *in, const HeadShape *shape, float *scratch);
    void (*attention_backward)(float *dq, float *dk, float *dv, const float *dout, const float *out, const float *lse,
                               const HeadInputs *in, const HeadShape *shape, float *scratch);
    Bf16Kernels bf16; /* mixed precision */
} Kernels;

/* The best table of this processor, or the one that SYNVID_KERNELS in the environment names. Always the same. */
const Kernels *kernels_best(void);
/* Raises ERR_USAGE if SYNVID_KERNELS names no table that this processor can run. */
CHECKED Err kernels_check(void);
/* All tables this processor can run, narrowest first; NULL-terminated. */
const Kernels *const *kernels_usable(void);
