#include "standin_fixture.h"

#include "gen/standin/internal/standin_actions.h"
#include "gen/standin/internal/standin_motion.h"
#include "gen/standin/internal/world.h"

#include <math.h>

enum { PICTURES = 100 };

static const char *const variants[] = {"standin-world-motion", "standin-world-motion-whole",
                                       "standin-world-motion-mixed", "standin-world-motion-orbit",
                                       "standin-world-actions"};

/* Also: things that are left out because no frame asked for shows them change no pixel. */
static void test_a_frame_does_not_depend_on_the_others_asked_for(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) check_repeatable(variants[i], PICTURES, 6);
    check_repeatable("standin-world-motion", 0, 6);
}

static void load(World *world, const StandinFixture *fixture, uint64_t item) {
    const Standin *standin = standin_of(&fixture->generator);
    MotionScene scene = motion_scene_draw(standin, item);
    const int frames[] = {0, 5};
    assert_int_equal(world_load(world, standin, item, &scene.background, scene.used, frames, 2), ERR_NONE);
}

static void test_things_lie_in_depth_order_around_the_actor(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-world-motion", NULL, PICTURES, "train", 3);
    for (uint64_t item = 0; item < 8; item++) {
        World world = {0};
        load(&world, fixture, item);
        assert_int_equal(world.n_behind, 32); /* a fifth of 40 before it */
        for (int i = 1; i < 40; i++) assert_true(world.things[i].depth > world.things[i - 1].depth);
        world_free(&world);
    }
    standin_fixture_free(fixture);
}

static void test_the_background_fills_all_that_the_camera_shows(void **state) {
    (void)state;
    StandinFixture *fixture = standin_fixture("standin-world-motion", NULL, PICTURES, "train", 3);
    for (uint64_t item = 0; item < 40; item++) {
        World world = {0};
        load(&world, fixture, item);
        for (int frame = 0; frame < world.n_frames; frame++) {
            WorldView view = world_view(&world.camera, frame, world.n_frames);
            float half = 16 * view.scale * (fabsf(view.cosine) + fabsf(view.sine));
            float pan = 0.6f * 32 * fmaxf(fabsf(view.pan_x), fabsf(view.pan_y));
            assert_true(half + pan < (float)world.plate.width / 2);
        }
        world_free(&world);
    }
    standin_fixture_free(fixture);
}

/* What a camera without any motion shows is what the scene has; one that moves shows a point of the scene elsewhere,
 * and the same distance between two points, scaled. */
static void test_the_camera_is_a_similarity(void **state) {
    (void)state;
    const PatchPose one = {.x = 3, .y = 20, .angle = 1, .radius = 4}, two = {.x = 17, .y = 9, .radius = 4};
    const WorldView still = {.scale = 1, .cosine = 1};
    PatchPose seen = world_seen(&still, &one, 32);
    assert_float_equal(seen.x, one.x, 1e-5), assert_float_equal(seen.y, one.y, 1e-5);
    assert_float_equal(seen.angle, 1, 0), assert_float_equal(seen.radius, 4, 0);
    const WorldView view = {
        .pan_x = 0.2f, .pan_y = -0.1f, .scale = 1.25f, .cosine = cosf(0.3f), .sine = sinf(0.3f), .roll = 0.3f};
    PatchPose a = world_seen(&view, &one, 32), b = world_seen(&view, &two, 32);
    assert_float_equal(hypotf(a.x - b.x, a.y - b.y), hypotf(14, 11) / 1.25f, 1e-4);
    assert_float_equal(a.radius, 4 / 1.25f, 1e-6);
    /* directions turn against the roll */
    float before = atan2f(two.y - one.y, two.x - one.x), after = atan2f(b.y - a.y, b.x - a.x);
    assert_float_equal(before - after, 0.3f, 1e-4);
    assert_float_equal(a.angle, 1 - 0.3f, 1e-6);
}

/* A pool whose photographs are red where they belong to training and green where they belong to testing. */
static void add_painted_pool(Media *media, int count) {
    enum { SIDE = 40 };
    uint8_t *pixels = calloc((size_t)count, 3 * SIDE * SIDE);
    assert_non_null(pixels);
    for (int i = 0; i < count; i++)
        for (int p = 0; p < SIDE * SIDE; p++) pixels[3 * (i * SIDE * SIDE + p) + (photo_split(i) == SPLIT_TEST)] = 200;
    media->pools[media->n_pools++] = (Pool){.count = count, .height = SIDE, .width = SIDE, .images = pixels};
}

