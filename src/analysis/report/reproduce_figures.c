#include "analysis/report/internal/figures.h"

#include "analysis/compare/inventory.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "video/media/sheet.h"

#include <math.h>

/* ---- figure 1 ---- */

enum { STRIP_ROWS = 16, STRIP_COLUMNS = 8, STRIP_CELL = 112 };

/* NULL: not generated. */
static const FoundDataset *find_dataset(const DatasetList *list, const char *slug) {
    for (int i = 0; i < list->count; i++)
        if (text_equal(list->items[i].manifest.name, slug)) return &list->items[i];
    return NULL;
}

/* Frames spread over the first video. */
static Err read_strip(Frames *frames, const char *folder, DatasetOpen *open) {
    ClipSource *source = NULL;
    VideoInfo info;
    int numbers[STRIP_COLUMNS];
    TRY(open(&source, folder));
    Err err = clip_source_info(source, 0, 0, &info);
    for (int i = 0; i < STRIP_COLUMNS; i++)
        numbers[i] = err ? 0 : (int)((int64_t)i * (info.n_frames - 1) / (STRIP_COLUMNS - 1));
    if (!err) err = clip_source_read(source, 0, 0, numbers, STRIP_COLUMNS, frames);
    clip_source_close(&source);
    return err;
}

/* A strip for each stage of the progression that is there, in the paper's order. */
static Err write_strips(const DatasetList *list, const Paper *paper, const char *figures) {
    SheetRow rows[STRIP_ROWS];
    Frames frames[STRIP_ROWS] = {0};
    char path[PATH_SIZE];
    int n = 0;
    Err err = ERR_NONE;
    for (const PaperPretraining *entry = paper->pretrainings; entry < paper->pretrainings + paper->n_pretrainings;
         entry++) {
        const FoundDataset *found = find_dataset(list, entry->slug);
        if (!text_equal(entry->group, "progression") || !found || n == STRIP_ROWS) continue;
        TRY_OR(done, read_strip(&frames[n], found->folder, list->open));
        rows[n] = (SheetRow){entry->label, &frames[n]};
        n++;
    }
    if (n == 0) goto done;
    TRY_OR(done, folder_make(figures));
    TRY_OR(done, path_join(path, sizeof path, figures, "fig1.png"));
    TRY_OR(done, sheet_write_png(path, rows, n, STRIP_COLUMNS, STRIP_CELL));
done:
    for (int i = 0; i < STRIP_ROWS; i++) frames_free(&frames[i]);
    return err;
}

/* With the digest: whoever has the same one has the same videos. */
static Err fill_strip(Table *table, const PaperPretraining *entry, const FoundDataset *found) {
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s", entry->label));
    if (!found) return table_text(table, row, 1, "not generated");
    TRY(table_text(table, row, 1, "%s", found->folder));
    table_number(table, row, 2, (double)found->manifest.n_clips);
    TRY(table_text(table, row, 3, "%d x %d", found->manifest.width, found->manifest.height));
    return table_text(table, row, 4, "seed %llu, %s", (unsigned long long)found->manifest.seed, found->manifest.digest);
}

Err reproduce_figure1(Table *table, const Paper *paper, const ReproduceRequest *request, const char *figures) {
    const TableColumn columns[] = {{.label = "Dataset", .kind = COLUMN_TEXT},
                                   {.label = "Folder", .kind = COLUMN_TEXT},
                                   {.label = "Videos", .kind = COLUMN_NUMBER},
                                   {.label = "Size", .kind = COLUMN_TEXT},
                                   {.label = "Seed and digest", .kind = COLUMN_TEXT}};
    DatasetList list = {0};
    TRY(table_new(table, "fig1", "Figure 1: the progression of datasets", columns, sizeof columns / sizeof *columns));
    if (request->data) TRY(datasets_find(&list, request->data, paper, request->open));
    Err err = ERR_NONE;
    for (const PaperPretraining *entry = paper->pretrainings; entry < paper->pretrainings + paper->n_pretrainings;
         entry++) {
        if (!err && text_equal(entry->group, "progression"))
            err = fill_strip(table, entry, find_dataset(&list, entry->slug));
    }
    if (!err && figures[0]) err = write_strips(&list, paper, figures);
    datasets_free(&list);
    return err;
}

