#include "gen_fixture.h"

#include "gen/objects/internal/scene.h"

/* Upper 0.1 % point of chi-square with many degrees of freedom (Wilson and Hilferty). */
static double chi_square_limit(int degrees) {
    double d = degrees, z = 3.09, c = 1 - 2 / (9 * d) + z * sqrt(2 / (9 * d));
    return d * c * c * c;
}

/* A few thousand objects drawn as videos are. */
enum { VIDEOS = 40, OBJECTS = 500, DRAWN = VIDEOS * OBJECTS };

typedef struct {
    Variant *variant;
    SceneObject *objects; /* DRAWN */
} Drawn;

static int draw_many(void **state) {
    static Drawn drawn;
    SceneLaw law;
    drawn.variant = fixture_variant("accelerating-shapes", NULL);
    drawn.objects = calloc(DRAWN, sizeof *drawn.objects);
    assert_non_null(drawn.objects);
    scene_law_init(&law, drawn.variant, 20260101, &(ImageLaw){.total = 37}, &(ImageLaw){0});
    for (int v = 0; v < VIDEOS; v++) {
        Scene scene = {.objects = drawn.objects + v * OBJECTS};
        scene_draw(&scene, &law, (uint64_t)v);
        assert_in_range(scene.n_frames, 100, 200);
    }
    *state = &drawn;
    return 0;
}

static int free_many(void **state) {
    Drawn *drawn = *state;
    free(drawn->objects);
    variant_free(&drawn->variant);
    return 0;
}

static void test_radii_follow_the_exact_masses(void **state) {
    const Drawn *drawn = *state;
    RadiusTable table;
    double expected[257] = {0}, chi = 0, tail_expected = 0;
    int seen[257] = {0}, degrees = 0, tail_seen = 0;
    radius_table_init(&table, drawn->variant);
    for (int k = 0; k < RADIUS_POINTS; k++) expected[table.radius[k]] += DRAWN * radius_point_mass(&table, k);
    for (int i = 0; i < DRAWN; i++) seen[drawn->objects[i].radius]++;
    for (int r = 0; r <= 256; r++) {
        if (expected[r] < 10) {
            tail_expected += expected[r];
            tail_seen += seen[r];
            continue;
        }
        chi += (seen[r] - expected[r]) * (seen[r] - expected[r]) / expected[r];
        degrees++;
    }
    chi += (tail_seen - tail_expected) * (tail_seen - tail_expected) / tail_expected;
    assert_true(chi < chi_square_limit(degrees));
}

/* The numbers of the released law at R = 256. */
static void test_the_radius_law_has_the_known_numbers(void **state) {
    const Drawn *drawn = *state;
    static const struct {
        double quantile;
        int radius;
    } quantiles[] = {{0.10, 25}, {0.25, 27}, {0.50, 34}, {0.75, 47}, {0.90, 71}, {0.95, 93}, {0.99, 151}};
    RadiusTable table;
    static const struct {
        int radius;
        double mass, printed; /* of it and all larger ones; half a unit of the last digit */
    } tails[] = {{50, 0.221, 5e-4}, {100, 0.0416, 5e-5}, {128, 0.0193, 5e-5}, {200, 0.00194, 5e-6}};
    double mass[257] = {0}, mean = 0, square = 0, below = 0;
    radius_table_init(&table, drawn->variant);
    for (int k = 0; k < RADIUS_POINTS; k++) mass[table.radius[k]] += radius_point_mass(&table, k);
    ASSERT_NEAR(mass[25], 0.1276, 5e-5);
    ASSERT_NEAR(mass[26], 0.0731, 5e-5);
    ASSERT_NEAR(mass[27], 0.0645, 5e-5);
    ASSERT_NEAR(mass[256], 0, 1e-9);
    for (int r = 0, q = 0; r <= 256; r++) {
        mean += r * mass[r];
        square += (double)r * r * mass[r];
        below += mass[r];
        for (; q < 7 && below >= quantiles[q].quantile; q++) assert_int_equal(r, quantiles[q].radius);
    }
    ASSERT_NEAR(below, 1, 1e-12);
    ASSERT_NEAR(mean, 42.88, 0.005);
    ASSERT_NEAR(square, 2473.7, 0.05);
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        double tail = 0;
        for (int r = tails[i].radius; r <= 256; r++) tail += mass[r];
        ASSERT_NEAR(tail, tails[i].mass, tails[i].printed);
    }
}

static void test_kinds_are_equally_likely(void **state) {
    const Drawn *drawn = *state;
    int seen[SHAPE_KIND_COUNT] = {0};
    double chi = 0, expected = (double)DRAWN / SHAPE_KIND_COUNT;
    for (int i = 0; i < DRAWN; i++) seen[drawn->objects[i].kind]++;
    for (int k = 0; k < SHAPE_KIND_COUNT; k++) chi += (seen[k] - expected) * (seen[k] - expected) / expected;
    assert_true(chi < chi_square_limit(SHAPE_KIND_COUNT - 1));
}

