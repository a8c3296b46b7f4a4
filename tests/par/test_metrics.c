/* Metrics have the same bits on any number of ranks and threads; a failing rank stops all of them. */
#include "analysis/measure/internal/metric_inputs.h"

#include "par_check.h"
#include "support/memory_source.h"

#include <string.h>

enum { VIDEOS = 45, FRAMES = 83, SIDE = 40, CLIP = 6 };

static const CollectPlan frame_plan = {.metrics = {&spectrum_metric, &color_metric}, .n_metrics = 2, .side = SIDE};
static const CollectPlan clip_plan = {.metrics = {&motion_metric}, .n_metrics = 1, .side = SIDE};

static Err collect_frames_all(Collected *out, const ClipSource *source, const Par *par, int threads) {
    SourceExtent extent;
    FrameSampling draws;
    Run run = {.par = *par, .progress = PROGRESS_NONE};
    run.par.threads = threads;
    TRY(frame_sampling_extent(&extent, source));
    TRY(frame_sampling_frames(&draws, source, &extent, FRAMES, 4));
    Err err = collect_all(out, &frame_plan, source, &draws, "frames", &run);
    frame_sampling_free(&draws);
    return err;
}

static void test_frame_states_equal_those_of_one_rank(const Par *par) {
    MemorySource memory;
    Collected one, many, threaded;
    Par alone = par_serial(1);
    memory_source_open(&memory, "memory", 8, VIDEOS, 48, 44);
    CHECK_OK(collect_frames_all(&one, &memory.source, &alone, 1));
    CHECK_OK(collect_frames_all(&many, &memory.source, par, 1));
    CHECK_OK(collect_frames_all(&threaded, &memory.source, par, 2));
    for (int m = 0; m < frame_plan.n_metrics; m++) {
        size_t bytes = frame_plan.metrics[m]->state_sums * sizeof(ExactSum);
        CHECK(one.states[m][0] > 0);
        CHECK(memcmp(one.states[m], many.states[m], bytes) == 0);
        CHECK(memcmp(one.states[m], threaded.states[m], bytes) == 0);
    }
    collected_free(&one);
    collected_free(&many);
    collected_free(&threaded);
}

static void test_clip_states_equal_those_of_one_rank(const Par *par) {
    MemorySource memory;
    Collected one, many;
    FrameSampling draws;
    Run run = {.par = *par, .progress = PROGRESS_NONE}, alone = {.par = par_serial(1), .progress = PROGRESS_NONE};
    memory_source_open(&memory, "memory", 8, VIDEOS, 48, 44);
    CHECK_OK(frame_sampling_clips(&draws, &memory.source, VIDEOS, CLIP, 2, 4));
    CHECK_OK(collect_all(&one, &clip_plan, &memory.source, &draws, "clips", &alone));
    CHECK_OK(collect_all(&many, &clip_plan, &memory.source, &draws, "clips", &run));
    CHECK(exactsum_value(one.states[0][0]) == VIDEOS); /* every clip was counted */
    CHECK(memcmp(one.states[0], many.states[0], motion_metric.state_sums * sizeof(ExactSum)) == 0);
    collected_free(&one);
    collected_free(&many);
    frame_sampling_free(&draws);
}

static void test_a_broken_video_fails_on_all_ranks_with_one_message(const Par *par) {
    MemorySource memory;
    Collected out;
    FrameSampling draws;
    Run run = {.par = *par, .progress = PROGRESS_NONE};
    run.par.threads = 2;
    memory_source_open(&memory, "memory", 8, VIDEOS, 48, 44);
    memory.broken = 30;
    CHECK_OK(frame_sampling_clips(&draws, &memory.source, VIDEOS, CLIP, 2, 4));
    CHECK_ERR(ERR_INPUT, collect_all(&out, &clip_plan, &memory.source, &draws, "clips", &run));
    CHECK(strstr(err_message(), "video 30 is broken") != NULL);
    CHECK(out.storage == NULL);
    frame_sampling_free(&draws);
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    test_frame_states_equal_those_of_one_rank(&par);
    test_clip_states_equal_those_of_one_rank(&par);
    test_a_broken_video_fails_on_all_ranks_with_one_message(&par);
    return par_check_finish_all(&par);
}
