/* eval/readout/internal/readout, eval/clips/tokens, eval/readout/internal/readout - votes, draws and averages worked
 * out by hand. */
#include "eval/clips/views.h"
#include "eval/readout/internal/readout.h"

#include "support/unit.h"

#include <math.h>

/* ---- nearest neighbors ---- */

enum { KEYS = 5, D = 2, K = 3 };

/* Unit vectors at 0, 10, 40, 90 and 180 degrees. */
static void keys_at_angles(float keys[KEYS * D]) {
    static const double degrees[KEYS] = {0, 10, 40, 90, 180};
    for (int i = 0; i < KEYS; i++) {
        keys[i * D] = (float)cos(degrees[i] * M_PI / 180);
        keys[i * D + 1] = (float)sin(degrees[i] * M_PI / 180);
    }
}

static void vote(float probabilities[K], const int labels[KEYS], int neighbors, double temperature) {
    float keys[KEYS * D];
    const float query[D] = {1, 0};
    keys_at_angles(keys);
    const Neighbors n = {keys, labels, KEYS, D, K, neighbors, temperature};
    assert_ok(readout_vote(probabilities, query, 1, &n));
}

static void test_votes_weigh_what_their_similarity_says(void **state) {
    (void)state;
    static const int labels[KEYS] = {1, 2, 2, 0, 0};
    float p[K];
    vote(p, labels, 1, 0.07);
    assert_true(p[1] == 1 && p[0] == 0);
    vote(p, labels, 3, 0.5);
    double w0 = exp(1 / 0.5), w1 = exp(cos(10 * M_PI / 180) / 0.5), w2 = exp(cos(40 * M_PI / 180) / 0.5);
    assert_float_equal(p[1], w0 / (w0 + w1 + w2), 1e-6);
    assert_float_equal(p[2], (w1 + w2) / (w0 + w1 + w2), 1e-6);
    assert_true(p[0] == 0);     /* the fourth and fifth have no vote */
    vote(p, labels, 100, 1000); /* all, and hardly any difference in weight */
    assert_float_equal(p[0], 0.4, 1e-3);
}

static void test_of_equally_near_keys_the_first_votes(void **state) {
    (void)state;
    static const float keys[3 * D] = {0, 1, 1, 0, 1, 0}, query[D] = {1, 0};
    static const int labels[3] = {0, 2, 1};
    const Neighbors n = {keys, labels, 3, D, K, 1, 0.07};
    float p[K];
    assert_ok(readout_vote(p, query, 1, &n));
    assert_true(p[2] == 1);
}

static void test_many_queries_are_answered_as_one_by_one(void **state) {
    (void)state;
    enum { QUERIES = 150 };
    static const int labels[KEYS] = {1, 2, 2, 0, 0};
    float keys[KEYS * D], queries[QUERIES * D], together[QUERIES * K], alone[K];
    keys_at_angles(keys);
    for (int i = 0; i < QUERIES; i++) {
        queries[i * D] = (float)cos(i);
        queries[i * D + 1] = (float)sin(i);
    }
    const Neighbors n = {keys, labels, KEYS, D, K, 2, 0.07};
    assert_ok(readout_vote(together, queries, QUERIES, &n));
    for (int i = 0; i < QUERIES; i++) {
        assert_ok(readout_vote(alone, queries + i * D, 1, &n));
        for (int k = 0; k < K; k++) assert_float_equal(together[i * K + k], alone[k], 1e-4);
    }
}

/* ---- few shots ---- */

static void test_shots_are_rising_whole_numbers(void **state) {
    (void)state;
    int shots[READOUT_SHOTS_MAX], count;
    assert_ok(readout_parse_shots(shots, &count, "1,5,10"));
    assert_true(count == 3 && shots[0] == 1 && shots[1] == 5 && shots[2] == 10);
    static const char *const bad[] = {
        "", "0", "5,1", "1,1", "1;5", "1,", "one", "1,5x", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(readout_parse_shots(shots, &count, bad[i]), ERR_USAGE, "readout.shots: ");
}

static void test_draws_take_as_many_videos_of_every_class(void **state) {
    (void)state;
    enum { VIDEOS = 30, SHOTS = 4 };
    int labels[VIDEOS], seen[VIDEOS] = {0};
    int64_t picks[K * VIDEOS], again[K * SHOTS];
    for (int i = 0; i < VIDEOS; i++) labels[i] = i % K;
    for (int draw = 0; draw < 200; draw++) {
        assert_ok(readout_draw_shots(picks, labels, VIDEOS, K, SHOTS, draw, 3));
        for (int i = 0; i < K * SHOTS; i++) {
            assert_int_equal(labels[picks[i]], i / SHOTS);
            for (int j = 0; j < i; j++) assert_true(picks[i] != picks[j]);
            seen[picks[i]]++;
        }
    }
    for (int i = 0; i < VIDEOS; i++) assert_in_range(seen[i], 50, 110); /* 4 of 10 in 200 draws: 80 */
    assert_ok(readout_draw_shots(again, labels, VIDEOS, K, SHOTS, 199, 3));
    assert_memory_equal(picks, again, sizeof again);
    labels[0] = labels[3] = 1;
    assert_fails(readout_draw_shots(picks, labels, VIDEOS, K, 9, 0, 3), ERR_USAGE,
                 "9 clips a class, but class 0 has 8 to train on");
}

/* ---- tokens and statistics ---- */

static void test_tokens_are_averaged_over_blocks(void **state) {
    (void)state;
    const ModelConfig model = {.image_size = 32, .patch_size = 8, .n_frames = 4, .tubelet_size = 2, .width = 2};
    float encoded[2 * 16 * 2], out[2 * 4 * 2];
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < 16; i++) {
            encoded[(t * 16 + i) * 2] = (float)(100 * t + i); /* number of the patch */
            encoded[(t * 16 + i) * 2 + 1] = 1;
        }
    assert_int_equal(tokens_count(&model, 2), 8);
    assert_int_equal(tokens_count(&model, 0), 1);
    tokens_average(out, encoded, &model, 2);
    static const float expected[4] = {2.5F, 4.5F, 10.5F, 12.5F}; /* of 0 1 4 5, of 2 3 6 7, ... */
    for (int t = 0; t < 2; t++)
        for (int b = 0; b < 4; b++) {
            assert_float_equal(out[(t * 4 + b) * 2], 100 * t + expected[b], 1e-5);
            assert_float_equal(out[(t * 4 + b) * 2 + 1], 1, 1e-6);
        }
    assert_ok(tokens_check_grid(&model, 4));
    assert_fails(tokens_check_grid(&model, 3), ERR_USAGE, "readout.token_grid: 3 blocks do not divide the 4 patches");
}

