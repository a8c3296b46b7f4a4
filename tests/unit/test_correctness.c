/* Which videos each run got right: read from predictions.csv, refused when something is off, paired between cells, and
 * what the board and the statements make of them. */
#include "analysis/compare/accuracy_grid.h"
#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/outcomes.h"

#include "support/fake_runs.h"

enum { VIDEOS = 200 };

static char scratch[PATH_SIZE], runs[PATH_SIZE];
static Paper paper;

/* Half of the videos, a few more for later seeds. */
static bool half(int video, uint64_t seed) {
    return video % 2 == 0 || video < 4 * (int)seed;
}

/* Those and every tenth: clearly better video by video, though not by the two intervals. */
static bool little_more(int video, uint64_t seed) {
    return half(video, seed) || video % 10 == 3;
}

static int setup(void **state) {
    (void)state;
    scratch_make(scratch);
    assert_ok(path_join(runs, sizeof runs, scratch, "runs"));
    for (uint64_t seed = 1; seed <= 3; seed++) {
        char name[32];
        snprintf(name, sizeof name, "circles-%d", (int)(4 - seed)); /* folders in another order than seeds */
        fake_answers(runs, name, "finetune", "moving-circles", VIDEOS, 4 - seed, half);
        snprintf(name, sizeof name, "shapes-%d", (int)seed);
        fake_answers(runs, name, "finetune", "moving-shapes", VIDEOS, seed, little_more);
    }
    return paper_read(&paper, SYNVID_CONFIGS "/analysis/paper.json");
}

static int teardown(void **state) {
    (void)state;
    paper_free(&paper);
    scratch_remove(scratch);
    return 0;
}

static const OutcomeKey circles = {"finetune", "standin-motion", "moving-circles", "tiny", NULL, NULL};
static const OutcomeKey shapes = {"finetune", "standin-motion", "moving-shapes", "tiny", NULL, NULL};

static Err read_cell(Correctness **hits, const OutcomeKey *key) {
    Outcomes outcomes;
    assert_ok(outcomes_read(&outcomes, runs));
    Err err = correctness_read(hits, &outcomes, key);
    outcomes_free(&outcomes);
    return err;
}

static void rows_are_seeds_and_columns_videos(void **state) {
    (void)state;
    Correctness *hits;
    assert_ok(read_cell(&hits, &circles));
    assert_int_equal(hits->n_seeds, 3);
    assert_int_equal(hits->n_videos, VIDEOS);
    for (uint64_t s = 0; s < 3; s++) {
        assert_int_equal(hits->seeds[s], s + 1);
        for (int i = 0; i < VIDEOS; i++) assert_int_equal(hits->right[(int)s * VIDEOS + i], half(i, s + 1));
    }
    correctness_free(&hits);
    assert_null(hits);
}

/* A run without predictions is an old or foreign one: no error, no hits. */
static void a_run_without_predictions_leaves_its_cell_without(void **state) {
    (void)state;
    char path[PATH_SIZE];
    Correctness *hits;
    assert_ok(text_format(path, sizeof path, "%s/circles-2/predictions.csv", runs));
    assert_ok(file_remove(path));
    assert_ok(read_cell(&hits, &circles));
    assert_null(hits);
}

static void refused(const char *name, const char *text, const char *reason) {
    char path[PATH_SIZE], found[PATH_SIZE];
    Correctness *hits;
    assert_ok(text_format(path, sizeof path, "circles-1/%s", name));
    scratch_write(found, runs, path, text);
    assert_int_equal(read_cell(&hits, &circles), ERR_INPUT);
    if (!strstr(err_message(), reason)) fail_msg("\"%s\" does not say \"%s\"", err_message(), reason);
    assert_null(hits);
}

static void broken_predictions_are_refused_with_their_reason(void **state) {
    (void)state;
    Builder text = {0};
    refused("predictions.csv", "", "no column \"correct\"");
    refused("predictions.csv", "video,label,predicted\n0,a,a\n", "no column \"correct\"");
    refused("predictions.csv", "video,label,predicted,correct\n0,a,a,1\n", "line 3 is not that of video 1");
    refused("predictions.csv", "video,label,predicted,correct\n1,a,a,1\n", "line 2 is not that of video 0");
    refused("predictions.csv", "video,label,predicted,correct\n0,\"a,1\n", "line 2 is not that of video 0");
    refused("predictions.csv", "video,label,predicted,correct\n0,a,a,2\n", "line 2 is not that of video 0");
    builder_add_text(&text, "video,correct\n");
    for (int i = 0; i < VIDEOS; i++) builder_add(&text, "%d,1\n", i);
    refused("predictions.csv", text.data, "are not of one run");
    builder_add_text(&text, "200,1\n");
    refused("predictions.csv", text.data, "more than the 200 videos");
    builder_free(&text);
}

