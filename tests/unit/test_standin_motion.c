#include "standin_fixture.h"

#include "gen/standin/internal/standin_motion.h"

#include <math.h>

enum { K = STANDIN_MOTION_CLASSES };

static void test_a_video_is_a_function_of_seed_and_item(void **state) {
    (void)state;
    check_repeatable("standin-motion", 0, K);
    check_repeatable("standin-motion", 40, K);
}

static void test_classes_are_balanced_by_item(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-motion", NULL, 0, "train", 1);
    VideoInfo info;
    assert_int_equal(fixture->generator.n_classes, K);
    for (uint64_t item = 0; item < 3 * K; item++) {
        assert_int_equal(generator_info(&fixture->generator, item, &info), ERR_NONE);
        assert_int_equal(info.label, item % K);
        assert_in_range(info.n_frames, 64, 80);
    }
    assert_string_equal(fixture->generator.pictures, "procedural");
    standin_fixture_free(fixture);
}

static void test_training_and_test_share_no_photograph(void **state) {
    (void)state;
    enum { PICTURES = 120 };
    bool seen[2][PICTURES] = {{0}};
    const char *splits[] = {"train", "test"};
    for (int s = 0; s < 2; s++) {
        StandinFixture *fixture = standin_fixture("standin-motion", NULL, PICTURES, splits[s], 4);
        for (uint64_t item = 0; item < 2000; item++) {
            MotionScene scene = motion_scene_draw(standin_of(&fixture->generator), item);
            assert_int_not_equal(scene.background.number, scene.patch.number);
            seen[s][scene.background.number] = seen[s][scene.patch.number] = true;
        }
        standin_fixture_free(fixture);
    }
    int count[2] = {0};
    for (int i = 0; i < PICTURES; i++) {
        assert_false(seen[0][i] && seen[1][i]);
        for (int s = 0; s < 2; s++) count[s] += seen[s][i];
    }
    assert_int_equal(count[0] + count[1], PICTURES); /* every photograph is used by one of them */
    assert_true(count[0] > 2 * count[1]);
}

/* Everything a single frame shows of the patch. */
static void observe(double out[5], const MotionScene *scene, int frame) {
    PatchPose pose = motion_scene_pose(scene, frame, 1);
    const double seen[] = {pose.x, pose.y, pose.radius, cos(pose.angle), sin(pose.angle)};
    memcpy(out, seen, sizeof seen);
}

static void test_a_single_random_frame_does_not_give_the_class_away(void **state) {
    (void)state;
    enum { DRAWS = 4000, OBSERVED = 5 };
    StandinFixture *fixture = standin_fixture("standin-motion", NULL, 0, "train", 2);
    ClassMoments moments = {.n_classes = K, .n_seen = OBSERVED};
    for (uint64_t item = 0; item < DRAWS * K; item++) {
        MotionScene scene = motion_scene_draw(standin_of(&fixture->generator), item);
        Rng rng = rng_stream(9, RNG_TEST, item, 0);
        double seen[OBSERVED];
        observe(seen, &scene, (int)rng_below(&rng, (uint32_t)scene.n_frames));
        moments_add(&moments, scene.label, seen);
    }
    check_moments_agree(&moments, 0.12);
    standin_fixture_free(fixture);
}

static void test_each_class_moves_its_own_freedom_its_own_way(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-motion", NULL, 0, "train", 3);
    static const double expected[K][4] = {{-1, 0, 0, 0}, {1, 0, 0, 0},  {0, -1, 0, 0}, {0, 1, 0, 0},
                                          {0, 0, 1, 0},  {0, 0, -1, 0}, {0, 0, 0, 1},  {0, 0, 0, -1}};
    for (uint64_t item = 0; item < 40 * K; item++) {
        MotionScene scene = motion_scene_draw(standin_of(&fixture->generator), item);
        PatchPose first = motion_scene_pose(&scene, 0, 1), last = motion_scene_pose(&scene, scene.n_frames - 1, 1);
        double moved[] = {last.x - first.x, last.y - first.y, last.angle - first.angle, last.radius - first.radius};
        for (int i = 0; i < 4; i++) {
            double want = expected[scene.label][i];
            if (want == 0)
                assert_float_equal(moved[i], 0, 0);
            else
                assert_true(moved[i] * want > 0.02);
        }
    }
    standin_fixture_free(fixture);
}

static void test_the_patch_is_seen_and_moves_in_every_class(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-motion", "length=[32,32]", 40, "test", 6);
    Frames frames = {0};
    for (uint64_t item = 0; item < 3 * K; item++) {
        standin_fixture_render(&frames, fixture, item);
        assert_true(frame_difference(&frames, 0, 31) > 1);
        assert_true(frame_difference(&frames, 0, 31) > frame_difference(&frames, 15, 16));
    }
    frames_free(&frames);
    standin_fixture_free(fixture);
}

static void test_clutter_changes_the_background_only(void **state) {
    (void)state;
    StandinFixture *plain = standin_fixture("standin-motion", NULL, 0, "train", 3);
    StandinFixture *full = standin_fixture("standin-motion", "standin.motion.clutter=6", 0, "train", 3);
    Frames a = {0}, b = {0};
    MotionScene one = motion_scene_draw(standin_of(&plain->generator), 0);
    MotionScene two = motion_scene_draw(standin_of(&full->generator), 0);
    PatchPose pose = motion_scene_pose(&one, 5, 32), same = motion_scene_pose(&two, 5, 32);
    assert_memory_equal(&pose, &same, sizeof pose);
    standin_fixture_render(&a, plain, 0);
    standin_fixture_render(&b, full, 0);
    assert_memory_not_equal(a.data, b.data, frames_frame_bytes(&a));
    frames_free(&a), frames_free(&b);
    standin_fixture_free(plain);
    standin_fixture_free(full);
}

