/* The network's kernels as a share of a plain sgemm, or in bfloat16 of the peak of the multiply units: every pass of
 * every operator at every size is a row. The errors of an operator are found once, on operands small enough for the
 * plain version, and refuse each pass on its own. */
#include "base/text/text.h"
#include "bench/internal/harness.h"
#include "bench/internal/operators.h"
#include "bench/internal/topics.h"

#include <stdlib.h>

/* ---- what the operators of both precisions have in common ---- */

typedef struct {
    const char *unit;
    struct {
        const char *name; /* NULL behind the last */
        double giga;      /* of the kind's count */
    } passes[OPERATOR_PASSES + 1];
    CHECKED Err (*name)(char *out, size_t out_size, const char *precision, OperatorSize size, const char *pass);
    double (*giga)(OperatorSize size); /* operations or elements of the first pass, in billions */
} Kind;

static Err attention_name(char *out, size_t out_size, const char *precision, OperatorSize s, const char *pass) {
    return text_format(out, out_size, "%sattention %d x %d %s", precision, s.of[1], s.of[3], pass);
}

/* Two products forward, q k^T and p v, 2 operations a multiply-add: 4 B heads tokens^2 width. */
static double attention_giga(OperatorSize s) {
    return 4e-9 * s.of[0] * s.of[2] * (double)s.of[1] * s.of[1] * s.of[3];
}

/* The backward pass counts as twice the forward, though it computes five products for four. */
static const Kind attention = {"GFLOP/s", {{"forward", 1}, {"backward", 2}}, attention_name, attention_giga};

static Err linear_name(char *out, size_t out_size, const char *precision, OperatorSize s, const char *pass) {
    return text_format(out, out_size, "%slinear %d x %d -> %d %s", precision, s.of[0], s.of[1], s.of[2], pass);
}

static double linear_giga(OperatorSize s) {
    return 2e-9 * s.of[0] * (double)s.of[1] * s.of[2];
}

static const Kind linear = {
    "GFLOP/s", {{"forward", 1}, {"weight gradient", 1}, {"input gradient", 1}}, linear_name, linear_giga};

static Err elementwise_name(char *out, size_t out_size, const char *precision, OperatorSize s, const char *pass) {
    return text_format(out, out_size, "%s%s, %d x %d", precision, pass, s.of[0], s.of[1]);
}

static double elementwise_giga(OperatorSize s) {
    return 1e-9 * s.of[0] * (double)s.of[1];
}

static const Kind elementwise = {
    "Gelement/s",
    {{"gelu forward", 1}, {"gelu backward", 1}, {"layernorm forward", 1}, {"layernorm backward", 1}},
    elementwise_name,
    elementwise_giga};

/* ---- rows ---- */

/* At the sizes of ViT-B (784 tokens of 768), of ViT-S, and of the models of quick runs. */
static const struct {
    const Kind *kind;
    const Operator *plain, *rounded; /* NULL: not in that precision */
    OperatorSize size;
} cases[] = {
    {&attention, &attention_operator, &bf16_attention_operator, {{1, 1568, 2, 64}}},
    {&attention, &attention_operator, &bf16_attention_operator, {{1, 392, 12, 64}}},
    {&attention, &attention_operator, &bf16_attention_operator, {{1, 160, 12, 64}}},
    {&attention, &attention_operator, &bf16_attention_operator, {{16, 100, 2, 32}}},
    {&attention, &attention_operator, &bf16_attention_operator, {{16, 36, 3, 32}}},
    {&linear, &linear_operator, &bf16_linear_operator, {{784, 768, 3072}}},
    {&linear, &linear_operator, &bf16_linear_operator, {{784, 3072, 768}}},
    {&linear, &linear_operator, &bf16_linear_operator, {{3136, 384, 1536}}},
    {&linear, &linear_operator, &bf16_linear_operator, {{576, 96, 384}}},
    {&linear, &linear_operator, NULL, {{2304, 64, 256}}},
    {&elementwise, &elementwise_operator, NULL, {{784, 768}}},
    {&elementwise, &elementwise_operator, NULL, {{2304, 64}}},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* One pass of an operator on its operands; its error was found on others. */
typedef struct {
    void (*run)(void *operands);
    void *operands;
    double error;
} Pass;

static Err pass_run(void *state) {
    const Pass *pass = state;
    pass->run(pass->operands);
    return ERR_NONE;
}

static Err pass_check(double *error, void *state) {
    const Pass *pass = state;
    *error = pass->error;
    return ERR_NONE;
}

/* Case i in one precision; `precision` goes before its name. */
static Err bench_passes(BenchBoard *board, int i, const Operator *operation, const char *precision, void *operands) {
    const Kind *kind = cases[i].kind;
    const OperatorSize size = cases[i].size;
    double errors[OPERATOR_PASSES];
    char name[64];
    for (int p = 0; p < OPERATOR_PASSES; p++) errors[p] = INFINITY; /* what is not compared is wrong */
    TRY(operation->errors(errors, size));
    TRY(operation->open(operands, size));
    for (int p = 0; kind->passes[p].name; p++) {
        Pass pass = {operation->run[p], operands, errors[p]};
        BenchFound found;
        TRY(kind->name(name, sizeof name, precision, size, kind->passes[p].name));
        const BenchCase c = {.name = name,
                             .work = {pass_run, &pass, kind->giga(size) * kind->passes[p].giga},
                             .check = pass_check,
                             .tolerance = operation->tolerance};
        TRY(bench_board_row(board, &found, c, &(BenchRowInfo){.unit = kind->unit}));
    }
    return ERR_NONE;
}

static Err bench_operator(BenchBoard *board, int i, const Operator *operation, const char *precision) {
    void *operands = calloc(1, operation->state_bytes);
    if (!operands) return RAISE(ERR_MEMORY, "bench: no memory for operands");
    Err err = bench_passes(board, i, operation, precision, operands);
    operation->close(operands);
    free(operands);
    return err;
}

static Err kernel_rows(BenchBoard *board) {
    for (int i = 0; i < N_CASES; i++) TRY(bench_operator(board, i, cases[i].plain, ""));
    TRY(bench_board_precision(board, PRECISION_BFLOAT16));
    for (int i = 0; i < N_CASES; i++)
        if (cases[i].rounded) TRY(bench_operator(board, i, cases[i].rounded, "bf16 "));
    return ERR_NONE;
}

Err bench_kernels_all(const BenchArgs *args, const Par *par) {
    BenchBoard board;
    (void)par; /* one rank */
    Err err = bench_board_open(&board, args->seconds, args->json);
    if (!err) err = kernel_rows(&board);
    return bench_board_close(&board, err);
}
