#include "gen_fixture.h"

#include "gen/objects/internal/shape.h"

enum { CANVAS = 700 };

static int left_of[CANVAS], right_of[CANVAS];

static Spans spans_of(const Outline *outline) {
    Spans spans = {.left = left_of, .right = right_of};
    shape_spans(&spans, outline, CANVAS);
    return spans;
}

static long area_of(const Spans *spans) {
    long area = 0;
    for (int y = spans->top; y <= spans->bottom; y++)
        if (spans->left[y] <= spans->right[y]) area += spans->right[y] - spans->left[y] + 1;
    return area;
}

static Outline disc(double x, double y, double r) {
    return (Outline){.round = true, .x = x, .y = y, .m = {r, 0, 0, r}};
}

/* Filled with the boundary, discs are fatter than pi r^2; the released generator's discs are the reference. */
static void test_discs_have_the_area_of_the_released_ones(void **state) {
    (void)state;
    static const struct {
        int r;
        long area;
    } known[] = {{25, 2041}, {60, 11475}, {128, 51779}, {256, 206420}};
    for (size_t i = 0; i < 4; i++) {
        Outline outline = disc(350, 350, known[i].r);
        Spans spans = spans_of(&outline);
        ASSERT_NEAR((double)area_of(&spans) / (double)known[i].area, 1, 0.01);
    }
}

static void test_discs_stay_within_a_pixel_of_their_circle(void **state) {
    (void)state;
    for (int r = 25; r <= 255; r += 23) {
        Outline outline = disc(350, 350, r);
        Spans spans = spans_of(&outline);
        for (int y = 0; y < CANVAS; y++)
            for (int x = 0; x < CANVAS; x++) {
                bool inside = y >= spans.top && y <= spans.bottom && x >= spans.left[y] && x <= spans.right[y];
                double distance = hypot(x - 350, y - 350);
                if (inside)
                    assert_true(distance <= r + 1);
                else
                    assert_true(distance > r - 1);
            }
    }
}

static void test_turned_ellipses_stay_within_a_pixel_of_their_curve(void **state) {
    (void)state;
    Outline outline = {.round = true, .x = 340, .y = 360, .m = {150, 60, -40, 90}};
    Spans spans = spans_of(&outline);
    double determinant = 150 * 90 + 60 * 40, smallest = 70; /* below the smaller semi-axis */
    for (int y = 0; y < CANVAS; y++)
        for (int x = 0; x < CANVAS; x++) {
            bool inside = y >= spans.top && y <= spans.bottom && x >= spans.left[y] && x <= spans.right[y];
            double dx = x - 340, dy = y - 360;
            double u = (90 * dx - 60 * dy) / determinant, v = (40 * dx + 150 * dy) / determinant, radius = hypot(u, v);
            if (inside)
                assert_true(radius <= 1 + 1 / smallest);
            else
                assert_true(radius > 1 - 1 / smallest);
        }
    ASSERT_NEAR((double)area_of(&spans) / (3.14159265 * determinant), 1, 0.02);
}

/* Filling row by row equals drawing every line pixel by pixel, also across the canvas's edges. */
static void test_polygon_rows_equal_the_lines_drawn_plainly(void **state) {
    (void)state;
    static int left_ref[CANVAS], right_ref[CANVAS];
    Rng rng = rng_stream(3, RNG_TEST, 0, 0);
    for (int i = 0; i < 3000; i++) {
        Outline outline = {.n_points = rng_between(&rng, 3, 4)};
        int reach = i % 3 == 0 ? 8 : 400; /* small ones have many ties and single points */
        for (int p = 0; p < outline.n_points; p++)
            for (int c = 0; c < 2; c++) outline.point[p][c] = rng_between(&rng, -reach / 2, reach);
        Spans spans = {.left = left_of, .right = right_of}, plain = {.left = left_ref, .right = right_ref};
        shape_spans(&spans, &outline, 256);
        shape_spans_ref(&plain, &outline, 256);
        for (int y = 0; y < 256; y++) {
            bool any = y >= spans.top && y <= spans.bottom && spans.left[y] <= spans.right[y];
            assert_int_equal(any, plain.left[y] <= plain.right[y]);
            if (!any) continue;
            assert_int_equal(spans.left[y], plain.left[y]);
            assert_int_equal(spans.right[y], plain.right[y]);
        }
    }
}

static void test_a_square_includes_its_boundary(void **state) {
    (void)state;
    Outline outline = {.n_points = 4, .point = {{10, 20}, {30, 20}, {30, 40}, {10, 40}}};
    Spans spans = spans_of(&outline);
    assert_int_equal(area_of(&spans), 21 * 21);
    assert_int_equal(spans.top, 20);
    assert_int_equal(spans.bottom, 40);
}

static SceneObject object_of(ShapeKind kind, int radius) {
    return (SceneObject){.kind = kind, .radius = radius, .center = {270, 290}, .angles = {0.7f, 2.9f, 4.0f, 5.5f}};
}