/* Chi-square over 32 equal bins of low..high; every value must lie within. */
static void check_uniform(const Drawn *drawn, size_t offset, bool whole, double low, double high) {
    enum { BINS = 32 };
    int seen[BINS] = {0};
    double chi = 0, expected = (double)DRAWN / BINS;
    for (int i = 0; i < DRAWN; i++) {
        const char *at = (const char *)&drawn->objects[i] + offset;
        double value = whole ? *(const int32_t *)(const void *)at + 0.5 : (double)*(const float *)(const void *)at;
        assert_true(value >= low && value <= high);
        int bin = (int)((value - low) / (high - low) * BINS);
        seen[bin < BINS ? bin : BINS - 1]++;
    }
    for (int b = 0; b < BINS; b++) chi += (seen[b] - expected) * (seen[b] - expected) / expected;
    assert_true(chi < chi_square_limit(BINS - 1));
}

static void test_centers_and_motion_are_uniform(void **state) {
    const Drawn *drawn = *state;
    const double pi = 3.14159265358979;
    check_uniform(drawn, offsetof(SceneObject, center[0]), true, 0, 512);
    check_uniform(drawn, offsetof(SceneObject, center[1]), true, 0, 512);
    check_uniform(drawn, offsetof(SceneObject, direction), false, 0, 2 * pi + 1e-6);
    check_uniform(drawn, offsetof(SceneObject, speed), false, 1.2 - 1e-6, 3.0 + 1e-6);
    check_uniform(drawn, offsetof(SceneObject, acceleration), false, -0.06 - 1e-6, 0.06 + 1e-6);
    check_uniform(drawn, offsetof(SceneObject, rotation), false, -pi / 100 - 1e-6, pi / 100 + 1e-6);
    for (size_t c = 0; c < 2; c++) {
        check_uniform(drawn, offsetof(SceneObject, scale) + 4 * c, false, -0.005 - 1e-6, 0.005 + 1e-6);
        check_uniform(drawn, offsetof(SceneObject, shear) + 4 * c, false, -0.005 - 1e-6, 0.005 + 1e-6);
    }
}

static double number_of(const SceneObject *object, int which) {
    const double numbers[] = {object->radius,
                              object->center[0],
                              object->center[1],
                              object->color[0],
                              object->color[1],
                              object->color[2],
                              (double)object->direction,
                              (double)object->speed,
                              (double)object->acceleration,
                              (double)object->rotation,
                              (double)object->scale[0],
                              (double)object->scale[1],
                              (double)object->shear[0],
                              (double)object->shear[1],
                              object->texture};
    return numbers[which];
}
enum { NUMBERS = 15 };

/* Of two independent draws the correlation of a sample of n has standard deviation 1 / sqrt(n): 105 pairs stay within
 * five of them. */
static void test_parameters_are_independent(void **state) {
    const Drawn *drawn = *state;
    double mean[NUMBERS] = {0}, product[NUMBERS][NUMBERS] = {{0}};
    for (int k = 0; k < NUMBERS; k++)
        for (int i = 0; i < DRAWN; i++) mean[k] += number_of(&drawn->objects[i], k) / DRAWN;
    for (int i = 0; i < DRAWN; i++)
        for (int a = 0; a < NUMBERS; a++)
            for (int b = 0; b <= a; b++)
                product[a][b] += (number_of(&drawn->objects[i], a) - mean[a]) *
                                 (number_of(&drawn->objects[i], b) - mean[b]);
    for (int a = 0; a < NUMBERS; a++)
        for (int b = 0; b < a; b++)
            ASSERT_NEAR(product[a][b] / sqrt(product[a][a] * product[b][b]), 0, 5 / sqrt(DRAWN));
}

/* 100 to 200 on the fly, 100 to 199 in files. */
static void check_lengths(const char *name, int longest) {
    enum { LENGTHS = 20000 };
    Variant *variant = fixture_variant(name, NULL);
    SceneLaw law;
    int seen[201] = {0}, n = longest - 99;
    double chi = 0, expected = (double)LENGTHS / n;
    scene_law_init(&law, variant, 8, &(ImageLaw){0}, &(ImageLaw){0});
    for (uint64_t item = 0; item < LENGTHS; item++) {
        int length = scene_length(&law, item);
        assert_in_range(length, 100, longest);
        seen[length]++;
    }
    for (int l = 100; l <= longest; l++) chi += (seen[l] - expected) * (seen[l] - expected) / expected;
    assert_true(chi < chi_square_limit(n - 1));
    variant_free(&variant);
}

static void test_lengths_are_uniform(void **state) {
    (void)state;
    check_lengths("accelerating-shapes", 200);
    check_lengths("accelerating-textures", 199);
}