static void test_a_folded_head_says_the_same(void **state) {
    (void)state;
    float rows[4 * D] = {1, 10, 3, 14, 5, 6, 7, 30}, copy[4 * D], weight[K * D] = {1, 2, 3, 4, 5, 6},
                   bias[K] = {1, 0, 2};
    Standard standard = {0};
    memcpy(copy, rows, sizeof rows);
    assert_ok(standard_fit(&standard, rows, 4, D));
    standard_apply(copy, &standard, 4);
    double mean = 0, square = 0;
    for (int i = 0; i < 4; i++) mean += copy[i * D] / 4.0, square += (double)copy[i * D] * copy[i * D] / 4.0;
    assert_float_equal(mean, 0, 1e-6);
    assert_float_equal(square, 1, 1e-5);
    double before[4][K];
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < K; k++)
            before[i][k] = bias[k] + (double)weight[k * D] * copy[i * D] + (double)weight[k * D + 1] * copy[i * D + 1];
    LinearHead head = {weight, bias};
    readout_fold(&head, &standard, K);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < K; k++)
            assert_float_equal(bias[k] + (double)weight[k * D] * rows[i * D] +
                                   (double)weight[k * D + 1] * rows[i * D + 1],
                               before[i][k], 1e-4);
    standard_free(&standard);
}

static void test_probabilities_are_averaged_over_views(void **state) {
    (void)state;
    float rows[2 * D] = {1, 0, 0, 1}, weight[K * D] = {3, 0, 0, 3, 0, 0}, bias[K] = {0}, p[K];
    const FeatureTable test = {1, 2, 1, D, rows, NULL};
    assert_ok(readout_probabilities(p, &(LinearHead){weight, bias}, &test, K));
    double large = exp(3) / (exp(3) + 2), small = 1 / (exp(3) + 2);
    assert_float_equal(p[0], (large + small) / 2, 1e-6);
    assert_float_equal(p[2], small, 1e-6); /* the softmax of mean logits would say more */
}

/* ---- kept features ---- */

static void test_kept_features_come_back_only_for_what_they_were_made_from(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    float rows[2 * 3 * 1 * D];
    int labels[2] = {1, 0};
    for (int i = 0; i < 12; i++) rows[i] = (float)i;
    const FeatureTable table = {2, 3, 1, D, rows, labels};
    FeatureTable found;
    scratch_make(folder);
    assert_ok(featurecache_path(path, sizeof path, folder, "0123"));
    assert_ok(featurecache_write(&table, path, "0123"));
    assert_ok(featurecache_read(&found, path, "0123"));
    assert_true(found.n_videos == 2 && found.n_views == 3 && found.n_tokens == 1 && found.D == D);
    assert_memory_equal(found.rows, rows, sizeof rows);
    assert_memory_equal(found.labels, labels, sizeof labels);
    feature_table_free(&found);
    char digest[DIGEST_SIZE];
    assert_ok(featurecache_verify(path, digest));
    assert_fails(featurecache_read(&found, path, "4567"), ERR_INPUT, "holds features of something else");
    rows[0] = 99; /* the same name holds the same features: whoever comes second leaves the first's */
    assert_ok(featurecache_write(&table, path, "0123"));
    assert_ok(featurecache_read(&found, path, "0123"));
    assert_true(found.rows[0] == 0);
    feature_table_free(&found);
    assert_int_equal(truncate(path, 900), 0);
    assert_fails(featurecache_read(&found, path, "0123"), ERR_INPUT, "features-0123.h5");
    assert_null(found.rows);
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_votes_weigh_what_their_similarity_says),
        cmocka_unit_test(test_of_equally_near_keys_the_first_votes),
        cmocka_unit_test(test_many_queries_are_answered_as_one_by_one),
        cmocka_unit_test(test_shots_are_rising_whole_numbers),
        cmocka_unit_test(test_draws_take_as_many_videos_of_every_class),
        cmocka_unit_test(test_tokens_are_averaged_over_blocks),
        cmocka_unit_test(test_a_folded_head_says_the_same),
        cmocka_unit_test(test_probabilities_are_averaged_over_views),
        cmocka_unit_test(test_kept_features_come_back_only_for_what_they_were_made_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