static void test_training_and_test_share_no_photograph(void **state) {
    (void)state;
    static const char *const splits[] = {"train", "test"};
    for (int s = 0; s < 2; s++) {
        Variant *variant = fixture_variant("standin-world-motion", "size=32", NULL, NULL);
        Media media = {0};
        add_painted_pool(&media, 120);
        GeneratorSetup setup = {.variant = variant, .media = &media, .split = splits[s], .seed = 1};
        Generator generator;
        Frames frames = {0};
        assert_int_equal(generator_open(&generator, &setup), ERR_NONE);
        const int numbers[] = {0, 20, 40};
        for (uint64_t item = 0; item < 16; item++) {
            assert_int_equal(generator_render(&generator, item, numbers, 3, &frames), ERR_NONE);
            for (size_t i = 0; i < 3 * frames_frame_bytes(&frames); i += 3) {
                assert_true(frames.data[i + (size_t)s] >= 199);
                assert_int_equal(frames.data[i + (size_t)(1 - s)], 0);
            }
        }
        frames_free(&frames);
        generator_close(&generator);
        fixture_media_free(&media);
        variant_free(&variant);
    }
}

static void test_too_few_photographs_are_named(void **state) {
    (void)state;
    Variant *variant = fixture_variant("standin-world-motion", "size=32", NULL, NULL);
    Media media = {0};
    fixture_add_pool(&media, 30, 40, 40, 7);
    GeneratorSetup setup = {.variant = variant, .media = &media, .split = "test", .seed = 1};
    Generator generator;
    assert_int_equal(generator_open(&generator, &setup), ERR_INPUT);
    assert_non_null(strstr(err_message(), "at least 14 photographs"));
    fixture_media_free(&media);
    variant_free(&variant);
}

static void test_a_world_and_clutter_exclude_each_other(void **state) {
    (void)state;
    static const char *const settings[] = {"standin.motion.clutter=3", "standin.motion.camera_travel=[0.1,0.2]",
                                           "standin.motion.camera_zoom=0.1"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        Variant *variant = fixture_variant("standin-world-motion", "size=32", settings[i], NULL);
        GeneratorSetup setup = {.variant = variant, .media = NULL, .split = "train", .seed = 1};
        Generator generator;
        assert_int_equal(generator_open(&generator, &setup), ERR_USAGE);
        variant_free(&variant);
    }
}

/* Moments over items of what a frame tells of the world: the same at the first, a middle and the last frame. */
static void test_the_world_is_the_same_at_all_times(void **state) {
    (void)state;
    enum { DRAWS = 6000, OBSERVED = 4, TIMES = 3 };
    StandinFixture *fixture = standin_fixture("standin-world-motion", "length=[64,64]", 0, "train", 2);
    static const int frames[TIMES] = {0, 31, 63};
    double sum[TIMES][OBSERVED] = {{0}}, square[TIMES][OBSERVED] = {{0}};
    for (uint64_t item = 0; item < DRAWS; item++) {
        WorldCamera camera = world_camera_draw(standin_of(&fixture->generator), item);
        for (int t = 0; t < TIMES; t++) {
            WorldView view = world_view(&camera, frames[t], 64);
            const double seen[OBSERVED] = {view.pan_x, view.pan_y, log(view.scale), view.roll};
            for (int i = 0; i < OBSERVED; i++) sum[t][i] += seen[i], square[t][i] += seen[i] * seen[i];
        }
    }
    for (int i = 0; i < OBSERVED; i++) {
        double variance = (square[0][i] + square[1][i] + square[2][i]) / (TIMES * DRAWS);
        assert_true(variance > 0);
        for (int t = 0; t < TIMES; t++) {
            assert_true(fabs(sum[t][i] / DRAWS) < 4.5 * sqrt(variance / DRAWS));
            assert_true(fabs(square[t][i] / DRAWS / variance - 1) < 0.1);
        }
    }
    standin_fixture_free(fixture);
}

/* As for the stand-in without a world, and through the camera: place, size and angle of the patch in a random frame. */
static void test_a_single_random_frame_does_not_give_the_class_away(void **state) {
    (void)state;
    enum { DRAWS = 4000, OBSERVED = 5, K = STANDIN_MOTION_CLASSES };
    StandinFixture *fixture = standin_fixture("standin-world-motion", NULL, 0, "train", 2);
    const Standin *standin = standin_of(&fixture->generator);
    ClassMoments moments = {.n_classes = K, .n_seen = OBSERVED};
    for (uint64_t item = 0; item < DRAWS * K; item++) {
        MotionScene scene = motion_scene_draw(standin, item);
        WorldCamera camera = world_camera_draw(standin, item);
        Rng rng = rng_stream(9, RNG_TEST, item, 0);
        int frame = (int)rng_below(&rng, (uint32_t)scene.n_frames);
        PatchPose pose = motion_scene_pose(&scene, frame, 32);
        WorldView view = world_view(&camera, frame, scene.n_frames);
        pose = world_seen(&view, &pose, 32);
        const double seen[OBSERVED] = {pose.x, pose.y, pose.radius, cos(pose.angle), sin(pose.angle)};
        moments_add(&moments, scene.label, seen);
    }
    check_moments_agree(&moments, 0.12);
    standin_fixture_free(fixture);
}

