#include "gen_fixture.h"

#include "base/config/config.h"
#include "base/system/file.h"

#include <stdio.h>

static FileList variant_files(char folder[PATH_SIZE]) {
    char root[PATH_SIZE];
    FileList files;
    assert_int_equal(config_root(root, sizeof root), ERR_NONE);
    assert_int_equal(path_join(folder, PATH_SIZE, root, "variants"), ERR_NONE);
    assert_int_equal(file_list_walk(&files, folder), ERR_NONE);
    return files;
}

static void test_every_row_of_the_paper_is_there_once(void **state) {
    (void)state;
    char folder[PATH_SIZE];
    int seen[35] = {0};
    FileList files = variant_files(folder);
    for (size_t i = 0; i < files.count; i++) {
        char slug[NAME_SIZE];
        snprintf(slug, sizeof slug, "%.*s", (int)(strlen(files.paths[i]) - 5), files.paths[i]);
        Variant *variant = fixture_variant(slug, NULL);
        for (char *c = slug; *c; c++)
            if (*c == '/') *c = '-'; /* release/slow-shapes is called release-slow-shapes: names become file names */
        assert_string_equal(variant_name(variant), slug);
        assert_in_range(variant->paper.row, 0, 34);
        assert_true(strlen(variant->title) > 0 && strlen(variant->title) <= 44); /* the column of `variants` */
        seen[variant->paper.row]++;
        variant_free(&variant);
    }
    for (int row = 1; row <= 34; row++) assert_int_equal(seen[row], 1);
    file_list_free(&files);
}

/* "Each extending its predecessor by one aspect": the whole of the difference between neighbors. */
static void test_the_progression_adds_one_aspect_at_a_time(void **state) {
    (void)state;
    Variant *circles = fixture_variant("static-circles", NULL), *moving = fixture_variant("moving-circles", NULL);
    Variant *shapes = fixture_variant("moving-shapes", NULL),
            *transforming = fixture_variant("transforming-shapes", NULL);
    Variant *last = fixture_variant("accelerating-shapes", NULL),
            *images = fixture_variant("accelerating-images", NULL);
    assert_true(circles->motion == MOTION_STATIC && moving->motion == MOTION_LINEAR);
    assert_true(moving->kinds.count == 1 && shapes->kinds.count == 0);
    assert_true(!shapes->transforms && transforming->transforms);
    assert_true(!transforming->acceleration && last->acceleration);
    assert_true(last->fill == FILL_COLOR && images->fill == FILL_TEXTURE);
    assert_true(images->circle_transform == CIRCLE_RIGID && last->circle_transform == CIRCLE_ELLIPSE);
    assert_true(images->length.high == 199 && last->length.high == 200);
    Variant *all[] = {circles, moving, shapes, transforming, last, images};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(all[i]->objects, 500);
        assert_int_equal(variant_size(all[i]), 256);
        assert_int_equal(variant_needs_pool(all[i]), i == 5);
        variant_free(&all[i]);
    }
}

static void test_release_presets_differ_in_what_the_released_code_does(void **state) {
    (void)state;
    Variant *released = fixture_variant("release/accelerating-textures", NULL);
    Variant *ours = fixture_variant("accelerating-textures", NULL);
    assert_true(ours->accel_law == ACCEL_PHYSICAL && released->accel_law == ACCEL_CODE);
    ASSERT_NEAR(2 * released->accel_max, ours->accel_max, 1e-12); /* the same law */
    assert_true(ours->crop_origin == CROP_RANDOM && released->crop_origin == CROP_CORNER);
    released->accel_law = ours->accel_law;
    released->accel_max = ours->accel_max;
    released->crop_origin = ours->crop_origin;
    memcpy(released->name, ours->name, sizeof ours->name);
    memcpy(released->title, ours->title, sizeof ours->title);
    released->paper = ours->paper;
    assert_memory_equal(released, ours, sizeof *ours); /* and nothing else */
    variant_free(&released);
    variant_free(&ours);
    Variant *slow = fixture_variant("release/slow-circles", NULL);
    assert_int_equal(slow->slow, SLOW_HALF_MAX);
    variant_free(&slow);
}

static void test_a_resolved_variant_reads_back_as_itself(void **state) {
    (void)state;
    Variant *variant = fixture_variant("sat-images-300k-image-bg", "size=96", "accel_max=0.031", NULL), *again = NULL;
    char *text = NULL, *text_again = NULL;
    assert_int_equal(variant_text(&text, variant), ERR_NONE);
    assert_int_equal(variant_from_text(&again, text), ERR_NONE);
    assert_int_equal(variant_text(&text_again, again), ERR_NONE);
    assert_string_equal(text, text_again);
    assert_memory_equal(variant, again, sizeof *variant);
    free(text);
    free(text_again);
    variant_free(&variant);
    variant_free(&again);
}

static void check_refused(const char *name, const char *set, const char *expected) {
    Variant *variant = NULL;
    assert_int_equal(variant_load(&variant, name, &set, set ? 1 : 0), ERR_USAGE);
    assert_null(variant);
    if (!strstr(err_message(), expected)) fail_msg("\"%s\" does not say \"%s\"", err_message(), expected);
}

static void test_bad_settings_are_named(void **state) {
    (void)state;
    check_refused("moving-circels", NULL, "moving-circles");
    check_refused("moving-shapes", "objcts=3", "objects");
    check_refused("moving-shapes", "objects=0", "objects");
    check_refused("moving-shapes", "objects=many", "objects");
    check_refused("moving-shapes", "motion=jumping", "motion");
    check_refused("moving-shapes", "kinds=[\"circel\"]", "circle");
    check_refused("moving-shapes", "speed=[3,1]", "speed");
    check_refused("moving-shapes", "length=[200,100]", "length");
    check_refused("moving-shapes", "mix_share=0.5", "mix");
    check_refused("moving-shapes", "mix=static-clips", "mix_share");
    check_refused("transforming-shapes", "length=[100,300]", "scale_max");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_of_the_paper_is_there_once),
        cmocka_unit_test(test_the_progression_adds_one_aspect_at_a_time),
        cmocka_unit_test(test_release_presets_differ_in_what_the_released_code_does),
        cmocka_unit_test(test_a_resolved_variant_reads_back_as_itself),
        cmocka_unit_test(test_bad_settings_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
