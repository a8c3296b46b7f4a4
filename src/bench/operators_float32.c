/* Float32: attention, linear layers, and the elementwise passes between them. Operands are uniform random numbers at
 * the scale that layers have after a norm; a pass computes on the same operands again and again, as in caches that a
 * layer's neighbor has filled. Each is compared with its plain version, which sums in the order of its definition. */
#include "bench/internal/operators.h"

#include "base/system/minmax.h"
#include "bench/internal/harness.h"
#include "nn/layers/attention.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/linear.h"

#include <stdlib.h>

enum { TOKENS_COMPARED = 60, ROWS_COMPARED = 9 }; /* the plain versions would take minutes on all */

/* ---- attention: all heads of B clips, q k v side by side as in the model ---- */

typedef struct {
    AttentionShape shape;
    float *qkv, *out, *dout, *lse, *dqkv, *scratch;
} AttentionCase;

/* Columns of a row of qkv: all heads' queries, then keys, then values. */
static AttentionInputs attention_in(const AttentionCase *c) {
    size_t width = (size_t)(c->shape.heads * c->shape.head_width);
    return (AttentionInputs){c->qkv, c->qkv + width, c->qkv + 2 * width};
}

static AttentionGradients attention_out(const AttentionCase *c) {
    size_t width = (size_t)(c->shape.heads * c->shape.head_width);
    return (AttentionGradients){c->dqkv, c->dqkv + width, c->dqkv + 2 * width};
}

/* out (B, tokens, heads * head_width) from q, k, v that lie side by side in a row of qkv. */
static void attention_forward_run(void *state) {
    AttentionCase *c = state;
    const AttentionInputs in = attention_in(c);
    attention_forward(NULL, c->out, c->lse, &in, &c->shape, c->scratch);
}

/* dq, dk, dv side by side in dqkv; scores are recomputed from the log-sum-exp of the forward pass. */
static void attention_backward_run(void *state) {
    AttentionCase *c = state;
    const AttentionInputs in = attention_in(c);
    const AttentionGradients d = attention_out(c);
    attention_backward(NULL, &d, c->dout, &(AttentionKept){c->out, c->lse}, &in, &c->shape, c->scratch);
}

