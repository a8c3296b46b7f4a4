/* features - Inception and I3D, layer by layer, against PyTorch in double precision (tests/oracle/features_golden.py,
 * whose docstring has the formula of weights and pixels), from every kind of file; and files that are not what they
 * should be. */
#include "features/tables.h"
#include "store/foreign/weightfile.h"

#include "feature_fixture.h"
#include "golden_file.h"

enum { SAMPLES = 24, SMALL = 28 };

static const struct Net {
    const char *title;
    const Layer *layers;
    const int *n_layers;
    const char *last;
    bool by_frame;
    const Naming *namings;
    Extent size, small_size;
} nets[] = {
    {"inception",
     inception_layers,
     &inception_n_layers,
     INCEPTION_LAST,
     true,
     inception_namings,
     {1, 299, 299},
     {2, 107, 131}},
    {"i3d", i3d_layers, &i3d_n_layers, I3D_LOGITS, false, i3d_namings, {16, 224, 224}, {11, 209, 221}},
};
enum { INCEPTION, I3D };

static Convnet *net_new(const struct Net *net, int divisor) {
    Convnet *made;
    const ConvnetPlan plan = {.layers = net->layers,
                              .n_layers = *net->n_layers,
                              .last = net->last,
                              .by_frame = net->by_frame,
                              .input = divisor == 1 ? net->size : net->small_size,
                              .divisor = divisor};
    assert_ok(convnet_new(&made, &plan));
    return made;
}

/* ---- comparison ---- */

typedef struct {
    const Golden *golden;
    const char *title;
    int seen;
    double worst;
} Comparison;

static void compare_layer(void *context, const char *name, const float *values, Extent size, int channels) {
    Comparison *comparison = context;
    char whole[TENSOR_NAME_SIZE];
    snprintf(whole, sizeof whole, "%s.%s", comparison->title, name);
    const GoldenTensor *golden = golden_get(comparison->golden, whole);
    const double *expected = golden->data;
    assert_int_equal(golden->count, SAMPLES + 1);
    uint32_t count = (uint32_t)(extent_places(size) * (size_t)channels);
    for (uint32_t k = 0; k < SAMPLES; k++) {
        double error = fabs((double)values[mix(k) % count] - expected[k]) / expected[SAMPLES];
        if (!(error <= 1e-4)) fail_msg("%s: sample %u is off by %g deviations", whole, k, error);
        comparison->worst = fmax(comparison->worst, error);
    }
    comparison->seen++;
}

static void check_against_oracle(Convnet *net, const char *title, Extent size) {
    Golden golden = golden_read("features.gold");
    Comparison comparison = {&golden, title, 0, 0};
    char name[TENSOR_NAME_SIZE];
    ConvnetScratch *scratch;
    Volume volume;
    assert_ok(convnet_scratch_new(&scratch, net));
    float *input = convnet_input(scratch, &volume), features[4096];
    for (int t = 0; t < size.t; t++)
        for (int y = 0; y < size.y; y++)
            for (int x = 0; x < size.x; x++)
                for (int c = 0; c < 3; c++)
                    input[volume_at(&volume, t, y, x) + (size_t)c] = (float)(pixel(size, t, y, x, c) / 255.0 * 2 - 1);
    assert_ok(convnet_forward_seen(scratch, features, compare_layer, &comparison));
    snprintf(name, sizeof name, "%s.features", title);
    const GoldenTensor *expected = golden_get(&golden, name);
    const double *values = expected->data;
    double mean = 0, spread = 0;
    for (size_t i = 0; i < expected->count; i++) mean += values[i] / (double)expected->count;
    for (size_t i = 0; i < expected->count; i++) spread += pow(values[i] - mean, 2) / (double)expected->count;
    for (size_t i = 0; i < expected->count; i++)
        assert_true(fabs((double)features[i] - values[i]) <= 1e-4 * sqrt(spread));
    print_message("%s: %d layers and modules, worst sample off by %.1e deviations\n", title, comparison.seen,
                  comparison.worst);
    convnet_scratch_free(&scratch);
    golden_free(&golden);
}

static void test_full_networks_equal_pytorch(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE], digest[DIGEST_SIZE];
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "weights.safetensors"));
    for (int i = 0; i < 2; i++) {
        Convnet *net = net_new(&nets[i], 1);
        net_write_weights(path, net, nets[i].namings);
        assert_ok(naming_load(net, digest, nets[i].namings, 0, path));
        check_against_oracle(net, nets[i].title, nets[i].size);
        convnet_free(&net);
    }
    scratch_remove(folder);
}