/* The whole frame changes, not only where the actor is: more than in the level without a world. */
static void test_the_whole_frame_moves(void **state) {
    (void)state;
    StandinFixture *world = standin_fixture("standin-world-motion", "length=[32,32]", PICTURES, "train", 6);
    StandinFixture *large = standin_fixture("standin-motion-large", "length=[32,32]", PICTURES, "train", 6);
    Frames a = {0}, b = {0};
    double dense = 0, sparse = 0;
    for (uint64_t item = 0; item < 16; item++) {
        standin_fixture_render(&a, world, item);
        standin_fixture_render(&b, large, item);
        for (int t = 0; t + 4 < 32; t += 4) {
            dense += frame_difference(&a, t, t + 4);
            sparse += frame_difference(&b, t, t + 4);
        }
    }
    assert_true(dense > 1.5 * sparse);
    frames_free(&a), frames_free(&b);
    standin_fixture_free(world);
    standin_fixture_free(large);
}

static void test_the_latents_tell_the_camera(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        const char *variant = k ? "standin-world-actions" : "standin-world-motion";
        StandinFixture *fixture = standin_fixture(variant, NULL, PICTURES, "test", 3);
        const Generator *generator = &fixture->generator;
        char room[GENERATOR_COLUMNS_MAX][64];
        void *columns[GENERATOR_COLUMNS_MAX];
        for (int i = 0; i < GENERATOR_COLUMNS_MAX; i++) columns[i] = room[i];
        assert_int_equal(generator_latents(generator, 5, columns), ERR_NONE);
        int last = generator->n_columns - 1;
        assert_string_equal(generator->columns[last].name, "world_camera");
        WorldCamera camera = world_camera_draw(standin_of(generator), 5);
        assert_memory_equal(columns[last], &camera, sizeof camera);
        standin_fixture_free(fixture);
    }
}

/* Places of the figure over a video: how far it comes in the frame, and how far the camera pans meanwhile. */
static void ways(float *figure, float *camera, const char *setting) {
    StandinFixture *fixture = standin_fixture("standin-world-actions", setting, PICTURES, "train", 3);
    const Standin *standin = standin_of(&fixture->generator);
    *figure = *camera = 0;
    for (uint64_t item = 0; item < 12; item++) {
        ActionScene scene = action_scene_draw(standin, item);
        World world = {.config = &standin->config->world, .side = standin->side};
        WorldCamera path = world_camera_draw(standin, item);
        WorldView first = world_view(&path, 0, scene.n_frames);
        FigurePlace from = action_place_in_world(&scene, &world, &first);
        for (int frame = 1; frame < scene.n_frames; frame++) {
            WorldView view = world_view(&path, frame, scene.n_frames);
            FigurePlace place = action_place_in_world(&scene, &world, &view);
            *figure = fmaxf(*figure, hypotf(place.x - from.x, place.ground - from.ground) / (float)standin->side);
            *camera = fmaxf(*camera, hypotf(view.pan_x - first.pan_x, view.pan_y - first.pan_y));
        }
    }
    standin_fixture_free(fixture);
}

static void test_a_following_camera_keeps_the_figure_in_its_place(void **state) {
    (void)state;
    float figure, camera;
    ways(&figure, &camera, "standin.world.camera_zoom=0");
    assert_true(camera > 0.5f);
    assert_true(figure < 1e-5f);
    ways(&figure, &camera, "standin.world.camera_follows=false");
    assert_true(figure > 0.5f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_does_not_depend_on_the_others_asked_for),
        cmocka_unit_test(test_things_lie_in_depth_order_around_the_actor),
        cmocka_unit_test(test_the_background_fills_all_that_the_camera_shows),
        cmocka_unit_test(test_the_camera_is_a_similarity),
        cmocka_unit_test(test_training_and_test_share_no_photograph),
        cmocka_unit_test(test_too_few_photographs_are_named),
        cmocka_unit_test(test_a_world_and_clutter_exclude_each_other),
        cmocka_unit_test(test_the_world_is_the_same_at_all_times),
        cmocka_unit_test(test_a_single_random_frame_does_not_give_the_class_away),
        cmocka_unit_test(test_the_whole_frame_moves),
        cmocka_unit_test(test_the_latents_tell_the_camera),
        cmocka_unit_test(test_a_following_camera_keeps_the_figure_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