/* The level "busy" with its clutter held still and as it is: the same patch in the same place, more change around it.
 */
static void test_clutter_drifts_when_it_has_a_path(void **state) {
    (void)state;
    StandinFixture *still =
        standin_fixture("standin-motion-busy", "standin.motion.clutter_travel=[0,0]", 40, "train", 3);
    StandinFixture *busy = standin_fixture("standin-motion-busy", NULL, 40, "train", 3);
    Frames a = {0}, b = {0};
    double change_still = 0, change_busy = 0;
    for (uint64_t item = 0; item < K; item++) {
        MotionScene one = motion_scene_draw(standin_of(&still->generator), item);
        MotionScene two = motion_scene_draw(standin_of(&busy->generator), item);
        PatchPose pose = motion_scene_pose(&one, 5, 32), same = motion_scene_pose(&two, 5, 32);
        assert_memory_equal(&pose, &same, sizeof pose);
        standin_fixture_render(&a, still, item);
        standin_fixture_render(&b, busy, item);
        change_still += frame_difference(&a, 0, a.n_frames - 1);
        change_busy += frame_difference(&b, 0, b.n_frames - 1);
    }
    assert_true(change_busy > 1.2 * change_still);
    frames_free(&a), frames_free(&b);
    standin_fixture_free(still);
    standin_fixture_free(busy);
}

static void test_the_camera_moves_the_background_and_not_the_patch(void **state) {
    (void)state;
    StandinFixture *still = standin_fixture("standin-motion", NULL, 0, "train", 3);
    StandinFixture *panned = standin_fixture("standin-motion", "standin.motion.camera_travel=[0.4,0.6]", 0, "train", 3);
    for (uint64_t item = 0; item < K; item++) {
        MotionScene one = motion_scene_draw(standin_of(&still->generator), item);
        MotionScene two = motion_scene_draw(standin_of(&panned->generator), item);
        PatchPose pose = motion_scene_pose(&one, 5, 32), same = motion_scene_pose(&two, 5, 32);
        assert_memory_equal(&pose, &same, sizeof pose);
        assert_float_equal(hypotf(one.camera.pan_x, one.camera.pan_y), 0, 0);
        assert_true(hypotf(two.camera.pan_x, two.camera.pan_y) > 0.399f);
        Frames frames = {0}; /* a corner far from the patch: the same in a still film, another after a pan */
        standin_fixture_render(&frames, panned, item);
        int last = frames.n_frames - 1, corner = pose.x > 16 ? 0 : frames.width - 4;
        assert_memory_not_equal(frames_at(&frames, 0) + 3 * corner, frames_at(&frames, last) + 3 * corner, 12);
        frames_free(&frames);
    }
    standin_fixture_free(still);
    standin_fixture_free(panned);
}

static void test_latents_are_those_of_the_scene(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-motion", NULL, 0, "train", 8);
    float values[GENERATOR_COLUMNS_MAX][8];
    void *columns[GENERATOR_COLUMNS_MAX];
    for (int c = 0; c < fixture->generator.n_columns; c++) {
        columns[c] = values[c];
        assert_true(fixture->generator.columns[c].rows * fixture->generator.columns[c].cols <= 8);
    }
    MotionScene scene = motion_scene_draw(standin_of(&fixture->generator), 12);
    assert_int_equal(generator_latents(&fixture->generator, 12, columns), ERR_NONE);
    int32_t number;
    memcpy(&number, values[1], sizeof number);
    assert_string_equal(fixture->generator.columns[1].name, "patch_photo");
    assert_int_equal(number, scene.patch.number);
    assert_string_equal(fixture->generator.columns[4].name, "rate");
    assert_memory_equal(values[4], scene.rate, sizeof scene.rate);
    assert_string_equal(fixture->generator.columns[6].name, "camera");
    assert_memory_equal(values[6], &scene.camera, sizeof scene.camera);
    standin_fixture_free(fixture);
}

static void expect_refused(const char *set, const char *split, int pictures, Err expected, const char *word) {
    Variant *variant = fixture_variant("standin-motion", set, NULL);
    Media media = {0};
    if (pictures) fixture_add_pool(&media, pictures, 16, 16, 1);
    Generator generator;
    GeneratorSetup setup = {.variant = variant, .media = &media, .split = split, .seed = 1};
    assert_int_equal(generator_open(&generator, &setup), expected);
    assert_non_null(strstr(err_message(), word));
    fixture_media_free(&media);
    variant_free(&variant);
}

static void test_bad_settings_are_refused(void **state) {
    (void)state;
    expect_refused("size=32", "validation", 0, ERR_USAGE, "generate.split");
    expect_refused("length=[1,1]", "train", 0, ERR_USAGE, "length");
    expect_refused("size=32", "test", 1, ERR_INPUT, "photographs");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_video_is_a_function_of_seed_and_item),
        cmocka_unit_test(test_classes_are_balanced_by_item),
        cmocka_unit_test(test_training_and_test_share_no_photograph),
        cmocka_unit_test(test_a_single_random_frame_does_not_give_the_class_away),
        cmocka_unit_test(test_each_class_moves_its_own_freedom_its_own_way),
        cmocka_unit_test(test_the_patch_is_seen_and_moves_in_every_class),
        cmocka_unit_test(test_clutter_changes_the_background_only),
        cmocka_unit_test(test_clutter_drifts_when_it_has_a_path),
        cmocka_unit_test(test_the_camera_moves_the_background_and_not_the_patch),
        cmocka_unit_test(test_latents_are_those_of_the_scene),
        cmocka_unit_test(test_bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
