#include "bench/bench_bf16.h"

#include "base/text/text.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/attention.h"
#include "nn/layers/bf16_linear.h"

#include <math.h>
#include <stdlib.h>

/* Numbers in +-scale, 64-byte aligned; to be freed. */
static Err bench_numbers(Bf16 **out, size_t count, unsigned object, float scale) {
    float *floats = NULL;
    TRY(bench_floats(&floats, count, object, scale));
    *out = aligned_alloc(64, (count * sizeof(Bf16) + 63) / 64 * 64);
    for (size_t i = 0; *out && i < count; i++) (*out)[i] = bf16_round(floats[i]);
    free(floats);
    return *out ? ERR_NONE : RAISE(ERR_MEMORY, "bench: no memory for %zu numbers", count);
}

/* ---- attention: all heads of a clip, q k v side by side as in the model ---- */

typedef struct {
    int heads;
    Bf16HeadShape shape;
    Bf16 *qkv, *out, *dout, *dqkv;
    float *lse, *bias, *scratch;
} AttentionCase;

static void attention_forward_run(void *state) {
    AttentionCase *c = state;
    size_t width = c->shape.out_stride;
    for (int h = 0; h < c->heads; h++) {
        size_t at = (size_t)h * (size_t)c->shape.head_width;
        const Bf16HeadInputs in = {c->qkv + at, c->qkv + width + at, c->qkv + 2 * width + at};
        kernels_best()->bf16.attention_forward(c->out + at, c->lse + (size_t)h * (size_t)c->shape.n_queries, &in,
                                               &c->shape, c->scratch);
    }
}

static void attention_backward_run(void *state) {
    AttentionCase *c = state;
    size_t width = c->shape.out_stride;
    for (int h = 0; h < c->heads; h++) {
        size_t at = (size_t)h * (size_t)c->shape.head_width;
        const Bf16HeadInputs in = {c->qkv + at, c->qkv + width + at, c->qkv + 2 * width + at};
        const Bf16HeadGradients d = {c->dqkv + at, c->dqkv + width + at, c->dqkv + 2 * width + at, c->bias, c->bias};
        kernels_best()->bf16.attention_backward(
            &d, c->dout + at, c->out + at, c->lse + (size_t)h * (size_t)c->shape.n_queries, &in, &c->shape, c->scratch);
    }
}

