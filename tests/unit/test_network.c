/* features/network, analysis/measure/feature_set - whole frames to vectors as PyTorch does it, random networks, and the
 * names that distances go by in an analysis with and without weights. */
#include "analysis/measure/analyze.h"
#include "analysis/measure/internal/metric_inputs.h"
#include "features/tables.h"
#include "math/blas.h"
#include "run/result.h"

#include "feature_fixture.h"
#include "golden_file.h"
#include "support/memory_source.h"

static char folder[PATH_SIZE], inception_path[PATH_SIZE], i3d_path[PATH_SIZE];

static void write_weights(char path[PATH_SIZE], const char *name, const ConvnetPlan *plan, const Naming *naming) {
    Convnet *net;
    assert_ok(path_join(path, PATH_SIZE, folder, name));
    assert_ok(convnet_new(&net, plan));
    net_write_weights(path, net, naming);
    convnet_free(&net);
}

static int set_up(void **state) {
    (void)state;
    const ConvnetPlan inception = {inception_layers, inception_n_layers, INCEPTION_LAST, true, {1, 299, 299}, 1, NULL};
    const ConvnetPlan i3d = {i3d_layers, i3d_n_layers, I3D_LOGITS, false, {16, 224, 224}, 1, NULL};
    blas_single_thread();
    scratch_make(folder);
    write_weights(inception_path, "inception.safetensors", &inception, inception_namings);
    write_weights(i3d_path, "i3d.safetensors", &i3d, i3d_namings);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void paint(Frames *frames, Extent size) {
    assert_ok(frames_shape(frames, size.t, size.y, size.x));
    uint8_t *at = frames->data;
    for (int t = 0; t < size.t; t++)
        for (int y = 0; y < size.y; y++)
            for (int x = 0; x < size.x; x++)
                for (int c = 0; c < 3; c++) *at++ = pixel(size, t, y, x, c);
}

/* Within 1e-4 of the vector's own spread. */
static void check_vector(const float *found, const double *expected, int dims) {
    double mean = 0, spread = 0;
    for (int i = 0; i < dims; i++) mean += expected[i] / dims;
    for (int i = 0; i < dims; i++) spread += pow(expected[i] - mean, 2) / dims;
    for (int i = 0; i < dims; i++) assert_true(fabs((double)found[i] - expected[i]) <= 1e-4 * sqrt(spread));
}

static void test_frames_of_odd_sizes_give_what_pytorch_gives(void **state) {
    (void)state;
    FeatureNet *net;
    FeatureScratch *scratch;
    Frames frames = {0};
    Box nothing = {0, 0, 1, 1}; /* the whole frame counts, not the middle square */
    float features[FEATURE_BATCH * 2048];
    Golden golden = golden_read("features.gold");
    const double *expected = golden_get(&golden, "inception.frames")->data;
    assert_ok(feature_inception_open(&net, inception_path));
    assert_int_equal(net->dims, 2048);
    assert_ok(feature_scratch_new(&scratch, net, NULL));
    paint(&frames, (Extent){5, 61, 83});
    /* A full batch, then a part of one. */
    for (int t = 0; t < 5; t++) {
        assert_ok(feature_load(scratch, t % FEATURE_BATCH, &frames, &nothing, t, 1));
        if (t % FEATURE_BATCH != FEATURE_BATCH - 1 && t != 4) continue;
        int first = t / FEATURE_BATCH * FEATURE_BATCH;
        feature_compute(scratch, features, t - first + 1);
        for (int i = first; i <= t; i++) check_vector(features + (i - first) * 2048, expected + i * 2048, 2048);
    }
    feature_scratch_free(&scratch);
    feature_net_close(&net);
    assert_ok(feature_i3d_open(&net, i3d_path, 0, 16, false));
    assert_int_equal(net->dims, 400);
    assert_ok(feature_scratch_new(&scratch, net, NULL));
    paint(&frames, (Extent){16, 45, 77});
    for (int slot = 0; slot < 2; slot++) assert_ok(feature_load(scratch, slot, &frames, &nothing, 0, 16));
    feature_compute(scratch, features, 2);
    check_vector(features, golden_get(&golden, "i3d.clip")->data, 400);
    assert_memory_equal(features, features + 400, 400 * sizeof *features);
    feature_scratch_free(&scratch);
    feature_net_close(&net);
    frames_free(&frames);
    golden_free(&golden);
}

/* ---- copies of I3D's weights ---- */

static void clip_vector(float *vector, const char *path, double eps, bool pooled, int dims) {
    FeatureNet *net;
    FeatureScratch *scratch;
    Frames frames = {0};
    Box nothing = {0, 0, 1, 1};
    assert_ok(feature_i3d_open(&net, path, eps, 16, pooled));
    assert_int_equal(net->dims, dims);
    assert_ok(feature_scratch_new(&scratch, net, NULL));
    paint(&frames, (Extent){16, 45, 77});
    assert_ok(feature_load(scratch, 0, &frames, &nothing, 0, 16));
    feature_compute(scratch, vector, 1);
    feature_scratch_free(&scratch);
    feature_net_close(&net);
    frames_free(&frames);
}

/* The copies' tensors have the same names; only the file's own name tells which network it belongs to. */
static void test_the_epsilon_of_i3d_follows_the_files_name(void **state) {
    (void)state;
    skip_if_emulated();
    static float usual[400], small[400], named[400], imagenet[400], pooled[1024];
    char path[PATH_SIZE], other[PATH_SIZE];
    assert_ok(path_join(path, sizeof path, folder, "i3d_pretrained_400.pt"));
    assert_ok(path_join(other, sizeof other, folder, "rgb_imagenet.pt"));
    assert_int_equal(symlink(i3d_path, path), 0);
    assert_int_equal(symlink(i3d_path, other), 0);
    clip_vector(usual, i3d_path, 1e-3, false, 400);
    clip_vector(small, i3d_path, 1e-5, false, 400);
    clip_vector(named, path, 0, false, 400);
    clip_vector(imagenet, other, 0, false, 400);
    assert_memory_equal(named, small, sizeof small);
    assert_memory_equal(imagenet, usual, sizeof usual);
    assert_memory_not_equal(usual, small, sizeof small);
    clip_vector(pooled, path, 0, true, 1024);
    for (int d = 0; d < 1024; d++) assert_true(pooled[d] >= 0); /* what follows a ReLU */
}

/* ---- analyses ---- */

static Result *analyze(AnalyzeConfig *config, const char *out) {
    MemorySource dataset, reference;
    char path[PATH_SIZE], name[PATH_SIZE];
    Result *result = malloc(sizeof *result);
    FileList files = {0};
    memory_source_open(&dataset, "dataset", 8, 5, 48, 44);
    memory_source_open(&reference, "reference", 9, 5, 48, 44);
    assert_ok(path_join(path, sizeof path, folder, out));
    Run run = {.par = par_serial(1), .out = path, .progress = PROGRESS_NONE, .seed = 3, .config_text = "{}"};
    config->n_frames = 4;
    config->n_videos = 2;
    config->frames_per_video = 1;
    config->frame_stride = 1;
    config->cache = true;
    assert_ok(analyze_run_all(config, &dataset.source, &reference.source, &run));
    assert_ok(file_list_walk(&files, path));
    for (size_t i = 0; i < files.count; i++)
        if (ends_with(files.paths[i], "result.json") &&
            strncmp(files.paths[i], config->name, strlen(config->name)) == 0) {
            assert_ok(path_join(name, sizeof name, path, files.paths[i]));
            assert_ok(result_read(result, name));
        }
    file_list_free(&files);
    return result;
}

static AnalyzeConfig defaults(void) {
    AnalyzeConfig config;
    fields_default(&config, analyze_fields);
    return config;
}

static bool has_input(const Result *result, const char *role, const char *path) {
    for (int i = 0; i < result->n_inputs; i++)
        if (text_equal(result->inputs[i].role, role) && text_equal(result->inputs[i].path, path))
            return result->inputs[i].digest[0] != 0;
    return false;
}

static bool has_deviation(const Result *result, const char *piece) {
    for (int i = 0; i < result->n_deviations; i++)
        if (strstr(result->deviations[i], piece)) return true;
    return false;
}

static void test_weights_give_fid_and_fvd(void **state) {
    (void)state;
    skip_if_emulated();
    AnalyzeConfig config = defaults();
    assert_ok(text_copy(config.inception, sizeof config.inception, inception_path));
    assert_ok(text_copy(config.i3d, sizeof config.i3d, i3d_path));
    Result *result = analyze(&config, "weights");
    /* Again on the vectors that the first analysis has kept. */
    assert_ok(text_copy(config.name, sizeof config.name, "cached"));
    Result *cached = analyze(&config, "weights");
    static const char *const names[] = {"FID", "KID", "FVD", "KVD", "diversity_logdet"};
    for (int i = 0; i < 5; i++) {
        const ResultMetric *metric = result_metric(result, names[i]);
        assert_non_null(metric);
        assert_true(metric->value == result_metric(cached, names[i])->value);
    }
    assert_true(result_metric(result, "FID")->value > 0 && result_metric(result, "FVD")->value > 0);
    assert_string_equal(result->model, "Inception + I3D");
    assert_true(has_input(result, "inception", inception_path) && has_input(result, "i3d", i3d_path));
    assert_false(has_deviation(result, "instead of Inception") || has_deviation(result, "instead of I3D"));
    free(result);
    free(cached);
}

static void test_random_networks_never_give_fid_or_fvd(void **state) {
    (void)state;
    skip_if_emulated();
    AnalyzeConfig config = defaults();
    config.random_networks = 1;
    Result *result = analyze(&config, "random");
    for (int i = 0; i < result->n_metrics; i++) {
        static const char *const taken[] = {"FID", "KID", "FVD", "KVD"};
        for (int k = 0; k < 4; k++) assert_string_not_equal(result->metrics[i].name, taken[k]);
    }
    assert_true(result_metric(result, "FFD-random-Inception")->value > 0);
    assert_true(result_metric(result, "FVD-random-I3D")->value > 0);
    assert_true(has_input(result, "random networks", "seeds 1 to 1, calibrated on the reference"));
    assert_true(has_deviation(result, "frame features of random Inception instead of Inception"));
    assert_true(has_deviation(result, "clip features of random I3D instead of I3D"));
    free(result);
}

static void test_random_networks_need_a_reference(void **state) {
    (void)state;
    MemorySource dataset;
    AnalyzeConfig config = defaults();
    Run run = {.par = par_serial(1), .progress = PROGRESS_NONE, .dry_run = true};
    config.random_networks = 1;
    memory_source_open(&dataset, "dataset", 8, 5, 48, 44);
    assert_fails(analyze_run_all(&config, &dataset.source, NULL, &run), ERR_USAGE, "give --reference");
}

static void test_clips_too_short_for_i3d_are_refused(void **state) {
    (void)state;
    FeatureNet *net;
    assert_fails(feature_i3d_open(&net, i3d_path, 0, 8, false), ERR_USAGE, "avg_pool finds 1 x 7 x 7");
    assert_null(net);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_of_odd_sizes_give_what_pytorch_gives),
        cmocka_unit_test(test_weights_give_fid_and_fvd),
        cmocka_unit_test(test_random_networks_never_give_fid_or_fvd),
        cmocka_unit_test(test_random_networks_need_a_reference),
        cmocka_unit_test(test_clips_too_short_for_i3d_are_refused),
        cmocka_unit_test(test_the_epsilon_of_i3d_follows_the_files_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
