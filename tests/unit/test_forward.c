#include "eval/finetune/forward.h"
#include "train_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { VIDEOS = 4, CLIPS = 2, CROPS = 3, K = FIXTURE_CLASSES };

static ModelConfig model;
static ClipSource source;
static Classifier *network;
static float *params;

/* Weights large enough that views of one video disagree. */
static int start(void **state) {
    (void)state;
    model = fixture_model();
    source = fixture_source(VIDEOS, "0");
    if (classifier_new(&network, &model, K, 0, 0)) return -1;
    const ParamTable *table = classifier_params(network);
    params = malloc(table->total * sizeof *params);
    if (!params) return -1;
    params_init(params, table, 1, 1);
    for (size_t i = 0; i < table->total; i++) params[i] *= 40;
    return 0;
}

static int finish(void **state) {
    (void)state;
    classifier_free(&network);
    free(params);
    return 0;
}

static Forward make_forward(int batch) {
    return (Forward){
        .network = network,
        .params = params,
        .views = {.source = &source, .model = &model, .frame_stride = 2, .n_clips = CLIPS, .n_crops = CROPS},
        .batch = batch,
        .n_classes = K,
        .what = "videos"};
}

static Run make_run(int threads) {
    return (Run){.par = par_serial(threads), .progress = PROGRESS_NONE};
}

/* One view after the other through the network. */
static void logits_of_view(float logits[K], int64_t video, int view) {
    Forward forward = make_forward(1);
    ClassifierScratch *scratch = NULL;
    ViewReader reader = {0};
    float *input = malloc(input_floats(&model) * sizeof *input);
    assert_int_equal(view_load(input, &reader, &forward.views, video, view), ERR_NONE);
    assert_int_equal(classifier_scratch_new(&scratch, network, 1), ERR_NONE);
    classifier_forward(network, scratch, params, logits, NULL, input, 1);
    classifier_scratch_free(&scratch);
    view_reader_free(&reader);
    free(input);
}

/* Probabilities of a video from the mean of softmaxes, and from the softmax of mean logits, which is something else. */
static void expected_of_video(double by_probability[K], double by_logit[K], int64_t video) {
    double mean[K] = {0}, total = 0;
    for (int k = 0; k < K; k++) by_probability[k] = 0;
    for (int view = 0; view < CLIPS * CROPS; view++) {
        float logits[K];
        double sum = 0;
        logits_of_view(logits, video, view);
        for (int k = 0; k < K; k++) sum += exp(logits[k]);
        for (int k = 0; k < K; k++) by_probability[k] += exp(logits[k]) / sum / (CLIPS * CROPS);
        for (int k = 0; k < K; k++) mean[k] += logits[k] / (double)(CLIPS * CROPS);
    }
    for (int k = 0; k < K; k++) total += exp(mean[k]);
    for (int k = 0; k < K; k++) by_logit[k] = exp(mean[k]) / total;
}

static void test_probabilities_are_averaged_over_views_not_logits(void **state) {
    (void)state;
    Forward forward = make_forward(1);
    Run run = make_run(1);
    float *probabilities;
    int *labels;
    double apart = 0;
    assert_int_equal(forward_probabilities_all(&probabilities, &labels, &forward, &run), ERR_NONE);
    for (int video = 0; video < VIDEOS; video++) {
        double by_probability[K], by_logit[K];
        expected_of_video(by_probability, by_logit, video);
        assert_int_equal(labels[video], video % K);
        for (int k = 0; k < K; k++) {
            assert_float_equal(probabilities[video * K + k], by_probability[k], 1e-5);
            apart = fmax(apart, fabs(by_probability[k] - by_logit[k]));
        }
    }
    assert_true(apart > 1e-4); /* this test can tell them apart */
    free(probabilities);
    free(labels);
}

static void test_threads_do_not_change_a_bit(void **state) {
    (void)state;
    float *features[2];
    int *labels;
    Forward forward = make_forward(4); /* six views: four, then two */
    for (int i = 0; i < 2; i++) {
        Run run = make_run(i + 1);
        assert_int_equal(forward_features_all(&features[i], &labels, &forward, &run), ERR_NONE);
        free(labels);
    }
    assert_memory_equal(features[0], features[1], VIDEOS * CLIPS * CROPS * (size_t)model.width * sizeof(float));
    free(features[0]);
    free(features[1]);
}

static void test_a_broken_video_and_a_wrong_label_are_named(void **state) {
    (void)state;
    float *probabilities;
    int *labels;
    Forward forward = make_forward(2);
    Run run = make_run(2);
    fixture_broken = 2;
    assert_int_equal(forward_probabilities_all(&probabilities, &labels, &forward, &run), ERR_INPUT);
    assert_string_equal(err_message(), "videos: video 2: video 2 is broken");
    fixture_broken = -1;
    source.n_classes = 2;
    assert_int_equal(forward_probabilities_all(&probabilities, &labels, &forward, &run), ERR_INPUT);
    assert_non_null(strstr(err_message(), "video 2 has label 2, expected one of 2 classes"));
    source.n_classes = K;
}

static void test_views_of_a_video_are_different_clips_and_crops(void **state) {
    (void)state;
    float logits[CLIPS * CROPS][K];
    for (int view = 0; view < CLIPS * CROPS; view++) logits_of_view(logits[view], 0, view);
    /* A square frame leaves no room to crop along; clips differ. */
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    assert_memory_not_equal(logits[0], logits[CROPS], sizeof logits[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probabilities_are_averaged_over_views_not_logits),
        cmocka_unit_test(test_threads_do_not_change_a_bit),
        cmocka_unit_test(test_a_broken_video_and_a_wrong_label_are_named),
        cmocka_unit_test(test_views_of_a_video_are_different_clips_and_crops),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
