/* nn/layers/linear - products and their gradients against the plain version, inside wider matrices. */
#include "math/blas.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/linear.h"
#include "operator_check.h"

enum { R = 301, DIN = 37, DOUT = 70, X_STRIDE = 40, Y_STRIDE = 81 };

typedef struct {
    float *x, *W, *b, *dy;
} Case;

static Case case_new(void) {
    return (Case){random_floats(R * X_STRIDE, 1, 1), random_floats(DOUT * DIN, 2, 0.3f), random_floats(DOUT, 3, 1),
                  random_floats(R * Y_STRIDE, 4, 1)};
}

static void case_free(Case *c) {
    free(c->x);
    free(c->W);
    free(c->b);
    free(c->dy);
}

static void test_forward_equals_the_plain_version_with_and_without_bias(void **state) {
    (void)state;
    Case c = case_new();
    for (int with_bias = 0; with_bias < 2; with_bias++) {
        /* What lies between the rows must stay as it is; what lies in them must not matter. */
        float *y = random_floats(R * Y_STRIDE, 5, 1), *expected = random_floats(R * Y_STRIDE, 5, 1);
        linear_forward(NULL, (Rows){y, Y_STRIDE}, (ConstRows){c.x, X_STRIDE}, c.W, with_bias ? c.b : NULL,
                       (LinearShape){R, DIN, DOUT});
        linear_forward_ref((Rows){expected, Y_STRIDE}, (ConstRows){c.x, X_STRIDE}, c.W, with_bias ? c.b : NULL,
                           (LinearShape){R, DIN, DOUT});
        assert_true(relative_distance(y, expected, R * Y_STRIDE) < 1e-6);
        for (int r = 0; r < R; r++) assert_true(y[r * Y_STRIDE + DOUT] == expected[r * Y_STRIDE + DOUT]);
        free(y);
        free(expected);
    }
    case_free(&c);
}

static void test_gradients_equal_the_plain_version(void **state) {
    (void)state;
    Case c = case_new();
    float *dW = random_floats(DOUT * DIN, 6, 1), *dW_ref = random_floats(DOUT * DIN, 6, 1);
    float *db = random_floats(DOUT, 7, 1), *db_ref = random_floats(DOUT, 7, 1);
    float *dx = calloc(R * X_STRIDE, 4), *dx_ref = calloc(R * X_STRIDE, 4);
    ConstRows dy = {c.dy, Y_STRIDE}, x = {c.x, X_STRIDE};
    linear_backward_weight(NULL, dW, db, dy, x, (LinearShape){R, DIN, DOUT});
    linear_backward_weight_ref(dW_ref, db_ref, dy, x, (LinearShape){R, DIN, DOUT});
    linear_backward_input(NULL, (Rows){dx, X_STRIDE}, dy, c.W, (LinearShape){R, DIN, DOUT});
    linear_backward_input_ref((Rows){dx_ref, X_STRIDE}, dy, c.W, (LinearShape){R, DIN, DOUT});
    assert_true(relative_distance(dW, dW_ref, DOUT * DIN) < 1e-6);
    assert_true(relative_distance(db, db_ref, DOUT) < 1e-6);
    assert_true(relative_distance(dx, dx_ref, R * X_STRIDE) < 1e-6);
    float *all[] = {dW, dW_ref, db, db_ref, dx, dx_ref};
    for (int i = 0; i < 6; i++) free(all[i]);
    case_free(&c);
}

/* For product_large, which wants whole lines of the cache. */
static float *test_scratch(size_t count) {
    float *scratch = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    assert_non_null(scratch);
    return scratch;
}