static void test_polygons_lie_in_their_box(void **state) {
    (void)state;
    Variant *variant = fixture_variant("moving-shapes", NULL);
    for (int kind = SHAPE_SQUARE; kind < SHAPE_KIND_COUNT; kind++) {
        SceneObject object = object_of((ShapeKind)kind, 60);
        Body body;
        shape_body(&body, &object, variant);
        assert_int_equal(body.n_corners, kind == SHAPE_TRIANGLE ? 3 : 4);
        for (int i = 0; i < body.n_corners; i++)
            for (int c = 0; c < 2; c++) assert_true(body.corner[i][c] >= 0 && body.corner[i][c] <= 120);
    }
    SceneObject square = object_of(SHAPE_SQUARE, 60);
    Body body;
    shape_body(&body, &square, variant);
    assert_true(body.corner[2][0] == 84 && body.corner[2][1] == 84); /* trunc(60 sqrt 2) */
    variant_free(&variant);
}

static double polygon_area(const Body *body) {
    double twice = 0;
    for (int i = 0; i < body->n_corners; i++) {
        const double *a = body->corner[i], *b = body->corner[(i + 1) % body->n_corners];
        twice += a[0] * b[1] - a[1] * b[0];
    }
    return fabs(twice) / 2;
}

static double perimeter(const Outline *outline) {
    double length = 0;
    for (int i = 0; i < outline->n_points; i++) {
        const int *a = outline->point[i], *b = outline->point[(i + 1) % outline->n_points];
        length += hypot(a[0] - b[0], a[1] - b[1]);
    }
    return length;
}

static void test_a_transform_scales_the_area_by_its_determinant(void **state) {
    (void)state;
    Variant *variant = fixture_variant("transforming-shapes", NULL);
    SceneObject object = object_of(SHAPE_RECTANGLE, 120);
    object.rotation = 0.03f;
    object.scale[0] = 0.004f;
    object.scale[1] = -0.002f;
    object.shear[0] = 0.003f;
    Body body;
    shape_body(&body, &object, variant);
    for (int t = 0; t < 200; t += 20) {
        Pose pose = motion_pose(&object, body.course, variant, t);
        Outline outline;
        shape_outline(&outline, &body, &object, &pose, variant, t);
        Spans spans = spans_of(&outline);
        double determinant = fabs(pose.a[0] * pose.a[3] - pose.a[1] * pose.a[2]);
        /* half a pixel of rim, and up to a pixel by truncated corners */
        ASSERT_NEAR(area_of(&spans), determinant * polygon_area(&body), 1 + perimeter(&outline));
    }
    variant_free(&variant);
}

/* The pivot stays where it would be without the transform. */
static void test_the_pivot_does_not_move_under_a_transform(void **state) {
    (void)state;
    Variant *variant = fixture_variant("transforming-shapes", NULL);
    SceneObject object = object_of(SHAPE_TRIANGLE, 61);
    object.rotation = 0.02f;
    object.scale[0] = -0.003f;
    object.shear[1] = 0.004f;
    Body body;
    shape_body(&body, &object, variant);
    assert_true(body.pivot[0] == 30 && body.pivot[1] == 30); /* floor(61 / 2) */
    for (int t = 0; t < 200; t += 50) {
        Pose pose = motion_pose(&object, body.course, variant, t);
        TextureMap map = shape_texture_map(&body, &pose, variant);
        double x = pose.x + 30, y = pose.y + 30;
        ASSERT_NEAR(map.origin[0] + x * map.dx[0] + y * map.dy[0], 30, 1e-9);
        ASSERT_NEAR(map.origin[1] + x * map.dx[1] + y * map.dy[1], 30, 1e-9);
    }
    variant_free(&variant);
}

static void test_objects_out_of_sight_are_told_from_those_in_it(void **state) {
    (void)state;
    Variant *variant = fixture_variant("accelerating-shapes", "cull=exact", NULL);
    Rng rng = rng_stream(8, RNG_TEST, 0, 0);
    int touching = 0;
    for (int i = 0; i < 4000; i++) {
        SceneObject object = object_of((ShapeKind)rng_below(&rng, SHAPE_KIND_COUNT), rng_between(&rng, 5, 120));
        for (int c = 0; c < 2; c++) object.center[c] = rng_between(&rng, -400, 600);
        object.rotation = rng_uniform(&rng, -0.03f, 0.03f);
        object.scale[0] = rng_uniform(&rng, -0.005f, 0.005f);
        object.shear[0] = rng_uniform(&rng, -0.005f, 0.005f);
        int t = rng_between(&rng, 0, 199);
        Body body;
        Outline outline;
        shape_body(&body, &object, variant);
        Pose pose = motion_pose(&object, body.course, variant, t);
        shape_outline(&outline, &body, &object, &pose, variant, t);
        Spans spans = {.left = left_of, .right = right_of};
        shape_spans(&spans, &outline, 256);
        if (area_of(&spans) == 0) continue;
        touching++;
        assert_true(shape_may_touch(&body, &pose, 256));
    }
    assert_true(touching > 500);
    variant_free(&variant);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discs_have_the_area_of_the_released_ones),
        cmocka_unit_test(test_discs_stay_within_a_pixel_of_their_circle),
        cmocka_unit_test(test_turned_ellipses_stay_within_a_pixel_of_their_curve),
        cmocka_unit_test(test_polygon_rows_equal_the_lines_drawn_plainly),
        cmocka_unit_test(test_a_square_includes_its_boundary),
        cmocka_unit_test(test_polygons_lie_in_their_box),
        cmocka_unit_test(test_a_transform_scales_the_area_by_its_determinant),
        cmocka_unit_test(test_the_pivot_does_not_move_under_a_transform),
        cmocka_unit_test(test_objects_out_of_sight_are_told_from_those_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
