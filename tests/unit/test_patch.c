/* nn/layers/patch - which pixel lands where, the loss's gradient, the position table. */
#include "nn/layers/patch.h"
#include "operator_check.h"

enum { SIDE = 12, FRAMES = 4, P = 4, S = 2, GRID = 3, N = 18, VALUES = 3 * S * P * P };
static const ModelConfig model = {.image_size = SIDE, .n_frames = FRAMES, .patch_size = P, .tubelet_size = S};

static void random_clip(uint8_t *clip) {
    Rng rng = rng_stream(1, RNG_TEST, 0, 0);
    for (int i = 0; i < FRAMES * SIDE * SIDE * 3; i++) clip[i] = (uint8_t)rng_below(&rng, 256);
}

static int pixel(const uint8_t *clip, int token, int f, int r, int column, int c) {
    int t = token / 9 * S + f, y = token / 3 % 3 * P + r, x = token % 3 * P + column;
    return clip[((t * SIDE + y) * SIDE + x) * 3 + c];
}

static void test_embedding_patches_are_channel_first_and_normalized(void **state) {
    (void)state;
    uint8_t clip[FRAMES * SIDE * SIDE * 3];
    float out[2 * VALUES];
    const int tokens[] = {4, 17};
    random_clip(clip);
    patch_from_pixels(out, clip, tokens, 2, &model);
    for (int i = 0; i < 2 * VALUES; i++) {
        int value = i % VALUES, c = value / 32, f = value / 16 % 2, r = value / 4 % 4, column = value % 4;
        double expected = (pixel(clip, tokens[i / VALUES], f, r, column, c) / 255.0 - patch_mean[c]) / patch_std[c];
        assert_true(fabs(out[i] - expected) < 1e-6);
    }
}

static void test_floats_and_pixels_give_the_same_patches(void **state) {
    (void)state;
    uint8_t clip[FRAMES * SIDE * SIDE * 3];
    float planes[3 * FRAMES * SIDE * SIDE], a[N * VALUES], b[N * VALUES];
    int tokens[N];
    random_clip(clip);
    for (int i = 0; i < N; i++) tokens[i] = N - 1 - i;
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < FRAMES * SIDE * SIDE; i++) {
            planes[c * FRAMES * SIDE * SIDE + i] = ((float)clip[3 * i + c] / 255 - patch_mean[c]) / patch_std[c];
        }
    }
    patch_from_pixels(a, clip, tokens, N, &model);
    patch_from_floats(b, planes, tokens, N, &model);
    assert_true(relative_distance(a, b, N * VALUES) < 1e-6);
}

static void test_targets_have_mean_zero_and_unbiased_deviation_one_per_channel(void **state) {
    (void)state;
    uint8_t clip[FRAMES * SIDE * SIDE * 3];
    float target[VALUES];
    const int token = 7;
    random_clip(clip);
    patch_target_ref(target, clip, &token, 1, &model);
    for (int c = 0; c < 3; c++) {
        double sum = 0, squares = 0;
        for (int i = c; i < VALUES; i += 3) {
            sum += target[i];
            squares += target[i] * target[i];
        }
        assert_true(fabs(sum) < 1e-4);
        assert_true(fabs(squares / (S * P * P - 1) - 1) < 1e-3);
    }
    /* Channel fastest, then column: entry (f 1, r 2, column 3, c 1) rises with its pixel. */
    int low = pixel(clip, token, 0, 0, 0, 1), high = pixel(clip, token, 1, 2, 3, 1);
    float difference = target[((1 * 4 + 2) * 4 + 3) * 3 + 1] - target[1];
    assert_true((difference > 0) == (high > low));
}

static void test_the_loss_is_the_squared_distance_from_the_target(void **state) {
    (void)state;
    uint8_t clip[FRAMES * SIDE * SIDE * 3];
    float target[2 * VALUES], slopes[2 * VALUES], *predictions = random_floats(2 * VALUES, 3, 1);
    const int tokens[] = {3, 5};
    random_clip(clip);
    patch_target_ref(target, clip, tokens, 2, &model);
    double expected = 0;
    float squares[2 * 3 * P], again[2 * 3 * P];
    patch_loss(slopes, squares, predictions, &(ClipPatches){clip, tokens, 2}, &model, 0.5f);
    double loss = patch_loss_sum(squares, 2, &model);
    for (int i = 0; i < 2 * VALUES; i++) {
        double difference = (double)predictions[i] - target[i];
        expected += difference * difference;
        assert_true(fabs(slopes[i] - 0.5 * difference) < 1e-6);
    }
    assert_true(fabs(loss - expected) < 1e-5 * expected);
    patch_loss(NULL, again, predictions, &(ClipPatches){clip, tokens, 2}, &model, 0.5f);
    assert_memory_equal(again, squares, sizeof squares);
    free(predictions);
}

static void test_positions_follow_the_formula(void **state) {
    (void)state;
    float table[20 * 6];
    posenc_table(table, 20, 6);
    assert_true(table[0] == 0 && table[1] == 1);
    assert_true(fabs(table[19 * 6 + 0] - sin(19)) < 1e-7);
    assert_true(fabs(table[19 * 6 + 3] - cos(19 / pow(10000, 2.0 / 6))) < 1e-7);
    assert_true(fabs(table[7 * 6 + 4] - sin(7 / pow(10000, 4.0 / 6))) < 1e-7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embedding_patches_are_channel_first_and_normalized),
        cmocka_unit_test(test_floats_and_pixels_give_the_same_patches),
        cmocka_unit_test(test_targets_have_mean_zero_and_unbiased_deviation_one_per_channel),
        cmocka_unit_test(test_the_loss_is_the_squared_distance_from_the_target),
        cmocka_unit_test(test_positions_follow_the_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
