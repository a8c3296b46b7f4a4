/* Statistics of datasets as a table, and their correlation with accuracies: ours, and those the paper published. A
 * figure of a dataset is the estimate over all analyses of it (outcomes_estimate), so two samplings are "mixed", never
 * averaged. */
#include "analysis/compare/statistics.h"

#include <math.h>

/* Distances, of which a set of results has those of the networks it was measured with: others have no column. */
static const struct {
    const char *metric, *label;
    int digits;
    bool distance;
} shown[] = {
    {"FID", "FID", 2, true},
    {"FVD", "FVD", 2, true},
    {"KID", "KID", 3, true},
    {"KVD", "KVD", 3, true},
    {"FFD-VideoMAE", "FFD-VideoMAE", 2, true},
    {"FVD-VideoMAE", "FVD-VideoMAE", 2, true},
    {"frame_mmd", "Frame MMD", 3, true},
    {"video_mmd", "Video MMD", 3, true},
    {"FFD-random-Inception", "FFD-random-Inception", 1, true},
    {"FVD-random-I3D", "FVD-random-I3D", 1, true},
    {"diversity_logdet", "Diversity (log-det)", 3, false},
    {"effective_rank", "Effective rank", 1, false},
    {"spectrum_exponent", "Spectrum exponent", 3, false},
    {"spectrum_sd", "its sd", 3, false},
    {"spectrum_r2", "R2", 3, false},
    {"lab_kl", "Color KL (L*a*b*)", 2, false},
    {"motion", "Motion (levels)", 2, false},
    {"temporal_exponent", "Temporal exponent", 2, false},
    {"speed", "Speed (px of 256)", 1, false},
    {"speed_still", "Still blocks", 2, false},
};
enum { N_SHOWN = sizeof shown / sizeof *shown };

static const OutcomeKey analysis_key = {.task = "analyze"};

/* Of the paper's protocol where there is such an analysis of the dataset: a reduced one does not stand beside it. */
Estimate statistics_of(const Outcomes *outcomes, const char *dataset, const char *metric) {
    OutcomeKey key = analysis_key;
    key.dataset = dataset;
    key.protocol = outcomes_protocol(outcomes, "");
    Estimate official = outcomes_estimate(outcomes, &key, metric);
    if (official.state != ESTIMATE_NONE) return official;
    key.protocol = NULL;
    return outcomes_estimate(outcomes, &key, metric);
}

static bool has_official(const Outcomes *outcomes, const char *dataset) {
    const OutcomeKey key = {.task = "analyze", .dataset = dataset, .protocol = outcomes_protocol(outcomes, "")};
    for (int i = 0; i < outcomes->count; i++)
        if (outcomes_match(&outcomes->items[i], &key)) return true;
    return false;
}

/* By contents: a reference may have another name here. */
bool statistics_is_reference(const Result *result) {
    const ResultInput *dataset = outcomes_input(result, "dataset"), *reference = outcomes_input(result, "reference");
    return dataset && reference && text_equal(dataset->digest, reference->digest);
}

/* The first result about its dataset. */
static bool is_first_of_dataset(const Outcomes *outcomes, int i) {
    for (int k = 0; k < i; k++)
        if (outcomes_match(&outcomes->items[k], &analysis_key) &&
            text_equal(outcomes->items[k].result.dataset, outcomes->items[i].result.dataset))
            return false;
    return outcomes_match(&outcomes->items[i], &analysis_key);
}

/* Some dataset has it, by any result. */
static bool is_measured(const Outcomes *outcomes, const char *metric) {
    for (int i = 0; i < outcomes->count; i++)
        if (outcomes_match(&outcomes->items[i], &analysis_key) && result_metric(&outcomes->items[i].result, metric))
            return true;
    return false;
}

static bool has_column(const Outcomes *outcomes, int m) {
    return !shown[m].distance || is_measured(outcomes, shown[m].metric);
}

/* The row of a dataset: each figure over all results about it, whatever run they come from. */
static Err fill_statistics(Table *table, const Outcomes *outcomes, const Paper *paper, const Result *dataset) {
    int row, column = 1;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s%s%s", paper_label(paper, dataset->dataset),
                   statistics_is_reference(dataset) ? " (the reference)" : "",
                   has_official(outcomes, dataset->dataset) ? "" : " (reduced)"));
    table->rule_above[row] = statistics_is_reference(dataset) || paper_order(paper, dataset->dataset) < 0;
    for (int m = 0; m < N_SHOWN; m++) {
        if (!has_column(outcomes, m)) continue;
        Estimate estimate = statistics_of(outcomes, dataset->dataset, shown[m].metric);
        if (estimate.state == ESTIMATE_MIXED) TRY(table_text(table, row, column, "mixed protocols"));
        table_estimate(table, row, column++, estimate.value, estimate.low, estimate.high);
    }
    return ERR_NONE;
}