/* ---- figure 2 ---- */

static Err finish_plot(Plot *plot, Err made, const char *figures) {
    PlotOutcome outcome = {0};
    Err err = made ? made : plot_finish(&outcome, plot, figures);
    if (!err && outcome.state == PLOT_NO_GNUPLOT)
        log_warn("gnuplot is not installed: figures were not drawn; their scripts and data are in %s", figures);
    plot_free(plot);
    return err;
}

static bool has_figures(const Table *table) {
    for (int r = 0; r < table->n_rows; r++)
        if (!isnan(table->cells[r * table->n_columns + 3].value)) return true; /* ours */
    return false;
}

Err reproduce_figure2(const Table *table, bool rehearsal, const char *figures) {
    Plot plot;
    /* the paper's bars stand there from the start, a rehearsal's do not */
    if (rehearsal && !has_figures(table)) return ERR_NONE;
    Err err = figure_progression(&plot, table, rehearsal);
    return finish_plot(&plot, err, figures);
}

/* ---- figure 3 ---- */

enum { N_COMPARED = 3 };

/* The third is pre-training on the videos of the task itself: UCF101, or what stands in for it. */
static const char *compared(const Outcomes *outcomes, const char *protocol, int m) {
    static const char *const slugs[N_COMPARED] = {"accelerating-stylegan", "accelerating-images", "ucf101"};
    const OutcomeKey all = {.task = "robust", .protocol = protocol};
    const OutcomeKey real = {.task = "robust", .pretraining = slugs[m], .protocol = protocol};
    const char *target = NULL;
    for (int i = 0; m == N_COMPARED - 1 && i < outcomes->count; i++) {
        const Result *result = &outcomes->items[i].result;
        if (outcomes_match(&outcomes->items[i], &real)) return slugs[m];
        if (outcomes_match(&outcomes->items[i], &all) && text_equal(result->pretraining, result->dataset))
            target = result->dataset;
    }
    return target ? target : slugs[m];
}

/* Wins of a model over the one pre-trained on real videos: strictly greater counts. */
typedef struct {
    int wins, ties, losses;
    double sum;
} Score;

/* A corruption that one of the two was not tested on does not count. */
static void add_score(Score *score, double ours, double theirs) {
    if (isnan(ours) || isnan(theirs)) return;
    score->wins += ours > theirs;
    score->ties += ours == theirs;
    score->losses += ours < theirs;
    score->sum += ours - theirs;
}

static Err fill_corruption(Table *table, const PaperCorruption *corruption, const Outcomes *outcomes,
                           const char *protocol, Score scores[2]) {
    double values[N_COMPARED];
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s", corruption->label));
    TRY(table_text(table, row, 1, "%s", corruption->family));
    for (int m = 0; m < N_COMPARED; m++) {
        const OutcomeKey key = {.task = "robust", .pretraining = compared(outcomes, protocol, m), .protocol = protocol};
        Estimate estimate = outcomes_estimate(outcomes, &key, corruption->metric);
        values[m] = estimate.value;
        if (estimate.state != ESTIMATE_PRESENT)
            TRY(table_text(table, row, 2 + m, "%s", estimate.state == ESTIMATE_MIXED ? "mixed protocols" : "not run"));
        table_estimate(table, row, 2 + m, estimate.value, estimate.low, estimate.high);
    }
    for (int m = 0; m < 2; m++) add_score(&scores[m], values[m], values[2]);
    return ERR_NONE;
}

