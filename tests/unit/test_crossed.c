/* Intervals over seeds and items against NumPy and SciPy, and what must hold for any data. */
#include "golden_file.h"
#include "math/interval.h"

#include "support/unit.h"

#include <math.h>

enum { LOW, VALUE, HIGH, MEASURES };

typedef struct {
    Golden golden;
    const double *halves, *intervals;
    Crossed crossed;
} Case;

static const GoldenTensor *part(const Golden *golden, const char *name, const char *what) {
    char full[64];
    snprintf(full, sizeof full, "%s.%s", name, what);
    return golden_get(golden, full);
}

static void point_at(const uint8_t **rows, const uint8_t *answers, int n_rows, int64_t n_items) {
    for (int r = 0; r < n_rows; r++) rows[r] = answers + r * n_items;
}

static Case open_case(const char *name) {
    Case c = {.golden = golden_read("crossed.gold")};
    const GoldenTensor *answers = part(&c.golden, name, "answers");
    const uint8_t *rows[MEASURES * CROSSED_SEEDS];
    point_at(rows, answers->data, answers->dims[0] * answers->dims[1], answers->dims[2]);
    crossed_make(&c.crossed, rows, MEASURES, answers->dims[1], answers->dims[2]);
    c.halves = part(&c.golden, name, "halves")->data;
    c.intervals = part(&c.golden, name, "intervals")->data;
    return c;
}

static void assert_interval(Interval found, const double *wanted, double tolerance) {
    assert_float_equal(found.low, wanted[0], tolerance);
    assert_float_equal(found.high, wanted[1], tolerance);
}

static void every_interval_matches_numpy_and_scipy(void **state) {
    (void)state;
    static const char *const names[] = {"one", "three", "apart", "five", "alike"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        Case c = open_case(names[n]);
        const double difference[CROSSED_MEASURES] = {-1, 1, 0};
        for (int k = 0; k < MEASURES; k++) {
            const double alone[CROSSED_MEASURES] = {k == 0, k == 1, k == 2};
            assert_float_equal(crossed_half_width(&c.crossed, alone), c.halves[k], 1e-12);
            assert_interval(crossed_share(&c.crossed, k), c.intervals + 2 * k, 1e-12);
        }
        assert_float_equal(crossed_half_width(&c.crossed, difference), c.halves[MEASURES], 1e-12);
        assert_interval(crossed_difference(&c.crossed, VALUE, LOW), c.intervals + 6, 1e-12);
        assert_interval(crossed_difference(&c.crossed, HIGH, VALUE), c.intervals + 8, 1e-12);
        assert_interval(crossed_gap(&c.crossed, LOW, VALUE, HIGH), c.intervals + 10, 1e-9);
        golden_free(&c.golden);
    }
}

/* 3 x 8 answers, small enough to do on paper: row sums 2, 4, 6 of 8 make MS_seeds = 8 (1/16) 2 / 2. */
static void mean_squares_match_a_hand_computation(void **state) {
    (void)state;
    static const uint8_t answers[3][8] = {{1, 1, 0, 0, 0, 0, 0, 0}, {1, 1, 1, 1, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1, 0, 0}};
    const uint8_t *rows[3];
    Crossed crossed;
    point_at(rows, answers[0], 3, 8);
    crossed_make(&crossed, rows, 1, 3, 8);
    assert_float_equal(crossed.mean[0], 0.5, 0);
    assert_float_equal(crossed.seeds[0][0], 0.5, 1e-15);
    /* item sums 3 3 2 2 1 1 0 0: (28 / 3 - 6) / 7; all: 12 - 6 = 6 = 1 + 10/3 + 5/3. */
    assert_float_equal(crossed.items[0][0], 10.0 / 21, 1e-15);
    assert_float_equal(crossed.rest[0][0], 5.0 / 3 / 14, 1e-15);
    const double alone[CROSSED_MEASURES] = {1, 0, 0};
    assert_float_equal(crossed_standard_error(&crossed, alone), sqrt((0.5 + 10.0 / 21 - 5.0 / 42) / 24), 1e-15);
}

