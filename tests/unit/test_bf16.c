/* nn/kernels/bf16 and the kernels of mixed precision: numbers, layouts and products of every kernel set against the
 * plain functions, bit for bit. */
#include "nn/kernels/kernels.h"
#include "nn/layers/bf16_linear.h"
#include "operator_check.h"

/* Bits of every kind: normal numbers of all sizes, zeros, denormal and the largest ones; infinities and NaN if asked.
 */
static float any_float(Rng *rng, bool finite) {
    uint32_t bits = rng_u32(rng);
    if (finite && (bits & 0x7f800000u) == 0x7f800000u) bits &= 0xbfffffffu;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void test_rounding_is_to_the_nearest_even(void **state) {
    (void)state;
    Rng rng = rng_stream(1, RNG_TEST, 0, 0);
    for (int i = 0; i < 1 << 20; i++) {
        float x = any_float(&rng, true), down = bf16_float((Bf16)(bits_of(x) >> 16)), y = bf16_float(bf16_round(x));
        if (fabsf(x) < 0x1p-126f) {
            assert_true(y == 0 && signbit(y) == signbit(x));
            continue;
        }
        double up = (double)down + ldexp(signbit(x) ? -1 : 1, (int)(bits_of(x) >> 23 & 0xff) - 127 - 7);
        double below = fabs(x - (double)down), above = fabs(up - x);
        double expected = below < above || (below == above && !(bits_of(down) >> 16 & 1)) ? down : up;
        assert_true(fabs(expected) < 0x1p128 ? y == expected : isinf(y));
    }
    assert_true(isnan(bf16_float(bf16_round(NAN))) && bf16_round(INFINITY) == 0x7f80);
}

/* Every set, every kind of float: what round_rows writes is bf16_round, its padding zero, its sums those of the
 * columns.
 */
static void test_rows_are_rounded_alike_by_every_kernel_set(void **state) {
    (void)state;
    enum { R = 131, WIDTH = 301, STRIDE = 310, PADDED = 320 };
    float *x = malloc(R * STRIDE * sizeof *x), *ordinary = random_floats(R * STRIDE, 1, 1);
    Bf16 *rows = malloc(R * PADDED * sizeof *rows);
    Rng rng = rng_stream(2, RNG_TEST, 0, 0);
    for (int i = 0; i < R * STRIDE; i++) x[i] = any_float(&rng, false);
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        memset(rows, 1, R * PADDED * sizeof *rows);
        (*set)->bf16.round_rows(&(Bf16Rounding){rows, PADDED, x, STRIDE, R, WIDTH, NULL, 0, NULL});
        for (int r = 0; r < R; r++)
            for (int c = 0; c < PADDED; c++) {
                Bf16 found = rows[r * PADDED + c], expected = c < WIDTH ? bf16_round(x[r * STRIDE + c]) : 0;
                assert_true(found == expected);
            }
        float sums[WIDTH], factors[3] = {2, 0, 0.5f};
        double expected[WIDTH] = {0};
        memset(sums, 0, sizeof sums);
        (*set)->bf16.round_rows(&(Bf16Rounding){rows, PADDED, ordinary, STRIDE, R, WIDTH, factors, 50, sums});
        for (int r = 0; r < R; r++)
            for (int c = 0; c < WIDTH; c++) {
                expected[c] += factors[r / 50] * ordinary[r * STRIDE + c];
                assert_int_equal(rows[r * PADDED + c], bf16_round(factors[r / 50] * ordinary[r * STRIDE + c]));
            }
        for (int c = 0; c < WIDTH; c++) assert_true(fabs(sums[c] - expected[c]) < 1e-4);
    }
    free(x);
    free(ordinary);
    free(rows);
}

static Bf16 *random_rows(int rows, int columns, uint32_t object, float scale) {
    size_t stride = bf16_padded((size_t)columns);
    float *x = random_floats((size_t)rows * stride, object, scale);
    Bf16 *out = aligned_alloc(64, (size_t)rows * stride * sizeof *out);
    for (int r = 0; r < rows; r++)
        for (size_t c = 0; c < stride; c++)
            out[(size_t)r * stride + c] = c < (size_t)columns ? bf16_round(x[(size_t)r * stride + c]) : 0;
    free(x);
    return out;
}

/* The element of row k and column j in panels of `rows` rows. */
static Bf16 panel_element(const uint32_t *panels, int rows, int k, int j) {
    uint32_t word = panels[(size_t)(j / BF16_PANEL) * bf16_panel_words((size_t)rows) + (size_t)(k / 2) * BF16_PANEL +
                           (size_t)(j % BF16_PANEL)];
    return (Bf16)(k % 2 ? word >> 16 : word);
}

