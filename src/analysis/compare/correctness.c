/* Predictions of the runs of one cell as rows of 0 and 1. Only the column "correct" is read; the file must hold every
 * video once and add up to the accuracy beside it, so that a file of another run is not taken for this one's. */
#include "analysis/compare/accuracy_grid.h"

#include "base/system/file.h"
#include "base/system/log.h"

#include <math.h>

static const size_t predictions_bytes_max = (size_t)1 << 30;

/* ---- one predictions.csv ---- */

/* A field, and the rest of its line behind it; quotes are taken off, doubled ones inside are left as they are. */
static const char *next_field(const char **field, size_t *length, const char *at) {
    bool quoted = *at == '"';
    *field = at + quoted;
    if (quoted) {
        for (at++; *at && *at != '\n' && !(at[0] == '"' && at[1] != '"'); at++) at += at[0] == '"';
        *length = (size_t)(at - *field);
        at += *at == '"';
    } else {
        at += strcspn(at, ",\r\n");
        *length = (size_t)(at - *field);
    }
    return *at == ',' ? at + 1 : at;
}

static bool field_is(const char *field, size_t length, const char *text) {
    return length == strlen(text) && !memcmp(field, text, length);
}

/* The beginning of the next line, or the end of the text. */
static const char *line_end(const char *at) {
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

/* The column called "correct", -1: none. */
static int correct_column(const char *header) {
    const char *end = line_end(header), *field;
    size_t length;
    for (int column = 0; header < end; column++) {
        const char *next = next_field(&field, &length, header);
        if (field_is(field, length, "correct")) return column;
        if (next == header || *next == '\n' || *next == '\r' || !*next) return -1;
        header = next;
    }
    return -1;
}

/* One line into right[video]; false when it is not as it should be. */
static bool read_line(uint8_t *right, int64_t video, const char *line, int column) {
    const char *field;
    size_t length;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)video);
    const char *at = next_field(&field, &length, line);
    if (!field_is(field, length, number)) return false;
    for (int c = 1; c <= column; c++) at = next_field(&field, &length, at);
    right[video] = field_is(field, length, "1");
    return right[video] || field_is(field, length, "0");
}

/* Line k + 2 must be that of video k. */
static Err read_text(uint8_t *right, int64_t n_videos, const char *text, const char *path) {
    int column = correct_column(text);
    if (column < 1) return RAISE(ERR_INPUT, "%s: no column \"correct\"", path);
    const char *line = line_end(text);
    for (int64_t video = 0; video < n_videos; video++, line = line_end(line))
        if (!*line || !read_line(right, video, line, column))
            return RAISE(ERR_INPUT, "%s: line %lld is not that of video %lld, with 0 or 1 for \"correct\"", path,
                         (long long)video + 2, (long long)video);
    return *line ? RAISE(ERR_INPUT, "%s: more than the %lld videos of its result.json", path, (long long)n_videos)
                 : ERR_NONE;
}

/* A sum is a weak check, but of files that have all videos in order only those of other runs are left. */
static Err check_sum(const uint8_t *right, const ResultMetric *top1, const char *path) {
    int64_t sum = 0;
    for (int64_t i = 0; i < top1->count; i++) sum += right[i];
    double percent = 100.0 * (double)sum / (double)top1->count;
    if (fabs(percent - top1->value) < 1e-6) return ERR_NONE;
    return RAISE(ERR_INPUT,
                 "%s: %.4f %% of the videos are right, but result.json says %.4f %%: they are not of one run", path,
                 percent, top1->value);
}

/* ---- the runs of a cell ---- */

static const char *test_digest(const Result *result) {
    const ResultInput *test = outcomes_input(result, "test");
    return test ? test->digest : "";
}

static Err read_run(Correctness *hits, int seed, const Outcome *outcome, const char *path) {
    const ResultMetric *top1 = result_metric(&outcome->result, "top1");
    uint8_t *right = hits->right + (int64_t)seed * hits->n_videos;
    char *text;
    size_t length;
    if (top1->count != hits->n_videos || !text_equal(test_digest(&outcome->result), hits->test))
        return RAISE(ERR_INPUT, "%s: another test set than that of the other seeds", path);
    TRY(file_read(&text, &length, path, predictions_bytes_max));
    Err err = read_text(right, hits->n_videos, text, path);
    free(text);
    return err ? err : check_sum(right, top1, path);
}