static void attention_close(void *state) {
    AttentionCase *c = state;
    float *all[] = {c->qkv, c->out, c->dout, c->lse, c->dqkv, c->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err attention_open(void *state, OperatorSize size) {
    AttentionCase *c = state;
    int B = size.of[0], tokens = size.of[1], heads = size.of[2], head_width = size.of[3], width = heads * head_width;
    size_t rows = (size_t)B * (size_t)tokens, out = rows * (size_t)width;
    *c = (AttentionCase){.shape = {B, heads, head_width, tokens, tokens, 3 * width, 3 * width}};
    TRY(bench_floats(&c->qkv, 3 * out, 4, 1.7f));
    TRY(bench_floats(&c->out, out, 5, 1));
    TRY(bench_floats(&c->dout, out, 6, 1));
    TRY(bench_floats(&c->lse, rows * (size_t)heads, 7, 1));
    TRY(bench_floats(&c->dqkv, 3 * out, 8, 1));
    return bench_floats(&c->scratch, attention_scratch_bytes(&c->shape, 1) / sizeof(float), 9, 1);
}

/* One head on the first tokens: what differs by head and clip is an offset. */
static Err attention_errors(double errors[OPERATOR_PASSES], OperatorSize size) {
    AttentionCase c, ref;
    int some = min_int(size.of[1], TOKENS_COMPARED), head_width = size.of[3];
    const OperatorSize one = {{1, some, 1, head_width}};
    size_t out = (size_t)some * (size_t)head_width;
    Err err = attention_open(&c, one), err_ref = attention_open(&ref, one);
    if (!err && !err_ref) {
        const AttentionInputs in = attention_in(&c);
        const AttentionGradients d = attention_out(&ref);
        attention_forward_run(&c);
        attention_forward_ref(ref.out, ref.lse, &in, &c.shape);
        errors[0] = bench_distance(c.out, ref.out, out);
        attention_backward_run(&c);
        attention_backward_ref(&d, c.dout, ref.out, ref.lse, &in, &c.shape);
        errors[1] = bench_distance(c.dqkv, ref.dqkv, 3 * out);
    }
    attention_close(&c);
    attention_close(&ref);
    return err ? err : err_ref;
}

const Operator attention_operator = {
    .tolerance = 3e-6,
    .state_bytes = sizeof(AttentionCase),
    .run = {attention_forward_run, attention_backward_run},
    .open = attention_open,
    .close = attention_close,
    .errors = attention_errors,
};

/* ---- linear layers: x (R, Din), W (Dout, Din), y (R, Dout) ---- */

typedef struct {
    int R, Din, Dout;
    float *x, *W, *b, *y;
} LinearCase;

/* Rows without gaps. */
static Rows out_rows(const LinearCase *c) {
    return (Rows){c->y, c->Dout};
}
static ConstRows const_rows(const float *data, int width) {
    return (ConstRows){data, width};
}

/* y = x W^T + b. */
static void linear_forward_run(void *state) {
    LinearCase *c = state;
    linear_forward(NULL, out_rows(c), const_rows(c->x, c->Din), c->W, c->b, (LinearShape){c->R, c->Din, c->Dout});
}

/* dW += dy^T x, db += column sums of dy; W and b stand in for their gradients. */
static void linear_weight_run(void *state) {
    LinearCase *c = state;
    linear_backward_weight(NULL, c->W, c->b, const_rows(c->y, c->Dout), const_rows(c->x, c->Din),
                           (LinearShape){c->R, c->Din, c->Dout});
}

/* dx = dy W; x stands in for its gradient. */
static void linear_input_run(void *state) {
    LinearCase *c = state;
    linear_backward_input(NULL, (Rows){c->x, c->Din}, const_rows(c->y, c->Dout), c->W,
                          (LinearShape){c->R, c->Din, c->Dout});
}

static void linear_close(void *state) {
    LinearCase *c = state;
    free(c->x);
    free(c->W);
    free(c->b);
    free(c->y);
}

/* As many rows as a micro-batch has tokens. */
static Err linear_open(void *state, OperatorSize size) {
    LinearCase *c = state;
    int R = size.of[0], Din = size.of[1], Dout = size.of[2];
    *c = (LinearCase){.R = R, .Din = Din, .Dout = Dout};
    TRY(bench_floats(&c->x, (size_t)R * (size_t)Din, 1, 1));
    TRY(bench_floats(&c->W, (size_t)Dout * (size_t)Din, 2, 1));
    TRY(bench_floats(&c->b, (size_t)Dout, 3, 1));
    return bench_floats(&c->y, (size_t)R * (size_t)Dout, 4, 1);
}

/* Each product on the operands that the last one left: a wrong one shows in its own row and in those below. */
static Err linear_errors(double errors[OPERATOR_PASSES], OperatorSize size) {
    LinearCase c, ref;
    int R = ROWS_COMPARED, Din = size.of[1], Dout = size.of[2];
    const OperatorSize few = {{R, Din, Dout}};
    size_t rows = (size_t)R;
    Err err = linear_open(&c, few), err_ref = linear_open(&ref, few);
    if (!err && !err_ref) {
        linear_forward_run(&c);
        linear_forward_ref(out_rows(&ref), const_rows(ref.x, Din), ref.W, ref.b, (LinearShape){R, Din, Dout});
        errors[0] = bench_distance(c.y, ref.y, rows * (size_t)Dout);
        linear_weight_run(&c);
        linear_backward_weight_ref(ref.W, ref.b, const_rows(c.y, Dout), const_rows(ref.x, Din),
                                   (LinearShape){R, Din, Dout});
        errors[1] = bench_distance(c.W, ref.W, (size_t)Dout * (size_t)Din);
        linear_input_run(&c);
        linear_backward_input_ref((Rows){ref.x, Din}, const_rows(c.y, Dout), c.W, (LinearShape){R, Din, Dout});
        errors[2] = bench_distance(c.x, ref.x, rows * (size_t)Din);
    }
    linear_close(&c);
    linear_close(&ref);
    return err ? err : err_ref;
}

const Operator linear_operator = {
    .tolerance = 3e-6,
    .state_bytes = sizeof(LinearCase),
    .run = {linear_forward_run, linear_weight_run, linear_input_run},
    .open = linear_open,
    .close = linear_close,
    .errors = linear_errors,
};

/* ---- elementwise: x (rows, width) ---- */

typedef struct {
    size_t rows;
    int width;
    float *x, *y, *dy, *dx, *weight, *dweight, *partial;
} RowsCase;

/* The kernels leave results in y and dx; what is not theirs stays as it was drawn, alike on both sides of a comparison.
 */
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
    layernorm_backward(NULL, &(NormGradients){c->dx, c->dweight, c->dweight + c->width, c->partial}, c->dy, c->x,
                       c->weight, c->rows, c->width);
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
    layernorm_backward_ref(&(NormGradients){c->dx, c->dweight, c->dweight + c->width, NULL}, c->dy, c->x, c->weight,
                           c->rows, c->width);
}

/* Of all arrays, taken or not. */
static void rows_close(void *state) {
    RowsCase *c = state;
    float *all[] = {c->x, c->y, c->dy, c->dx, c->weight, c->dweight, c->partial};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* Arrays of (rows, width); vectors of twice the width, for weight and bias side by side. */
static Err rows_open(void *state, OperatorSize size) {
    RowsCase *c = state;
    size_t rows = (size_t)size.of[0];
    int width = size.of[1];
    float **arrays[] = {&c->x, &c->y, &c->dy, &c->dx};
    float **vectors[] = {&c->weight, &c->dweight, &c->partial};
    *c = (RowsCase){.rows = rows, .width = width};
    for (unsigned i = 0; i < 4; i++) TRY(bench_floats(arrays[i], rows * (size_t)width, i, 2));
    for (unsigned i = 0; i < 3; i++) TRY(bench_floats(vectors[i], 2 * (size_t)width, 10 + i, 1));
    return ERR_NONE;
}

/* Every pass on operands of its own, since layernorm's adds to what it finds. */
static Err elementwise_errors(double errors[OPERATOR_PASSES], OperatorSize size) {
    static void (*const plain[])(void *state) = {gelu_run_ref, gelu_backward_run_ref, layernorm_run_ref,
                                                 layernorm_backward_run_ref};
    size_t count = (size_t)size.of[0] * (size_t)size.of[1];
    Err err = ERR_NONE;
    for (int i = 0; !err && i < OPERATOR_PASSES; i++) {
        RowsCase c, ref;
        Err err_c = rows_open(&c, size), err_ref = rows_open(&ref, size);
        err = err_c ? err_c : err_ref;
        if (!err) {
            elementwise_operator.run[i](&c);
            plain[i](&ref);
            errors[i] = fmax(bench_distance(c.y, ref.y, count), bench_distance(c.dx, ref.dx, count));
        }
        rows_close(&c);
        rows_close(&ref);
    }
    return err;
}

const Operator elementwise_operator = {
    .tolerance = 3e-6,
    .state_bytes = sizeof(RowsCase),
    .run = {gelu_run, gelu_backward_run, layernorm_run, layernorm_backward_run},
    .open = rows_open,
    .close = rows_close,
    .errors = elementwise_errors,
};
