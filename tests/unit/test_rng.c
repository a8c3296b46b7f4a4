#include "math/rng.h"

#include "support/unit.h"

#include <math.h>

static Rng test_stream(uint32_t item) {
    return rng_stream(20240131, RNG_TEST, item, 0);
}

/* The vectors published with Random123 (kat_vectors, philox4x32 with 10 rounds). */
static void blocks_are_those_of_philox4x32_10(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], block[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
        Rng rng = {.left = 0};
        memcpy(rng.counter, vectors[v].counter, sizeof rng.counter);
        memcpy(rng.key, vectors[v].key, sizeof rng.key);
        for (int i = 0; i < 4; i++) assert_int_equal(rng_u32(&rng), vectors[v].block[i]);
    }
}

static bool streams_equal(Rng a, Rng b) {
    for (int i = 0; i < 8; i++)
        if (rng_u32(&a) != rng_u32(&b)) return false;
    return true;
}

static void a_stream_depends_on_every_part_of_its_name(void **state) {
    (void)state;
    Rng base = rng_stream(1, RNG_SCENE, 5, 7);
    assert_true(streams_equal(base, rng_stream(1, RNG_SCENE, 5, 7)));
    assert_false(streams_equal(base, rng_stream(2, RNG_SCENE, 5, 7)));
    assert_false(streams_equal(base, rng_stream(1 + (1ull << 32), RNG_SCENE, 5, 7)));
    assert_false(streams_equal(base, rng_stream(1, RNG_OBJECT, 5, 7)));
    assert_false(streams_equal(base, rng_stream(1, RNG_SCENE, 6, 7)));
    assert_false(streams_equal(base, rng_stream(1, RNG_SCENE, 5 + (1ull << 32), 7)));
    assert_false(streams_equal(base, rng_stream(1, RNG_SCENE, 5, 8)));
}

/* Two streams that share a counter would share their numbers: all four words of the counter must tell them apart. */
static void no_two_purposes_share_a_counter(void **state) {
    (void)state;
    assert_true(RNG_PURPOSE_COUNT <= 256);
    const uint64_t last_item = (1ull << 56) - 1;
    for (uint32_t p = 0; p < RNG_PURPOSE_COUNT; p++) {
        for (uint32_t q = 0; q < p; q++) {
            Rng a = rng_stream(1, (RngPurpose)p, 0, 0), b = rng_stream(1, (RngPurpose)q, last_item, 0);
            assert_true(a.counter[3] >> 24 != b.counter[3] >> 24);
        }
    }
    Rng last = rng_stream(1, RNG_SCENE, last_item, 0xffffffff);
    assert_int_equal(last.counter[0], 0);
    assert_int_equal(last.counter[3] >> 24, RNG_SCENE);
}

static void frame_sampling_go_on_across_blocks(void **state) {
    (void)state;
    Rng rng = test_stream(0), again = test_stream(0);
    uint32_t words[10];
    for (int i = 0; i < 10; i++) words[i] = rng_u32(&rng);
    for (int i = 0; i < 10; i += 2) assert_true(rng_u64(&again) == (words[i] | (uint64_t)words[i + 1] << 32));
}

static void units_stay_below_one(void **state) {
    (void)state;
    Rng top = {.words = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, .left = 4};
    Rng same = top;
    assert_true(rng_unit(&top) < 1.0f);
    assert_true(rng_unit_double(&same) < 1.0);
    Rng high = {.words = {0xffffffff}, .left = 4};
    assert_true(rng_uniform(&high, 1e8f, 1e8f + 8) < 1e8f + 8); /* where rounding reaches the open end */
    Rng zero = {.left = 4};
    assert_true(rng_uniform(&zero, -3, 5) == -3.0f);
}

/* `below` is Lemire's method; here is its definition, word by word. */
static uint32_t below_ref(Rng *rng, uint32_t count) {
    uint64_t biased = (1ull << 32) % count;
    for (;;) {
        uint64_t product = (uint64_t)rng_u32(rng) * count;
        if ((product & 0xffffffff) >= biased) return (uint32_t)(product >> 32);
    }
}

static void below_rejects_exactly_the_biased_words(void **state) {
    (void)state;
    static const uint32_t counts[] = {2, 3, 6, 10, 1000003, 0x60000000, 0x80000001, 0xc0000001, 0xffffffff};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        Rng rng = test_stream((uint32_t)c), ref = rng;
        for (int i = 0; i < 2000; i++) {
            uint32_t value = rng_below(&rng, counts[c]);
            assert_true(value < counts[c]);
            assert_int_equal(value, below_ref(&ref, counts[c]));
        }
    }
    Rng rng = test_stream(0);
    assert_int_equal(rng_below(&rng, 1), 0);
    assert_int_equal(rng.left, 0); /* and nothing was drawn */
}

static void between_reaches_both_ends(void **state) {
    (void)state;
    Rng rng = test_stream(1);
    int seen[5] = {0};
    for (int i = 0; i < 200; i++) {
        int value = rng_between(&rng, -2, 2);
        assert_in_range(value + 2, 0, 4);
        seen[value + 2]++;
    }
    for (int i = 0; i < 5; i++) assert_true(seen[i] > 10);
}

