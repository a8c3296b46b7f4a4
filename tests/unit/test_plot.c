/* run/plot - labels in the script of a figure: whole, escaped, and no longer than the figure. */
#include "run/plot.h"

#include "support/unit.h"

static void expect_y_label(int height, const char *label, const char *line) {
    Plot plot;
    assert_ok(plot_begin(&plot, "figure", 380, height, "", "x", label));
    if (!strstr(plot.script.data, line)) fail_msg("no %s in\n%s", line, plot.script.data);
    plot_free(&plot);
}

static void a_y_label_longer_than_the_figure_is_high_has_two_lines(void **state) {
    (void)state;
    expect_y_label(300, "top-1, %", "set ylabel \"top-1, %\"\n");
    expect_y_label(300, "ours: standin-motion-large, fine-tune, primary, %",
                   "set ylabel \"ours: standin-motion-large,\\nfine-tune, primary, %\"\n");
    expect_y_label(400, "ours: standin-motion-large, fine-tune, primary, %",
                   "set ylabel \"ours: standin-motion-large, fine-tune, primary, %\"\n");
    expect_y_label(60, "nowhere-to-break", "set ylabel \"nowhere-to-break\"\n");
}

static void labels_cannot_leave_their_quotes(void **state) {
    (void)state;
    expect_y_label(300, "a\"b\\c\nd", "set ylabel \"a\\\"b\\\\c d\"\n");
    expect_y_label(20, "a\" b\\", "set ylabel \"a\\\"\\nb\\\\\"\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_y_label_longer_than_the_figure_is_high_has_two_lines),
        cmocka_unit_test(labels_cannot_leave_their_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
