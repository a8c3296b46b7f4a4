#include "eval/finetune/score.h"

#include "base/system/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { VIDEOS = 4, K = 6 };

static const float probabilities[VIDEOS * K] = {
    0.5f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, /* right */
    0.3f, 0.3f, 0.1f, 0.1f, 0.1f, 0.1f, /* tie: the lower class wins, wrong */
    0.3f, 0.2f, 0.2f, 0.1f, 0.1f, 0.1f, /* label last of six */
    0.0f, 0.0f, 0.0f, 0.2f, 0.8f, 0.0f, /* second */
};
static const int labels[VIDEOS] = {0, 1, 5, 3};
static const char *const names[K] = {"left", "right", "up, then \"down\"", "d", "e", "f"};
static const Predictions predictions = {
    .n_videos = VIDEOS, .n_classes = K, .probabilities = probabilities, .labels = labels, .class_names = names};

static void test_the_most_probable_class_wins_and_ties_go_to_the_lower(void **state) {
    (void)state;
    const int expected[VIDEOS] = {0, 0, 0, 4};
    for (int i = 0; i < VIDEOS; i++) assert_int_equal(score_predicted(&predictions, i), expected[i]);
    for (int i = 0; i < VIDEOS; i++)
        assert_int_equal(score_in_top(&predictions, i, 1), score_predicted(&predictions, i) == labels[i]);
    assert_true(score_in_top(&predictions, 1, 2));
    assert_false(score_in_top(&predictions, 2, 5));
    assert_true(score_in_top(&predictions, 3, 2));
}

static void test_accuracies_come_with_wilson_intervals(void **state) {
    (void)state;
    static Result result;
    assert_int_equal(score_into_result(&result, &predictions), ERR_NONE);
    const ResultMetric *top1 = result_metric(&result, "top1"), *top5 = result_metric(&result, "top5");
    assert_float_equal(top1->value, 25, 1e-9);
    assert_int_equal(top1->count, 4);
    assert_float_equal(top1->low, 4.5587, 1e-3); /* 1 of 4 */
    assert_float_equal(top1->high, 69.9358, 1e-3);
    assert_float_equal(top5->value, 75, 1e-9);
    const ResultMetric *class_mean = result_metric(&result, "class_mean"); /* of left, right, d and f: one hit of 1 */
    assert_float_equal(class_mean->value, 25, 1e-9);
    assert_int_equal(class_mean->count, 4);
    assert_float_equal(result_metric(&result, "chance")->value, 100.0 / 6, 1e-9);
}

static void assert_file(const char *folder, const char *name, const char *expected) {
    char path[PATH_SIZE], *text;
    size_t length;
    assert_int_equal(path_join(path, sizeof(path), folder, name), ERR_NONE);
    assert_int_equal(file_read(&text, &length, path, 1 << 20), ERR_NONE);
    assert_string_equal(text, expected);
    free(text);
    (void)unlink(path);
}

/* The script names classes with their accuracies; where there is a gnuplot, the picture is there too. */
static void assert_drawing(const char *folder) {
    static const char *const names_left[] = {"confusion.svg", "confusion.pdf"};
    char path[PATH_SIZE], *text;
    size_t length;
    assert_int_equal(path_join(path, sizeof path, folder, "confusion.gp"), ERR_NONE);
    assert_int_equal(file_read(&text, &length, path, 1 << 20), ERR_NONE);
    assert_non_null(strstr(text, "\"left  100 %%\" 0"));
    assert_non_null(strstr(text, "\"up, then \\\"down\\\"\" 2"));
    free(text);
    (void)unlink(path);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(path_join(path, sizeof path, folder, names_left[i]), ERR_NONE);
        (void)unlink(path);
    }
}

static void test_tables_hold_every_video_class_and_confusion(void **state) {
    (void)state;
    char folder[] = "/tmp/synvid-score-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(score_write_tables(&predictions, folder), ERR_NONE);
    assert_file(folder, "predictions.csv",
                "video,label,predicted,correct,p_label,p_predicted\n0,left,left,1,0.500000,0.500000\n"
                "1,right,left,0,0.300000,0.300000\n2,f,left,0,0.100000,0.300000\n3,d,e,0,0.200000,0.800000\n");
    assert_file(folder, "classes.csv",
                "class,videos,correct,top1_percent,low,high\nleft,1,1,100.00,20.65,100.00\nright,1,0,0.00,0.00,79.35\n"
                "\"up, then \"\"down\"\"\",0,0,,,\nd,1,0,0.00,0.00,79.35\ne,0,0,,,\nf,1,0,0.00,0.00,79.35\n");
    assert_file(folder, "confusion.csv",
                "label,left,right,\"up, then \"\"down\"\"\",d,e,f\nleft,1,0,0,0,0,0\nright,1,0,0,0,0,0\n"
                "\"up, then \"\"down\"\"\",0,0,0,0,0,0\nd,0,0,0,0,1,0\ne,0,0,0,0,0,0\nf,1,0,0,0,0,0\n");
    assert_file(folder, "confusion.dat",
                "# predicted\tlabel\tpercent of the label's videos\tvideos\n0\t0\t100.00\t1\n0\t1\t100.00\t1\n"
                "4\t3\t100.00\t1\n0\t5\t100.00\t1\n");
    assert_drawing(folder);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_most_probable_class_wins_and_ties_go_to_the_lower),
        cmocka_unit_test(test_accuracies_come_with_wilson_intervals),
        cmocka_unit_test(test_tables_hold_every_video_class_and_confusion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
