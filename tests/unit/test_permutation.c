/* What a metric reports is a function of the set of its samples: the same bits in whatever order they are handed over,
 * in whatever parts they are added up, and with copies among them. Every metric of the list is put to it. */
#include "analysis/measure/metric.h"

#include "support/memory_source.h"
#include "support/unit.h"

enum { SAMPLES = 24, COPIES = 3, PARTS = 4, CLIP = 8, SIDE = 48, TRIALS = 4 };

static MemorySource memory;

/* Sample i: a clip of one video, or one frame of it; the last ones are copies of the first. */
static void read_sample(Frames *frames, const Metric *metric, uint32_t i) {
    int numbers[CLIP], n = metric->input == METRIC_CLIPS ? CLIP : 1;
    for (int f = 0; f < CLIP; f++) numbers[f] = f;
    assert_ok(
        clip_source_read(&memory.source, 0, i < SAMPLES - COPIES ? i : i - (SAMPLES - COPIES), numbers, n, frames));
}

/* The samples in `order`, each added to one of the parts, which are then added up. */
static void state_in_order(ExactSum *whole, const Metric *metric, const uint32_t *order, uint64_t trial) {
    Rng rng = rng_stream(12, RNG_TEST, trial, 0);
    void *scratch = NULL;
    Frames frames = {0};
    ExactSum *parts = calloc(PARTS * metric->state_sums, sizeof *parts);
    assert_non_null(parts);
    if (metric->scratch_new) assert_ok(metric->scratch_new(&scratch, SIDE));
    for (int i = 0; i < SAMPLES; i++) {
        read_sample(&frames, metric, order[i]);
        assert_ok(metric->sample(parts + rng_below(&rng, PARTS) * metric->state_sums, scratch, &frames));
    }
    memset(whole, 0, metric->state_sums * sizeof *whole);
    for (int part = PARTS - 1; part >= 0; part--)
        metric_add_state(whole, parts + (size_t)part * metric->state_sums, metric->state_sums);
    if (scratch) metric->scratch_free(scratch);
    frames_free(&frames);
    free(parts);
}

static void states_of_pixel_metrics_depend_on_the_set_of_samples_alone(void **state) {
    (void)state;
    int tried = 0;
    for (const Metric *const *at = metrics; *at; at++) {
        const Metric *metric = *at;
        uint32_t order[SAMPLES];
        if (metric_wants_features(metric)) continue;
        size_t bytes = metric->state_sums * sizeof(ExactSum);
        ExactSum *first = malloc(bytes), *other = malloc(bytes), *fewer = malloc(bytes);
        for (uint32_t i = 0; i < SAMPLES; i++) order[i] = i;
        state_in_order(first, metric, order, 0);
        for (uint64_t trial = 1; trial <= TRIALS; trial++) {
            Rng rng = rng_stream(11, RNG_TEST, trial, 0);
            rng_permutation(&rng, order, SAMPLES);
            state_in_order(other, metric, order, trial);
            if (memcmp(first, other, bytes) != 0) print_error("%s, order %d\n", metric->name, (int)trial);
            assert_memory_equal(first, other, bytes);
        }
        order[0] = order[1]; /* another set */
        state_in_order(fewer, metric, order, 0);
        assert_memory_not_equal(first, fewer, bytes);
        free(first);
        free(other);
        free(fewer);
        tried++;
    }
    assert_true(tried >= 5);
}

/* ---- feature metrics ---- */

enum { NETS = 3, UNITS = 20, PER_VIDEO = 6 };

/* Vectors of one side and the videos they are of; units (vectors of one video) in some order. */
typedef struct {
    int dims;
    float rows[NETS][UNITS * PER_VIDEO * SIDE];
    int64_t videos[UNITS];
    NetFeatures features[NETS];
    MetricData data;
} Side;

