/* A cell is one byte a video, hit or not. Means over cells are taken video by video first: the same videos stand
 * behind all cells, so videos are the sample, and the interval is that of their mean shares. */
#include "eval/robust/internal/robust_score.h"

#include "base/system/file.h"
#include "math/stats.h"

#include <limits.h>
#include <math.h>

/* hits (cells, videos), a byte each. */
CHECKED Err robust_cells_new(RobustCells *cells, const RobustPlan *plan, int64_t n_videos, int n_classes) {
    int n_cells = 1 + plan->list.count * plan->n_severities;
    *cells = (RobustCells){.plan = *plan, .n_cells = n_cells, .n_videos = n_videos, .n_classes = n_classes};
    cells->hits = calloc((size_t)n_cells, (size_t)n_videos + 1);
    cells->done = calloc((size_t)n_cells, sizeof(bool));
    if (cells->hits && cells->done) return ERR_NONE;
    return RAISE(ERR_MEMORY, "no memory for %d outcomes of %lld videos", n_cells, (long long)n_videos);
}

/* Of cells that were made in part, too. */
void robust_cells_free(RobustCells *cells) {
    free(cells->hits);
    free(cells->done);
    *cells = (RobustCells){0};
}

/* Leaves scale, seed and generator as they are. */
bool robust_cell_corruption(const RobustCells *cells, int cell, Corruption *corruption) {
    const RobustPlan *plan = &cells->plan;
    if (cell == 0) return false;
    corruption->kind = plan->list.kinds[(cell - 1) / plan->n_severities];
    corruption->severity = plan->severities[(cell - 1) % plan->n_severities];
    return true;
}

/* "clean", "fog-3": of files, and of rows for whoever reads them. */
CHECKED Err robust_cell_name(char *out, size_t size, const RobustCells *cells, int cell) {
    Corruption corruption;
    if (!robust_cell_corruption(cells, cell, &corruption)) return text_copy(out, size, "clean");
    return text_format(out, size, "%s-%d", corrupt_name(corruption.kind), corruption.severity);
}

/* ---- files ---- */

static const char heading[] = "video,label,predicted\n";

/* FOLDER/cells/fog-3.csv */
static Err cell_path(char out[PATH_SIZE], const RobustCells *cells, int cell, const char *folder) {
    char name[NAME_SIZE];
    TRY(robust_cell_name(name, sizeof name, cells, cell));
    return text_format(out, PATH_SIZE, "%s/cells/%s.csv", folder, name);
}

/* The file says more than is kept in memory: which class was predicted, for whoever wants to look. */
CHECKED Err robust_cell_store(RobustCells *cells, int cell, const Predictions *predictions, const char *folder) {
    char path[PATH_SIZE];
    Builder out = {0};
    uint8_t *hits = cells->hits + (int64_t)cell * cells->n_videos;
    builder_add_text(&out, heading);
    for (int64_t video = 0; video < cells->n_videos; video++) {
        int predicted = score_predicted(predictions, video);
        hits[video] = predicted == predictions->labels[video];
        builder_add(&out, "%lld,%d,%d\n", (long long)video, predictions->labels[video], predicted);
    }
    Err err = builder_check(&out, "predictions");
    if (!err) err = path_join(path, sizeof path, folder, "cells");
    if (!err) err = folder_make(path);
    if (!err) err = cell_path(path, cells, cell, folder);
    if (!err) err = file_write_whole(path, out.data, out.length);
    builder_free(&out);
    cells->done[cell] = !err;
    return err;
}

/* A whole number up to `most` and the character that must follow it; moves *at behind both. */
static bool read_number(int64_t *value, const char **at, int64_t most, char end) {
    char *rest;
    *value = strtoll(*at, &rest, 10);
    if (rest == *at || *rest != end || *value < 0 || *value > most) return false;
    *at = rest + 1;
    return true;
}

/* False when the text is not a table of these videos. */
static bool read_table(uint8_t *hits, const RobustCells *cells, const char *text) {
    const char *at = text;
    int64_t number, label, predicted, last = cells->n_classes - 1;
    if (!text_starts(at, heading)) return false;
    at += sizeof heading - 1;
    for (int64_t video = 0; video < cells->n_videos; video++) {
        if (!read_number(&number, &at, INT64_MAX, ',') || number != video) return false;
        if (!read_number(&label, &at, last, ',') || !read_number(&predicted, &at, last, '\n')) return false;
        hits[video] = label == predicted;
    }
    return *at == '\0';
}

