/* math/finite, and that a value which is no number comes out of every kernel as none: a finished result must not be
 * made of it. Whatever the processor can run; the NaNs have the payloads that integer arithmetic on bits could turn
 * into numbers. */
#include "math/finite.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/attention.h"
#include "nn/layers/conv.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/volume.h"
#include "operator_check.h"
#include "support/unit.h"

static const uint32_t odd_bits[] = {0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fffffff, 0xffffffff, 0x7fc001ff, 0x7f800000};
enum { N_ODD = sizeof odd_bits / sizeof *odd_bits, INFINITE = N_ODD - 1 };

static float odd(int i) {
    float value;
    memcpy(&value, &odd_bits[i], sizeof value);
    return value;
}

static void the_first_is_told_and_all_are_counted(void **state) {
    (void)state;
    float values[100] = {0};
    values[99] = 3.4e38f;
    values[0] = -0.0f;
    values[1] = 1e-45f;
    assert_ok(finite_check(values, 100, 0, "a.h5", "x"));
    assert_true(finite_all(values, 100) && finite_all(values, 0));
    values[7] = -INFINITY;
    values[98] = NAN;
    assert_false(finite_all(values, 100));
    assert_true(finite_all(values, 7));
    assert_fails(finite_check(values, 100, 1000, "a.h5", "x"), ERR_INPUT, "a.h5: x: 2 values are not finite");
    assert_non_null(strstr(err_message(), "the first is -inf at index 1007"));
    assert_fails(finite_check(values + 90, 10, 0, "a.h5", "x"), ERR_INPUT, "1 value is not finite");
}

/* ---- attention ---- */

enum { QUERIES_ = 37, KEYS_ = 45, WIDTH = 20 };
enum { IN_QUERY, IN_KEY, IN_VALUE, PLACES };
static const AttentionShape shape = {.B = 1,
                                     .heads = 1,
                                     .head_width = WIDTH,
                                     .n_queries = QUERIES_,
                                     .n_keys = KEYS_,
                                     .q_stride = WIDTH,
                                     .kv_stride = WIDTH};

typedef struct {
    float *q, *k, *v, *dout, *out, *lse, *dq, *dk, *dv;
} Arrays;

static Arrays arrays_new(void) {
    Arrays a = {.q = random_floats(QUERIES_ * WIDTH, 1, 1), .k = random_floats(KEYS_ * WIDTH, 2, 1)};
    a.v = random_floats(KEYS_ * WIDTH, 3, 1);
    a.dout = random_floats(QUERIES_ * WIDTH, 4, 1);
    a.out = random_floats(QUERIES_ * WIDTH, 5, 1);
    a.lse = random_floats(QUERIES_, 6, 1);
    a.dq = random_floats(QUERIES_ * WIDTH, 7, 1);
    a.dk = random_floats(KEYS_ * WIDTH, 8, 1);
    a.dv = random_floats(KEYS_ * WIDTH, 9, 1);
    return a;
}

