#include "base/text/text.h"
#include "bench/bench_bf16.h"
#include "bench/bench_nn.h"
#include "bench/internal/bench_beside.h"
#include "nn/layers/attention.h"
#include "nn/layers/gelu.h"
#include "nn/layers/layernorm.h"
#include "nn/layers/linear.h"

static double larger(double a, double b) {
    return a > b ? a : b;
}

/* ---- attention: all heads of B clips, q k v side by side as in the model ---- */

typedef struct {
    AttentionShape shape;
    float *qkv, *out, *dout, *lse, *dqkv, *scratch;
} AttentionCase;

static AttentionInputs attention_in(const AttentionCase *c) {
    size_t width = (size_t)(c->shape.heads * c->shape.head_width);
    return (AttentionInputs){c->qkv, c->qkv + width, c->qkv + 2 * width};
}

static AttentionGradients attention_out(const AttentionCase *c) {
    size_t width = (size_t)(c->shape.heads * c->shape.head_width);
    return (AttentionGradients){c->dqkv, c->dqkv + width, c->dqkv + 2 * width};
}

static void attention_forward_run(void *state) {
    AttentionCase *c = state;
    const AttentionInputs in = attention_in(c);
    attention_forward(NULL, c->out, c->lse, &in, &c->shape, c->scratch);
}

static void attention_backward_run(void *state) {
    AttentionCase *c = state;
    const AttentionInputs in = attention_in(c);
    const AttentionGradients d = attention_out(c);
    attention_backward(NULL, &d, c->dout, c->out, c->lse, &in, &c->shape, c->scratch);
}

