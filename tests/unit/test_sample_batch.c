/* eval/finetune/sample - a leaf of fine-tuning: repeated augmentation, the partners of a mixture, what is shared and
 * what not.
 */
#include "eval/finetune/sample.h"

#include "support/unit.h"
#include "train_fixture.h"
#include "video/frames/sample.h"

enum { CLIPS = 2, REPEAT = 2, B = CLIPS * REPEAT, K = FIXTURE_CLASSES, SEED = 5 };

static const uint32_t clips[CLIPS] = {4, 9}; /* classes 1 and 0 */
static const TrainLeaf leaf = {.step = 3,
                               .epoch = 1,
                               .leaf = 0,
                               .n_leaves = 1,
                               .epoch_clips = 12,
                               .n_clips = CLIPS,
                               .clips = clips,
                               .batch = CLIPS,
                               .step_clips = clips};

/* Every frame read so far, in order. */
static int n_reads, read_numbers[64][16];

static Err counted_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n_frames,
                        Frames *out) {
    memcpy(read_numbers[n_reads++], numbers, (size_t)n_frames * sizeof(int));
    return fixture_read(source, epoch, index, numbers, n_frames, out);
}

static const ClipSourceOps counted_ops = {.kind = "drawn", .info = fixture_info, .read = counted_read};

static ClipSource make_source(void) {
    ClipSource source = fixture_source(12, "d");
    source.ops = &counted_ops;
    n_reads = 0;
    return source;
}

/* Nothing random but the choice of frames. */
static FinetuneConfig plain_config(void) {
    FinetuneConfig config;
    memset(&config, 0, sizeof config);
    fields_default(&config, finetune_fields);
    config.model = fixture_model();
    config.train.micro_batch = CLIPS;
    config.data.repeat = REPEAT;
    config.data.frame_stride = 2;
    config.data.crop = CLASSIFY_CROP_CENTER;
    config.data.flip = false;
    config.data.rand_augment_ops = 0;
    config.data.erasing = config.data.mixup = config.data.cutmix = 0;
    return config;
}

static SampleBatch load(const FinetuneConfig *config) {
    SampleBatch batch;
    ClipSource source = make_source();
    assert_ok(sample_batch_init(&batch, config, K));
    assert_ok(sample_batch_load(&batch, config, &source, &leaf, SEED));
    return batch;
}

static const float *input_of(const SampleBatch *batch, const FinetuneConfig *config, int i) {
    return batch->inputs + (size_t)i * input_floats(&config->model);
}

static bool same_input(const SampleBatch *batch, const FinetuneConfig *config, int i, int k) {
    return !memcmp(input_of(batch, config, i), input_of(batch, config, k),
                   input_floats(&config->model) * sizeof(float));
}

static void test_copies_of_a_clip_share_their_frames_and_stand_side_by_side(void **state) {
    (void)state;
    FinetuneConfig config = plain_config();
    SampleBatch batch = load(&config);
    assert_int_equal(n_reads, CLIPS); /* decoded once, augmented twice */
    const int expected[B] = {1, 1, 0, 0};
    for (int i = 0; i < B; i++) assert_int_equal(batch.labels[i], expected[i]);
    assert_true(same_input(&batch, &config, 0, 1) && same_input(&batch, &config, 2, 3));
    assert_false(same_input(&batch, &config, 0, 2));
    for (int i = 0; i < B; i++)
        for (int k = 0; k < i; k++) assert_true(batch.samples[i] != batch.samples[k]); /* draws of their own */
    sample_batch_free(&batch);
}

static void test_copies_are_augmented_each_in_its_own_way(void **state) {
    (void)state;
    FinetuneConfig config = plain_config();
    config.data.crop = CLASSIFY_CROP_RESIZED;
    SampleBatch batch = load(&config);
    assert_int_equal(n_reads, CLIPS);
    assert_false(same_input(&batch, &config, 0, 1));
    assert_false(same_input(&batch, &config, 2, 3));
    sample_batch_free(&batch);
}

static void test_frames_are_those_of_the_training_sampler(void **state) {
    (void)state;
    FinetuneConfig config = plain_config();
    SampleBatch batch = load(&config);
    for (int k = 0; k < CLIPS; k++) {
        int expected[16];
        Rng rng = rng_stream(SEED, RNG_FRAMES, batch_sample(&leaf, k), 0);
        sample_finetune(expected, config.model.n_frames, config.data.frame_stride, FIXTURE_FRAMES, &rng);
        assert_memory_equal(read_numbers[k], expected, (size_t)config.model.n_frames * sizeof(int));
    }
    sample_batch_free(&batch);
}

static void test_the_partner_of_a_sample_is_its_mirror_in_the_batch(void **state) {
    (void)state;
    FinetuneConfig config = plain_config();
    SampleBatch own = load(&config);
    config.data.mixup = 0.8;
    SampleBatch mixed = load(&config);
    /* Lambda from a pixel that differs, and then every pixel and target must follow it. */
    size_t floats = input_floats(&config.model);
    const float *a = input_of(&own, &config, 0), *b = input_of(&own, &config, B - 1), *m = input_of(&mixed, &config, 0);
    double lambda = ((double)m[0] - b[0]) / ((double)a[0] - b[0]);
    assert_true(lambda > 0 && lambda < 1);
    for (int i = 0; i < B; i++)
        for (size_t p = 0; p < floats; p++)
            assert_float_equal(
                input_of(&mixed, &config, i)[p],
                lambda * input_of(&own, &config, i)[p] + (1 - lambda) * input_of(&own, &config, B - 1 - i)[p], 1e-4);
    for (int i = 0; i < B; i++)
        for (int k = 0; k < K; k++) {
            double share = (k == own.labels[i]) * lambda + (k == own.labels[B - 1 - i]) * (1 - lambda);
            assert_float_equal(mixed.targets[i * K + k], 0.1 / K + 0.9 * share, 1e-4);
        }
    sample_batch_free(&own);
    sample_batch_free(&mixed);
}

static void test_without_mixing_targets_are_smoothed_labels(void **state) {
    (void)state;
    FinetuneConfig config = plain_config();
    SampleBatch batch = load(&config);
    for (int i = 0; i < B; i++)
        for (int k = 0; k < K; k++)
            assert_float_equal(batch.targets[i * K + k], 0.1 / K + (k == batch.labels[i] ? 0.9 : 0), 1e-6);
    sample_batch_free(&batch);
}

static void test_inputs_are_channel_first_and_normalized(void **state) {
    (void)state;
    static const float means[3] = {0.485F, 0.456F, 0.406F}, deviations[3] = {0.229F, 0.224F, 0.225F};
    FinetuneConfig config = plain_config();
    SampleBatch batch = load(&config);
    size_t plane = input_floats(&config.model) / 3;
    for (size_t c = 0; c < 3; c++) {
        double mean = 0;
        for (size_t i = 0; i < plane; i++) mean += input_of(&batch, &config, 0)[c * plane + i] / (double)plane;
        double level = (mean * deviations[c] + means[c]) * 255; /* class 1: noise in [80, 140) */
        assert_true(level > 105 && level < 115);
    }
    sample_batch_free(&batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_of_a_clip_share_their_frames_and_stand_side_by_side),
        cmocka_unit_test(test_copies_are_augmented_each_in_its_own_way),
        cmocka_unit_test(test_frames_are_those_of_the_training_sampler),
        cmocka_unit_test(test_the_partner_of_a_sample_is_its_mirror_in_the_batch),
        cmocka_unit_test(test_without_mixing_targets_are_smoothed_labels),
        cmocka_unit_test(test_inputs_are_channel_first_and_normalized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