static void test_small_products_of_every_kernel_set_equal_the_plain_version(void **state) {
    (void)state;
    static const int sizes[][3] = {{1, 16, 16}, {29, 64, 192}, {131, 80, 48}, {301, 144, 16}, {40, 32, 272}};
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            int rows = sizes[i][0], n_in = sizes[i][1], n_out = sizes[i][2], ldx = n_in + 3, ldy = n_out + 5;
            size_t n_x = (size_t)(rows * ldx), n_y = (size_t)(rows * ldy), n_W = (size_t)(n_in * n_out);
            float *x = random_floats(n_x, 1, 1), *W = random_floats(n_W, 2, 1), *dy = random_floats(n_y, 3, 1);
            float *y = calloc(n_y, 4), *y_ref = calloc(n_y, 4), *dx = random_floats(n_x, 4, 1),
                  *dx_ref = random_floats(n_x, 4, 1);
            float *dW = random_floats(n_W, 5, 1), *dW_ref = random_floats(n_W, 5, 1);
            (*set)->product_forward(&(LargeProduct){.c = y,
                                                    .ldc = (size_t)ldy,
                                                    .a = x,
                                                    .a_row = (size_t)ldx,
                                                    .a_step = 1,
                                                    .b = W,
                                                    .b_step = 1,
                                                    .b_column = (size_t)n_in,
                                                    .rows = rows,
                                                    .columns = n_out,
                                                    .depth = n_in});
            linear_forward_ref((Rows){y_ref, ldy}, (ConstRows){x, ldx}, W, NULL, (LinearShape){rows, n_in, n_out});
            assert_true(relative_distance(y, y_ref, n_y) < 1e-6);
            (*set)->product_input(&(LargeProduct){.c = dx,
                                                  .ldc = (size_t)ldx,
                                                  .a = dy,
                                                  .a_row = (size_t)ldy,
                                                  .a_step = 1,
                                                  .b = W,
                                                  .b_step = (size_t)n_in,
                                                  .b_column = 1,
                                                  .rows = rows,
                                                  .columns = n_in,
                                                  .depth = n_out});
            linear_backward_input_ref((Rows){dx_ref, ldx}, (ConstRows){dy, ldy}, W, (LinearShape){rows, n_in, n_out});
            assert_true(relative_distance(dx, dx_ref, n_x) < 1e-6);
            (*set)->product_weight(&(LargeProduct){.c = dW,
                                                   .ldc = (size_t)n_in,
                                                   .a = dy,
                                                   .a_row = 1,
                                                   .a_step = (size_t)ldy,
                                                   .b = x,
                                                   .b_step = (size_t)ldx,
                                                   .b_column = 1,
                                                   .rows = n_out,
                                                   .columns = n_in,
                                                   .depth = rows});
            linear_backward_weight_ref(dW_ref, NULL, (ConstRows){dy, ldy}, (ConstRows){x, ldx},
                                       (LinearShape){rows, n_in, n_out});
            assert_true(relative_distance(dW, dW_ref, n_W) < 1e-6);
            float *all[] = {x, W, dy, y, y_ref, dx, dx_ref, dW, dW_ref};
            for (int j = 0; j < 9; j++) free(all[j]);
        }
    }
}

/* Rows, inputs and outputs in no round number of tiles, more than one block of each; between the rows nothing changes.
 */
static void test_large_products_equal_the_plain_version(void **state) {
    (void)state;
    static const int sizes[][3] = {{65, 544, 96},   {131, 96, 800}, {3151, 64, 544}, {205, 800, 77},
                                   {131, 1021, 96}, {70, 96, 1019}}; /* the last two: rows whole pages apart */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int rows = sizes[i][0], n_in = sizes[i][1], n_out = sizes[i][2], ldx = n_in + 3, ldy = n_out + 5;
        size_t n_x = (size_t)(rows * ldx), n_y = (size_t)(rows * ldy), n_W = (size_t)(n_in * n_out);
        float *x = random_floats(n_x, 1, 1), *W = random_floats(n_W, 2, 1), *dy = random_floats(n_y, 3, 1);
        float *b = random_floats((size_t)n_out, 6, 1), *y = random_floats(n_y, 7, 1), *y_ref = random_floats(n_y, 7, 1);
        float *dx = random_floats(n_x, 4, 1), *dx_ref = random_floats(n_x, 4, 1);
        float *dW = random_floats(n_W, 5, 1), *dW_ref = random_floats(n_W, 5, 1);
        linear_forward(NULL, (Rows){y, ldy}, (ConstRows){x, ldx}, W, b, (LinearShape){rows, n_in, n_out});
        linear_forward_ref((Rows){y_ref, ldy}, (ConstRows){x, ldx}, W, b, (LinearShape){rows, n_in, n_out});
        assert_true(relative_distance(y, y_ref, n_y) < 1e-6);
        linear_backward_input(NULL, (Rows){dx, ldx}, (ConstRows){dy, ldy}, W, (LinearShape){rows, n_in, n_out});
        linear_backward_input_ref((Rows){dx_ref, ldx}, (ConstRows){dy, ldy}, W, (LinearShape){rows, n_in, n_out});
        assert_true(relative_distance(dx, dx_ref, n_x) < 1e-6);
        linear_backward_weight(NULL, dW, NULL, (ConstRows){dy, ldy}, (ConstRows){x, ldx},
                               (LinearShape){rows, n_in, n_out});
        linear_backward_weight_ref(dW_ref, NULL, (ConstRows){dy, ldy}, (ConstRows){x, ldx},
                                   (LinearShape){rows, n_in, n_out});
        assert_true(relative_distance(dW, dW_ref, n_W) < 2e-6);
        for (int r = 0; r < rows; r++) assert_memory_equal(y + r * ldy + n_out, y_ref + r * ldy + n_out, 5 * 4);
        for (int r = 0; r < rows; r++) assert_memory_equal(dx + r * ldx + n_in, dx_ref + r * ldx + n_in, 3 * 4);
        float *all[] = {x, W, dy, b, y, y_ref, dx, dx_ref, dW, dW_ref};
        for (int j = 0; j < 10; j++) free(all[j]);
    }
}