static void attention_case_free(AttentionCase *c) {
    float *all[] = {c->qkv, c->out, c->dout, c->lse, c->dqkv, c->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err attention_case_new(AttentionCase *c, int B, int tokens, int heads, int head_width) {
    int width = heads * head_width;
    size_t rows = (size_t)B * (size_t)tokens, out = rows * (size_t)width;
    *c = (AttentionCase){.shape = {B, heads, head_width, tokens, tokens, 3 * width, 3 * width}};
    TRY(bench_floats(&c->qkv, 3 * out, 4, 1.7f));
    TRY(bench_floats(&c->out, out, 5, 1));
    TRY(bench_floats(&c->dout, out, 6, 1));
    TRY(bench_floats(&c->lse, rows * (size_t)heads, 7, 1));
    TRY(bench_floats(&c->dqkv, 3 * out, 8, 1));
    return bench_floats(&c->scratch, attention_scratch_bytes(&c->shape, 1) / sizeof(float), 9, 1);
}

/* The plain version would take minutes on all tokens, so the first few are compared. */
static Err attention_errors(double *forward, double *backward, int tokens, int head_width) {
    AttentionCase c, ref;
    int some = tokens < 60 ? tokens : 60;
    size_t out = (size_t)some * (size_t)head_width;
    Err err = attention_case_new(&c, 1, some, 1, head_width);
    Err err_ref = attention_case_new(&ref, 1, some, 1, head_width);
    if (!err && !err_ref) {
        const AttentionInputs in = attention_in(&c);
        const AttentionGradients d = attention_out(&ref);
        attention_forward_run(&c);
        attention_forward_ref(ref.out, ref.lse, &in, &c.shape);
        *forward = bench_distance(c.out, ref.out, out);
        attention_backward_run(&c);
        attention_backward_ref(&d, c.dout, ref.out, ref.lse, &in, &c.shape);
        *backward = bench_distance(c.dqkv, ref.dqkv, 3 * out);
    }
    attention_case_free(&c);
    attention_case_free(&ref);
    return err ? err : err_ref;
}

static Err bench_attention(BenchBoard *board, int B, int tokens, int heads, int head_width) {
    BenchRow forward = {.unit = "GFLOP/s"}, backward = {.unit = "GFLOP/s"};
    AttentionCase c;
    double giga = 4e-9 * B * heads * (double)tokens * tokens * head_width;
    TRY(text_format(forward.name, sizeof forward.name, "attention %d x %d forward", tokens, head_width));
    TRY(text_format(backward.name, sizeof backward.name, "attention %d x %d backward", tokens, head_width));
    TRY(attention_errors(&forward.error, &backward.error, tokens, head_width));
    Err err = attention_case_new(&c, B, tokens, heads, head_width);
    if (!err) err = bench_board_row(board, &forward, &(BenchWork){attention_forward_run, &c, giga}, 3e-6);
    if (!err) err = bench_board_row(board, &backward, &(BenchWork){attention_backward_run, &c, 2 * giga}, 3e-6);
    attention_case_free(&c);
    return err;
}

/* ---- projections ---- */

typedef struct {
    int R, Din, Dout;
    float *x, *W, *b, *y;
} LinearCase;

static Rows out_rows(const LinearCase *c) {
    return (Rows){c->y, c->Dout};
}
static ConstRows const_rows(const float *data, int width) {
    return (ConstRows){data, width};
}

static void linear_forward_run(void *state) {
    LinearCase *c = state;
    linear_forward(NULL, out_rows(c), const_rows(c->x, c->Din), c->W, c->b, c->R, c->Din, c->Dout);
}

static void linear_weight_run(void *state) {
    LinearCase *c = state;
    linear_backward_weight(NULL, c->W, c->b, const_rows(c->y, c->Dout), const_rows(c->x, c->Din), c->R, c->Din,
                           c->Dout);
}

static void linear_input_run(void *state) {
    LinearCase *c = state;
    linear_backward_input(NULL, (Rows){c->x, c->Din}, const_rows(c->y, c->Dout), c->W, c->R, c->Din, c->Dout);
}

static void linear_case_free(LinearCase *c) {
    free(c->x);
    free(c->W);
    free(c->b);
    free(c->y);
}

static Err linear_case_new(LinearCase *c, int R, int Din, int Dout) {
    *c = (LinearCase){.R = R, .Din = Din, .Dout = Dout};
    TRY(bench_floats(&c->x, (size_t)R * (size_t)Din, 1, 1));
    TRY(bench_floats(&c->W, (size_t)Dout * (size_t)Din, 2, 1));
    TRY(bench_floats(&c->b, (size_t)Dout, 3, 1));
    return bench_floats(&c->y, (size_t)R * (size_t)Dout, 4, 1);
}

/* The largest of the three products' errors, on a few rows. */
static Err linear_error(double *error, int Din, int Dout) {
    LinearCase c, ref;
    int R = 9;
    size_t rows = (size_t)R;
    Err err = linear_case_new(&c, R, Din, Dout), err_ref = linear_case_new(&ref, R, Din, Dout);
    if (!err && !err_ref) {
        linear_forward_run(&c);
        linear_forward_ref(out_rows(&ref), const_rows(ref.x, Din), ref.W, ref.b, R, Din, Dout);
        *error = bench_distance(c.y, ref.y, rows * (size_t)Dout);
        linear_weight_run(&c);
        linear_backward_weight_ref(ref.W, ref.b, const_rows(c.y, Dout), const_rows(ref.x, Din), R, Din, Dout);
        *error = larger(*error, bench_distance(c.W, ref.W, (size_t)Dout * (size_t)Din));
        linear_input_run(&c);
        linear_backward_input_ref((Rows){ref.x, Din}, const_rows(c.y, Dout), c.W, R, Din, Dout);
        *error = larger(*error, bench_distance(c.x, ref.x, rows * (size_t)Din));
    }
    linear_case_free(&c);
    linear_case_free(&ref);
    return err ? err : err_ref;
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
        err = text_format(row.name, sizeof row.name, "linear %d x %d -> %d %s", R, Din, Dout, passes[i].name);
        if (!err)
            err = bench_board_row(board, &row, &(BenchWork){passes[i].run, &c, 2e-9 * R * (double)Din * Dout}, 3e-6);
    }
    linear_case_free(&c);
    return err;
}

/* ---- elementwise ---- */

typedef struct {
    size_t rows;
    int width;
    float *x, *y, *dy, *dx, *weight, *dweight, *partial;
} RowsCase;

static void gelu_run(void *state) {
    RowsCase *c = state;
    gelu_forward(NULL, c->y, c->x, c->rows * (size_t)c->width);
}

static void gelu_backward_run(void *state) {
    RowsCase *c = state;
    gelu_backward(NULL, c->y, c->dx, c->dy, c->x, c->rows * (size_t)c->width);
}

static void layernorm_run(void *state) {
    RowsCase *c = state;
    layernorm_forward(NULL, c->y, c->x, c->weight, c->weight, c->rows, c->width);
}

static void layernorm_backward_run(void *state) {
    RowsCase *c = state;
    layernorm_backward(NULL, c->dx, c->dweight, c->dweight + c->width, c->dy, c->x, c->weight, c->rows, c->width,
                       c->partial);
}

static void gelu_run_ref(void *state) {
    RowsCase *c = state;
    gelu_forward_ref(c->y, c->x, c->rows * (size_t)c->width);
}

static void gelu_backward_run_ref(void *state) {
    RowsCase *c = state;
    gelu_backward_ref(c->y, c->dx, c->dy, c->x, c->rows * (size_t)c->width);
}

static void layernorm_run_ref(void *state) {
    RowsCase *c = state;
    layernorm_forward_ref(c->y, c->x, c->weight, c->weight, c->rows, c->width);
}

static void layernorm_backward_run_ref(void *state) {
    RowsCase *c = state;
    layernorm_backward_ref(c->dx, c->dweight, c->dweight + c->width, c->dy, c->x, c->weight, c->rows, c->width);
}

static void rows_case_free(RowsCase *c) {
    float *all[] = {c->x, c->y, c->dy, c->dx, c->weight, c->dweight, c->partial};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err rows_case_new(RowsCase *c, size_t rows, int width) {
    float **arrays[] = {&c->x, &c->y, &c->dy, &c->dx};
    float **vectors[] = {&c->weight, &c->dweight, &c->partial};
    *c = (RowsCase){.rows = rows, .width = width};
    for (unsigned i = 0; i < 4; i++) TRY(bench_floats(arrays[i], rows * (size_t)width, i, 2));
    for (unsigned i = 0; i < 3; i++) TRY(bench_floats(vectors[i], 2 * (size_t)width, 10 + i, 1));
    return ERR_NONE;
}

static Err bench_elementwise(BenchBoard *board, size_t rows, int width) {
    static const struct {
        const char *name;
        void (*run)(void *state), (*ref)(void *state);
    } passes[] = {{"gelu forward", gelu_run, gelu_run_ref},
                  {"gelu backward", gelu_backward_run, gelu_backward_run_ref},
                  {"layernorm forward", layernorm_run, layernorm_run_ref},
                  {"layernorm backward", layernorm_backward_run, layernorm_backward_run_ref}};
    size_t count = rows * (size_t)width;
    Err err = ERR_NONE;
    for (int i = 0; !err && i < 4; i++) {
        RowsCase c, ref;
        BenchRow row = {.unit = "Gelement/s"};
        err = text_format(row.name, sizeof row.name, "%s, %zu x %d", passes[i].name, rows, width);
        Err err_c = rows_case_new(&c, rows, width), err_ref = rows_case_new(&ref, rows, width);
        if (!err) err = err_c ? err_c : err_ref;
        if (!err) {
            passes[i].run(&c);
            passes[i].ref(&ref);
            row.error = larger(bench_distance(c.y, ref.y, count), bench_distance(c.dx, ref.dx, count));
            err = bench_board_row(board, &row, &(BenchWork){passes[i].run, &c, 1e-9 * (double)count}, 3e-6);
        }
        rows_case_free(&c);
        rows_case_free(&ref);
    }
    return err;
}

static Err kernel_rows(BenchBoard *board) {
    static const int attention[][4] = {
        {1, 1568, 2, 64}, {1, 392, 12, 64}, {1, 160, 12, 64}, {16, 100, 2, 32}, {16, 36, 3, 32}};
    static const int linear[][3] = {
        {784, 768, 3072}, {784, 3072, 768}, {3136, 384, 1536}, {576, 96, 384}, {2304, 64, 256}};
    for (size_t i = 0; i < sizeof attention / sizeof *attention; i++) {
        const int *a = attention[i];
        TRY(bench_attention(board, a[0], a[1], a[2], a[3]));
    }
    for (size_t i = 0; i < sizeof linear / sizeof *linear; i++) {
        TRY(bench_linear(board, linear[i][0], linear[i][1], linear[i][2]));
    }
    TRY(bench_elementwise(board, 784, 768));
    return bench_elementwise(board, 2304, 64);
}

Err bench_kernels(double seconds, bool json) {
    BenchBoard board;
    Err err = bench_board_open(&board, seconds, json);
    if (!err) err = kernel_rows(&board);
    if (!err) err = bench_bf16_rows(&board);
    return bench_board_close(&board, err);
}