/* A file that is there but not right ends the run rather than being overwritten: it may be of another run. */
static Err read_cell(RobustCells *cells, int cell, const char *folder) {
    char path[PATH_SIZE], *text;
    size_t length;
    TRY(cell_path(path, cells, cell, folder));
    if (!file_exists(path)) return ERR_NONE;
    TRY(file_read(&text, &length, path, (size_t)1 << 32));
    cells->done[cell] = read_table(cells->hits + (int64_t)cell * cells->n_videos, cells, text);
    free(text);
    if (cells->done[cell]) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: not a table of the predictions of %lld videos; delete it and it is made again", path,
                 (long long)cells->n_videos);
}

CHECKED Err robust_cells_read(RobustCells *cells, const char *folder) {
    for (int cell = 0; cell < cells->n_cells; cell++) TRY(read_cell(cells, cell, folder));
    return ERR_NONE;
}

/* ---- figures ---- */

/* In percent, with Wilson's interval of a share. */
RobustFigure robust_figure_of_cell(const RobustCells *cells, int cell) {
    const uint8_t *hits = robust_hits(cells, cell);
    int64_t right = 0;
    for (int64_t video = 0; video < cells->n_videos; video++) right += hits[video];
    Interval interval = interval_wilson((double)right, (double)cells->n_videos);
    return (RobustFigure){100.0 * (double)right / (double)cells->n_videos, {100 * interval.low, 100 * interval.high}};
}

/* The chosen cell if it is the only one, else -1. */
static int only_one(const RobustCells *cells, const bool *chosen) {
    int found = -1;
    for (int cell = 0; cell < cells->n_cells; cell++) {
        if (chosen[cell] && found >= 0) return -1;
        if (chosen[cell]) found = cell;
    }
    return found;
}

/* One cell has Wilson's interval, which holds near 0 and 100 too; a mean over cells has Student's over videos. */
RobustFigure robust_figure_of_mean(const RobustCells *cells, const bool *chosen) {
    int single = only_one(cells, chosen);
    if (single >= 0) return robust_figure_of_cell(cells, single);
    Moments shares = {0};
    for (int64_t video = 0; video < cells->n_videos; video++) {
        int right = 0, asked = 0;
        for (int cell = 0; cell < cells->n_cells; cell++) {
            asked += chosen[cell];
            right += chosen[cell] && robust_hits(cells, cell)[video];
        }
        moments_add(&shares, 100.0 * right / asked);
    }
    Interval interval = interval_mean(shares.mean, moments_sd(&shares), cells->n_videos);
    return (RobustFigure){shares.mean, {fmax(0, interval.low), fmin(100, interval.high)}};
}

/* ---- choices ---- */

static bool choose(bool *chosen, const RobustCells *cells, int kind, int family) {
    const RobustPlan *plan = &cells->plan;
    bool any = false;
    memset(chosen, 0, (size_t)cells->n_cells * sizeof *chosen);
    for (int k = 0; k < plan->list.count; k++) {
        if (kind >= 0 && kind != k) continue;
        if (family >= 0 && family != (int)corrupt_family(plan->list.kinds[k])) continue;
        for (int s = 0; s < plan->n_severities; s++) any = chosen[robust_cell(cells, k, s)] = true;
    }
    return any;
}

bool robust_choose_kind(bool *chosen, const RobustCells *cells, int kind) {
    return choose(chosen, cells, kind, -1);
}

bool robust_choose_family(bool *chosen, const RobustCells *cells, CorruptFamily family) {
    return choose(chosen, cells, -1, (int)family);
}

bool robust_choose_all(bool *chosen, const RobustCells *cells) {
    return choose(chosen, cells, -1, -1);
}

/* ---- the result ---- */

static Err add_figure(Result *result, const RobustCells *cells, const char *name, RobustFigure figure, bool mean) {
    return result_add_metric(result, name, figure.value, "%", cells->n_videos, figure.interval,
                             mean ? "t over videos 95%" : "Wilson 95%");
}

static Err add_mean(Result *result, const RobustCells *cells, const char *name, const bool *chosen) {
    return add_figure(result, cells, name, robust_figure_of_mean(cells, chosen), only_one(cells, chosen) < 0);
}

static Err add_kinds(Result *result, const RobustCells *cells, bool *chosen) {
    const RobustPlan *plan = &cells->plan;
    for (int k = 0; k < plan->list.count; k++) {
        const char *kind = corrupt_name(plan->list.kinds[k]);
        robust_choose_kind(chosen, cells, k);
        TRY(add_mean(result, cells, kind, chosen));
        for (int s = 0; s < plan->n_severities; s++) {
            char name[NAME_SIZE];
            TRY(text_format(name, sizeof name, "%s_s%d", kind, plan->severities[s]));
            TRY(add_figure(result, cells, name, robust_figure_of_cell(cells, robust_cell(cells, k, s)), false));
        }
    }
    return ERR_NONE;
}