/* c (rows, columns) = base + bias + a b in every layout, between others' columns. The bounds on rows, columns and depth
 * fall into and between all kinds of tiles and blocks. */
static void check_large_product(const Kernels *set, float *scratch, int rows, int columns, int depth, int a_across,
                                int b_across) {
    int ldc = columns + 3, lda = (a_across ? rows : depth) + 5, ldb = (b_across ? columns : depth) + 7;
    size_t n_a = (size_t)(lda * (a_across ? depth : rows)), n_b = (size_t)(ldb * (b_across ? depth : columns)),
           n_c = (size_t)(ldc * rows);
    float *a = random_floats(n_a, 1, 1), *b = random_floats(n_b, 2, 1), *bias = random_floats((size_t)columns, 3, 1);
    float *c = random_floats(n_c, 4, 1), *expected = random_floats(n_c, 4, 1);
    LargeProduct product = {.c = c,
                            .a = a,
                            .b = b,
                            .ldc = (size_t)ldc,
                            .a_row = a_across ? 1 : (size_t)lda,
                            .a_step = a_across ? (size_t)lda : 1,
                            .b_step = b_across ? (size_t)ldb : 1,
                            .b_column = b_across ? 1 : (size_t)ldb,
                            .rows = rows,
                            .columns = columns,
                            .depth = depth,
                            .base = c,
                            .base_row = (size_t)ldc,
                            .bias = bias};
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            double sum = (double)expected[i * ldc + j] + bias[j];
            for (int p = 0; p < depth; p++)
                sum += (double)a[(size_t)i * product.a_row + (size_t)p * product.a_step] *
                       b[(size_t)p * product.b_step + (size_t)j * product.b_column];
            expected[i * ldc + j] = (float)sum;
        }
    }
    set->product_large(&product, scratch);
    assert_true(relative_distance(c, expected, n_c) < 5e-7);
    for (int i = 0; i < rows; i++) assert_memory_equal(c + i * ldc + columns, expected + i * ldc + columns, 3 * 4);
    float *all[] = {a, b, bias, c, expected};
    for (int i = 0; i < 5; i++) free(all[i]);
}

static void test_large_products_of_every_kernel_set_equal_the_plain_version(void **state) {
    (void)state;
    static const int sizes[][3] = {{64, 64, 64},    {65, 96, 1},    {79, 32, 97},
                                   {130, 480, 530}, {3200, 32, 40}, {47, 320, 1031}};
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        if (!(*set)->product_large) continue;
        float *scratch = test_scratch((*set)->product_large_scratch);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            for (int layout = 0; layout < 4; layout++)
                check_large_product(*set, scratch, sizes[i][0], sizes[i][1], sizes[i][2], layout & 1, layout >> 1);
        }
        free(scratch);
    }
}

enum { NARROW = 32, DEEP = 96 };