/* The paper's counts stand beside figures of its own protocol only. */
static Err fill_scores(Table *table, const Score scores[2], bool official) {
    static const char *const papers[] = {" (paper: 6 of 14 won)", " (paper: 11 of 14 won)"};
    int row;
    TRY(table_add_row(table, &row));
    table->rule_above[row] = true;
    TRY(table_text(table, row, 0, "Won / tied / lost against %s", table->columns[2 + N_COMPARED - 1].label));
    TRY(table_text(table, row, 1, "mean difference"));
    for (int m = 0; m < 2; m++) {
        int compared_with = scores[m].wins + scores[m].ties + scores[m].losses;
        if (compared_with == 0)
            TRY(table_text(table, row, 2 + m, "not run%s", official ? papers[m] : ""));
        else
            TRY(table_text(table, row, 2 + m, "%d / %d / %d, %+.1f%s", scores[m].wins, scores[m].ties, scores[m].losses,
                           scores[m].sum / compared_with, official ? papers[m] : ""));
    }
    return ERR_NONE;
}

bool reproduce_has_reduced_figure3(const Outcomes *outcomes) {
    const OutcomeKey key = {.task = "robust", .protocol = PROTOCOL_REDUCED};
    for (int i = 0; i < outcomes->count; i++)
        if (outcomes_match(&outcomes->items[i], &key)) return true;
    return false;
}

/* Corruptions down, three models across, wins below. */
Err reproduce_figure3(Table *table, const Outcomes *outcomes, const Paper *paper, bool reduced) {
    const char *protocol = reduced ? PROTOCOL_REDUCED : outcomes_protocol(outcomes, "");
    bool official = !reduced && !text_equal(protocol, PROTOCOL_REHEARSAL);
    TableColumn columns[2 + N_COMPARED] = {{.label = "Corruption", .kind = COLUMN_TEXT},
                                           {.label = "Family", .kind = COLUMN_TEXT}};
    Score scores[2] = {0};
    for (int m = 0; m < N_COMPARED; m++) {
        columns[2 + m] = (TableColumn){.kind = COLUMN_ESTIMATE, .digits = 1};
        TRY(text_format(columns[2 + m].label, sizeof columns->label, "%.80s%s",
                        paper_label(paper, compared(outcomes, protocol, m)), reduced ? " (reduced)" : ""));
    }
    TRY(table_new(table, reduced ? "fig3-reduced" : "fig3",
                  reduced ? "Reduced runs: accuracy under corruptions" : "Figure 3: accuracy under corruptions",
                  columns, sizeof columns / sizeof *columns));
    TRY(text_copy(table->caption, sizeof table->caption,
                  "Top-1 accuracy of fine-tuned models on corrupted test videos, mean over severities. A win is a "
                  "strictly greater accuracy than that of the model pre-trained on real videos."));
    for (int i = 0; i < paper->n_corruptions; i++) {
        TRY(fill_corruption(table, &paper->corruptions[i], outcomes, protocol, scores));
    }
    return fill_scores(table, scores, official);
}

/* ---- figure 4 ---- */

/* A figure a statistic, where there are points enough. */
static Err draw_published(const Outcomes *outcomes, const Paper *paper, const DatasetNames *names,
                          const char *figures) {
    for (const PaperCorrelation *entry = paper->correlations; entry < paper->correlations + paper->n_correlations;
         entry++) {
        Points points = statistics_published(outcomes, paper, names, entry);
        Plot plot;
        if (points.n < CORRELATE_MIN) continue;
        Err err = figure_published(&plot, &points, entry, names, paper);
        TRY(finish_plot(&plot, err, figures));
    }
    return ERR_NONE;
}

/* Over the datasets of the first list that is asked for. */
Err reproduce_figure4(const Outcomes *outcomes, const Paper *paper, const char *lists, const char *figures) {
    char first[512];
    DatasetNames *names = malloc(sizeof *names);
    if (!names) return RAISE(ERR_MEMORY, "list of datasets: no memory");
    Err err = text_copy(first, sizeof first, lists ? lists : STATISTICS_LISTS);
    if (!err) {
        first[strcspn(first, ",")] = 0;
        err = names_read(names, first);
    }
    if (!err) err = draw_published(outcomes, paper, names, figures);
    free(names);
    return err;
}