/* Two names for one set of videos are two points that are one. */
static void add_twins(Builder *text, const Outcomes *outcomes) {
    for (int i = 0; i < outcomes->count; i++) {
        const Result *a = &outcomes->items[i].result;
        const ResultInput *videos = outcomes_input(a, "dataset");
        for (int k = 0; k < i && videos && is_first_of_dataset(outcomes, i); k++) {
            const Result *b = &outcomes->items[k].result;
            const ResultInput *others = outcomes_input(b, "dataset");
            if (is_first_of_dataset(outcomes, k) && others && text_equal(videos->digest, others->digest))
                builder_add(text, " %s and %s are the same videos.", b->dataset, a->dataset);
        }
    }
}

/* Whether a result departs in the same words. */
static bool has_deviation(const Result *result, const char *text) {
    for (int i = 0; i < result->n_deviations; i++)
        if (text_equal(result->deviations[i], text)) return true;
    return false;
}

/* Figures of samples of another size do not compare with the rest of the table: which those are. */
static void add_odd_samples(Builder *text, const Outcomes *outcomes, const Result *usual) {
    for (int i = 0; i < outcomes->count; i++) {
        const Result *result = &outcomes->items[i].result;
        int odd = 0;
        for (int d = 0; is_first_of_dataset(outcomes, i) && d < result->n_deviations; d++)
            if (!has_deviation(usual, result->deviations[d]))
                builder_add(text, "%s%s", odd++ ? ", " : " Sampled otherwise: ", result->deviations[d]);
        if (odd) builder_add(text, " (%s).", result->dataset);
    }
}

/* What the columns of distances are. */
static void add_distances(Builder *text, const Outcomes *outcomes) {
    static const struct {
        const char *metrics[2], *words;
    } notes[] = {
        {{"FID", "FVD"},
         "FID: Frechet distance of frames on Inception's 2048 features (input as pytorch-fid); FVD: of clips on I3D's "
         "400 logits; KID, KVD: kernel distances on the same. "},
        {{"FFD-VideoMAE", "FVD-VideoMAE"},
         "FD-VideoMAE: Frechet distance on features of one fixed VideoMAE encoder, of frames (FFD) and clips (FVD); "
         "not "
         "FID or FVD, and comparable only within this table. "},
        {{"FFD-random-Inception", "FVD-random-I3D"},
         "FD-random: Frechet distance on Inception and I3D with random weights, mean over seeds; not FID or FVD, and "
         "comparable only within this table. "},
    };
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (is_measured(outcomes, notes[i].metrics[0]) || is_measured(outcomes, notes[i].metrics[1]))
            builder_add_text(text, notes[i].words);
}

/* Of the usual result, the first; what others do otherwise is said by name. */
static Err statistics_caption(Table *table, const Outcomes *outcomes, const Result *any) {
    Builder text = {0};
    const ResultInput *reference = any ? outcomes_input(any, "reference") : NULL;
    add_distances(&text, outcomes);
    builder_add_text(&text, "Diversity: log-determinant of the frame features' covariance a dimension. Spectrum: "
                            "exponent a of the amplitude spectrum 1/f^a. Color: symmetric KL, sum form. In brackets: "
                            "95 % intervals over the samples of one analysis, by bootstrap and jackknife.");
    if (reference) builder_add(&text, " Reference: %.200s.", path_base(reference->path));
    for (int i = 0; any && i < any->n_deviations; i++)
        builder_add(&text, "%s%s", i ? "; " : " Reduced: ", any->deviations[i]);
    if (any && any->n_deviations) builder_add_text(&text, ".");
    if (any) add_odd_samples(&text, outcomes, any);
    add_twins(&text, outcomes);
    Err err = builder_check(&text, "caption");
    if (!err) snprintf(table->caption, sizeof table->caption, "%s", text.data);
    builder_free(&text);
    return err;
}

