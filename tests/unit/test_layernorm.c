/* nn/layers/elementwise, LayerNorm - every kernel set against the plain version; the plain gradient against central
 * differences. */
#include "nn/kernels/kernels.h"
#include "nn/layers/elementwise.h"
#include "operator_check.h"

enum { R = 70, D_MAX = 100 };

typedef struct {
    float *x, *weight, *bias, *projection;
    int D;
} Case;

static Case case_new(int D) {
    size_t count = R * (size_t)D, width = (size_t)D;
    return (Case){random_floats(count, 1, 2), random_floats(width, 2, 1), random_floats(width, 3, 1),
                  random_floats(count, 4, 1), D};
}

static void case_free(Case *c) {
    free(c->x);
    free(c->weight);
    free(c->bias);
    free(c->projection);
}

static const int widths[] = {1, 7, 16, 33, 96, 100};
enum { N_WIDTHS = sizeof widths / sizeof *widths };

static void test_every_kernel_set_equals_the_plain_version(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        for (int i = 1; i < N_WIDTHS; i++) {
            Case c = case_new(widths[i]);
            size_t count = R * (size_t)c.D;
            float y[R * D_MAX], expected[R * D_MAX], partial[2 * D_MAX];
            (*set)->layernorm(y, c.x, R, &(NormParams){c.weight, c.bias, c.D, LAYERNORM_EPS});
            layernorm_forward_ref(expected, c.x, c.weight, c.bias, R, c.D);
            assert_true(relative_distance(y, expected, count) < 1e-6);
            /* Gradients are added to what is there. */
            float *dx = random_floats(count, 5, 1), *dx_ref = random_floats(count, 5, 1);
            float dw[2 * D_MAX], dw_ref[2 * D_MAX];
            for (int j = 0; j < 2 * c.D; j++) dw[j] = dw_ref[j] = (float)j;
            (*set)->layernorm_backward(&(NormGradients){dx, dw, dw + c.D, partial}, c.projection, c.x, R,
                                       &(NormParams){c.weight, NULL, c.D, LAYERNORM_EPS});
            layernorm_backward_ref(&(NormGradients){dx_ref, dw_ref, dw_ref + c.D, NULL}, c.projection, c.x, c.weight, R,
                                   c.D);
            assert_true(relative_distance(dx, dx_ref, count) < 1e-6);
            assert_true(relative_distance(dw, dw_ref, 2 * (size_t)c.D) < 1e-6);
            free(dx);
            free(dx_ref);
            case_free(&c);
        }
    }
}

static void test_a_constant_row_is_the_bias(void **state) {
    (void)state;
    const float x[4] = {3, 3, 3, 3}, weight[4] = {1, 2, 3, 4}, bias[4] = {5, 6, 7, 8};
    float y[4];
    layernorm_forward(NULL, y, x, weight, bias, 1, 4);
    assert_memory_equal(y, bias, sizeof y);
}

static double projected_output(void *context) {
    const Case *c = context;
    float y[R * D_MAX];
    layernorm_forward_ref(y, c->x, c->weight, c->bias, R, c->D);
    return dot_floats(y, c->projection, R * (size_t)c->D);
}

static void test_the_gradient_agrees_with_central_differences(void **state) {
    (void)state;
    Case c = case_new(33);
    float dx[R * 33] = {0}, dweight[33] = {0}, dbias[33] = {0}, partial[66];
    layernorm_backward(NULL, &(NormGradients){dx, dweight, dbias, partial}, c.projection, c.x, c.weight, R, 33);
    check_gradient(projected_output, &c, c.x, dx, R * 33, 3e-3f, 1e-3);
    check_gradient(projected_output, &c, c.weight, dweight, 33, 1e-2f, 1e-4);
    check_gradient(projected_output, &c, c.bias, dbias, 33, 1e-2f, 1e-4);
    case_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kernel_set_equals_the_plain_version),
        cmocka_unit_test(test_a_constant_row_is_the_bias),
        cmocka_unit_test(test_the_gradient_agrees_with_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
