#include "analysis/compare/paper.h"
#include "analysis/compare/statistics.h"

#include "support/unit.h"

#include <math.h>

static DatasetNames names;
static char folder[PATH_SIZE];

/* The lists of the repository: as many as they say, each inside the next, every name with an accuracy of the paper. */
static void the_papers_lists_hold_28_31_and_34_datasets(void **state) {
    (void)state;
    static const char *const lists[] = {"paper28", "paper31", "all34"};
    static const int counts[] = {28, 31, 34};
    Paper paper;
    assert_ok(paper_read(&paper, SYNVID_CONFIGS "/analysis/paper.json"));
    for (int l = 0; l < 3; l++) {
        char path[PATH_SIZE];
        assert_ok(text_format(path, sizeof path, "%s/analysis/%s.json", SYNVID_CONFIGS, lists[l]));
        assert_ok(names_read(&names, path));
        assert_string_equal(names.name, lists[l]);
        assert_int_equal(names.count, counts[l]);
        assert_true(names.reason[0]);
        for (int i = 0; i < names.count; i++) {
            assert_false(isnan(paper_accuracy(paper_experiment(&paper, "ucf101-finetune"), names.slugs[i])));
            if (l < 2) assert_null(strstr(names.slugs[i], "ucf"));
        }
    }
    paper_free(&paper);
}

static void check_refused(const char *text, const char *piece) {
    char path[PATH_SIZE];
    scratch_write(path, folder, "list.json", text);
    assert_fails(names_read(&names, path), ERR_INPUT, piece);
}

static void odd_lists_are_refused(void **state) {
    (void)state;
    scratch_make(folder);
    check_refused("{\"schema\": \"synvid.datasets\", \"datasets\": [\"a\", \"b\", \"a\"]}",
                  "a stands in the list twice");
    check_refused("{\"schema\": \"synvid.datasets\", \"datasets\": [\"a\", 3]}",
                  "datasets[1]: expected a text, found 3");
    check_refused("{\"schema\": \"synvid.datasets\", \"datasets\": []}", "is empty");
    check_refused("{\"schema\": \"synvid.datasets\"}", "datasets: missing, expected a list");
    check_refused("{\"schema\": \"synvid.paper\"}", "synvid.datasets");
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_papers_lists_hold_28_31_and_34_datasets),
        cmocka_unit_test(odd_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
