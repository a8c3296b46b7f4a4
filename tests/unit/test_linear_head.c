#include "eval/readout/internal/readout.h"
#include "math/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROWS = 300, D = 6, K = 3 };

static const TrainConfig config = {.epochs = 40,
                                   .batch = 32,
                                   .micro_batch = 32,
                                   .base_lr = 0.2,
                                   .beta1 = 0.9,
                                   .beta2 = 0.999,
                                   .eps = 1e-8,
                                   .warmup_epochs = 2};

/* Three clouds, far enough apart for a linear head. */
static void make_clouds(float *features, int *labels) {
    for (int i = 0; i < ROWS; i++) {
        Rng rng = rng_stream(1, RNG_TEST, (uint64_t)i, 0);
        labels[i] = i % K;
        for (int d = 0; d < D; d++) features[i * D + d] = 0.5f * rng_normal(&rng) + (d == labels[i] ? 2 : 0);
    }
}

static int count_hits(const LinearHead *head, const float *features, const int *labels) {
    int hits = 0;
    for (int i = 0; i < ROWS; i++) {
        int best = 0;
        double top = -1e9;
        for (int k = 0; k < K; k++) {
            double logit = head->bias[k];
            for (int d = 0; d < D; d++) logit += (double)head->weight[k * D + d] * features[i * D + d];
            if (logit > top) {
                top = logit;
                best = k;
            }
        }
        hits += best == labels[i];
    }
    return hits;
}

static void test_separable_clouds_are_separated_and_repeatably(void **state) {
    (void)state;
    static float features[ROWS * D], weight[2][K * D], bias[2][K];
    static int labels[ROWS];
    make_clouds(features, labels);
    LabelledRows rows = {.n_rows = ROWS, .D = D, .K = K, .features = features, .labels = labels};
    double loss = 0;
    for (int run = 0; run < 2; run++) {
        LinearHead head = {weight[run], bias[run]};
        assert_int_equal(linear_head_train(&head, &loss, &rows, &config, 0, 5), ERR_NONE);
        assert_true(count_hits(&head, features, labels) > ROWS * 97 / 100);
        assert_true(loss < 0.2);
    }
    assert_memory_equal(weight[0], weight[1], sizeof(weight[0]));
}

static void test_fewer_rows_than_a_batch_make_a_smaller_batch(void **state) {
    (void)state;
    static float features[ROWS * D], weight[K * D], bias[K];
    static int labels[ROWS];
    make_clouds(features, labels);
    LabelledRows rows = {.n_rows = 5, .D = D, .K = K, .features = features, .labels = labels};
    LinearHead head = {weight, bias};
    double loss = 0;
    assert_int_equal(linear_head_train(&head, &loss, &rows, &config, 0.1, 5), ERR_NONE);
}

static void test_a_loss_that_is_not_finite_ends_as_diverged(void **state) {
    (void)state;
    static float features[ROWS * D], weight[K * D], bias[K];
    static int labels[ROWS];
    make_clouds(features, labels);
    features[7] = 1e38f * 10;
    LabelledRows rows = {.n_rows = ROWS, .D = D, .K = K, .features = features, .labels = labels};
    LinearHead head = {weight, bias};
    double loss = 0;
    for (int i = 0; i < K * D; i++) weight[i] = 1;
    assert_int_equal(linear_head_train(&head, &loss, &rows, &config, 0, 5), ERR_DIVERGED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_separable_clouds_are_separated_and_repeatably),
        cmocka_unit_test(test_fewer_rows_than_a_batch_make_a_smaller_batch),
        cmocka_unit_test(test_a_loss_that_is_not_finite_ends_as_diverged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