static Err add_families(Result *result, const RobustCells *cells, bool *chosen) {
    static const char *const names[FAMILY_COUNT] = {"family_noise", "family_blur", "family_camera_motion",
                                                    "family_digital", "family_temporal"};
    for (int family = 0; family < FAMILY_COUNT; family++)
        if (robust_choose_family(chosen, cells, (CorruptFamily)family))
            TRY(add_mean(result, cells, names[family], chosen));
    return ERR_NONE;
}

static Err add_scores(Result *result, const RobustCells *cells, double clean, double corrupted) {
    TRY(result_add_number(result, "absolute_robustness", 1 - (clean - corrupted) / 100, "", cells->n_videos));
    if (clean <= 0) return ERR_NONE;
    return result_add_number(result, "relative_robustness", 1 - (clean - corrupted) / clean, "", cells->n_videos);
}

static Err add_everything(Result *result, const RobustCells *cells, bool *chosen) {
    RobustFigure clean = robust_figure_of_cell(cells, 0);
    TRY(add_figure(result, cells, "top1", clean, false));
    TRY(result_add_number(result, "chance", 100.0 / cells->n_classes, "%", cells->n_videos));
    TRY(add_kinds(result, cells, chosen));
    TRY(add_families(result, cells, chosen));
    robust_choose_all(chosen, cells);
    TRY(add_mean(result, cells, "mean_corrupted", chosen));
    return add_scores(result, cells, clean.value, robust_figure_of_mean(cells, chosen).value);
}

CHECKED Err robust_into_result(Result *result, const RobustCells *cells) {
    bool *chosen = malloc((size_t)cells->n_cells * sizeof *chosen);
    if (!chosen) return RAISE(ERR_MEMORY, "no memory for the figures of %d cells", cells->n_cells);
    Err err = add_everything(result, cells, chosen);
    free(chosen);
    return err;
}

/* ---- the table ---- */

static void add_line(Builder *out, const RobustCells *cells, const char *what, const char *severity,
                     RobustFigure figure) {
    builder_add(out, "%s,%s,%lld,%.2f,%.2f,%.2f\n", what, severity, (long long)cells->n_videos, figure.value,
                figure.interval.low, figure.interval.high);
}

static void list_kind(Builder *out, const RobustCells *cells, int k, bool *chosen) {
    const RobustPlan *plan = &cells->plan;
    char what[NAME_SIZE], severity[16];
    (void)snprintf(what, sizeof what, "%s,%s", corrupt_name(plan->list.kinds[k]),
                   corrupt_family_name(corrupt_family(plan->list.kinds[k])));
    for (int s = 0; s < plan->n_severities; s++) {
        (void)snprintf(severity, sizeof severity, "%d", plan->severities[s]);
        add_line(out, cells, what, severity, robust_figure_of_cell(cells, robust_cell(cells, k, s)));
    }
    robust_choose_kind(chosen, cells, k);
    add_line(out, cells, what, "mean", robust_figure_of_mean(cells, chosen));
}

static void list_cells(Builder *out, const RobustCells *cells, bool *chosen) {
    builder_add_text(out, "corruption,family,severity,videos,top1_percent,low,high\n");
    add_line(out, cells, "clean,clean", "0", robust_figure_of_cell(cells, 0));
    for (int k = 0; k < cells->plan.list.count; k++) list_kind(out, cells, k, chosen);
    for (int family = 0; family < FAMILY_COUNT; family++) {
        char what[NAME_SIZE];
        (void)snprintf(what, sizeof what, "all,%s", corrupt_family_name((CorruptFamily)family));
        if (robust_choose_family(chosen, cells, (CorruptFamily)family))
            add_line(out, cells, what, "mean", robust_figure_of_mean(cells, chosen));
    }
    robust_choose_all(chosen, cells);
    add_line(out, cells, "all,all", "mean", robust_figure_of_mean(cells, chosen));
}

CHECKED Err robust_write_table(const RobustCells *cells, const char *folder) {
    char path[PATH_SIZE];
    Builder out = {0};
    bool *chosen = malloc((size_t)cells->n_cells * sizeof *chosen);
    if (!chosen) return RAISE(ERR_MEMORY, "no memory for the figures of %d cells", cells->n_cells);
    list_cells(&out, cells, chosen);
    Err err = builder_check(&out, "robustness.csv");
    if (!err) err = path_join(path, sizeof path, folder, "robustness.csv");
    if (!err) err = file_write_whole(path, out.data, out.length);
    builder_free(&out);
    free(chosen);
    return err;
}
