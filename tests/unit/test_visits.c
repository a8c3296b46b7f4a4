/* gen/dataset/visits - two datasets as one: shares, fresh draws in every epoch, all videos in time, the same again. */
#include "gen/dataset/sources.h"

#include "support/unit.h"

enum { MADE = 400, REAL = 300 };

/* Closing frees, so each source is one of its own; its videos have as many frames as their number says. */
static Err numbered_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    (void)epoch;
    *info = (VideoInfo){(int)index + (source->count == REAL ? 10000 : 1), 8, 8, -1};
    return ERR_NONE;
}

static void numbered_close(ClipSource *source) {
    free(source);
}

static const ClipSourceOps numbered_ops = {.kind = "numbered", .info = numbered_info, .close = numbered_close};

static ClipSource *numbered(int64_t count, const char *name) {
    ClipSource *source = calloc(1, sizeof *source);
    *source = (ClipSource){.ops = &numbered_ops, .count = count};
    assert_ok(text_copy(source->name, sizeof source->name, name));
    assert_ok(text_copy(source->digest, sizeof source->digest, name));
    return source;
}

static ClipSource *open_visits(double share, uint64_t seed) {
    ClipSource *source;
    assert_ok(visits_open(&source, numbered(MADE, "shapes-ucf-25"), numbered(REAL, "ucf101"), share, seed));
    return source;
}

static int shown(const ClipSource *source, int64_t epoch, int64_t visit) {
    VideoInfo info;
    assert_ok(clip_source_info(source, epoch, visit, &info));
    return info.n_frames;
}

static void test_the_last_share_of_an_epoch_is_real(void **state) {
    (void)state;
    ClipSource *source = open_visits(0.25, 1);
    assert_int_equal(source->count, MADE);
    assert_string_equal(source->name, "shapes-ucf-25");
    for (int64_t epoch = 0; epoch < 3; epoch++)
        for (int64_t visit = 0; visit < MADE; visit++)
            assert_int_equal(shown(source, epoch, visit) >= 10000, visit >= 300);
    clip_source_close(&source);
}

static void test_every_real_video_is_shown_in_time(void **state) {
    (void)state;
    ClipSource *source = open_visits(0.25, 1);
    bool seen[REAL] = {false};
    int first = 0, all = 0;
    for (int64_t epoch = 0; epoch < 40; epoch++) {
        for (int64_t visit = 300; visit < MADE; visit++) seen[shown(source, epoch, visit) - 10000] = true;
        all = 0;
        for (int i = 0; i < REAL; i++) all += seen[i];
        if (epoch == 0) first = all;
    }
    assert_in_range(first, 70, 100); /* 100 draws of 300 */
    assert_int_equal(all, REAL);
    clip_source_close(&source);
}

static void test_a_visit_is_a_function_of_seed_epoch_and_number(void **state) {
    (void)state;
    ClipSource *a = open_visits(0.5, 7), *b = open_visits(0.5, 7), *c = open_visits(0.5, 8);
    int other_seed = 0, other_epoch = 0;
    for (int64_t visit = 0; visit < MADE; visit++) {
        assert_int_equal(shown(a, 3, visit), shown(b, 3, visit));
        other_seed += shown(a, 3, visit) != shown(c, 3, visit);
        other_epoch += shown(a, 3, visit) != shown(a, 4, visit);
    }
    assert_true(other_seed > 350 && other_epoch > 350);
    assert_string_not_equal(a->digest, c->digest);
    assert_string_equal(a->digest, b->digest);
    clip_source_close(&a);
    clip_source_close(&b);
    clip_source_close(&c);
}

static void test_what_cannot_be_mixed_is_refused(void **state) {
    (void)state;
    ClipSource *source, *live = numbered(MADE, "live");
    live->endless = true;
    assert_fails(visits_open(&source, live, numbered(REAL, "ucf101"), 0.5, 1), ERR_USAGE,
                 "other videos in every epoch");
    assert_null(source);
    assert_fails(visits_open(&source, numbered(MADE, "a"), numbered(REAL, "b"), 1.5, 1), ERR_USAGE, "a share of 1.5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_share_of_an_epoch_is_real),
        cmocka_unit_test(test_every_real_video_is_shown_in_time),
        cmocka_unit_test(test_a_visit_is_a_function_of_seed_epoch_and_number),
        cmocka_unit_test(test_what_cannot_be_mixed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