static void test_layouts_hold_every_element_and_zeros_beyond(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {37, 70}, {64, 96}, {99, 31}};
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            int R = sizes[i][0], D = sizes[i][1];
            size_t stride = bf16_padded((size_t)D), turned_stride = bf16_padded((size_t)R);
            size_t words = bf16_panels_words((size_t)R, (size_t)D);
            Bf16 *x = random_rows(R, D, 1, 1), *turned = malloc(stride * turned_stride * sizeof *turned);
            uint32_t *panels = malloc(words * sizeof *panels);
            memset(turned, 1, stride * turned_stride * sizeof *turned);
            memset(panels, 1, words * sizeof *panels);
            (*set)->bf16.transpose(turned, turned_stride, x, stride, R, D);
            (*set)->bf16.panels(panels, x, stride, R, D);
            for (int r = 0; r < (int)turned_stride; r++) {
                for (int c = 0; c < (int)stride; c++) {
                    Bf16 expected = r < R ? x[(size_t)r * stride + (size_t)c] : 0;
                    assert_int_equal(panel_element(panels, R, r, c), expected);
                    if (c < D) assert_int_equal(turned[(size_t)c * turned_stride + (size_t)r], expected);
                }
            }
            free(x);
            free(turned);
            free(panels);
        }
    }
}

static void test_weights_are_packed_both_ways(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {37, 70}, {64, 96}, {99, 31}}; /* Dout, Din */
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            int Dout = sizes[i][0], Din = sizes[i][1];
            size_t n_forward = bf16_panels_words((size_t)Din, (size_t)Dout),
                   n_backward = bf16_panels_words((size_t)Dout, (size_t)Din);
            float *W = random_floats((size_t)(Dout * Din), 3, 1);
            uint32_t *forward = aligned_alloc(64, n_forward * 4), *backward = aligned_alloc(64, n_backward * 4);
            memset(forward, 1, n_forward * 4);
            memset(backward, 1, n_backward * 4);
            (*set)->bf16.pack_weights(forward, backward, bf16_panel_words((size_t)Dout), W, Dout, Din);
            for (int o = 0; o < (int)bf16_padded((size_t)Dout); o++) {
                for (int k = 0; k < (int)bf16_padded((size_t)Din); k++) {
                    Bf16 expected = o < Dout && k < Din ? bf16_round(W[o * Din + k]) : 0;
                    assert_int_equal(panel_element(forward, Din, k, o), expected);
                    assert_int_equal(panel_element(backward, Dout, o, k), expected);
                }
            }
            free(W);
            free(forward);
            free(backward);
        }
    }
}

/* ---- products ---- */

typedef struct {
    int rows, columns, depth;
    Bf16 *left, *right, *out, *expected_out;
    uint32_t *panels;
    float *bias, *base, *floats, *expected;
    size_t n_out;
} ProductCase;

static ProductCase product_case(int rows, int columns, int depth, float scale) {
    size_t n_out = (size_t)rows * bf16_padded((size_t)columns),
           words = bf16_panels_words((size_t)depth, (size_t)columns);
    ProductCase c = {.rows = rows,
                     .columns = columns,
                     .depth = depth,
                     .left = random_rows(rows, depth, 1, scale),
                     .right = random_rows(depth, columns, 2, scale),
                     .out = calloc(n_out, 2),
                     .expected_out = calloc(n_out, 2),
                     .panels = malloc(words * 4),
                     .bias = random_floats((size_t)columns, 3, 1),
                     .base = random_floats(n_out, 4, 1),
                     .floats = random_floats(n_out, 5, 1),
                     .expected = random_floats(n_out, 5, 1),
                     .n_out = n_out};
    kernels_best()->bf16.panels(c.panels, c.right, bf16_padded((size_t)columns), depth, columns);
    return c;
}