/* Columns that no dataset has are left out, if they are distances. */
Err statistics_table(Table *table, const Outcomes *outcomes, const Paper *paper) {
    TableColumn columns[1 + N_SHOWN] = {{.label = "Dataset", .kind = COLUMN_TEXT}};
    int n_columns = 1;
    for (int m = 0; m < N_SHOWN; m++) {
        if (!has_column(outcomes, m)) continue;
        columns[n_columns] = (TableColumn){.kind = COLUMN_ESTIMATE, .digits = shown[m].digits};
        TRY(text_copy(columns[n_columns++].label, sizeof columns->label, shown[m].label));
    }
    TRY(table_new(table, "statistics", "What was measured", columns, n_columns));
    const Result *first = NULL;
    for (int i = 0; i < outcomes->count; i++) {
        if (!is_first_of_dataset(outcomes, i)) continue;
        if (!first) first = &outcomes->items[i].result;
        TRY(fill_statistics(table, outcomes, paper, &outcomes->items[i].result));
    }
    return statistics_caption(table, outcomes, first);
}

/* The paper relates some statistics by their distance from a value that natural videos have. */
static double transformed(const PaperCorrelation *entry, double x) {
    return isnan(entry->distance_from) ? x : fabs(x - entry->distance_from);
}

/* A set of distance 0 to itself and a pre-training on the test set are no points of the relation. */
Points statistics_points(const Outcomes *outcomes, const Grid *board, int column, const PaperCorrelation *entry) {
    Points points = {0};
    for (int r = 0; r < board->n_rows; r++) {
        const Estimate *accuracy = &board->cells[r][column];
        Estimate statistic = statistics_of(outcomes, board->rows[r].slug, entry->metric);
        if (accuracy->state != ESTIMATE_PRESENT || statistic.state != ESTIMATE_PRESENT ||
            statistics_is_reference(&statistic.first->result) || board->rows[r].target)
            continue;
        points.reduced |= !result_is_official(&statistic.first->result);
        points.x[points.n] = transformed(entry, statistic.value);
        points.y[points.n] = accuracy->value;
        points.y_low[points.n] = accuracy->low;
        points.y_high[points.n] = accuracy->high;
        points.slugs[points.n++] = board->rows[r].slug;
    }
    return points;
}

/* As statistics_points, with the paper's accuracies for ours: more datasets, no intervals. */
Points statistics_published(const Outcomes *outcomes, const Paper *paper, const DatasetNames *names,
                            const PaperCorrelation *entry) {
    Points points = {0};
    for (int i = 0; i < names->count; i++) {
        double accuracy = paper_accuracy(paper_experiment(paper, "ucf101-finetune"), names->slugs[i]);
        Estimate statistic = statistics_of(outcomes, names->slugs[i], entry->metric);
        if (isnan(accuracy) || statistic.state != ESTIMATE_PRESENT || statistics_is_reference(&statistic.first->result))
            continue;
        points.reduced |= !result_is_official(&statistic.first->result);
        points.x[points.n] = transformed(entry, statistic.value);
        points.y[points.n] = accuracy;
        points.y_low[points.n] = points.y_high[points.n] = NAN;
        points.slugs[points.n++] = names->slugs[i];
    }
    return points;
}

/* ---- correlations ---- */

enum {
    COLUMN_STATISTIC,
    COLUMN_ACCURACY,
    COLUMN_N,
    COLUMN_R,
    COLUMN_P,
    COLUMN_BOOTSTRAP,
    COLUMN_RHO,
    COLUMN_RHO_P,
    COLUMN_WITHOUT,
    COLUMN_PAPER
};

/* Columns are named, since rows fill them in several places. */
static Err new_correlations(Table *table, const char *name, const char *title) {
    const TableColumn columns[] = {
        [COLUMN_STATISTIC] = {.label = "Statistic", .kind = COLUMN_TEXT},
        [COLUMN_ACCURACY] = {.label = "Accuracies", .kind = COLUMN_TEXT},
        [COLUMN_N] = {.label = "n", .kind = COLUMN_NUMBER},
        [COLUMN_R] =
            {.label = "r (Fisher 95 %)", .kind = COLUMN_ESTIMATE, .digits = 2, .low = -1, .high = 1, .mark = 0},
        [COLUMN_P] = {.label = "p", .kind = COLUMN_NUMBER, .digits = 3},
        [COLUMN_BOOTSTRAP] = {.label = "r (bootstrap 95 %)", .kind = COLUMN_ESTIMATE, .digits = 2, .mark = NAN},
        [COLUMN_RHO] = {.label = "rho", .kind = COLUMN_NUMBER, .digits = 2},
        [COLUMN_RHO_P] = {.label = "p of rho", .kind = COLUMN_NUMBER, .digits = 3},
        [COLUMN_WITHOUT] = {.label = "r without one", .kind = COLUMN_TEXT},
        [COLUMN_PAPER] = {.label = "Paper (28 sets)", .kind = COLUMN_TEXT, .paper = true},
    };
    return table_new(table, name, title, columns, sizeof columns / sizeof *columns);
}