static void attention_case_free(AttentionCase *c) {
    void *all[] = {c->qkv, c->out, c->dout, c->dqkv, c->lse, c->bias, c->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err attention_case_new(AttentionCase *c, int tokens, int heads, int head_width) {
    size_t width = (size_t)heads * (size_t)head_width, out = (size_t)tokens * width;
    *c = (AttentionCase){.heads = heads, .shape = {tokens, tokens, head_width, 3 * width, 3 * width, width}};
    const Bf16Kernels *kernels = &kernels_best()->bf16;
    size_t forward = kernels->attention_scratch(&c->shape, 0), backward = kernels->attention_scratch(&c->shape, 1);
    TRY(bench_numbers(&c->qkv, 3 * out, 4, 1.7f));
    TRY(bench_numbers(&c->out, out, 5, 1));
    TRY(bench_numbers(&c->dout, out, 6, 1));
    TRY(bench_numbers(&c->dqkv, 3 * out, 7, 1));
    TRY(bench_floats(&c->lse, (size_t)tokens * (size_t)heads, 8, 1));
    TRY(bench_floats(&c->bias, width, 9, 1));
    return bench_floats(&c->scratch, (forward > backward ? forward : backward) / sizeof(float) + 1, 10, 1);
}

/* Relative distance of the output from that of the plain version in double precision, on the first few tokens. */
static Err attention_error(double *error, int tokens, int head_width) {
    int some = tokens < 60 ? tokens : 60;
    size_t out = (size_t)some * (size_t)head_width;
    float *inputs = NULL, *expected = NULL, *lse = NULL, *found = NULL;
    AttentionCase c;
    Err err = attention_case_new(&c, some, 1, head_width);
    if (!err) err = bench_floats(&inputs, 3 * out, 4, 1.7f);
    if (!err) err = bench_floats(&expected, out, 5, 1);
    if (!err) err = bench_floats(&found, out, 5, 1);
    if (!err) err = bench_floats(&lse, (size_t)some, 5, 1);
    if (!err) {
        const AttentionShape shape = {1, 1, head_width, some, some, 3 * head_width, 3 * head_width};
        const AttentionInputs in = {inputs, inputs + head_width, inputs + 2 * head_width};
        attention_forward_run(&c);
        attention_forward_ref(expected, lse, &in, &shape);
        for (size_t i = 0; i < out; i++) found[i] = bf16_float(c.out[i]);
        *error = bench_distance(found, expected, out);
    }
    float *all[] = {inputs, expected, lse, found};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    attention_case_free(&c);
    return err;
}

static Err bench_attention(BenchBoard *board, int tokens, int heads, int head_width) {
    BenchRow forward = {.unit = "GFLOP/s"}, backward = {.unit = "GFLOP/s"};
    const double rounding = 0.02; /* scores of +-20 move by a few thousandths, and with them the weights */
    AttentionCase c;
    double giga = 4e-9 * heads * (double)tokens * tokens * head_width;
    TRY(text_format(forward.name, sizeof forward.name, "bf16 attention %d x %d forward", tokens, head_width));
    TRY(text_format(backward.name, sizeof backward.name, "bf16 attention %d x %d backward", tokens, head_width));
    TRY(attention_error(&forward.error, tokens, head_width));
    backward.error = forward.error;
    Err err = attention_case_new(&c, tokens, heads, head_width);
    if (!err) err = bench_board_row(board, &forward, &(BenchWork){attention_forward_run, &c, giga}, rounding);
    if (!err) err = bench_board_row(board, &backward, &(BenchWork){attention_backward_run, &c, 2 * giga}, rounding);
    attention_case_free(&c);
    return err;
}

/* ---- linear layers: operands as the model has them, everything that a product needs before it included ---- */

typedef struct {
    int R, Din, Dout;
    Bf16Rows x, dy, out;
    uint32_t *forward, *backward;
    float *W, *dx;
    Bf16LinearScratch scratch;
} LinearCase;

static Bf16Weights weights_of(const LinearCase *c) {
    return (Bf16Weights){c->forward, c->backward, bf16_panel_words((size_t)c->Dout), c->Din, c->Dout};
}

static Bf16Finish to_out(const LinearCase *c) {
    return (Bf16Finish){.kind = BF16_TO_ROWS, .rows = c->out.data, .rows_stride = c->out.stride};
}

static void linear_forward_run(void *state) {
    const LinearCase *c = state;
    const Bf16Weights W = weights_of(c);
    const Bf16Finish finish = to_out(c);
    bf16_linear_forward(NULL, &finish, c->x, &W, c->R);
}

static void linear_weight_run(void *state) {
    const LinearCase *c = state;
    bf16_linear_backward_weight(NULL, c->W, c->dy, c->x, c->R, c->Din, c->Dout, &c->scratch);
}

static void linear_input_run(void *state) {
    const LinearCase *c = state;
    const Bf16Weights W = weights_of(c);
    const Bf16Finish finish = {.kind = BF16_TO_FLOATS, .floats = c->dx, .floats_stride = (size_t)c->Din};
    bf16_linear_backward_input(NULL, &finish, c->dy, &W, c->R);
}

static void linear_case_free(LinearCase *c) {
    void *all[] = {c->x.data, c->dy.data, c->out.data,       c->forward,       c->backward,
                   c->W,      c->dx,      c->scratch.turned, c->scratch.panels};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err linear_case_new(LinearCase *c, int R, int Din, int Dout) {
    size_t rows = (size_t)R, in = bf16_padded((size_t)Din), out = bf16_padded((size_t)Dout);
    *c = (LinearCase){.R = R, .Din = Din, .Dout = Dout, .x.stride = in, .dy.stride = out, .out.stride = out};
    TRY(bench_numbers(&c->x.data, rows * in, 1, 1));
    TRY(bench_numbers(&c->dy.data, rows * out, 2, 1));
    TRY(bench_numbers(&c->out.data, rows * out, 3, 1));
    TRY(bench_floats((float **)&c->forward, bf16_panels_words((size_t)Din, (size_t)Dout), 4, 1));
    TRY(bench_floats((float **)&c->backward, bf16_panels_words((size_t)Dout, (size_t)Din), 5, 1));
    TRY(bench_floats(&c->W, (size_t)Dout * (size_t)Din, 6, 1));
    TRY(bench_floats(&c->dx, rows * (size_t)Din, 7, 1));
    TRY(bench_numbers(&c->scratch.turned, bf16_padded(rows) * out, 8, 1));
    TRY(bench_floats((float **)&c->scratch.panels, bf16_panels_words(rows, (size_t)Din), 9, 1));
    kernels_best()->bf16.pack_weights(c->forward, c->backward, bf16_panel_words((size_t)Dout), c->W, Dout, Din);
    return ERR_NONE;
}

/* Zero: the plain product gives the same bits. On a few rows. */
static Err linear_error(double *error, int Din, int Dout) {
    LinearCase c;
    Bf16 *expected = NULL;
    int R = 9;
    Err err = linear_case_new(&c, R, Din, Dout);
    if (!err) err = bench_numbers(&expected, (size_t)R * c.out.stride, 3, 1);
    if (!err) {
        Bf16Product plain = {.left = c.x.data,
                             .left_stride = c.x.stride,
                             .right = c.forward,
                             .right_panel = bf16_panel_words((size_t)Din),
                             .rows = R,
                             .columns = Dout,
                             .depth = Din,
                             .finish = to_out(&c)};
        linear_forward_run(&c);
        plain.finish.rows = expected;
        bf16_product_ref(&plain, kernels_best()->bf16.tiles);
        *error = memcmp(expected, c.out.data, (size_t)R * c.out.stride * sizeof *expected) != 0;
    }
    free(expected);
    linear_case_free(&c);
    return err;
}

static Err bench_linear(BenchBoard *board, int R, int Din, int Dout) {
    static const struct {
        const char *name;
        void (*run)(void *state);
    } passes[] = {
        {"forward", linear_forward_run}, {"weight gradient", linear_weight_run}, {"input gradient", linear_input_run}};
    LinearCase c;
    BenchRow row = {.unit = "GFLOP/s"};
    TRY(linear_error(&row.error, Din, Dout));
    Err err = linear_case_new(&c, R, Din, Dout);
    for (int i = 0; !err && i < 3; i++) {
        const BenchWork work = {passes[i].run, &c, 2e-9 * R * (double)Din * Dout};
        err = text_format(row.name, sizeof row.name, "bf16 linear %d x %d -> %d %s", R, Din, Dout, passes[i].name);
        if (!err) err = bench_board_row(board, &row, &work, 0);
    }
    linear_case_free(&c);
    return err;
}

Err bench_bf16_rows(BenchBoard *board) {
    static const int attention[][3] = {{1568, 2, 64}, {392, 12, 64}, {160, 12, 64}, {100, 16, 32}, {36, 48, 32}};
    static const int linear[][3] = {{784, 768, 3072}, {784, 3072, 768}, {3136, 384, 1536}, {576, 96, 384}};
    TRY(bench_board_precision(board, PRECISION_BFLOAT16));
    for (size_t i = 0; i < sizeof attention / sizeof *attention; i++)
        TRY(bench_attention(board, attention[i][0], attention[i][1], attention[i][2]));
    for (size_t i = 0; i < sizeof linear / sizeof *linear; i++)
        TRY(bench_linear(board, linear[i][0], linear[i][1], linear[i][2]));
    return ERR_NONE;
}