/* Two networks of one name, one of another. */
static const FeatureNet nets[NETS] = {
    {.names = {"FFD-x", "FVD-x", "frame_mmd-x", "video_mmd-x"}},
    {.names = {"FFD-random", "FVD-random", "frame_mmd-random", "video_mmd-random"}, .seed = 1},
    {.names = {"FFD-random", "FVD-random", "frame_mmd-random", "video_mmd-random"}, .seed = 2},
};

/* Videos 7, 10, 13, ...; the last two units are of the first two videos again, one of them an exact copy. */
static void fill_side(Side *side, const Metric *metric, int dims, float shift, const uint32_t *order) {
    int per_video = metric->input == METRIC_SPREAD_FEATURES ? PER_VIDEO : 1;
    size_t unit_floats = (size_t)(per_video * dims);
    *side = (Side){.dims = dims};
    for (int net = 0; net < NETS; net++) {
        for (size_t to = 0; to < UNITS; to++) {
            uint32_t unit = order[to] == UNITS - 1 ? 1 : order[to];
            Rng rng = rng_stream(20 + (uint64_t)net, RNG_TEST, unit, 0);
            side->videos[to] = 7 + 3 * (unit % (UNITS - 2));
            float common = rng_normal(&rng);
            for (size_t i = 0; i < unit_floats; i++)
                side->rows[net][to * unit_floats + i] = shift + common + rng_normal(&rng);
        }
        side->features[net] = (NetFeatures){&nets[net], {side->rows[net], (size_t)(UNITS * per_video), dims}};
    }
    side->data = (MetricData){.features = side->features,
                              .n_features = metric->input == METRIC_SPREAD_FEATURES ? 1 : NETS,
                              .per_video = per_video,
                              .videos = side->videos,
                              .groups = 5,
                              .seed = 4};
}

static void report_in_order(Result *result, const Metric *metric, int dims, uint64_t trial) {
    static Side ours, theirs;
    uint32_t orders[2][UNITS];
    for (uint32_t side = 0; side < 2; side++) {
        Rng rng = rng_stream(14, RNG_TEST, trial, side);
        for (uint32_t i = 0; i < UNITS; i++) orders[side][i] = i;
        if (trial) rng_permutation(&rng, orders[side], UNITS);
    }
    fill_side(&ours, metric, dims, 0, orders[0]);
    fill_side(&theirs, metric, dims, 0.4f, orders[1]);
    memset(result, 0, sizeof *result);
    assert_ok(metric->finish(result, &ours.data, &theirs.data));
}

/* In few dimensions and in more than there are vectors: the two ways of computing. */
static void results_of_feature_metrics_depend_on_the_set_of_vectors_alone(void **state) {
    (void)state;
    static Result first, other;
    const int dims[] = {5, SIDE};
    int tried = 0, intervals = 0;
    for (const Metric *const *metric = metrics; *metric; metric++) {
        if (!metric_wants_features(*metric)) continue;
        for (size_t d = 0; d < 2; d++) {
            report_in_order(&first, *metric, dims[d], 0);
            for (int i = 0; i < first.n_metrics; i++) intervals += first.metrics[i].low < first.metrics[i].high;
            for (uint64_t trial = 1; trial <= TRIALS; trial++) {
                report_in_order(&other, *metric, dims[d], trial);
                if (memcmp(&first, &other, sizeof first) != 0)
                    print_error("%s, %d dimensions, order %d\n", (*metric)->name, dims[d], (int)trial);
                assert_memory_equal(&first, &other, sizeof first);
            }
        }
        tried++;
    }
    assert_true(tried >= 5);
    assert_int_equal(intervals, 2 * (5 + 5 + 2 + 2 + 6)); /* distances, kernels, diversity */
}

int main(void) {
    memory_source_open(&memory, "memory", 8, SAMPLES, SIDE, SIDE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_of_pixel_metrics_depend_on_the_set_of_samples_alone),
        cmocka_unit_test(results_of_feature_metrics_depend_on_the_set_of_vectors_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
