#include "standin_fixture.h"

#include "gen/standin/internal/standin_actions.h"

#include <math.h>

enum { K = STANDIN_ACTIONS_CLASSES };

static void test_a_video_is_a_function_of_seed_and_item(void **state) {
    (void)state;
    check_repeatable("standin-actions", 0, K);
    check_repeatable("standin-actions", 60, K);
    check_repeatable("standin-actions-medium", 60, K);
    check_repeatable("standin-actions-hard", 60, K);
}

static void test_classes_are_balanced_by_item(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-actions", NULL, 60, "test", 1);
    VideoInfo info;
    assert_int_equal(fixture->generator.n_classes, K);
    assert_string_equal(fixture->generator.class_names[K - 1], "sway");
    assert_string_equal(fixture->generator.pictures, "photographs");
    for (uint64_t item = 0; item < 2 * K; item++) {
        assert_int_equal(generator_info(&fixture->generator, item, &info), ERR_NONE);
        assert_int_equal(info.label, item % K);
    }
    standin_fixture_free(fixture);
}

static void test_training_and_test_share_no_photograph_and_no_figure(void **state) {
    (void)state;
    StandinFixture *train = standin_fixture("standin-actions", NULL, 100, "train", 4);
    StandinFixture *test = standin_fixture("standin-actions", NULL, 100, "test", 4);
    for (uint64_t item = 0; item < 500; item++) {
        ActionScene one = action_scene_draw(standin_of(&train->generator), item);
        ActionScene two = action_scene_draw(standin_of(&test->generator), item);
        for (int i = 0; i < one.used.count; i++) assert_int_equal(photo_split(one.used.numbers[i]), SPLIT_TRAIN);
        for (int i = 0; i < two.used.count; i++) assert_int_equal(photo_split(two.used.numbers[i]), SPLIT_TEST);
        assert_true(one.figure.trunk != two.figure.trunk && one.figure.skin[0] != two.figure.skin[0]);
    }
    standin_fixture_free(train);
    standin_fixture_free(test);
}

/* What a frame shows besides the pose. */
enum { OBSERVED = 8 };
static void observe(double out[OBSERVED], const ActionScene *scene) {
    const double seen[OBSERVED] = {
        scene->place.x,        scene->place.ground,    scene->place.height,        scene->figure.trunk,
        scene->figure.skin[0], scene->figure.shirt[1], fabsf(scene->camera.pan_x), scene->place.mirrored};
    memcpy(out, seen, sizeof seen);
}

static void test_figure_place_and_camera_have_the_same_statistics_in_all_classes(void **state) {
    (void)state;
    enum { DRAWS = 2000 };
    StandinFixture *fixture = standin_fixture("standin-actions-hard", NULL, 0, "train", 2);
    ClassMoments moments = {.n_classes = K, .n_seen = OBSERVED};
    for (uint64_t item = 0; item < DRAWS * K; item++) {
        ActionScene scene = action_scene_draw(standin_of(&fixture->generator), item);
        double seen[OBSERVED];
        observe(seen, &scene);
        moments_add(&moments, scene.label, seen);
    }
    check_moments_agree(&moments, 0.2);
    standin_fixture_free(fixture);
}

static void test_idle_limbs_stand_still_and_active_ones_move(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-actions-medium", NULL, 0, "train", 3);
    for (uint64_t item = 0; item < 20 * K; item++) {
        ActionScene scene = action_scene_draw(standin_of(&fixture->generator), item);
        unsigned groups = action_groups(scene.label), moved = 0;
        Pose start = action_scene_pose(&scene, 0);
        for (int t = 1; t < scene.n_frames; t++) {
            Pose pose = action_scene_pose(&scene, t);
            if (memcmp(pose.shoulder, start.shoulder, sizeof pose.shoulder)) moved |= POSE_ARMS;
            if (memcmp(pose.elbow, start.elbow, sizeof pose.elbow)) moved |= POSE_ARMS;
            if (memcmp(pose.hip, start.hip, sizeof pose.hip) || pose.lift != start.lift) moved |= POSE_LEGS;
            if (pose.trunk != start.trunk) moved |= POSE_TRUNK;
        }
        assert_int_equal(moved, groups);
        for (int g = 0; g < POSE_GROUPS; g++) assert_int_equal(scene.held_action[g] < 0, (groups >> g) & 1);
    }
    standin_fixture_free(fixture);
}

static int class_number(const char *name) {
    for (int k = 0; k < K; k++)
        if (strcmp(standin_actions_names[k], name) == 0) return k;
    fail_msg("no action is called %s", name);
    return -1;
}