static void cells_are_paired_by_the_seeds_that_both_have(void **state) {
    (void)state;
    char path[PATH_SIZE];
    Correctness *a, *b;
    Crossed crossed;
    assert_ok(text_format(path, sizeof path, "%s/shapes-2/result.json", runs));
    assert_ok(file_remove(path));
    assert_ok(read_cell(&a, &circles));
    assert_ok(read_cell(&b, &shapes));
    const Correctness *cells[] = {b, a}, *lacking[] = {b, NULL};
    assert_true(correctness_cross(&crossed, cells, 2));
    assert_int_equal(crossed.n_seeds, 2);
    assert_float_equal(crossed.mean[0] - crossed.mean[1], 0.095, 1e-12);
    assert_false(correctness_cross(&crossed, lacking, 2));
    b->test[0] = 'x';
    assert_false(correctness_cross(&crossed, cells, 2));
    correctness_free(&a);
    correctness_free(&b);
}

typedef struct {
    Outcomes outcomes;
    Grid board;
} Loaded;

static Loaded *load(void) {
    Loaded *loaded = malloc(sizeof *loaded);
    assert_ok(outcomes_read(&loaded->outcomes, runs));
    assert_ok(grid_make(&loaded->board, &loaded->outcomes, &paper, ""));
    return loaded;
}

static void unload(Loaded *loaded) {
    grid_free(&loaded->board);
    outcomes_free(&loaded->outcomes);
    free(loaded);
}

/* What pairing is for: ten points more on the same videos, 200 of them, are sure; on other videos they would not be. */
static void differences_are_paired_where_predictions_are(void **state) {
    (void)state;
    Loaded *loaded = load();
    const Estimate *more = grid_find(&loaded->board, 0, "moving-shapes"),
                   *less = grid_find(&loaded->board, 0, "moving-circles");
    Difference paired, apart;
    Table table;
    assert_true(grid_difference(&paired, more, less));
    assert_int_equal(paired.n_seeds, 3);
    assert_int_equal(paired.n_videos, VIDEOS);
    assert_true(paired.low > 0);
    Estimate alone = *more;
    alone.hits = NULL;
    assert_true(grid_difference(&apart, &alone, less));
    assert_int_equal(apart.n_seeds, 0);
    assert_true(apart.low < 0);
    assert_ok(accuracy_table(&table, &loaded->board, &paper));
    assert_non_null(strstr(table.caption, "over seeds and test videos (crossed random effects; figures: 2)"));
    table_free(&table);
    unload(loaded);
}

/* Seeds alone say t, a single seed says Wilson; the caption counts them. */
static void the_caption_says_which_interval_is_which(void **state) {
    (void)state;
    char path[PATH_SIZE];
    Table table;
    fake_run(runs, "static", "finetune", "static-circles", 60, 1);
    scratch_write(path, runs, "circles-1/predictions.csv", "video,correct\n");
    Loaded *loaded = load();
    assert_non_null(strstr(loaded->board.problem, "circles-1/predictions.csv: line 2"));
    assert_ok(accuracy_table(&table, &loaded->board, &paper));
    assert_non_null(strstr(table.caption, "(crossed random effects; figures: 1); Student's t over seeds alone, where "
                                          "predictions are missing (figures: 1); Wilson over test videos, of one seed "
                                          "(figures: 1)."));
    assert_non_null(strstr(table.caption, "Predictions not used"));
    table_free(&table);
    unload(loaded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_seeds_and_columns_videos, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_without_predictions_leaves_its_cell_without, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_predictions_are_refused_with_their_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(cells_are_paired_by_the_seeds_that_both_have, setup, teardown),
        cmocka_unit_test_setup_teardown(differences_are_paired_where_predictions_are, setup, teardown),
        cmocka_unit_test_setup_teardown(the_caption_says_which_interval_is_which, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