/* c (NARROW, NARROW) = a b, rows of a as they lie. */
static void narrow_product(const Kernels *set, float *c, const float *a, const float *b, float *scratch) {
    set->product_large(&(LargeProduct){.c = c,
                                       .a = a,
                                       .b = b,
                                       .ldc = NARROW,
                                       .a_row = DEEP,
                                       .a_step = 1,
                                       .b_step = NARROW,
                                       .b_column = 1,
                                       .rows = NARROW,
                                       .columns = NARROW,
                                       .depth = DEEP},
                       scratch);
}

/* A single element is a product of two floats and must come out as one rounded product does, whatever its size: no
 * kernel may multiply fewer bits than a float has. */
static void test_every_kernel_set_multiplies_all_bits(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        if (!(*set)->product_large) continue;
        float *scratch = test_scratch((*set)->product_large_scratch), *c = calloc(NARROW * NARROW, 4);
        float *a = calloc(NARROW * DEEP, 4), *b = calloc(DEEP * NARROW, 4);
        float *x = random_floats(NARROW, 8, 1), *y = random_floats(NARROW, 9, 1);
        for (int i = 0; i < NARROW; i++) {
            a[i * DEEP + i * 3] = ldexpf(x[i], i * 3 - 48);
            for (int j = 0; j < NARROW; j++) b[i * 3 * NARROW + j] = ldexpf(y[j], j * 2 - 31);
        }
        narrow_product(*set, c, a, b, scratch);
        for (int i = 0; i < NARROW; i++) {
            for (int j = 0; j < NARROW; j++) {
                double exact = (double)a[i * DEEP + i * 3] * b[i * 3 * NARROW + j];
                assert_true(fabs(c[i * NARROW + j] - exact) <= 1.2e-7 * fabs(exact));
            }
        }
        float *all[] = {scratch, c, a, b, x, y};
        for (int i = 0; i < 6; i++) free(all[i]);
    }
}

/* Denormal floats, of every pattern of bits, are as good as zero beside others: above all they leave those alone. */
static void test_denormal_numbers_disturb_no_kernel_set(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        if (!(*set)->product_large) continue;
        float *scratch = test_scratch((*set)->product_large_scratch), *c = calloc(NARROW * NARROW, 4);
        float *expected = calloc(NARROW * NARROW, 4);
        for (uint32_t first = 0; first < 1u << 17; first += NARROW * DEEP / 2) {
            float *a = random_floats(NARROW * DEEP, 1, 1), *b = random_floats(DEEP * NARROW, 2, 1);
            for (int i = 0; i < NARROW * DEEP; i++) a[i] = i & 16 ? 0 : a[i]; /* half of each pair of a word */
            narrow_product(*set, expected, a, b, scratch);
            for (int i = 0; i < NARROW * DEEP; i++) {
                uint32_t bits = (first + (uint32_t)i / 2) | (i % 2 ? 0x80000000u : 0);
                if (i & 16) memcpy(a + i, &bits, 4);
            }
            narrow_product(*set, c, a, b, scratch);
            assert_memory_equal(c, expected, NARROW * NARROW * 4);
            free(a);
            free(b);
        }
        float *all[] = {scratch, c, expected};
        for (int i = 0; i < 3; i++) free(all[i]);
    }
}

/* What diverged must show: in its own row, and nowhere else. */
static void test_what_is_not_finite_stays_so_in_every_kernel_set(void **state) {
    (void)state;
    const float bad[] = {INFINITY, -INFINITY, NAN};
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        if (!(*set)->product_large) continue;
        float *scratch = test_scratch((*set)->product_large_scratch), *c = calloc(NARROW * NARROW, 4);
        float *a = random_floats(NARROW * DEEP, 1, 1), *b = random_floats(DEEP * NARROW, 2, 1);
        for (int i = 0; i < 3; i++) a[(5 + i) * DEEP + 50] = bad[i];
        narrow_product(*set, c, a, b, scratch);
        for (int i = 0; i < NARROW; i++) {
            for (int j = 0; j < NARROW; j++)
                assert_true(isfinite(c[i * NARROW + j]) ? i < 5 || i > 7 : i >= 5 && i <= 7);
        }
        float *all[] = {scratch, c, a, b};
        for (int i = 0; i < 4; i++) free(all[i]);
    }
}