static void check_reversed(const char *one, const char *two) {
    ActionStyle style = {.side = 1, .vigor = 1, .elbow_bend = 0.2f};
    for (int i = 0; i < 40; i++) {
        float phase = (float)i / 40;
        Pose a = {0}, b = {0};
        action_pose(&a, class_number(one), POSE_ARMS, phase, &style);
        action_pose(&b, class_number(two), POSE_ARMS, -phase, &style);
        assert_float_equal(cosf(a.shoulder[0]), cosf(b.shoulder[0]), 1e-4);
        assert_float_equal(sinf(a.shoulder[0]), sinf(b.shoulder[0]), 1e-4);
    }
}

static void test_pairs_share_their_poses_and_differ_in_the_sense_of_time(void **state) {
    (void)state;
    check_reversed("raise-arms", "lower-arms");
    check_reversed("windmill-out", "windmill-in");
}

static void test_raising_is_slow_and_dropping_fast(void **state) {
    (void)state;
    ActionStyle style = {.vigor = 1};
    int rising = 0;
    for (int i = 0; i < 100; i++) {
        Pose now = {0}, next = {0};
        action_pose(&now, class_number("raise-arms"), POSE_ARMS, ((float)i + 0.5f) / 100, &style);
        action_pose(&next, class_number("raise-arms"), POSE_ARMS, ((float)i + 1.5f) / 100, &style);
        rising += next.shoulder[0] > now.shoulder[0];
    }
    assert_in_range(rising, 73, 77);
}

static void test_poses_are_continuous_over_the_whole_cycle(void **state) {
    (void)state;
    ActionStyle style = {.side = 0, .vigor = 1, .elbow_bend = 0.1f};
    for (int k = 0; k < K; k++) {
        Pose last = {0};
        action_pose(&last, k, action_groups(k), 0, &style);
        for (int i = 1; i <= 1000; i++) {
            Pose pose = {0};
            action_pose(&pose, k, action_groups(k), (float)i / 1000, &style);
            assert_true(fabsf(sinf(pose.shoulder[0]) - sinf(last.shoulder[0])) < 0.05f);
            assert_true(fabsf(pose.hip[0] - last.hip[0]) < 0.05f && fabsf(pose.trunk - last.trunk) < 0.05f);
            assert_true(fabsf(pose.lift - last.lift) < 0.01f);
            last = pose;
        }
    }
}

static void test_the_figure_moves_in_every_class_and_the_background_does_not(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-actions", "length=[32,32]", 60, "test", 6);
    Frames frames = {0};
    for (uint64_t item = 0; item < 2 * K; item++) {
        standin_fixture_render(&frames, fixture, item);
        double most = 0;
        for (int t = 1; t < 32; t++) most = fmax(most, frame_difference(&frames, 0, t));
        assert_true(most > 0.5);
        for (int t = 1; t < 32; t++) assert_memory_equal(frames_at(&frames, 0), frames_at(&frames, t), 3); /* corner */
    }
    frames_free(&frames);
    standin_fixture_free(fixture);
}

static void test_the_camera_of_the_hard_level_moves_the_background(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-actions-hard", "length=[32,32]", 80, "train", 6);
    Frames frames = {0};
    int moved = 0;
    for (uint64_t item = 0; item < K; item++) {
        standin_fixture_render(&frames, fixture, item);
        moved += memcmp(frames_at(&frames, 0), frames_at(&frames, 31), 3 * 32) != 0; /* the top row */
    }
    assert_true(moved > K / 2);
    frames_free(&frames);
    standin_fixture_free(fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_video_is_a_function_of_seed_and_item),
        cmocka_unit_test(test_classes_are_balanced_by_item),
        cmocka_unit_test(test_training_and_test_share_no_photograph_and_no_figure),
        cmocka_unit_test(test_figure_place_and_camera_have_the_same_statistics_in_all_classes),
        cmocka_unit_test(test_idle_limbs_stand_still_and_active_ones_move),
        cmocka_unit_test(test_pairs_share_their_poses_and_differ_in_the_sense_of_time),
        cmocka_unit_test(test_raising_is_slow_and_dropping_fast),
        cmocka_unit_test(test_poses_are_continuous_over_the_whole_cycle),
        cmocka_unit_test(test_the_figure_moves_in_every_class_and_the_background_does_not),
        cmocka_unit_test(test_the_camera_of_the_hard_level_moves_the_background),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