typedef struct {
    double mean, variance, least, most;
} Moments;

static Moments moments_of(double (*draw)(Rng *rng), uint32_t item) {
    enum { DRAWS = 200000 };
    Rng rng = test_stream(item);
    Moments m = {.least = INFINITY, .most = -INFINITY};
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = draw(&rng);
        sum += x;
        squares += x * x;
        m.least = fmin(m.least, x);
        m.most = fmax(m.most, x);
    }
    m.mean = sum / DRAWS;
    m.variance = squares / DRAWS - m.mean * m.mean;
    return m;
}

static double draw_uniform(Rng *rng) {
    return rng_uniform(rng, -1, 3);
}
static double draw_unit_double(Rng *rng) {
    return rng_unit_double(rng);
}
static double draw_normal(Rng *rng) {
    return rng_normal(rng);
}
static double draw_within(Rng *rng) {
    return rng_normal_within(rng, 2, 2);
}
static double draw_gamma_large(Rng *rng) {
    return rng_gamma(rng, 3.5);
}
static double draw_gamma_small(Rng *rng) {
    return rng_gamma(rng, 0.4);
}
static double draw_beta(Rng *rng) {
    return rng_beta(rng, 0.8, 0.8);
}

/* Five standard errors of each estimate; the streams are fixed, so a test either always passes or never. */
static void distributions_have_their_moments(void **state) {
    (void)state;
    static const struct {
        double (*draw)(Rng *rng);
        double mean, variance, low, high;
    } cases[] = {
        {draw_uniform, 1, 16.0 / 12, -1, 3},
        {draw_unit_double, 0.5, 1.0 / 12, 0, 1},
        {draw_normal, 0, 1, -6, 6},
        {draw_within, 0, 4 * 0.2911251, -2, 2}, /* 1 - 2 phi(1) / (2 Phi(1) - 1) */
        {draw_gamma_large, 3.5, 3.5, 0, 100},
        {draw_gamma_small, 0.4, 0.4, 0, 100},
        {draw_beta, 0.5, 0.25 / 2.6, 0, 1},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Moments m = moments_of(cases[i].draw, 100 + i);
        assert_true(fabs(m.mean - cases[i].mean) < 5 * sqrt(cases[i].variance / 200000));
        assert_true(fabs(m.variance - cases[i].variance) < 0.03 * cases[i].variance);
        assert_true(m.least >= cases[i].low && m.most <= cases[i].high);
    }
}

static void normals_have_normal_quantiles(void **state) {
    (void)state;
    enum { DRAWS = 100000 };
    static const struct {
        double x, share;
    } quantiles[] = {{-1.959964, 0.025}, {-0.674490, 0.25}, {0, 0.5}, {0.674490, 0.75}, {1.959964, 0.975}};
    Rng rng = test_stream(7);
    int below[5] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_normal(&rng);
        for (int q = 0; q < 5; q++) below[q] += x < quantiles[q].x;
    }
    for (int q = 0; q < 5; q++) {
        double p = quantiles[q].share, error = sqrt(p * (1 - p) / DRAWS);
        assert_true(fabs((double)below[q] / DRAWS - p) < 4.5 * error);
    }
}

static void a_permutation_holds_everything_once(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    uint32_t order[COUNT];
    bool seen[COUNT] = {false};
    Rng rng = test_stream(8);
    rng_permutation(&rng, order, COUNT);
    int moved = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = true;
        moved += order[i] != i;
    }
    assert_true(moved > COUNT * 9 / 10);
    rng_permutation(&rng, order, 0);
    rng_permutation(&rng, order, 1);
    assert_int_equal(order[0], 0);
}

static void all_permutations_are_equally_likely(void **state) {
    (void)state;
    enum { DRAWS = 60000 };
    int counts[27] = {0};
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t order[3];
        Rng rng = test_stream(1000 + i);
        rng_permutation(&rng, order, 3);
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    double chi2 = 0;
    int kinds = 0;
    for (int i = 0; i < 27; i++) {
        if (!counts[i]) continue;
        kinds++;
        chi2 += pow(counts[i] - DRAWS / 6.0, 2) / (DRAWS / 6.0);
    }
    assert_int_equal(kinds, 6);
    assert_true(chi2 < 20.5); /* 5 degrees of freedom, one in a thousand */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_those_of_philox4x32_10),
        cmocka_unit_test(a_stream_depends_on_every_part_of_its_name),
        cmocka_unit_test(no_two_purposes_share_a_counter),
        cmocka_unit_test(frame_sampling_go_on_across_blocks),
        cmocka_unit_test(units_stay_below_one),
        cmocka_unit_test(below_rejects_exactly_the_biased_words),
        cmocka_unit_test(between_reaches_both_ends),
        cmocka_unit_test(distributions_have_their_moments),
        cmocka_unit_test(normals_have_normal_quantiles),
        cmocka_unit_test(a_permutation_holds_everything_once),
        cmocka_unit_test(all_permutations_are_equally_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
