/* FrameSampling handed over in any order, copies among them, on any number of ranks and threads: the same result to the
 * last bit of every figure and every interval. */
#include "analysis/measure/internal/metric_inputs.h"

#include "par_check.h"
#include "support/memory_source.h"

#include <string.h>

enum { VIDEOS = 40, CLIP = 8, SIDE = 48, COPIES = 5, TRIALS = 3 };

static MemorySource memory, other;

static CollectPlan plan_of(MetricInput input) {
    CollectPlan plan = {.side = SIDE};
    for (const Metric *const *metric = metrics; *metric; metric++)
        if ((*metric)->input == input) plan.metrics[plan.n_metrics++] = *metric;
    return plan;
}

static Err draw(FrameSampling *draws, const ClipSource *source, MetricInput input) {
    SourceExtent extent;
    TRY(frame_sampling_extent(&extent, source));
    return input == METRIC_FRAMES ? frame_sampling_frames(draws, source, &extent, 4 * VIDEOS, 4)
                                  : frame_sampling_clips(draws, source, VIDEOS, CLIP, 1, 4);
}

static void move(FrameSampling *into, int64_t to, const FrameSampling *from, int64_t at) {
    into->videos[to] = from->videos[at];
    memcpy(into->frames + to * into->per_draw, from->frames + at * from->per_draw,
           (size_t)from->per_draw * sizeof(int));
}

/* trial 0: as drawn; else in a random order. The last ones are copies of the first. */
static Err draw_shuffled(FrameSampling *draws, const ClipSource *source, MetricInput input, int trial) {
    FrameSampling drawn;
    uint32_t order[4 * VIDEOS];
    Rng rng = rng_stream(13, RNG_TEST, (uint64_t)trial, 0);
    TRY(draw(&drawn, source, input));
    TRY(draw(draws, source, input));
    for (int64_t i = 0; i < COPIES; i++) move(&drawn, drawn.count - 1 - i, &drawn, i);
    for (uint32_t i = 0; i < (uint32_t)drawn.count; i++) order[i] = i;
    if (trial) rng_permutation(&rng, order, (uint32_t)drawn.count);
    for (int64_t i = 0; i < drawn.count; i++) move(draws, i, &drawn, order[i]);
    frame_sampling_free(&drawn);
    return ERR_NONE;
}

static MetricData data_of(const Collected *collected, int metric) {
    return (MetricData){.state = collected->states[metric],
                        .chunks = collected->chunks[metric],
                        .chunk_stride = collected->state_sums,
                        .n_chunks = collected->n_chunks,
                        .groups = JACKKNIFE_GROUPS,
                        .seed = 6};
}

/* Both sides are collected in the order of `trial`. */
static Err report_all(Result *result, MetricInput input, int trial, const Par *par, int threads) {
    Run run = {.par = *par, .progress = PROGRESS_NONE};
    CollectPlan plan = plan_of(input);
    Collected ours, theirs;
    FrameSampling draws[2];
    run.par.threads = threads;
    TRY(draw_shuffled(&draws[0], &memory.source, input, trial));
    TRY(draw_shuffled(&draws[1], &other.source, input, trial));
    TRY(collect_all(&ours, &plan, &memory.source, &draws[0], "dataset", &run));
    TRY(collect_all(&theirs, &plan, &other.source, &draws[1], "reference", &run));
    memset(result, 0, sizeof *result);
    for (int m = 0; m < plan.n_metrics; m++) {
        MetricData data = data_of(&ours, m), reference = data_of(&theirs, m);
        TRY(plan.metrics[m]->finish(result, &data, &reference));
    }
    for (int side = 0; side < 2; side++) frame_sampling_free(&draws[side]);
    collected_free(&ours);
    collected_free(&theirs);
    return ERR_NONE;
}

static void test_order_and_ranks_change_no_bit(const Par *par, MetricInput input, int figures) {
    static Result first, shuffled;
    Par alone = par_serial(1);
    CHECK_OK(report_all(&first, input, 0, &alone, 1));
    CHECK(first.n_metrics == figures);
    for (int trial = 0; trial <= TRIALS; trial++) {
        CHECK_OK(report_all(&shuffled, input, trial, par, 1 + trial % 2));
        CHECK(memcmp(&first, &shuffled, sizeof first) == 0);
    }
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    memory_source_open(&memory, "memory", 8, VIDEOS, SIDE, SIDE);
    memory_source_open(&other, "other", 9, VIDEOS, SIDE, SIDE);
    test_order_and_ranks_change_no_bit(&par, METRIC_FRAMES, 8);
    test_order_and_ranks_change_no_bit(&par, METRIC_CLIPS, 9);
    return par_check_finish_all(&par);
}
