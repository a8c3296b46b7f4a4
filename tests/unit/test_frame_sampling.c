#include "analysis/measure/internal/metric_inputs.h"

#include "support/memory_source.h"
#include "support/unit.h"

enum { VIDEOS = 40 };

static MemorySource memory;

static void frames_are_distinct_sorted_and_inside_their_videos(void **state) {
    (void)state;
    SourceExtent extent;
    FrameSampling draws;
    assert_ok(frame_sampling_extent(&extent, &memory.source));
    assert_ok(frame_sampling_frames(&draws, &memory.source, &extent, 200, 5));
    for (int64_t i = 0; i < draws.count; i++) {
        VideoInfo info;
        assert_ok(clip_source_info(&memory.source, 0, draws.videos[i], &info));
        assert_in_range(draws.frames[i], 0, info.n_frames - 1);
        if (i > 0)
            assert_true(draws.videos[i] > draws.videos[i - 1] ||
                        (draws.videos[i] == draws.videos[i - 1] && draws.frames[i] > draws.frames[i - 1]));
    }
    frame_sampling_free(&draws);
}

static void asking_for_all_frames_gives_every_frame_once(void **state) {
    (void)state;
    SourceExtent extent;
    FrameSampling draws;
    assert_ok(frame_sampling_extent(&extent, &memory.source));
    assert_ok(frame_sampling_frames(&draws, &memory.source, &extent, extent.frames, 5));
    int64_t at = 0;
    for (int64_t video = 0; video < VIDEOS; video++) {
        VideoInfo info;
        assert_ok(clip_source_info(&memory.source, 0, video, &info));
        for (int frame = 0; frame < info.n_frames; frame++, at++) {
            assert_int_equal(draws.videos[at], video);
            assert_int_equal(draws.frames[at], frame);
        }
    }
    assert_int_equal(at, draws.count);
    frame_sampling_free(&draws);
}

static void every_frame_is_drawn_equally_often(void **state) {
    (void)state;
    MemorySource small;
    SourceExtent extent;
    int hits[12] = {0}, rounds = 6000;
    memory_source_open(&small, "one", 1, 1, 32, 32); /* one video of 12 frames */
    assert_ok(frame_sampling_extent(&extent, &small.source));
    for (int round = 0; round < rounds; round++) {
        FrameSampling draws;
        assert_ok(frame_sampling_frames(&draws, &small.source, &extent, 3, (uint64_t)round));
        for (int i = 0; i < 3; i++) hits[draws.frames[i]]++;
        frame_sampling_free(&draws);
    }
    for (int i = 0; i < 12; i++) assert_in_range(hits[i], 1500 - 170, 1500 + 170); /* 5 standard deviations */
}

static void clips_stay_inside_and_spread_frames_cover_the_same_videos(void **state) {
    (void)state;
    FrameSampling clips, spread;
    assert_ok(frame_sampling_clips(&clips, &memory.source, 25, 8, 2, 9));
    assert_ok(frame_sampling_spread(&spread, &memory.source, 25, 4, 9));
    for (int i = 0; i < 25; i++) {
        VideoInfo info;
        assert_int_equal(clips.videos[i], spread.videos[i]);
        assert_ok(clip_source_info(&memory.source, 0, clips.videos[i], &info));
        for (int f = 0; f < 8; f++) assert_in_range(clips.frames[i * 8 + f], 0, info.n_frames - 1);
        assert_int_equal(spread.frames[i * 4], info.n_frames / 8);
        assert_int_equal(spread.frames[i * 4 + 3], 7 * info.n_frames / 8);
    }
    frame_sampling_free(&clips);
    frame_sampling_free(&spread);
}

static void another_seed_draws_other_videos(void **state) {
    (void)state;
    FrameSampling a, b, again;
    assert_ok(frame_sampling_clips(&a, &memory.source, 20, 8, 2, 1));
    assert_ok(frame_sampling_clips(&b, &memory.source, 20, 8, 2, 2));
    assert_ok(frame_sampling_clips(&again, &memory.source, 20, 8, 2, 1));
    assert_memory_not_equal(a.videos, b.videos, 20 * sizeof *a.videos);
    assert_memory_equal(a.videos, again.videos, 20 * sizeof *a.videos);
    assert_memory_equal(a.frames, again.frames, 160 * sizeof *a.frames);
    frame_sampling_free(&a);
    frame_sampling_free(&b);
    frame_sampling_free(&again);
}

static void any_order_is_brought_into_the_canonical_one(void **state) {
    (void)state;
    enum { FRAMES = 4 };
    FrameSampling draws, mixed;
    assert_ok(frame_sampling_clips(&draws, &memory.source, 30, FRAMES, 2, 9));
    draws.videos[7] = draws.videos[6]; /* one video twice, its clips told apart by their frames */
    for (int f = 0; f < FRAMES; f++) draws.frames[7 * FRAMES + f] = draws.frames[6 * FRAMES + f] + (f == FRAMES - 1);
    for (int trial = 0; trial < 5; trial++) {
        uint32_t order[30];
        Rng rng = rng_stream(2, RNG_TEST, (uint64_t)trial, 0);
        rng_permutation(&rng, order, 30);
        assert_ok(frame_sampling_clips(&mixed, &memory.source, 30, FRAMES, 2, 9));
        for (int i = 0; i < 30; i++) {
            mixed.videos[i] = draws.videos[order[i]];
            memcpy(mixed.frames + i * FRAMES, draws.frames + order[i] * FRAMES, FRAMES * sizeof(int));
        }
        assert_ok(frame_sampling_sort(&mixed));
        assert_memory_equal(mixed.videos, draws.videos, 30 * sizeof *draws.videos);
        assert_memory_equal(mixed.frames, draws.frames, 30 * FRAMES * sizeof *draws.frames);
        frame_sampling_free(&mixed);
    }
    frame_sampling_free(&draws);
}

int main(void) {
    memory_source_open(&memory, "forty", 3, VIDEOS, 40, 48);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_distinct_sorted_and_inside_their_videos),
        cmocka_unit_test(asking_for_all_frames_gives_every_frame_once),
        cmocka_unit_test(every_frame_is_drawn_equally_often),
        cmocka_unit_test(clips_stay_inside_and_spread_frames_cover_the_same_videos),
        cmocka_unit_test(another_seed_draws_other_videos),
        cmocka_unit_test(any_order_is_brought_into_the_canonical_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
