#include "gen_fixture.h"

#include "gen/objects/internal/shape.h"

static SceneObject example(void) {
    return (SceneObject){.kind = SHAPE_RECTANGLE,
                         .radius = 40,
                         .center = {100, 60},
                         .direction = 2.5f,
                         .speed = 1.7f,
                         .acceleration = 0.03f,
                         .rotation = 0.02f,
                         .scale = {0.004f, -0.003f},
                         .shear = {0.002f, -0.005f}};
}

static Pose pose_at(const char *name, const char *set, const SceneObject *object, int t) {
    Variant *variant = fixture_variant(name, set, NULL);
    Pose pose = motion_pose(object, motion_course(object), variant, t);
    variant_free(&variant);
    return pose;
}

static void test_displacement_follows_the_closed_form(void **state) {
    (void)state;
    SceneObject object = example();
    for (int t = 0; t < 200; t++) {
        Pose pose = pose_at("accelerating-shapes", NULL, &object, t);
        double path = 1.7 * t + 0.03 * t * t / 2;
        assert_true(fabs(pose.x - (100 + path * cos(2.5))) <= 1);
        assert_true(fabs(pose.y - (60 + path * sin(2.5))) <= 1);
        assert_true(pose.x == trunc(pose.x) && pose.y == trunc(pose.y));
    }
}

static void test_the_code_law_is_twice_the_physical_acceleration(void **state) {
    (void)state;
    SceneObject physical = example(), code = example();
    code.acceleration = physical.acceleration / 2;
    for (int t = 0; t < 200; t += 33) {
        Pose a = pose_at("accelerating-shapes", "subpixel=true", &physical, t);
        Variant *variant = fixture_variant("accelerating-shapes", "subpixel=true", "accel_law=code", NULL);
        Pose b = motion_pose(&code, motion_course(&code), variant, t);
        variant_free(&variant);
        ASSERT_NEAR(a.x, b.x, 1e-9);
        ASSERT_NEAR(a.y, b.y, 1e-9);
    }
}

static void test_truncation_makes_coordinate_zero_two_pixels_wide(void **state) {
    (void)state;
    SceneObject object = {.radius = 30, .center = {1, 0}, .direction = 3.14159265f, .speed = 0.3f};
    int zero = 0;
    for (int t = 0; t < 12; t++) zero += pose_at("moving-circles", NULL, &object, t).x == 0;
    assert_int_equal(zero, 6); /* 0.7, 0.4, 0.1, -0.2, -0.5 and -0.8; rounding down would give three */
}

static void test_static_objects_stay(void **state) {
    (void)state;
    SceneObject object = example();
    Pose pose = pose_at("static-circles", NULL, &object, 199);
    assert_true(pose.x == 100 && pose.y == 60);
    assert_true(pose.a[0] == 1 && pose.a[1] == 0 && pose.a[2] == 0 && pose.a[3] == 1);
}

/* Shear first, then scale, then rotation. */
static void test_the_transform_is_rotation_times_scale_times_shear(void **state) {
    (void)state;
    SceneObject object = example();
    double t = 150, c = cos(0.02 * t), s = sin(0.02 * t), sx = 1 + 0.004 * t, sy = 1 - 0.003 * t;
    double kx = 0.002 * t, ky = -0.005 * t, scaled[4] = {sx, sx * kx, sy * ky, sy};
    Pose pose = pose_at("transforming-shapes", NULL, &object, 150);
    ASSERT_NEAR(pose.a[0], c * scaled[0] - s * scaled[2], 1e-5);
    ASSERT_NEAR(pose.a[1], c * scaled[1] - s * scaled[3], 1e-5);
    ASSERT_NEAR(pose.a[2], s * scaled[0] + c * scaled[2], 1e-5);
    ASSERT_NEAR(pose.a[3], s * scaled[1] + c * scaled[3], 1e-5);
    double determinant = pose.a[0] * pose.a[3] - pose.a[1] * pose.a[2];
    ASSERT_NEAR(determinant, sx * sy * (1 - kx * ky), 1e-5);
}

static void test_the_compound_law_repeats_one_step(void **state) {
    (void)state;
    SceneObject object = example();
    Pose one = pose_at("transforming-shapes", "transform_law=compound", &object, 1);
    Pose four = pose_at("transforming-shapes", "transform_law=compound", &object, 4);
    Pose five = pose_at("transforming-shapes", "transform_law=compound", &object, 5);
    ASSERT_NEAR(five.a[0], four.a[0] * one.a[0] + four.a[1] * one.a[2], 1e-12);
    ASSERT_NEAR(five.a[3], four.a[2] * one.a[1] + four.a[3] * one.a[3], 1e-12);
}

static void test_objects_a_canvas_outside_are_skipped_until_they_return(void **state) {
    (void)state;
    Variant *code = fixture_variant("accelerating-shapes", NULL);
    Variant *exact = fixture_variant("accelerating-shapes", "cull=exact", NULL);
    const struct {
        double x, y;
        bool culled;
    } cases[] = {{-255, 0, false}, {-256, 0, true}, {511, 511, false}, {512, 0, true}, {0, -256, true}, {0, 600, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Pose pose = {.x = cases[i].x, .y = cases[i].y};
        assert_int_equal(motion_is_culled(&pose, code), cases[i].culled);
        assert_false(motion_is_culled(&pose, exact));
    }
    /* braking at 0.06 from 1.2 turns the object round after 20 frames */
    SceneObject object = {.radius = 30, .center = {510, 100}, .speed = 1.2f, .acceleration = -0.06f};
    Pose before = motion_pose(&object, motion_course(&object), code, 0);
    Pose away = motion_pose(&object, motion_course(&object), code, 20);
    Pose back = motion_pose(&object, motion_course(&object), code, 60);
    assert_false(motion_is_culled(&before, code));
    assert_true(motion_is_culled(&away, code));
    assert_false(motion_is_culled(&back, code));
    variant_free(&code);
    variant_free(&exact);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_displacement_follows_the_closed_form),
        cmocka_unit_test(test_the_code_law_is_twice_the_physical_acceleration),
        cmocka_unit_test(test_truncation_makes_coordinate_zero_two_pixels_wide),
        cmocka_unit_test(test_static_objects_stay),
        cmocka_unit_test(test_the_transform_is_rotation_times_scale_times_shear),
        cmocka_unit_test(test_the_compound_law_repeats_one_step),
        cmocka_unit_test(test_objects_a_canvas_outside_are_skipped_until_they_return),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
