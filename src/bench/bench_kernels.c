/* The network's kernels as a share of a plain sgemm, or in bfloat16 of the peak of the multiply units: every pass of
 * every operator at every size is a row. The errors of an operator are found once, on operands small enough for the
 * plain version, and refuse each pass on its own. */
#include "bench/internal/operators.h"
#include "bench/internal/topics.h"
#include "bench/internal/yardstick.h"

#include <stdlib.h>

/* At the sizes of ViT-B (784 tokens of 768), of ViT-S, and of the models of quick runs. */
static const struct {
    const Operator *operator, * rounded; /* NULL: not in that precision */
    OperatorSize size;
} cases[] = {
    {&attention_operator, &bf16_attention_operator, {{1, 1568, 2, 64}}},
    {&attention_operator, &bf16_attention_operator, {{1, 392, 12, 64}}},
    {&attention_operator, &bf16_attention_operator, {{1, 160, 12, 64}}},
    {&attention_operator, &bf16_attention_operator, {{16, 100, 2, 32}}},
    {&attention_operator, &bf16_attention_operator, {{16, 36, 3, 32}}},
    {&linear_operator, &bf16_linear_operator, {{784, 768, 3072}}},
    {&linear_operator, &bf16_linear_operator, {{784, 3072, 768}}},
    {&linear_operator, &bf16_linear_operator, {{3136, 384, 1536}}},
    {&linear_operator, &bf16_linear_operator, {{576, 96, 384}}},
    {&linear_operator, NULL, {{2304, 64, 256}}},
    {&elementwise_operator, NULL, {{784, 768}}},
    {&elementwise_operator, NULL, {{2304, 64}}},
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

static Err bench_passes(BenchBoard *board, const Operator *operator, OperatorSize size, void *operands) {
    double errors[OPERATOR_PASSES];
    char name[64];
    for (int i = 0; i < OPERATOR_PASSES; i++) errors[i] = INFINITY; /* what is not compared is wrong */
    TRY(operator->errors(errors, size));
    TRY(operator->open(operands, size));
    for (int i = 0; operator->passes[i].name; i++) {
        Pass pass = {operator->passes[i].run, operands, errors[i]};
        BenchFound found;
        TRY(operator->name(name, sizeof name, size, operator->passes[i].name));
        const BenchCase c = {.name = name,
                             .work = {pass_run, &pass, operator->giga(size) * operator->passes[i].giga_factor },
                                      .check = pass_check, .tolerance = operator->tolerance };
        TRY(bench_board_row(board, &found, c, &(BenchRowInfo){.unit = operator->unit}));
    }
    return ERR_NONE;
}

static Err bench_operator(BenchBoard *board, const Operator *operator, OperatorSize size) {
    void *operands = calloc(1, operator->state_bytes);
    if (!operands) return RAISE(ERR_MEMORY, "bench: no memory for operands");
    Err err = bench_passes(board, operator, size, operands);
    operator->close(operands);
    free(operands);
    return err;
}

static Err kernel_rows(BenchBoard *board) {
    for (int i = 0; i < N_CASES; i++) TRY(bench_operator(board, cases[i].operator, cases[i].size));
    TRY(bench_board_precision(board, PRECISION_BFLOAT16));
    for (int i = 0; i < N_CASES; i++)
        if (cases[i].rounded) TRY(bench_operator(board, cases[i].rounded, cases[i].size));
    return ERR_NONE;
}

Err bench_kernels_all(const BenchArgs *args, const Par *par) {
    BenchBoard board;
    (void)par; /* one rank */
    Err err = bench_board_open(&board, args->seconds, args->json);
    if (!err) err = kernel_rows(&board);
    return bench_board_close(&board, err);
}
