#include "analysis/measure/internal/formulas.h"
#include "math/rng.h"

#include "support/unit.h"

enum { SIDE = 96, WIDE = SIDE + 40 };

/* A window into one noise picture, smooth enough to have contrast in every block. */
static void window(uint8_t *out, int dy, int dx) {
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            Rng rng = rng_stream(4, RNG_TEST, (uint64_t)((y + dy + 20) * WIDE + x + dx + 20), 0);
            out[y * SIDE + x] = (uint8_t)rng_below(&rng, 256);
        }
}

static void a_shifted_picture_moves_by_its_shift(void **state) {
    (void)state;
    static uint8_t a[SIDE * SIDE], b[SIDE * SIDE];
    BlockCounts counts = {0};
    window(a, 0, 0);
    window(b, -3, 4); /* what was at (y, x) is now at (y + 3, x - 4) */
    blockmatch_pair(&counts, a, b, SIDE, SIDE, 8);
    assert_int_equal(counts.plain, 0);
    assert_int_equal(counts.matched + counts.lost, SIDE / BLOCK_SIDE * (SIDE / BLOCK_SIDE));
    /* Blocks at the left and lower border have left the picture. */
    assert_int_equal(counts.by_square[25], (SIDE / BLOCK_SIDE - 1) * (SIDE / BLOCK_SIDE - 1));
    assert_int_equal(counts.matched, counts.by_square[25]);
}

static void equal_frames_stand_still_and_plain_ones_say_nothing(void **state) {
    (void)state;
    static uint8_t a[SIDE * SIDE];
    BlockCounts still = {0}, plain = {0};
    window(a, 0, 0);
    blockmatch_pair(&still, a, a, SIDE, SIDE, 6);
    assert_int_equal(still.by_square[0], SIDE / BLOCK_SIDE * (SIDE / BLOCK_SIDE));
    memset(a, 90, sizeof a);
    blockmatch_pair(&plain, a, a, SIDE, SIDE, 6);
    assert_int_equal(plain.matched + plain.lost, 0);
    assert_int_equal(plain.plain, SIDE / BLOCK_SIDE * (SIDE / BLOCK_SIDE));
}

static void what_leaves_the_search_is_lost(void **state) {
    (void)state;
    static uint8_t a[SIDE * SIDE], b[SIDE * SIDE];
    BlockCounts counts = {0};
    window(a, 0, 0);
    window(b, 0, 12);
    blockmatch_pair(&counts, a, b, SIDE, SIDE, 6);
    assert_int_equal(counts.matched, 0);
    assert_int_equal(counts.lost, SIDE / BLOCK_SIDE * (SIDE / BLOCK_SIDE));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shifted_picture_moves_by_its_shift),
        cmocka_unit_test(equal_frames_stand_still_and_plain_ones_say_nothing),
        cmocka_unit_test(what_leaves_the_search_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