/* A row needs points enough; a constant leaves r undefined, which is said. */
static Err fill_correlation(Table *table, const char *title, const PaperCorrelation *entry, const Points *points,
                            uint64_t seed) {
    Correlation found;
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, COLUMN_STATISTIC, "%s", entry->label));
    TRY(table_text(table, row, COLUMN_ACCURACY, "%s", title));
    TRY(table_text(table, row, COLUMN_PAPER, "%s", entry->paper));
    table_number(table, row, COLUMN_N, points->n);
    TRY(correlate(&found, points->x, points->y, points->n, seed));
    if (!found.defined) return table_text(table, row, COLUMN_R, "undefined (constant)");
    table_estimate(table, row, COLUMN_R, found.r, found.fisher.low, found.fisher.high);
    table_number(table, row, COLUMN_P, found.r_p);
    table_estimate(table, row, COLUMN_BOOTSTRAP, found.r, found.bootstrap.low, found.bootstrap.high);
    table_number(table, row, COLUMN_RHO, found.rho);
    table_number(table, row, COLUMN_RHO_P, found.rho_p);
    if (found.decisive < 0) return ERR_NONE;
    return table_text(table, row, COLUMN_WITHOUT, "%.2f to %.2f, most without %s", found.without_one.low,
                      found.without_one.high, points->slugs[found.decisive]);
}

#define CORRELATION_NOTE                                                                                               \
    "Pearson r, Spearman rho (average ranks), two-sided p from Student's t with n-2 degrees. \"Without one\": the "    \
    "range of r with one dataset left out, and the one whose absence changes it most. "

/* A block for each of our accuracies; statistics with too few points have no row. */
Err correlations_table(Table *table, const Outcomes *outcomes, const Paper *paper, const Grid *board, uint64_t seed) {
    TRY(new_correlations(table, "correlations", "Statistics against our accuracies"));
    TRY(text_copy(table->caption, sizeof table->caption,
                  CORRELATION_NOTE "One point a pre-training dataset; random initialization has no dataset, and "
                                   "neither the reference nor the target set is a point. With so few points an "
                                   "interval that holds zero decides nothing."));
    for (int c = 0; c < board->n_columns; c++) {
        char title[96];
        bool first = true;
        grid_column_label(title, sizeof title, &board->columns[c]);
        for (const PaperCorrelation *entry = paper->correlations; entry < paper->correlations + paper->n_correlations;
             entry++) {
            Points points = statistics_points(outcomes, board, c, entry);
            if (points.n < CORRELATE_MIN) continue;
            TRY(fill_correlation(table, title, entry, &points, seed));
            table->rule_above[table->n_rows - 1] = first;
            first = false;
        }
    }
    return ERR_NONE;
}

/* The same statistics over the datasets of one list. */
static Err fill_published(Table *table, const Outcomes *outcomes, const Paper *paper, const char *list, uint64_t seed) {
    bool first = true;
    char title[160];
    DatasetNames *names = malloc(sizeof *names);
    Err err = names ? names_read(names, list) : RAISE(ERR_MEMORY, "list of datasets: no memory");
    for (const PaperCorrelation *entry = paper->correlations; entry < paper->correlations + paper->n_correlations;
         entry++) {
        if (err) break;
        Points points = statistics_published(outcomes, paper, names, entry);
        if (points.n < CORRELATE_MIN) continue;
        snprintf(title, sizeof title, "%s: %d of %d%s", names->name, points.n, names->count,
                 points.reduced ? " (reduced statistics)" : "");
        err = fill_correlation(table, title, entry, &points, seed);
        table->rule_above[table->n_rows - 1] = first;
        first = false;
    }
    free(names);
    return err;
}

/* Several readings of which datasets the paper means. */
Err correlations_published_table(Table *table, const Outcomes *outcomes, const Paper *paper, const char *lists,
                                 uint64_t seed) {
    char rest[512];
    TRY(new_correlations(table, "correlations-paper", "Our statistics against the paper's published accuracies"));
    TRY(text_copy(
        table->caption, sizeof table->caption,
        CORRELATION_NOTE
        "Statistics are ours, at the scale the statistics table names; accuracies are the "
        "paper's (UCF101 fine-tune, ViT-B). The paper's 28 datasets are not listed in it: paper28 is a reading, "
        "paper31 and all34 check how much hangs on it."));
    TRY(text_copy(rest, sizeof rest, lists ? lists : STATISTICS_LISTS));
    for (char *list = rest, *next; list; list = next) {
        next = strchr(list, ',');
        if (next) *next++ = 0;
        TRY(fill_published(table, outcomes, paper, list, seed));
    }
    return ERR_NONE;
}