/* Whole levels 0..254, 255 bins. */
static void test_colors_are_uniform_and_stop_at_254(void **state) {
    const Drawn *drawn = *state;
    for (int c = 0; c < 3; c++) {
        int seen[255] = {0};
        double chi = 0, expected = DRAWN / 255.0;
        for (int i = 0; i < DRAWN; i++) {
            assert_in_range(drawn->objects[i].color[c], 0, 254);
            seen[drawn->objects[i].color[c]]++;
        }
        for (int v = 0; v < 255; v++) chi += (seen[v] - expected) * (seen[v] - expected) / expected;
        assert_true(chi < chi_square_limit(254));
    }
}

static void test_crops_fit_their_texture(void **state) {
    const Drawn *drawn = *state;
    for (int i = 0; i < DRAWN; i++) {
        const SceneObject *object = &drawn->objects[i];
        assert_in_range(object->texture, 0, 36);
        for (int c = 0; c < 2; c++) assert_true(object->crop[c] >= 0 && object->crop[c] + 2 * object->radius <= 512);
    }
}

static void draw_one(SceneObject *objects, const char *name, const char *set, uint64_t seed, uint64_t item) {
    Variant *variant = fixture_variant(name, "objects=20", set, NULL);
    SceneLaw law;
    Scene scene = {.objects = objects};
    scene_law_init(&law, variant, seed, &(ImageLaw){0}, &(ImageLaw){0});
    scene_draw(&scene, &law, item);
    variant_free(&variant);
}

static void test_variants_that_differ_in_one_aspect_share_the_rest(void **state) {
    (void)state;
    SceneObject still[20], moving[20], transforming[20], accelerating[20], other[20];
    draw_one(still, "static-circles", NULL, 9, 4);
    draw_one(moving, "moving-circles", NULL, 9, 4);
    assert_memory_equal(still, moving, sizeof still);
    draw_one(transforming, "transforming-shapes", NULL, 9, 4);
    draw_one(accelerating, "accelerating-shapes", NULL, 9, 4);
    assert_memory_equal(transforming, accelerating, sizeof transforming);
    draw_one(other, "accelerating-shapes", NULL, 9, 5);
    assert_memory_not_equal(other, accelerating, sizeof other);
    draw_one(other, "accelerating-shapes", NULL, 10, 4);
    assert_memory_not_equal(other, accelerating, sizeof other);
}

static void test_slow_sets_halve_the_speed(void **state) {
    (void)state;
    SceneObject slow[20], half_max[20];
    draw_one(slow, "slow-shapes", NULL, 9, 4);
    draw_one(half_max, "slow-shapes", "slow=half-max", 9, 4);
    for (int i = 0; i < 20; i++) {
        assert_true(slow[i].speed >= 0.6f && slow[i].speed <= 1.5f);
        assert_true(half_max[i].speed >= 1.2f && half_max[i].speed <= 1.5f);
    }
}

static void test_small_canvases_keep_the_look(void **state) {
    (void)state;
    SceneObject large[20], small[20];
    draw_one(large, "accelerating-shapes", NULL, 9, 4);
    draw_one(small, "accelerating-shapes", "size=64", 9, 4);
    for (int i = 0; i < 20; i++) {
        assert_true(abs(large[i].radius - 4 * small[i].radius) < 4);
        ASSERT_NEAR(large[i].speed, 4 * small[i].speed, 1e-5);
        assert_true(large[i].center[0] / 4 == small[i].center[0]);
        assert_memory_equal(large[i].scale, small[i].scale, sizeof large[i].scale);
    }
}

static void test_the_exponential_law_has_the_same_mean(void **state) {
    (void)state;
    Variant *variant = fixture_variant("moving-circles", "radius_law=exponential", NULL);
    RadiusTable table;
    Rng rng = rng_stream(4, RNG_TEST, 0, 0);
    double sum = 0;
    radius_table_init(&table, variant);
    for (int i = 0; i < 20000; i++) {
        int radius = radius_draw(&table, rng_unit_double(&rng));
        assert_in_range(radius, 25, 256);
        sum += radius;
    }
    ASSERT_NEAR(sum / 20000, 42.88, 1);
    variant_free(&variant);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_radii_follow_the_exact_masses),
        cmocka_unit_test(test_the_radius_law_has_the_known_numbers),
        cmocka_unit_test(test_kinds_are_equally_likely),
        cmocka_unit_test(test_centers_and_motion_are_uniform),
        cmocka_unit_test(test_parameters_are_independent),
        cmocka_unit_test(test_lengths_are_uniform),
        cmocka_unit_test(test_colors_are_uniform_and_stop_at_254),
        cmocka_unit_test(test_crops_fit_their_texture),
        cmocka_unit_test(test_variants_that_differ_in_one_aspect_share_the_rest),
        cmocka_unit_test(test_slow_sets_halve_the_speed),
        cmocka_unit_test(test_small_canvases_keep_the_look),
        cmocka_unit_test(test_the_exponential_law_has_the_same_mean),
    };
    return cmocka_run_group_tests(tests, draw_many, free_many);
}