static void golden_path(char path[PATH_SIZE], const char *name) {
    assert_ok(text_format(path, PATH_SIZE, "%s/weights/%s", SYNVID_TEST_DATA, name));
}

/* Small networks of the same form: torch's zip, its older stream (there behind a prefix, and with the other names of
 * I3D) and safetensors give the same weights. */
static void test_every_kind_of_file_and_odd_sizes(void **state) {
    (void)state;
    static const char *const kinds[] = {"torch zip", "torch legacy", "safetensors"};
    static const char *const endings[] = {"pt", "pth", "safetensors"};
    for (int i = 0; i < 2; i++) {
        char first[DIGEST_SIZE], digest[DIGEST_SIZE], title[32], name[64], path[PATH_SIZE];
        snprintf(title, sizeof title, "%s_small", nets[i].title);
        for (int k = 0; k < 3; k++) {
            WeightFile *file;
            Convnet *net = net_new(&nets[i], SMALL);
            snprintf(name, sizeof name, "%s.%s", title, endings[k]);
            golden_path(path, name);
            assert_ok(weightfile_open(&file, path));
            assert_string_equal(weightfile_kind(file), kinds[k]);
            weightfile_close(&file);
            assert_ok(naming_load(net, digest, nets[i].namings, 0, path));
            check_against_oracle(net, title, nets[i].small_size);
            if (k == 0) memcpy(first, digest, sizeof first);
            assert_string_equal(digest, first);
            convnet_free(&net);
        }
    }
}

static void test_another_epsilon_gives_other_weights(void **state) {
    (void)state;
    char path[PATH_SIZE], usual[DIGEST_SIZE], other[DIGEST_SIZE];
    Convnet *net = net_new(&nets[I3D], SMALL);
    golden_path(path, "i3d_small.pt");
    assert_ok(naming_load(net, usual, i3d_namings, 0, path));
    assert_ok(naming_load(net, other, i3d_namings, 1e-5, path));
    assert_string_not_equal(usual, other);
    convnet_free(&net);
}

/* ---- what must be refused ---- */

static Tensor *find_tensor(Tensor *tensors, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (text_equal(tensors[i].name, name)) return &tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void test_wrong_files_are_refused_by_the_tensor(void **state) {
    (void)state;
    static Tensor tensors[FIXTURE_TENSORS + 1];
    char folder[PATH_SIZE], path[PATH_SIZE], digest[DIGEST_SIZE], kept[TENSOR_NAME_SIZE];
    const char *const damaged = "Mixed_6b.branch7x7_2.bn.running_var";
    Convnet *net = net_new(&nets[INCEPTION], SMALL);
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "w.safetensors"));
    int n = net_tensors(tensors, net, inception_namings);
    Tensor *tensor = find_tensor(tensors, n, damaged);
#define REFUSED(piece)                                                                                                 \
    do {                                                                                                               \
        assert_ok(safetensors_write(path, tensors, n));                                                                \
        assert_fails(naming_load(net, digest, inception_namings, 0, path), ERR_INPUT, piece);                          \
    } while (0)
    assert_ok(safetensors_write(path, tensors, n));
    assert_ok(naming_load(net, digest, inception_namings, 0, path));
    tensor->data[1] = NAN;
    REFUSED("Mixed_6b.branch7x7_2.bn.running_var: 1 value is not finite");
    tensor->data[1] = -1;
    REFUSED("Mixed_6b.branch7x7_2.bn.running_var: variance 1 is -1");
    tensor->data[1] = 1;
    tensor->dims[0]--;
    REFUSED("Mixed_6b.branch7x7_2.bn.running_var is 4; expected 5");
    tensor->dims[0]++;
    memcpy(kept, tensor->name, sizeof kept);
    snprintf(tensor->name, sizeof tensor->name, "another");
    REFUSED("tensor Mixed_6b.branch7x7_2.bn.running_var is missing");
    memcpy(tensor->name, kept, sizeof kept);
    tensors[n] = (Tensor){"AuxLogits.conv0.conv.weight", 1, {1}, tensors[0].data};
    n++;
    REFUSED("torchvision's Inception");
    n--;
    golden_path(path, "i3d_small.pt");
    assert_fails(naming_load(net, digest, inception_namings, 0, path), ERR_INPUT,
                 "tensors is named Conv2d_1a_3x3.conv.weight");
    for (int i = 0; i < n; i++) free(tensors[i].data);
    convnet_free(&net);
    scratch_remove(folder);
}

