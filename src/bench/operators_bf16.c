/* Bfloat16: the same layers as the model of mixed precision calls them. Operands are rounded once, when they are made;
 * sums are floats. The forward product has one right answer, bit for bit (nn/kernels/bf16.h defines the order of its
 * sum); gradients and attention are held against the float32 versions on the rounded operands. */
#include "base/system/minmax.h"
#include "bench/internal/harness.h"
#include "bench/internal/operators.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/attention.h"
#include "nn/layers/bf16_linear.h"
#include "nn/layers/linear.h"

#include <stdlib.h>

enum { TOKENS_COMPARED = 60, ROWS_COMPARED = 9, WEIGHTS = 6 /* the object that weights are drawn as */ };

/* Numbers in +-scale, 64-byte aligned; to be freed. */
static Err bench_numbers(Bf16 **out, size_t count, unsigned object, float scale) {
    float *floats = NULL;
    TRY(bench_floats(&floats, count, object, scale));
    *out = aligned_alloc(64, (count * sizeof(Bf16) + 63) / 64 * 64);
    for (size_t i = 0; *out && i < count; i++) (*out)[i] = bf16_round(floats[i]);
    free(floats);
    return *out ? ERR_NONE : RAISE(ERR_MEMORY, "bench: no memory for %zu numbers", count);
}

/* The floats that `numbers` stand for; to be freed. */
static Err bench_widened(float **out, const Bf16 *numbers, size_t count) {
    TRY(bench_floats(out, count, 0, 0));
    for (size_t i = 0; i < count; i++) (*out)[i] = bf16_float(numbers[i]);
    return ERR_NONE;
}

/* ---- attention: all heads of a clip, q k v side by side as in the model; several clips are as many heads more ---- */

typedef struct {
    int heads;
    Bf16HeadShape shape;
    Bf16 *qkv, *out, *dout, *dqkv;
    float *lse, *sums, *scratch;
} AttentionCase;

/* The kernel does one head; heads lie side by side in a row. */
static void attention_forward_run(void *state) {
    AttentionCase *c = state;
    size_t width = c->shape.out_stride;
    for (int h = 0; h < c->heads; h++) {
        size_t at = (size_t)h * (size_t)c->shape.head_width;
        const Bf16HeadInputs in = {c->qkv + at, c->qkv + width + at, c->qkv + 2 * width + at};
        kernels_best()->bf16.attention_forward(c->out + at, c->lse + (size_t)h * (size_t)c->shape.n_queries, &in,
                                               &c->shape, (HeadQueries){0, c->shape.n_queries}, c->scratch);
    }
}

static void attention_backward_run(void *state) {
    AttentionCase *c = state;
    size_t width = c->shape.out_stride;
    const int blocks = kernels_best()->bf16.attention_blocks(&c->shape).keys;
    for (int h = 0; h < c->heads; h++) {
        size_t at = (size_t)h * (size_t)c->shape.head_width;
        const Bf16HeadInputs in = {c->qkv + at, c->qkv + width + at, c->qkv + 2 * width + at};
        const Bf16HeadGradients d = {c->dqkv + at, c->dqkv + width + at, c->dqkv + 2 * width + at, c->sums,
                                     c->sums + c->shape.head_width};
        const Bf16HeadBackward head = {&d,  c->dout + at, c->out + at, c->lse + (size_t)h * (size_t)c->shape.n_queries,
                                       &in, &c->shape,    c->scratch};
        for (int block = 0; block < blocks; block++)
            kernels_best()->bf16.attention_backward(&head, block, NULL, c->scratch);
    }
}