/* With one seed the share is Wilson's interval to the last digit, as it stands in a result.json. */
static void one_seed_is_wilson(void **state) {
    (void)state;
    uint8_t answers[100] = {0};
    const uint8_t *rows[1] = {answers};
    Crossed crossed;
    for (int i = 0; i < 37; i++) answers[i] = 1;
    crossed_make(&crossed, rows, 1, 1, 100);
    Interval found = crossed_share(&crossed, 0), wilson = interval_wilson(37, 100);
    assert_float_equal(found.low, wilson.low, 1e-15);
    assert_float_equal(found.high, wilson.high, 1e-15);
}

/* Seeds that answer alike are no more than one: the interval is that over the items, however many seeds. */
static void copies_of_one_seed_add_nothing(void **state) {
    (void)state;
    uint8_t answers[200] = {0};
    const uint8_t *rows[4] = {answers, answers, answers, answers};
    Crossed one, four;
    for (int i = 0; i < 80; i++) answers[i] = 1;
    crossed_make(&one, rows, 1, 1, 200);
    crossed_make(&four, rows, 1, 4, 200);
    const double alone[CROSSED_MEASURES] = {1, 0, 0};
    assert_float_equal(crossed_half_width(&one, alone), crossed_half_width(&four, alone), 1e-14);
}

/* All right in every seed: no variance is seen, yet the interval has the width of Wilson's over the items. */
static void no_variance_is_no_certainty(void **state) {
    (void)state;
    uint8_t all[50], none[50] = {0};
    const uint8_t *rows[4] = {all, all, none, none};
    Crossed crossed;
    memset(all, 1, sizeof all);
    crossed_make(&crossed, rows, 2, 2, 50);
    assert_float_equal(crossed_share(&crossed, 0).low, interval_wilson(50, 50).low, 1e-15);
    assert_float_equal(crossed_share(&crossed, 1).high, interval_wilson(0, 50).high, 1e-15);
    Interval difference = crossed_difference(&crossed, 0, 1);
    assert_true(difference.low < 0.95 && difference.high >= 1);
}

/* Pairing takes away what both models find hard. */
static void pairs_are_surer_than_strangers(void **state) {
    (void)state;
    Case c = open_case("three");
    const Crossed *crossed = &c.crossed;
    Interval paired = crossed_difference(crossed, VALUE, LOW),
             apart = interval_difference(crossed->mean[VALUE], crossed_share(crossed, VALUE), crossed->mean[LOW],
                                         crossed_share(crossed, LOW), 0);
    assert_true(paired.high - paired.low < 0.95 * (apart.high - apart.low));
    golden_free(&c.golden);
}

static void a_gap_without_ends_apart_has_no_interval(void **state) {
    (void)state;
    Case c = open_case("three");
    assert_true(isnan(crossed_gap(&c.crossed, LOW, VALUE, LOW).low));
    Interval whole = crossed_gap(&c.crossed, LOW, HIGH, HIGH), none = crossed_gap(&c.crossed, LOW, LOW, HIGH);
    assert_float_equal(whole.low, 1, 1e-9);
    assert_float_equal(whole.high, 1, 1e-9);
    assert_float_equal(none.high, 0, 1e-9);
    golden_free(&c.golden);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_interval_matches_numpy_and_scipy),
        cmocka_unit_test(mean_squares_match_a_hand_computation),
        cmocka_unit_test(one_seed_is_wilson),
        cmocka_unit_test(copies_of_one_seed_add_nothing),
        cmocka_unit_test(no_variance_is_no_certainty),
        cmocka_unit_test(pairs_are_surer_than_strangers),
        cmocka_unit_test(a_gap_without_ends_apart_has_no_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