static void arrays_free(Arrays *a) {
    float *all[] = {a->q, a->k, a->v, a->dout, a->out, a->lse, a->dq, a->dk, a->dv};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* One odd number in the query, key or value of number `row`. */
static void poison(Arrays *a, int place, int row, float value) {
    float *to = place == IN_QUERY ? a->q : place == IN_KEY ? a->k : a->v;
    to[row * WIDTH + 5] = value;
}

static int bad_rows(const float *rows, int n_rows) {
    int bad = 0;
    for (int i = 0; i < n_rows; i++) bad += !finite_all(rows + i * WIDTH, WIDTH);
    return bad;
}

/* An odd query spoils its own row, an odd key or value those of all queries; and the gradients with them. A key at
 * infinity has a score of minus infinity for some, and rightly no weight there. */
static void check_attention(const Arrays *a, int place, int row, bool infinite, bool log_sums) {
    if (place == IN_QUERY) {
        assert_int_equal(bad_rows(a->out, QUERIES_), 1);
        assert_false(finite_all(a->out + row * WIDTH, WIDTH));
        assert_int_equal(bad_rows(a->dq, QUERIES_), 1);
        assert_int_equal(bad_rows(a->dk, KEYS_), KEYS_);
        assert_int_equal(bad_rows(a->dv, KEYS_), KEYS_);
    } else if (!infinite) {
        assert_int_equal(bad_rows(a->out, QUERIES_), QUERIES_);
        assert_int_equal(bad_rows(a->dq, QUERIES_), QUERIES_);
        if (place == IN_KEY && log_sums)
            for (int q = 0; q < QUERIES_; q++) assert_false(isfinite(a->lse[q]));
    } else {
        assert_true(bad_rows(a->out, QUERIES_) > 0);
    }
}

static void every_attention_passes_on_what_is_no_number(void **state) {
    (void)state;
    const HeadShape head = {QUERIES_, KEYS_, WIDTH, WIDTH, WIDTH, WIDTH};
    for (int i = 0; i < PLACES * N_ODD; i++) {
        int place = i / N_ODD, row = i % N_ODD * 5;
        bool infinite = i % N_ODD == INFINITE;
        Arrays a = arrays_new();
        poison(&a, place, row, odd(i % N_ODD));
        const AttentionInputs all = {a.q, a.k, a.v};
        const HeadInputs in = {a.q, a.k, a.v};
        attention_forward_ref(a.out, a.lse, &all, &shape);
        attention_backward_ref(&(AttentionGradients){a.dq, a.dk, a.dv}, a.dout, a.out, a.lse, &all, &shape);
        check_attention(&a, place, row, infinite, true);
        for (const Kernels *const *set = kernels_usable(); *set; set++) {
            float *scratch =
                random_floats((*set)->attention_scratch(&head, 0) + (*set)->attention_scratch(&head, 1), 77, 1);
            const HeadGradients d = {a.dq, a.dk, a.dv};
            const HeadBackward backward = {&d, a.dout, a.out, a.lse, &in, &head, scratch};
            (*set)->attention_forward(a.out, a.lse, &in, &head, (HeadQueries){0, QUERIES_}, scratch);
            for (int block = 0; block < (*set)->attention_blocks(&head).keys; block++)
                (*set)->attention_backward(&backward, block, NULL, scratch);
            check_attention(&a, place, row, infinite, true);
            free(scratch);
        }
        arrays_free(&a);
    }
}

/* ---- the rest ---- */

static void softmax_passes_it_on(void **state) {
    (void)state;
    for (int i = 0; i < 3 * N_ODD; i++) {
        float logits[3] = {1, 2, 3}, targets[3] = {0, 1, 0}, gradient[3];
        double sums[3] = {0};
        logits[i / N_ODD] = odd(i % N_ODD);
        assert_false(isfinite(softmax_cross_entropy(gradient, logits, targets, 1, 3, 1)));
        softmax_add(sums, logits, 3);
        assert_false(isfinite(sums[0] + sums[1] + sums[2]));
    }
}

static void gelu_and_layernorm_pass_it_on(void **state) {
    (void)state;
    enum { COUNT = 53 };
    for (const Kernels *const *set = kernels_usable(); *set; set++)
        for (int i = 0; i < N_ODD * COUNT; i++) {
            float x[COUNT] = {0}, ones[COUNT], y[COUNT], dx[COUNT];
            for (int k = 0; k < COUNT; k++) ones[k] = 1;
            x[i % COUNT] = odd(i / COUNT);
            (*set)->gelu(y, x, COUNT);
            assert_false(isfinite(y[i % COUNT]));
            (*set)->gelu_backward(y, dx, ones, x, COUNT);
            assert_false(isfinite(y[i % COUNT]));
            if (i / COUNT != INFINITE) assert_false(isfinite(dx[i % COUNT]));
            (*set)->layernorm(y, x, 1, &(NormParams){ones, ones, COUNT, 1e-6f});
            for (int k = 0; k < COUNT; k++) assert_false(isfinite(y[k]) && i / COUNT != INFINITE);
            assert_false(finite_all(y, COUNT));
        }
}

/* A rectified sum that is no number is not 0; one that is minus zero is, to the bit. */
static void convolutions_pass_it_on(void **state) {
    (void)state;
    enum { CHANNELS = 48, PLACES_ = 25 };
    const Volume volume = {{1, 5, 5}, {0, 0, 0}, {0, 0, 0}, CHANNELS};
    const ConvShape conv_shape = {volume, volume, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, 0, CHANNELS, true};
    int channel_of[CHANNELS];
    for (int s = 0; s < CHANNELS; s++) channel_of[s] = s;
    for (const Kernels *const *set = kernels_usable(); *set; set++)
        for (int i = 0; i < N_ODD - 1; i++) {
            Conv conv;
            float *x = random_floats(PLACES_ * CHANNELS, 1, 1), *y = random_floats(PLACES_ * CHANNELS, 2, 1);
            float *weights = random_floats(CHANNELS * CHANNELS, 3, 1), *bias = random_floats(CHANNELS, 4, 1);
            x[7 * CHANNELS + 11] = odd(i);
            for (int s = 0; s < CHANNELS; s++) x[9 * CHANNELS + s] = 0;
            for (int s = 0; s < CHANNELS; s++) bias[s] = -0.0f;
            assert_ok(conv_new(&conv, &conv_shape, *set));
            conv_set(&conv, weights, bias, channel_of, CHANNELS);
            conv_forward(&conv, y, x);
            for (int p = 0; p < PLACES_; p++)
                for (int s = 0; s < CHANNELS; s++) {
                    assert_true(isfinite(y[p * CHANNELS + s]) == (p != 7));
                    if (p == 9) assert_true(y[p * CHANNELS + s] == 0 && !signbit(y[p * CHANNELS + s]));
                }
            conv_forward_ref(&conv_shape, y, x, weights, bias);
            assert_false(finite_all(y + 7 * CHANNELS, CHANNELS));
            conv_free(&conv);
            float *floats[] = {x, y, weights, bias};
            for (int k = 0; k < 4; k++) free(floats[k]);
        }
}

static void the_largest_of_a_window_is_no_number_where_one_is_none(void **state) {
    (void)state;
    enum { SLOTS = 16 };
    const Volume in = {{1, 3, 3}, {0, 0, 0}, {0, 0, 0}, SLOTS}, out = {{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, SLOTS};
    const PoolShape pool = {in, out, {1, 3, 3}, {1, 1, 1}, {0, 0, 0}, 0};
    for (int place = 0; place < 9; place++) {
        float *x = random_floats(9 * SLOTS, 1, 1), y[SLOTS];
        x[place * SLOTS + 3] = odd(place % INFINITE);
        pool_max(&pool, y, x);
        for (int s = 0; s < SLOTS; s++) assert_true(isfinite(y[s]) == (s != 3));
        free(x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_told_and_all_are_counted),
        cmocka_unit_test(every_attention_passes_on_what_is_no_number),
        cmocka_unit_test(softmax_passes_it_on),
        cmocka_unit_test(gelu_and_layernorm_pass_it_on),
        cmocka_unit_test(convolutions_pass_it_on),
        cmocka_unit_test(the_largest_of_a_window_is_no_number_where_one_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