static void attention_close(void *state) {
    AttentionCase *c = state;
    void *all[] = {c->qkv, c->out, c->dout, c->dqkv, c->lse, c->sums, c->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err attention_open(void *state, OperatorSize size) {
    AttentionCase *c = state;
    int tokens = size.of[1], heads = size.of[0] * size.of[2], head_width = size.of[3];
    size_t width = (size_t)heads * (size_t)head_width, out = (size_t)tokens * width;
    *c = (AttentionCase){.heads = heads, .shape = {tokens, tokens, head_width, 3 * width, 3 * width, width}};
    const Bf16Kernels *kernels = &kernels_best()->bf16;
    size_t forward = kernels->attention_scratch(&c->shape, 0), backward = kernels->attention_scratch(&c->shape, 1);
    TRY(bench_numbers(&c->qkv, 3 * out, 4, 1.7f));
    TRY(bench_numbers(&c->out, out, 5, 1));
    TRY(bench_numbers(&c->dout, out, 6, 1));
    TRY(bench_numbers(&c->dqkv, 3 * out, 7, 1));
    TRY(bench_floats(&c->lse, (size_t)tokens * (size_t)heads, 8, 1));
    const size_t rows_of_sums = (size_t)kernels->attention_blocks(&c->shape).keys + 1;
    TRY(bench_floats(&c->sums, rows_of_sums * (size_t)head_width, 9, 1));
    return bench_floats(&c->scratch, (forward > backward ? forward : backward) / sizeof(float) + 1, 10, 1);
}

/* Operands as floats, and the plain version's results. */
typedef struct {
    float *qkv, *out, *dout, *dqkv, *lse, *found;
} AttentionPlain;

/* Both passes with the plain version on the same rounded numbers; what is left is the rounding inside. */
static Err compare_attention(double errors[OPERATOR_PASSES], AttentionCase *c, AttentionPlain *p) {
    int tokens = c->shape.n_queries, width = c->shape.head_width;
    size_t out = (size_t)tokens * (size_t)width;
    const AttentionShape shape = {1, 1, width, tokens, tokens, 3 * width, 3 * width};
    TRY(bench_widened(&p->qkv, c->qkv, 3 * out));
    TRY(bench_widened(&p->dout, c->dout, out));
    TRY(bench_floats(&p->out, out, 0, 0));
    TRY(bench_floats(&p->dqkv, 3 * out, 0, 0));
    TRY(bench_floats(&p->lse, (size_t)tokens, 0, 0));
    const AttentionInputs in = {p->qkv, p->qkv + width, p->qkv + 2 * width};
    const AttentionGradients d = {p->dqkv, p->dqkv + width, p->dqkv + 2 * width};
    attention_forward_run(c);
    attention_forward_ref(p->out, p->lse, &in, &shape);
    attention_backward_run(c);
    attention_backward_ref(&d, p->dout, p->out, p->lse, &in, &shape);
    TRY(bench_widened(&p->found, c->dqkv, 3 * out));
    errors[1] = bench_distance(p->found, p->dqkv, 3 * out);
    for (size_t i = 0; i < out; i++) p->found[i] = bf16_float(c->out[i]);
    errors[0] = bench_distance(p->found, p->out, out);
    return ERR_NONE;
}

static Err attention_errors(double errors[OPERATOR_PASSES], OperatorSize size) {
    AttentionCase c;
    AttentionPlain plain = {0};
    Err err = attention_open(&c, (OperatorSize){{1, min_int(size.of[1], TOKENS_COMPARED), 1, size.of[3]}});
    if (!err) err = compare_attention(errors, &c, &plain);
    float *all[] = {plain.qkv, plain.out, plain.dout, plain.dqkv, plain.lse, plain.found};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    attention_close(&c);
    return err;
}

/* Rounding moves scores of +-20 by a few thousandths, and with them the weights. */
const Operator bf16_attention_operator = {
    .tolerance = 0.02,
    .state_bytes = sizeof(AttentionCase),
    .run = {attention_forward_run, attention_backward_run},
    .open = attention_open,
    .close = attention_close,
    .errors = attention_errors,
};

/* ---- linear layers: operands as the model has them, everything that a product needs before it included ---- */

typedef struct {
    int R, Din, Dout;
    Bf16Rows x, dy, out;
    uint32_t *forward, *backward;
    float *W, *dx;
    Bf16LinearScratch scratch;
} LinearCase;

/* Both packings of one matrix: by outputs for the forward product, by inputs for the input gradient. */
static Bf16Weights weights_of(const LinearCase *c) {
    return (Bf16Weights){c->forward, c->backward, bf16_panel_words((size_t)c->Dout), c->Din, c->Dout};
}

/* The sums go to rows of bfloat16, as those of a layer that another layer follows. */
static Bf16Finish to_out(const LinearCase *c) {
    return (Bf16Finish){.kind = BF16_TO_ROWS, .rows = c->out.data, .rows_stride = c->out.stride};
}

static void linear_forward_run(void *state) {
    const LinearCase *c = state;
    const Bf16Weights W = weights_of(c);
    const Bf16Finish finish = to_out(c);
    bf16_linear_forward(NULL, &finish, c->x, &W, c->R);
}

/* Turns both operands to the order of tokens first, which is part of the time. */
static void linear_weight_run(void *state) {
    const LinearCase *c = state;
    bf16_linear_backward_weight(NULL, c->W, c->dy, c->x, (LinearShape){c->R, c->Din, c->Dout}, &c->scratch);
}

static void linear_input_run(void *state) {
    const LinearCase *c = state;
    const Bf16Weights W = weights_of(c);
    const Bf16Finish finish = {.kind = BF16_TO_FLOATS, .floats = c->dx, .floats_stride = (size_t)c->Din};
    bf16_linear_backward_input(NULL, &finish, c->dy, &W, c->R);
}

static void linear_close(void *state) {
    LinearCase *c = state;
    void *all[] = {c->x.data, c->dy.data, c->out.data,       c->forward,       c->backward,
                   c->W,      c->dx,      c->scratch.turned, c->scratch.panels};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err linear_open(void *state, OperatorSize size) {
    LinearCase *c = state;
    int R = size.of[0], Din = size.of[1], Dout = size.of[2];
    size_t rows = (size_t)R, in = bf16_padded((size_t)Din), out = bf16_padded((size_t)Dout);
    *c = (LinearCase){.R = R, .Din = Din, .Dout = Dout, .x.stride = in, .dy.stride = out, .out.stride = out};
    TRY(bench_numbers(&c->x.data, rows * in, 1, 1));
    TRY(bench_numbers(&c->dy.data, rows * out, 2, 1));
    TRY(bench_numbers(&c->out.data, rows * out, 3, 1));
    TRY(bench_floats((float **)&c->forward, bf16_panels_words((size_t)Din, (size_t)Dout), 4, 1));
    TRY(bench_floats((float **)&c->backward, bf16_panels_words((size_t)Dout, (size_t)Din), 5, 1));
    TRY(bench_floats(&c->W, (size_t)Dout * (size_t)Din, WEIGHTS, 1));
    TRY(bench_floats(&c->dx, rows * (size_t)Din, 7, 1));
    TRY(bench_numbers(&c->scratch.turned, bf16_padded(rows) * out, 8, 1));
    TRY(bench_floats((float **)&c->scratch.panels, bf16_panels_words(rows, (size_t)Din), 9, 1));
    kernels_best()->bf16.pack_weights(c->forward, c->backward, bf16_panel_words((size_t)Dout), c->W, Dout, Din);
    return ERR_NONE;
}

/* 0: the plain product gives the same bits; 1: it does not. */
static Err forward_error(double *error, LinearCase *c) {
    Bf16 *expected = NULL;
    size_t count = (size_t)c->R * c->out.stride;
    TRY(bench_numbers(&expected, count, 3, 1));
    Bf16Product plain = {.left = c->x.data,
                         .left_stride = c->x.stride,
                         .right = c->forward,
                         .right_panel = bf16_panel_words((size_t)c->Din),
                         .rows = c->R,
                         .columns = c->Dout,
                         .depth = c->Din,
                         .finish = to_out(c)};
    linear_forward_run(c);
    plain.finish.rows = expected;
    bf16_product_ref(&plain, kernels_best()->bf16.tiles);
    *error = memcmp(expected, c->out.data, count * sizeof *expected) != 0;
    free(expected);
    return ERR_NONE;
}

/* Both gradients are sums in floats of products of rounded numbers, as those of the float32 layer on such numbers. */
typedef struct {
    float *x, *dy, *W, *b, *dW, *dx;
} LinearPlain;

static Err gradient_errors(double *weight, double *input, LinearCase *c, LinearPlain *p) {
    size_t rows = (size_t)c->R, in = (size_t)c->Din, out = (size_t)c->Dout;
    TRY(bench_widened(&p->x, c->x.data, rows * c->x.stride));
    TRY(bench_widened(&p->dy, c->dy.data, rows * c->dy.stride));
    TRY(bench_floats(&p->W, out * in, WEIGHTS, 1)); /* what was packed */
    TRY(bench_floats(&p->dW, out * in, WEIGHTS, 1));
    TRY(bench_floats(&p->b, out, 0, 0));
    TRY(bench_floats(&p->dx, rows * in, 0, 0));
    for (size_t i = 0; i < out * in; i++) p->W[i] = bf16_float(bf16_round(p->W[i]));
    const ConstRows x = {p->x, (int)c->x.stride}, dy = {p->dy, (int)c->dy.stride};
    linear_input_run(c);
    linear_backward_input_ref((Rows){p->dx, c->Din}, dy, p->W, (LinearShape){c->R, c->Din, c->Dout});
    *input = bench_distance(c->dx, p->dx, rows * in);
    linear_weight_run(c);
    linear_backward_weight_ref(p->dW, p->b, dy, x, (LinearShape){c->R, c->Din, c->Dout});
    *weight = bench_distance(c->W, p->dW, out * in);
    return ERR_NONE;
}

/* On few rows of the full width: sums are as long as in the row that is timed. */
static Err linear_errors(double errors[OPERATOR_PASSES], OperatorSize size) {
    LinearCase c;
    LinearPlain plain = {0};
    Err err = linear_open(&c, (OperatorSize){{ROWS_COMPARED, size.of[1], size.of[2]}});
    if (!err) err = forward_error(&errors[0], &c);
    if (!err) err = gradient_errors(&errors[1], &errors[2], &c, &plain);
    float *all[] = {plain.x, plain.dy, plain.W, plain.b, plain.dW, plain.dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    linear_close(&c);
    return err;
}

const Operator bf16_linear_operator = {
    .tolerance = 3e-6,
    .state_bytes = sizeof(LinearCase),
    .run = {linear_forward_run, linear_weight_run, linear_input_run},
    .open = linear_open,
    .close = linear_close,
    .errors = linear_errors,
};