static void product_case_free(ProductCase *c) {
    void *all[] = {c->left, c->right, c->out, c->expected_out, c->panels, c->bias, c->base, c->floats, c->expected};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Bf16Product product_of(const ProductCase *c, Bf16FinishKind kind) {
    size_t stride = bf16_padded((size_t)c->columns);
    return (Bf16Product){.left = c->left,
                         .left_stride = bf16_padded((size_t)c->depth),
                         .right = c->panels,
                         .right_panel = bf16_panel_words((size_t)c->depth),
                         .rows = c->rows,
                         .columns = c->columns,
                         .depth = c->depth,
                         .finish = {.kind = kind,
                                    .bias = c->bias,
                                    .floats = c->floats,
                                    .floats_stride = stride,
                                    .rows = c->out,
                                    .rows_stride = stride}};
}

static void assert_same_bits(const float *found, const float *expected, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_true(bits_of(found[i]) == bits_of(expected[i]) || (isnan(found[i]) && isnan(expected[i])));
}

/* Tiles of every height, blocks of several panels, depths that end within a pair; between the rows nothing changes. */
static const int product_sizes[][3] = {{1, 1, 1},      {14, 32, 64},  {27, 33, 65},    {65, 544, 96},
                                       {131, 96, 801}, {43, 77, 160}, {16, 2700, 1101}};

static void test_products_of_every_kernel_set_equal_the_plain_one_bit_for_bit(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof product_sizes / sizeof *product_sizes; i++) {
        const int *size = product_sizes[i];
        ProductCase c = product_case(size[0], size[1], size[2], 1);
        for (const Kernels *const *set = kernels_usable(); *set; set++) {
            Bf16Product p = product_of(&c, BF16_TO_FLOATS), expected = p;
            for (int with_base = 0; with_base < 2; with_base++) {
                p.finish.base = expected.finish.base = with_base ? c.base : NULL;
                p.finish.base_stride = expected.finish.base_stride = p.finish.floats_stride;
                expected.finish.floats = c.expected;
                (*set)->bf16.product(&p);
                bf16_product_ref(&expected, (*set)->bf16.tiles);
                assert_same_bits(c.floats, c.expected, c.n_out);
            }
            p = product_of(&c, BF16_TO_ROWS);
            expected = p;
            expected.finish.rows = c.expected_out;
            (*set)->bf16.product(&p);
            bf16_product_ref(&expected, (*set)->bf16.tiles);
            assert_memory_equal(c.out, c.expected_out, c.n_out * sizeof *c.out);
        }
        product_case_free(&c);
    }
}

/* Sums that under- and overflow, operands of all sizes, denormal ones, infinities and NaN. */
static void test_products_of_any_bits_equal_the_plain_one(void **state) {
    (void)state;
    enum { ROWS = 31, COLUMNS = 40, DEPTH = 70 };
    ProductCase c = product_case(ROWS, COLUMNS, DEPTH, 1);
    memset(c.bias, 0, COLUMNS * sizeof *c.bias);
    for (uint32_t turn = 0; turn < 60; turn++) {
        Rng rng = rng_stream(3, RNG_TEST, 0, turn);
        bool finite = turn % 3 > 0;
        for (int r = 0; r < ROWS; r++)
            for (int k = 0; k < DEPTH; k++) {
                uint32_t bits = rng_u32(&rng);
                if (finite && (bits & 0x7f800000u) == 0x7f800000u) bits &= 0xbfffffffu;
                if (turn % 3 == 2) bits = (bits & 0x807fffffu) | (50 + bits % 31) << 23; /* sums about 2^-126 */
                c.left[(size_t)r * bf16_padded(DEPTH) + (size_t)k] = (Bf16)(bits >> 16);
            }
        for (int k = 0; k < DEPTH; k++)
            for (int j = 0; j < COLUMNS; j++) {
                uint32_t bits = rng_u32(&rng);
                if (finite && (bits & 0x7f800000u) == 0x7f800000u) bits &= 0xbfffffffu;
                if (turn % 3 == 2) bits = (bits & 0x807fffffu) | (50 + bits % 31) << 23;
                c.right[(size_t)k * bf16_padded(COLUMNS) + (size_t)j] = (Bf16)(bits >> 16);
            }
        kernels_best()->bf16.panels(c.panels, c.right, bf16_padded(COLUMNS), DEPTH, COLUMNS);
        for (const Kernels *const *set = kernels_usable(); *set; set++) {
            Bf16Product p = product_of(&c, BF16_TO_FLOATS), expected = p;
            expected.finish.floats = c.expected;
            (*set)->bf16.product(&p);
            bf16_product_ref(&expected, (*set)->bf16.tiles);
            assert_same_bits(c.floats, c.expected, c.n_out);
        }
    }
    product_case_free(&c);
}

/* The two definitions are different chains: a sum that tells them apart, and one rounding from the other. */
static void test_the_two_definitions_differ_as_documented(void **state) {
    (void)state;
    uint32_t one = (uint32_t)bf16_round(1), big = (uint32_t)bf16_round(0x1p24f);
    /* pair: the upper product first: 2^24 + 1 = 2^24 (to even), so the lower one is lost. */
    assert_true(bf16_pair(0, big << 16 | one, one << 16 | one) == 0x1p24f);
    assert_true(bf16_pair(1, big << 16 | one, one << 16 | one) == 0x1p24f); /* 1 + 2^24 is lost, too */
    uint32_t left[16] = {0}, right[16] = {0};
    for (int p = 0; p < 16; p++) {
        left[p] = one << 16 | one;
        right[p] = p == 0 ? big << 16 | one : one; /* odd: 2^24 once; even: sixteen ones */
    }
    float pairs = 0;
    for (int p = 0; p < 16; p++) pairs = bf16_pair(pairs, left[p], right[p]);
    assert_true(pairs == 0x1p24f);
    assert_true(bf16_tile(0, left, right, 1) == 0x1p24f + 16);
}

