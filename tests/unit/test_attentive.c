/* nn/layers/attentive - the probe's formula written out, and its gradient. */
#include "nn/layers/attentive.h"
#include "operator_check.h"

enum { B = 3, N = 5, D = 12, HEADS = 3, W = D / HEADS, K = 4 };

typedef struct {
    Attentive *attentive;
    AttentiveScratch *scratch;
    float *params, *grads, *tokens, *targets;
} Bench;

static Bench bench_open(void) {
    Bench b = {0};
    assert_int_equal(attentive_new(&b.attentive, N, D, HEADS, K), ERR_NONE);
    assert_int_equal(attentive_scratch_new(&b.scratch, b.attentive, NULL, B), ERR_NONE);
    b.params = random_floats(attentive_params(b.attentive)->total, 1, 0.4f);
    b.grads = calloc(attentive_params(b.attentive)->total, sizeof(float));
    b.tokens = random_floats((size_t)B * N * D, 2, 1);
    b.targets = random_floats((size_t)B * K, 3, 1);
    for (int i = 0; i < B * K; i++) b.targets[i] = 0.25f + 0.05f * b.targets[i];
    return b;
}

static void bench_close(Bench *b) {
    attentive_scratch_free(&b->scratch);
    attentive_free(&b->attentive);
    free(b->params);
    free(b->grads);
    free(b->tokens);
    free(b->targets);
}

static const float *param(const Bench *b, const char *name) {
    return b->params + params_find(attentive_params(b->attentive), name)->offset;
}

/* Row `row` of W x (+ b). */
static double product(const float *weight, const float *bias, const float *x, int row) {
    double sum = bias ? bias[row] : 0;
    for (int d = 0; d < D; d++) sum += (double)weight[row * D + d] * x[d];
    return sum;
}

static void pooled_of_clip(double pooled[D], const Bench *b, int clip) {
    const float *x = b->tokens + clip * N * D, *query = param(b, "pool.query");
    for (int head = 0; head < HEADS; head++) {
        double weights[N], sum = 0;
        for (int n = 0; n < N; n++) {
            double score = 0;
            for (int w = head * W; w < (head + 1) * W; w++)
                score += query[w] * product(param(b, "pool.k.weight"), NULL, x + n * D, w);
            sum += weights[n] = exp(score / sqrt(W));
        }
        for (int w = head * W; w < (head + 1) * W; w++) {
            pooled[w] = 0;
            for (int n = 0; n < N; n++)
                pooled[w] += weights[n] / sum *
                             product(param(b, "pool.v.weight"), param(b, "pool.v.bias"), x + n * D, w);
        }
    }
}

static void test_logits_follow_the_formula(void **state) {
    (void)state;
    Bench b = bench_open();
    float logits[B * K];
    attentive_forward(b.attentive, b.scratch, b.params, logits, b.tokens, B);
    for (int clip = 0; clip < B; clip++) {
        double pooled[D];
        pooled_of_clip(pooled, &b, clip);
        for (int k = 0; k < K; k++) {
            double expected = param(&b, "head.bias")[k];
            for (int d = 0; d < D; d++) expected += (double)param(&b, "head.weight")[k * D + d] * pooled[d];
            assert_float_equal(logits[clip * K + k], expected, 1e-5);
        }
    }
    bench_close(&b);
}

static double loss_at_params(void *context) {
    const Bench *b = context;
    double loss = 0;
    attentive_step(b->attentive, b->scratch, b->params, NULL, &loss, &(AttentiveBatch){b->tokens, b->targets, B}, 1);
    return loss;
}

/* Each parameter by itself, so that none hides behind another. */
static void test_every_gradient_agrees_with_central_differences(void **state) {
    (void)state;
    Bench b = bench_open();
    const ParamTable *table = attentive_params(b.attentive);
    double loss = 0;
    attentive_step(b.attentive, b.scratch, b.params, b.grads, &loss, &(AttentiveBatch){b.tokens, b.targets, B}, 1);
    assert_int_equal(table->n_rows, 6);
    for (int r = 0; r < table->n_rows; r++) {
        const Param *row = &table->rows[r];
        check_gradient(loss_at_params, &b, b.params + row->offset, b.grads + row->offset, row->count, 1e-2f, 2e-3);
    }
    bench_close(&b);
}

static void test_a_part_of_a_batch_weighs_what_it_should(void **state) {
    (void)state;
    Bench b = bench_open();
    double whole = 0, first = 0, rest = 0;
    attentive_step(b.attentive, b.scratch, b.params, NULL, &whole, &(AttentiveBatch){b.tokens, b.targets, B}, 1);
    attentive_step(b.attentive, b.scratch, b.params, NULL, &first, &(AttentiveBatch){b.tokens, b.targets, 1}, 1.0f / 3);
    attentive_step(b.attentive, b.scratch, b.params, NULL, &rest, &(AttentiveBatch){b.tokens + N * D, b.targets + K, 2},
                   2.0f / 3);
    assert_float_equal(whole, first + rest, 1e-6);
    bench_close(&b);
}

static void test_heads_that_do_not_divide_are_refused(void **state) {
    (void)state;
    Attentive *attentive;
    assert_int_equal(attentive_new(&attentive, N, D, 5, K), ERR_USAGE);
    assert_non_null(strstr(err_message(), "readout.heads: 5 do not divide the width 12"));
    assert_null(attentive);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits_follow_the_formula),
        cmocka_unit_test(test_every_gradient_agrees_with_central_differences),
        cmocka_unit_test(test_a_part_of_a_batch_weighs_what_it_should),
        cmocka_unit_test(test_heads_that_do_not_divide_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