/* Cut anywhere, a file is refused; past its list of tensors the message names one. */
static void test_truncated_files_are_refused(void **state) {
    (void)state;
    char folder[PATH_SIZE], cut[PATH_SIZE], path[PATH_SIZE], digest[DIGEST_SIZE], *data;
    size_t length;
    Convnet *net = net_new(&nets[INCEPTION], SMALL);
    scratch_make(folder);
    assert_ok(path_join(cut, sizeof cut, folder, "cut"));
    static const char *const names[] = {"inception_small.pt", "inception_small.pth", "inception_small.safetensors"};
    for (int k = 0; k < 3; k++) {
        golden_path(path, names[k]);
        assert_ok(file_read(&data, &length, path, 1 << 20));
        for (size_t part = 1; part < 8; part++) {
            assert_ok(file_write_whole(cut, data, length * part / 8));
            assert_int_equal(naming_load(net, digest, inception_namings, 0, cut), ERR_INPUT);
            assert_non_null(strstr(err_message(), "cut"));
            if (k == 2 && part == 7) assert_non_null(strstr(err_message(), ".bn."));
        }
        free(data);
    }
    convnet_free(&net);
    scratch_remove(folder);
}

static void test_an_input_too_small_names_the_layer(void **state) {
    (void)state;
    Convnet *net;
    ConvnetPlan plan = {inception_layers, inception_n_layers, INCEPTION_LAST, true, {1, 74, 200}, SMALL, NULL};
    assert_fails(convnet_new(&net, &plan), ERR_USAGE, "Mixed_7a.branch3x3_2 finds 1 x 2 x 10");
    assert_null(net);
    plan.input = (Extent){1, 75, 200};
    assert_ok(convnet_new(&net, &plan));
    convnet_free(&net);
}

static void fill_input(ConvnetScratch *scratch) {
    Volume volume;
    float *input = convnet_input(scratch, &volume);
    for (size_t i = 0; i < volume_floats(&volume); i++) input[i] = (float)(mix((uint32_t)i) & 255) / 127.5f - 1;
}

/* After calibration every layer before its ReLU has mean 0 and variance 1, so with it a mean square of about a half. */
static void test_calibration_keeps_activations_in_range(void **state) {
    (void)state;
    ConvnetScratch *scratch;
    static Tensor tensors[FIXTURE_TENSORS];
    char folder[PATH_SIZE], path[PATH_SIZE], digest[DIGEST_SIZE];
    Convnet *net = net_new(&nets[INCEPTION], SMALL);
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "w.safetensors"));
    int n = net_tensors(tensors, net, inception_namings);
    for (int i = 0; i < n; i++) {
        if (ends_with(tensors[i].name, "conv.weight"))
            for (size_t k = 0; k < tensor_count(&tensors[i]); k++) tensors[i].data[k] *= 3;
    }
    assert_ok(safetensors_write(path, tensors, n));
    assert_ok(naming_load(net, digest, inception_namings, 0, path));
    assert_ok(convnet_scratch_new(&scratch, net));
    float features[2][4096];
    size_t dims = (size_t)convnet_dims(net);
    for (int pass = 0; pass < 2; pass++) {
        fill_input(scratch);
        if (pass == 0) convnet_calibrate(net, &scratch, 1, BATCH_NORM_EPS);
        fill_input(scratch);
        convnet_forward(scratch, features[pass]);
    }
    assert_memory_equal(features[0], features[1], 2 * dims * sizeof(float));
    double mean = 0;
    for (size_t i = 0; i < 2 * dims; i++) mean += (double)features[0][i] / (double)(2 * dims);
    assert_true(mean > 0.2 && mean < 0.6); /* E max(z, 0) = 0.4 for a normal z */
    for (int i = 0; i < n; i++) free(tensors[i].data);
    convnet_scratch_free(&scratch);
    convnet_free(&net);
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_networks_equal_pytorch),
        cmocka_unit_test(test_every_kind_of_file_and_odd_sizes),
        cmocka_unit_test(test_another_epsilon_gives_other_weights),
        cmocka_unit_test(test_wrong_files_are_refused_by_the_tensor),
        cmocka_unit_test(test_truncated_files_are_refused),
        cmocka_unit_test(test_an_input_too_small_names_the_layer),
        cmocka_unit_test(test_calibration_keeps_activations_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
