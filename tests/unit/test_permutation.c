/* What a metric reports is a function of the set of its samples: the same bits in whatever order they are handed over,
 * in whatever parts they are added up, and with copies among them. Every metric of the list is put to it. */
#include "analysis/metric.h"

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

int main(void) {
    memory_source_open(&memory, "memory", 8, SAMPLES, SIDE, SIDE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_of_pixel_metrics_depend_on_the_set_of_samples_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
