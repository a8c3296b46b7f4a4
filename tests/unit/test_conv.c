/* nn/layers/conv, nn/layers/volume - windows, strides, borders and branches of odd sizes against the definition, on
 * every set of kernels this processor can run. */
#include "nn/layers/conv.h"
#include "nn/layers/volume.h"
#include "support/unit.h"

#include "operator_check.h"

#include <math.h>

typedef struct {
    Extent size, kernel, stride;
    int in_channels, out_channels;
    Window window;
} Case;

static const Case cases[] = {
    /* size, kernel, stride, channels, {.., pad, same} */
    {{1, 13, 11}, {1, 1, 1}, {1, 1, 1}, 16, 16, {.same = 0}},
    {{2, 17, 9}, {1, 3, 3}, {1, 1, 1}, 32, 80, {.pad = {0, 1, 1}}},
    {{3, 15, 15}, {1, 3, 3}, {1, 2, 2}, 3, 32, {.same = 0}},
    {{1, 9, 7}, {1, 1, 7}, {1, 1, 1}, 48, 112, {.pad = {0, 0, 3}}},
    {{1, 9, 7}, {1, 7, 1}, {1, 1, 1}, 16, 64, {.pad = {0, 3, 0}}},
    {{5, 12, 11}, {7, 7, 7}, {2, 2, 2}, 3, 24, {.same = 1}},
    {{4, 6, 5}, {3, 3, 3}, {1, 1, 1}, 96, 40, {.same = 1}},
    {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 400, 7, {.same = 0}},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static Window window_of(const Case *c) {
    return (Window){c->kernel, c->stride, c->window.pad, c->window.same};
}

static int positive(int x) {
    return x > 0 ? x : 0;
}

/* Volumes with just the border the window needs, and one place more before. */
static void volumes_for(Volume *in, Volume *out, WindowFit *fit, const Case *c, int out_slots) {
    Window window = window_of(c);
    *fit = window_fit(&window, c->size);
    *in = (Volume){c->size,
                   {fit->before.t + 1, fit->before.y, fit->before.x + 1},
                   {positive(fit->after.t), positive(fit->after.y), positive(fit->after.x)},
                   c->in_channels};
    *out = (Volume){fit->size, {0, 1, 0}, {1, 0, 2}, out_slots};
}

static float *volume_random(const Volume *volume, unsigned object) {
    float *data = random_floats(volume_floats(volume), object, 1);
    volume_clear_border(data, volume);
    return data;
}

static void check_case(int i, bool relu, const Kernels *kernels) {
    const Case *c = &cases[i];
    Volume in, out;
    WindowFit fit;
    Conv conv;
    volumes_for(&in, &out, &fit, c, 16 + channel_slots(c->out_channels) + 16);
    ConvShape shape = {in, out, c->kernel, c->stride, fit.before, 16, c->out_channels, relu};
    size_t count = volume_floats(&out), one = extent_places(c->kernel) * (size_t)c->in_channels;
    float *x = volume_random(&in, 1), *bias = random_floats((size_t)c->out_channels, 2, 1);
    float *weights = random_floats(one * (size_t)c->out_channels, 3, 0.2f);
    float *y = random_floats(count, 4, 1), *expected = random_floats(count, 4, 1);
    int channel_of[400];
    for (int s = 0; s < c->in_channels; s++) channel_of[s] = s;
    assert_ok(conv_new(&conv, &shape, kernels));
    conv_set(&conv, weights, bias, channel_of, c->in_channels);
    conv_forward(&conv, y, x);
    conv_forward_ref(&shape, expected, x, weights, bias);
    /* Slots that round the channels up are zero; slots of the neighbors stay as they were. */
    for (int t = 0; t < out.size.t; t++)
        for (int row = 0; row < out.size.y; row++)
            for (int col = 0; col < out.size.x; col++)
                for (int s = 16 + c->out_channels; s < 16 + channel_slots(c->out_channels); s++)
                    expected[volume_at(&out, t, row, col) + (size_t)s] = 0;
    for (size_t k = 0; k < count; k++)
        if (fabs((double)y[k] - (double)expected[k]) > 2e-5 * (1 + fabs((double)expected[k])))
            fail_msg("%s, case %d: float %zu is %g, expected %g", kernels->name, i, k, (double)y[k],
                     (double)expected[k]);
    conv_free(&conv);
    float *all[] = {x, bias, weights, y, expected};
    for (int k = 0; k < 5; k++) free(all[k]);
}

static void test_convolution_equals_the_definition(void **state) {
    (void)state;
    for (const Kernels *const *kernels = kernels_usable(); *kernels; kernels++)
        for (int i = 0; i < N_CASES; i++) {
            check_case(i, false, *kernels);
            check_case(i, true, *kernels);
        }
}

static void test_a_place_does_not_depend_on_its_neighbors(void **state) {
    (void)state;
    Volume in = {{3, 9, 9}, {0, 1, 1}, {0, 1, 1}, 48}, out = {{3, 9, 9}, {0, 0, 0}, {0, 0, 0}, 48};
    Volume in1 = in, out1 = out;
    in1.size.t = out1.size.t = 1;
    ConvShape all = {in, out, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, 0, 48, true}, single = all;
    single.in = in1;
    single.out = out1;
    Conv many, one;
    float *x = volume_random(&in, 1), *bias = random_floats(48, 2, 1), *weights = random_floats(48 * 9 * 48, 3, 0.2f);
    float *y = random_floats(volume_floats(&out), 4, 1), *y1 = random_floats(volume_floats(&out1), 4, 1);
    int channel_of[48];
    for (int s = 0; s < 48; s++) channel_of[s] = s;
    assert_ok(conv_new(&many, &all, kernels_best()));
    assert_ok(conv_new(&one, &single, kernels_best()));
    conv_set(&many, weights, bias, channel_of, 48);
    conv_set(&one, weights, bias, channel_of, 48);
    conv_forward(&many, y, x);
    for (int t = 0; t < 3; t++) {
        conv_forward(&one, y1, x + (size_t)t * volume_floats(&in1));
        assert_memory_equal(y1, y + (size_t)t * volume_floats(&out1), volume_floats(&out1) * sizeof *y);
    }
    conv_free(&many);
    conv_free(&one);
    float *floats[] = {x, bias, weights, y, y1};
    for (int k = 0; k < 5; k++) free(floats[k]);
}

static void test_rescaled_weights_are_a_rescaled_output(void **state) {
    (void)state;
    Volume in = {{1, 5, 5}, {0, 0, 0}, {0, 0, 0}, 16}, out = {{1, 5, 5}, {0, 0, 0}, {0, 0, 0}, 80};
    ConvShape shape = {in, out, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, 0, 70, false};
    Conv conv;
    float *x = volume_random(&in, 1), *bias = random_floats(70, 2, 1), *weights = random_floats(70 * 16, 3, 1);
    float *scale = random_floats(70, 5, 2), *shift = random_floats(70, 6, 2);
    float *before = random_floats(25 * 80, 4, 1), *after = random_floats(25 * 80, 4, 1);
    int channel_of[16];
    for (int s = 0; s < 16; s++) channel_of[s] = s;
    assert_ok(conv_new(&conv, &shape, kernels_best()));
    conv_set(&conv, weights, bias, channel_of, 16);
    conv_forward(&conv, before, x);
    conv_rescale(&conv, scale, shift);
    conv_forward(&conv, after, x);
    for (size_t p = 0; p < 25; p++)
        for (size_t o = 0; o < 70; o++)
            assert_float_equal(after[p * 80 + o], before[p * 80 + o] * scale[o] + shift[o], 1e-4f);
    conv_free(&conv);
    float *floats[] = {x, bias, weights, scale, shift, before, after};
    for (int k = 0; k < 7; k++) free(floats[k]);
}

/* TensorFlow's rule by hand: 7 wide at stride 2 on an even size pads 2 before and 3 after, 3 wide 0 and 1. */
static void test_same_padding_puts_the_odd_zero_after(void **state) {
    (void)state;
    WindowFit stem = window_fit(&(Window){{7, 7, 7}, {2, 2, 2}, {0, 0, 0}, 1}, (Extent){16, 224, 223});
    assert_int_equal(stem.size.t, 8);
    assert_int_equal(stem.before.t, 2);
    assert_int_equal(stem.after.t, 3);
    assert_int_equal(stem.size.x, 112);
    assert_int_equal(stem.before.x, 3);
    assert_int_equal(stem.after.x, 3);
    WindowFit pool = window_fit(&(Window){{1, 3, 3}, {1, 2, 2}, {0, 0, 0}, 1}, (Extent){8, 112, 7});
    assert_int_equal(pool.before.y, 0);
    assert_int_equal(pool.after.y, 1);
    assert_int_equal(pool.before.x, 1);
    assert_int_equal(pool.after.x, 1);
    assert_int_equal(pool.before.t + pool.after.t, 0);
    WindowFit valid = window_fit(&(Window){{1, 3, 3}, {1, 2, 2}, {0, 0, 0}, 0}, (Extent){1, 2, 16});
    assert_int_equal(valid.size.y, 0);
    assert_int_equal(valid.size.x, 7);
    assert_int_equal(valid.after.x, -1);
}

static double pooled(const PoolShape *p, const float *in, int t, int y, int x, int s, bool mean) {
    double largest = 0, sum = 0;
    int count = 0;
    for (int i = 0; i < p->kernel.t; i++)
        for (int j = 0; j < p->kernel.y; j++)
            for (int k = 0; k < p->kernel.x; k++) {
                int a = t * p->stride.t + i - p->before.t, b = y * p->stride.y + j - p->before.y;
                int c = x * p->stride.x + k - p->before.x;
                if (a < 0 || b < 0 || c < 0 || a >= p->in.size.t || b >= p->in.size.y || c >= p->in.size.x) continue;
                double value = (double)in[volume_at(&p->in, a, b, c) + (size_t)s];
                largest = value > largest ? value : largest;
                sum += value;
                count++;
            }
    return mean ? sum / count : largest;
}

static void test_pools_equal_the_definition(void **state) {
    (void)state;
    static const Window windows[] = {{{1, 3, 3}, {1, 1, 1}, {0, 1, 1}, 0},
                                     {{1, 3, 3}, {1, 2, 2}, {0, 0, 0}, 0},
                                     {{3, 3, 3}, {1, 1, 1}, {0, 0, 0}, 1},
                                     {{3, 3, 3}, {2, 2, 2}, {0, 0, 0}, 1},
                                     {{2, 4, 5}, {1, 1, 1}, {0, 0, 0}, 0}};
    for (int w = 0; w < 5; w++) {
        Extent size = {4, 9, 8};
        WindowFit fit = window_fit(&windows[w], size);
        Volume in = {size, {1, 1, 1}, {1, 1, 1}, 32}, out = {fit.size, {0, 0, 0}, {0, 0, 0}, 48};
        PoolShape shape = {in, out, windows[w].kernel, windows[w].stride, fit.before, 16};
        float *x = volume_random(&in, 1), *largest = random_floats(volume_floats(&out), 2, 1);
        float *mean = random_floats(volume_floats(&out), 2, 1);
        for (size_t i = 0; i < volume_floats(&in); i++) x[i] = fabsf(x[i]);
        pool_max(&shape, largest, x);
        pool_mean(&shape, mean, x);
        for (int t = 0; t < fit.size.t; t++)
            for (int y = 0; y < fit.size.y; y++)
                for (int c = 0; c < fit.size.x; c++)
                    for (int s = 0; s < 32; s++) {
                        size_t at = volume_at(&out, t, y, c) + 16 + (size_t)s;
                        assert_true((double)largest[at] == pooled(&shape, x, t, y, c, s, false));
                        assert_true(fabs((double)mean[at] - pooled(&shape, x, t, y, c, s, true)) < 1e-6);
                    }
        free(x);
        free(largest);
        free(mean);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution_equals_the_definition),
        cmocka_unit_test(test_a_place_does_not_depend_on_its_neighbors),
        cmocka_unit_test(test_rescaled_weights_are_a_rescaled_output),
        cmocka_unit_test(test_same_padding_puts_the_odd_zero_after),
        cmocka_unit_test(test_pools_equal_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
