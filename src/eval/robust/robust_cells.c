#include "eval/robust/internal/robust_cells.h"

#include "base/system/file.h"

#include <limits.h>

CHECKED Err robust_cells_new(RobustCells *cells, const RobustPlan *plan, int64_t n_videos, int n_classes) {
    int n_cells = 1 + plan->list.count * plan->n_severities;
    *cells = (RobustCells){.plan = *plan, .n_cells = n_cells, .n_videos = n_videos, .n_classes = n_classes};
    cells->hits = calloc((size_t)n_cells, (size_t)n_videos + 1);
    cells->done = calloc((size_t)n_cells, sizeof(bool));
    if (cells->hits && cells->done) return ERR_NONE;
    return RAISE(ERR_MEMORY, "no memory for %d outcomes of %lld videos", n_cells, (long long)n_videos);
}

void robust_cells_free(RobustCells *cells) {
    free(cells->hits);
    free(cells->done);
    *cells = (RobustCells){0};
}

bool robust_cell_corruption(const RobustCells *cells, int cell, Corruption *corruption) {
    const RobustPlan *plan = &cells->plan;
    if (cell == 0) return false;
    corruption->kind = plan->list.kinds[(cell - 1) / plan->n_severities];
    corruption->severity = plan->severities[(cell - 1) % plan->n_severities];
    return true;
}

CHECKED Err robust_cell_name(char *out, size_t size, const RobustCells *cells, int cell) {
    Corruption corruption;
    if (!robust_cell_corruption(cells, cell, &corruption)) return text_copy(out, size, "clean");
    return text_format(out, size, "%s-%d", corrupt_name(corruption.kind), corruption.severity);
}

/* ---- files ---- */

static const char heading[] = "video,label,predicted\n";

static Err cell_path(char out[PATH_SIZE], const RobustCells *cells, int cell, const char *folder) {
    char name[NAME_SIZE];
    TRY(robust_cell_name(name, sizeof name, cells, cell));
    return text_format(out, PATH_SIZE, "%s/cells/%s.csv", folder, name);
}

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