static void test_a_residual_is_added_by_small_and_large_products(void **state) {
    (void)state;
    static const int sizes[][3] = {{29, 64, 192}, {131, 1024, 544}, {205, 800, 77}, {2800, 192, 192}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int rows = sizes[i][0], n_in = sizes[i][1], n_out = sizes[i][2];
        size_t n_y = (size_t)(rows * n_out);
        float *x = random_floats((size_t)(rows * n_in), 1, 1), *W = random_floats((size_t)(n_in * n_out), 2, 1);
        float *b = random_floats((size_t)n_out, 3, 1), *residual = random_floats(n_y, 4, 1);
        float *y = random_floats(n_y, 5, 1), *y_ref = calloc(n_y, 4);
        linear_residual(NULL, y, residual, (ConstRows){x, n_in}, W, b, (LinearShape){rows, n_in, n_out});
        linear_forward_ref((Rows){y_ref, n_out}, (ConstRows){x, n_in}, W, b, (LinearShape){rows, n_in, n_out});
        for (size_t j = 0; j < n_y; j++) y_ref[j] += residual[j];
        assert_true(relative_distance(y, y_ref, n_y) < 1e-6);
        float *all[] = {x, W, b, residual, y, y_ref};
        for (int j = 0; j < 6; j++) free(all[j]);
    }
}

static double projected_output(void *context) {
    const Case *c = context;
    float *y = calloc(R * Y_STRIDE, 4);
    linear_forward_ref((Rows){y, Y_STRIDE}, (ConstRows){c->x, X_STRIDE}, c->W, c->b, (LinearShape){R, DIN, DOUT});
    double loss = 0;
    for (int r = 0; r < R; r++) loss += dot_floats(y + r * Y_STRIDE, c->dy + r * Y_STRIDE, DOUT);
    free(y);
    return loss;
}

static void test_gradients_agree_with_central_differences(void **state) {
    (void)state;
    Case c = case_new();
    float *dW = calloc(DOUT * DIN, 4), *db = calloc(DOUT, 4), *dx = calloc(R * X_STRIDE, 4);
    ConstRows dy = {c.dy, Y_STRIDE};
    linear_backward_weight(NULL, dW, db, dy, (ConstRows){c.x, X_STRIDE}, (LinearShape){R, DIN, DOUT});
    linear_backward_input(NULL, (Rows){dx, X_STRIDE}, dy, c.W, (LinearShape){R, DIN, DOUT});
    check_gradient(projected_output, &c, c.W, dW, DOUT * DIN, 1e-2f, 1e-4);
    check_gradient(projected_output, &c, c.b, db, DOUT, 1e-2f, 1e-4);
    check_gradient(projected_output, &c, c.x, dx, R * X_STRIDE, 1e-2f, 1e-4);
    free(dW);
    free(db);
    free(dx);
    case_free(&c);
}

static void test_row_helpers_sum_exactly_on_small_integers(void **state) {
    (void)state;
    float x[300 * 3], sum[3] = {1, 2, 3}, y[6];
    for (int i = 0; i < 900; i++) x[i] = (float)(i % 3);
    rows_add_to(NULL, sum, (ConstRows){x, 3}, 300, 3);
    assert_true(sum[0] == 1 && sum[1] == 302 && sum[2] == 603);
    rows_sum(y, x, sum, 2, 3);
    assert_true(y[5] == 605 && y[3] == 1);
}

int main(void) {
    blas_single_thread();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward_equals_the_plain_version_with_and_without_bias),
        cmocka_unit_test(test_gradients_equal_the_plain_version),
        cmocka_unit_test(test_small_products_of_every_kernel_set_equal_the_plain_version),
        cmocka_unit_test(test_large_products_equal_the_plain_version),
        cmocka_unit_test(test_large_products_of_every_kernel_set_equal_the_plain_version),
        cmocka_unit_test(test_every_kernel_set_multiplies_all_bits),
        cmocka_unit_test(test_denormal_numbers_disturb_no_kernel_set),
        cmocka_unit_test(test_what_is_not_finite_stays_so_in_every_kernel_set),
        cmocka_unit_test(test_a_residual_is_added_by_small_and_large_products),
        cmocka_unit_test(test_gradients_agree_with_central_differences),
        cmocka_unit_test(test_row_helpers_sum_exactly_on_small_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
