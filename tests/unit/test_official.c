#include "gen/ingest/official.h"

#include "gen_fixture.h"

enum { IMAGENET = 1281167 };

static bool departs(const char *slug, const char *set, int64_t n_images, PhotographsShown shown, const char *words) {
    Departures departures;
    Variant *variant = fixture_variant(slug, set, NULL);
    assert_int_equal(official_live(&departures, variant, n_images, shown), ERR_NONE);
    bool found = strstr(departures.text[SOURCE_PAPER], words) != NULL;
    departures_free(&departures);
    variant_free(&variant);
    return found;
}

/* Squares of photographs move the spectrum of what is drawn from them (docs/fidelity.md): not the paper's sets. */
static void test_squares_of_photographs_are_named(void **state) {
    (void)state;
    static const char *const words = "middle squares of photographs instead of whole ones";
    static const char *const of_photographs[] = {"accelerating-images", "images-300k", "images-300k-image-bg",
                                                 "images-statistical", "shapes-static-images-5"};
    for (size_t i = 0; i < sizeof of_photographs / sizeof *of_photographs; i++) {
        assert_true(departs(of_photographs[i], NULL, IMAGENET, PHOTOGRAPHS_SQUARES, words));
        assert_false(departs(of_photographs[i], NULL, IMAGENET, PHOTOGRAPHS_STRETCHED, words));
        assert_false(departs(of_photographs[i], NULL, IMAGENET, PHOTOGRAPHS_KEPT, words));
    }
    static const char *const of_others[] = {"moving-circles", "accelerating-textures", "accelerating-stylegan"};
    for (size_t i = 0; i < sizeof of_others / sizeof *of_others; i++)
        assert_false(departs(of_others[i], NULL, IMAGENET, PHOTOGRAPHS_SQUARES, words));
}

/* A still clip has its photograph's own proportions, so that one stretched to a square will not do; objects are filled
 * from either alike. */
static void test_still_clips_of_stretched_photographs_are_named(void **state) {
    (void)state;
    static const char *const words = "still clips of stretched photographs", *const stills = "shapes-static-images-5";
    assert_true(departs(stills, NULL, IMAGENET, PHOTOGRAPHS_STRETCHED, words));
    assert_false(departs(stills, NULL, IMAGENET, PHOTOGRAPHS_KEPT, "videos:"));
    assert_false(departs("accelerating-images", NULL, IMAGENET, PHOTOGRAPHS_STRETCHED, words));
    assert_false(departs("shapes-static-stylegan-5", NULL, 300000, PHOTOGRAPHS_SQUARES, "videos:"));
    assert_true(departs(stills, "mix=static-clips", IMAGENET, PHOTOGRAPHS_KEPT,
                        "videos: mix \"static-clips\" instead of \"static-clips-native\""));
}

static void test_settings_and_counts_are_named(void **state) {
    (void)state;
    assert_false(departs("moving-circles", NULL, 0, PHOTOGRAPHS_SQUARES, "videos:"));
    assert_true(departs("moving-circles", "objects=110", 0, PHOTOGRAPHS_SQUARES, "videos: objects 110 instead of 500"));
    assert_true(
        departs("accelerating-images", NULL, 300000, PHOTOGRAPHS_KEPT, "<300000 pool images instead of 1281167"));
    assert_true(departs("standin-motion", NULL, 0, PHOTOGRAPHS_SQUARES, "is no set of the paper"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_squares_of_photographs_are_named),
        cmocka_unit_test(test_still_clips_of_stretched_photographs_are_named),
        cmocka_unit_test(test_settings_and_counts_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