/* Runs with predictions, by seed; *n is 0 when one has none. */
static Err find_runs(const Outcome **runs, int *n, const Outcomes *outcomes, const OutcomeKey *key) {
    *n = 0;
    for (int i = 0; i < outcomes->count; i++) {
        const Outcome *outcome = &outcomes->items[i];
        char path[PATH_SIZE];
        if (!outcomes_match(outcome, key) || !result_metric(&outcome->result, "top1")) continue;
        TRY(path_join(path, sizeof path, outcome->folder, "predictions.csv"));
        if (!file_exists(path) || *n == CROSSED_SEEDS) {
            *n = 0;
            return ERR_NONE;
        }
        int at = (*n)++;
        for (; at > 0 && runs[at - 1]->result.seed > outcome->result.seed; at--) runs[at] = runs[at - 1];
        runs[at] = outcome;
    }
    return ERR_NONE;
}

/* NULL without an error: no predictions, which is no mistake. */
Err correctness_read(Correctness **out, const Outcomes *outcomes, const OutcomeKey *key) {
    const Outcome *runs[CROSSED_SEEDS];
    int n;
    *out = NULL;
    TRY(find_runs(runs, &n, outcomes, key));
    int64_t n_videos = n ? result_metric(&runs[0]->result, "top1")->count : 0;
    if (n_videos < 2) return ERR_NONE;
    Correctness *hits = calloc(1, sizeof *hits);
    if (hits) hits->right = malloc((size_t)n * (size_t)n_videos);
    Err err = hits && hits->right ? ERR_NONE : RAISE(ERR_MEMORY, "predictions of %d runs: no memory", n);
    if (hits) hits->n_videos = n_videos;
    if (!err) err = text_copy(hits->test, sizeof hits->test, test_digest(&runs[0]->result));
    for (int s = 0; s < n && !err; s++) {
        char path[PATH_SIZE];
        hits->seeds[hits->n_seeds++] = runs[s]->result.seed;
        err = path_join(path, sizeof path, runs[s]->folder, "predictions.csv");
        if (!err) err = read_run(hits, s, runs[s], path);
    }
    if (err) correctness_free(&hits);
    *out = hits;
    return err;
}

void correctness_free(Correctness **hits) {
    if (*hits) free((*hits)->right);
    free(*hits);
    *hits = NULL;
}

/* Over seeds and videos where the predictions are there. Broken ones are no reason to have no report. */
Estimate correctness_estimate(Correctness **hits, char problem[CORRECTNESS_PROBLEM], const Outcomes *outcomes,
                              const OutcomeKey *key) {
    Estimate estimate = outcomes_estimate(outcomes, key, "top1");
    *hits = NULL;
    if (estimate.state != ESTIMATE_PRESENT) return estimate;
    if (correctness_read(hits, outcomes, key)) {
        if (!problem[0]) snprintf(problem, CORRECTNESS_PROBLEM, "%s", err_message());
        log_warn("predictions are not used: %s", err_message());
    }
    const Correctness *cell = estimate.hits = *hits;
    Crossed crossed;
    if (estimate.n_seeds == 1 || !correctness_cross(&crossed, &cell, 1)) return estimate;
    Interval share = crossed_share(&crossed, 0);
    estimate.low = 100 * share.low;
    estimate.high = 100 * share.high;
    return estimate;
}

/* ---- cells together ---- */

/* The row of a seed, NULL: none. */
static const uint8_t *row_of(const Correctness *hits, uint64_t seed) {
    for (int s = 0; s < hits->n_seeds; s++)
        if (hits->seeds[s] == seed) return hits->right + (int64_t)s * hits->n_videos;
    return NULL;
}

/* Pairs are made of seeds that every cell has. */
static bool all_have(const Correctness *const *cells, int n, uint64_t seed) {
    for (int k = 0; k < n; k++)
        if (!row_of(cells[k], seed)) return false;
    return true;
}

/* measures x seeds rows of videos, as math/crossed wants them: cell k's seed s at k * n_seeds + s. */
bool correctness_cross(Crossed *out, const Correctness *const *cells, int n) {
    const uint8_t *rows[CROSSED_MEASURES * CROSSED_SEEDS];
    uint64_t seeds[CROSSED_SEEDS];
    int n_seeds = 0;
    for (int k = 0; k < n; k++)
        if (!cells[k] || cells[k]->n_videos != cells[0]->n_videos || !text_equal(cells[k]->test, cells[0]->test))
            return false;
    for (int s = 0; s < cells[0]->n_seeds; s++)
        if (all_have(cells, n, cells[0]->seeds[s])) seeds[n_seeds++] = cells[0]->seeds[s];
    for (int k = 0; k < n; k++)
        for (int s = 0; s < n_seeds; s++) rows[k * n_seeds + s] = row_of(cells[k], seeds[s]);
    if (n_seeds > 0) crossed_make(out, rows, n, n_seeds, cells[0]->n_videos);
    return n_seeds > 0;
}
