/* nn/layers/elementwise, GELU - accuracy of the vector version over the whole range, and its slope by central
 * differences. */
#include "nn/kernels/kernels.h"
#include "nn/layers/elementwise.h"
#include "operator_check.h"

enum { COUNT = 20001 };

static float *whole_range(void) {
    float *x = malloc(COUNT * sizeof(float));
    for (int i = 0; i < COUNT; i++) x[i] = -10 + 20 * (float)i / (COUNT - 1);
    x[0] = -1e4f;
    x[COUNT - 1] = 1e4f;
    return x;
}

static void test_every_kernel_set_is_within_rounding_of_the_exact_function(void **state) {
    (void)state;
    float *x = whole_range(), *dy = random_floats(COUNT, 1, 1), *y = malloc(COUNT * 4), *dx = malloc(COUNT * 4);
    float *y_ref = malloc(COUNT * 4), *dx_ref = malloc(COUNT * 4);
    gelu_backward_ref(y_ref, dx_ref, dy, x, COUNT);
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        (*set)->gelu(y, x, COUNT);
        for (int i = 0; i < COUNT; i++) assert_true(fabsf(y[i] - y_ref[i]) <= 4e-7f * fmaxf(1, fabsf(x[i])));
        memset(y, 0, COUNT * 4);
        memcpy(dx, dy, COUNT * 4);
        (*set)->gelu_backward(y, dx, dx, x, COUNT); /* in place */
        for (int i = 0; i < COUNT; i++) {
            assert_true(fabsf(y[i] - y_ref[i]) <= 4e-7f * fmaxf(1, fabsf(x[i])));
            assert_true(fabsf(dx[i] - dx_ref[i]) <= 1e-6f * fmaxf(1, fabsf(dy[i])));
        }
    }
    float *all[] = {x, dy, y, dx, y_ref, dx_ref};
    for (int i = 0; i < 6; i++) free(all[i]);
}

static void test_short_arrays_touch_nothing_beyond_their_end(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        for (size_t count = 0; count < 20; count++) {
            float x[21], y[21], dx[21];
            for (int i = 0; i < 21; i++) x[i] = y[i] = dx[i] = 7;
            (*set)->gelu_backward(y, dx, x, x, count);
            assert_true(y[count] == 7 && dx[count] == 7);
            (*set)->gelu(y, x, count);
            assert_true(y[count] == 7);
        }
    }
}

typedef struct {
    float *x, *projection;
} Context;

static double projected_output(void *context) {
    const Context *c = context;
    float y[200];
    gelu_forward_ref(y, c->x, 200);
    return dot_floats(y, c->projection, 200);
}

static void test_the_slope_agrees_with_central_differences(void **state) {
    (void)state;
    Context c = {random_floats(200, 1, 2), random_floats(200, 2, 1)};
    float y[200], dx[200];
    gelu_backward(NULL, y, dx, c.projection, c.x, 200);
    check_gradient(projected_output, &c, c.x, dx, 200, 3e-3f, 1e-3);
    free(c.x);
    free(c.projection);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kernel_set_is_within_rounding_of_the_exact_function),
        cmocka_unit_test(test_short_arrays_touch_nothing_beyond_their_end),
        cmocka_unit_test(test_the_slope_agrees_with_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