/* GELU and its slope by their formulas, on the rounded values, within half a unit of the last place of a bfloat16. */
static void test_gelu_is_that_of_the_rounded_values(void **state) {
    (void)state;
    const double unit = 0x1p-7;
    ProductCase c = product_case(45, 70, 64, 0.6f);
    size_t stride = bf16_padded(70);
    Bf16 *gelu = calloc(c.n_out, 2), *again = calloc(c.n_out, 2), *d = calloc(c.n_out, 2);
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        float sums[70] = {0};
        Bf16Product p = product_of(&c, BF16_TO_GELU);
        p.finish.gelu = gelu;
        (*set)->bf16.product(&p);
        Bf16Product back = product_of(&c, BF16_TO_GELU_GRADIENT), plain = product_of(&c, BF16_TO_FLOATS);
        plain.finish.bias = NULL;
        back.finish.hidden = c.out;
        back.finish.rows = d;
        back.finish.gelu = again;
        back.finish.column_sums = sums;
        (*set)->bf16.product(&back);
        (*set)->bf16.product(&plain);
        assert_memory_equal(gelu, again, c.n_out * sizeof *gelu);
        for (int j = 0; j < 70; j++) {
            double expected_sum = 0, size = 0;
            for (int r = 0; r < 45; r++) {
                size_t at = (size_t)r * stride + (size_t)j;
                double x = bf16_float(c.out[at]), upper = 0.5 * (1 + erf(x * M_SQRT1_2));
                double slope = (upper + x * exp(-0.5 * x * x) / sqrt(2 * M_PI)) * c.floats[at];
                assert_true(fabs(bf16_float(gelu[at]) - x * upper) <= 0.5 * unit * fabs(x * upper) + 1e-6 * fabs(x));
                assert_true(fabs(bf16_float(d[at]) - slope) <= 0.5 * unit * fabs(slope) + 1e-6 * fabs(c.floats[at]));
                expected_sum += slope;
                size += fabs(slope);
            }
            assert_true(fabs(sums[j] - expected_sum) < 1e-6 * size);
        }
    }
    free(gelu);
    free(again);
    free(d);
    product_case_free(&c);
}

static void test_layernorm_is_the_rounded_one(void **state) {
    (void)state;
    enum { R = 13, WIDTH = 77, PADDED = 96 };
    float *x = random_floats(R * WIDTH, 1, 3), *weight = random_floats(WIDTH, 2, 1), *bias = random_floats(WIDTH, 3, 1);
    float y[R * WIDTH];
    Bf16 rows[R * PADDED];
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        memset(rows, 1, sizeof rows);
        (*set)->layernorm(y, x, R, &(NormParams){weight, bias, WIDTH, 1e-6f});
        (*set)->bf16.layernorm(rows, PADDED, x, R, &(NormParams){weight, bias, WIDTH, 1e-6f});
        for (int i = 0; i < R * PADDED; i++) {
            int r = i / PADDED, c = i % PADDED;
            if (c >= WIDTH) {
                assert_int_equal(rows[i], 0);
                continue;
            }
            /* The compiler may fuse a multiply and an add in one and not in the other. */
            assert_true(fabs(bf16_float(rows[i]) - y[r * WIDTH + c]) <= 0x1.01p-8 * fabs(y[r * WIDTH + c]));
        }
    }
    free(x);
    free(weight);
    free(bias);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding_is_to_the_nearest_even),
        cmocka_unit_test(test_rows_are_rounded_alike_by_every_kernel_set),
        cmocka_unit_test(test_layouts_hold_every_element_and_zeros_beyond),
        cmocka_unit_test(test_weights_are_packed_both_ways),
        cmocka_unit_test(test_products_of_every_kernel_set_equal_the_plain_one_bit_for_bit),
        cmocka_unit_test(test_products_of_any_bits_equal_the_plain_one),
        cmocka_unit_test(test_the_two_definitions_differ_as_documented),
        cmocka_unit_test(test_gelu_is_that_of_the_rounded_values),
        cmocka_unit_test(test_layernorm_is_the_rounded_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
