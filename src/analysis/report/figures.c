/* Figures that are no scatter plots: bars, lines and intervals. Each writes gnuplot's script and data side by side, a
 * block of data for each thing that is drawn; the common settings are run/plot.c's. */
#include "analysis/report/internal/figures.h"

#include "base/text/escape.h"
#include "base/text/text.h"
#include "run/curve.h"

#include <cjson/cJSON.h>
#include <math.h>

static const char *const palette[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
                                      "#56B4E9", "#6a51a3", "#8c564b", "#444444", "#B8A800"};
enum { N_PALETTE = sizeof palette / sizeof *palette, CURVE_POINTS = 120, DATASET_SIZE = 51 /* in a file's name */ };

/* ---- accuracies with intervals ---- */

/* Whether an experiment is on the dataset: a figure has all of them together. */
static bool column_on(const Grid *board, int column, const char *dataset) {
    return text_equal(board->columns[column].dataset, dataset);
}

/* Rows that have a figure on the dataset, from the top. */
static int rows_on(int rows[GRID_ROWS], const Grid *board, const char *dataset) {
    int n = 0;
    for (int r = 0; r < board->n_rows; r++) {
        bool any = false;
        for (int c = 0; c < board->n_columns; c++)
            any = any || (column_on(board, c, dataset) && board->cells[r][c].state == ESTIMATE_PRESENT);
        if (any) rows[n++] = r;
    }
    return n;
}

/* One block of data an experiment: value, low, high, row from the top. */
static void accuracy_data(Plot *plot, const Grid *board, int column, const int *rows, int n, double shift) {
    for (int i = 0; i < n; i++) {
        const Estimate *cell = &board->cells[rows[i]][column];
        if (cell->state != ESTIMATE_PRESENT) continue;
        double low = isnan(cell->low) ? cell->value : cell->low, high = isnan(cell->high) ? cell->value : cell->high;
        builder_add(&plot->data, "%.6g\t%.6g\t%.6g\t%.3f\n", cell->value, low, high, n - 1 - i + shift);
    }
    builder_add_text(&plot->data, "\n\n");
}

/* Rows are numbered from the bottom, as the axis runs. */
static void accuracy_tics(Plot *plot, const Grid *board, const int *rows, int n) {
    builder_add_text(&plot->script, "set ytics (");
    for (int i = 0; i < n; i++) {
        if (i > 0) builder_add_text(&plot->script, ", ");
        plot_quoted_tic(&plot->script, board->rows[rows[i]].label);
        builder_add(&plot->script, " %d", n - 1 - i);
    }
    builder_add(&plot->script, ")\nset yrange [-0.6:%.1f]\n", n - 0.4);
}

/* One line: all experiments on a dataset have its chance. */
static void accuracy_chance(Plot *plot, const Grid *board, const char *dataset) {
    for (int c = 0; c < board->n_columns; c++) {
        double chance = board->columns[c].chance;
        if (!column_on(board, c, dataset) || isnan(chance)) continue;
        builder_add(&plot->script, "set arrow from %.4g, graph 0 to %.4g, graph 1 nohead dt 2 lc rgb \"#888888\"\n",
                    chance, chance);
        /* at the foot of the line: the legend is above */
        builder_add(&plot->script,
                    "set label \"chance\" at %.4g, graph 0.015 left offset 0.4,0 font \",10\" tc rgb \"#666666\"\n",
                    chance);
        return;
    }
}

/* Experiments of a row lie a little above and below its middle, so that intervals do not cover each other. */
Err figure_accuracy(Plot *plot, const Grid *board, const char *dataset) {
    char name[64], slug[DATASET_SIZE];
    int rows[GRID_ROWS], n = rows_on(rows, board, dataset), block = 0;
    TRY(text_format(name, sizeof name, "accuracy-%s", escape_file_name(slug, sizeof slug, dataset)));
    TRY(plot_begin(plot, name, 760, 70 + 38 * n, "", "top-1 accuracy, percent (95 % intervals)", ""));
    accuracy_tics(plot, board, rows, n);
    builder_add(&plot->script, "set xrange [0:%g]\n", grid_axis_end(board, dataset));
    accuracy_chance(plot, board, dataset);
    builder_add_text(&plot->script, "set key at graph 1, graph 1.01 bottom right horizontal\nset tmargin 2.2\nplot ");
    for (int c = 0; c < board->n_columns; c++) {
        char title[128];
        if (!column_on(board, c, dataset)) continue;
        accuracy_data(plot, board, c, rows, n, block == 0 ? 0.14 : -0.14 * block);
        snprintf(title, sizeof title, "%s",
                 text_equal(board->columns[c].task, "finetune") ? "fine-tune" : board->columns[c].task);
        builder_add(&plot->script,
                    "%s\"%s.dat\" index %d using 1:4:2:3 with xerrorbars pt %d ps 0.9 lw 1.6 lc rgb \"%s\" title ",
                    block ? ", \\\n  " : "", plot->name, block, block ? 5 : 7, palette[block % N_PALETTE]);
        plot_quoted(&plot->script, title);
        block++;
    }
    builder_add_text(&plot->script, "\n");
    return text_format(plot->alt, sizeof plot->alt,
                       "Top-1 accuracy on %.100s for each pre-training, with 95 percent intervals; the same figures "
                       "are in the accuracy table.",
                       dataset);
}

/* ---- differences ---- */

enum { SIDE_MAX = 110 /* bytes of a label's side */ };

/* value, low, high, row from the top. */
Err figure_differences(Plot *plot, const Table *table) {
    TRY(plot_begin(plot, table->name, 760, 80 + 30 * table->n_rows, "", "points (95 % intervals)", ""));
    builder_add_text(&plot->script, "set ytics (");
    for (int r = 0; r < table->n_rows; r++) {
        const TableCell *cells = &table->cells[r * table->n_columns], *points = &cells[DIFFERENCES_POINTS];
        const char *from = cells[DIFFERENCES_FROM].text, *to = cells[DIFFERENCES_TO].text;
        char label[256];
        snprintf(label, sizeof label, "%.*s → %.*s", (int)utf8_cut(from, SIDE_MAX), from, (int)utf8_cut(to, SIDE_MAX),
                 to);
        if (r > 0) builder_add_text(&plot->script, ", ");
        plot_quoted_tic(&plot->script, label);
        builder_add(&plot->script, " %d", table->n_rows - 1 - r);
        if (isnan(points->value)) continue;
        builder_add(&plot->data, "%.6g\t%.6g\t%.6g\t%d\n", points->value, points->low, points->high,
                    table->n_rows - 1 - r);
    }
    builder_add(&plot->script,
                ")\nset ytics font \",11\"\nset yrange [-0.6:%.1f]\nunset key\n"
                "set arrow from 0, graph 0 to 0, graph 1 nohead lw 1.4 lc rgb \"#555555\"\n"
                "plot \"%s.dat\" using 1:4:2:3 with xerrorbars pt 7 ps 0.9 lw 1.6 lc rgb \"%s\"\n",
                table->n_rows - 0.4, plot->name, palette[0]);
    return text_format(plot->alt, sizeof plot->alt,
                       "%.160s: differences with 95 percent intervals around zero; the same figures are in the table.",
                       table->title);
}

/* ---- compute ---- */

/* Random initialization has seen nothing, which a logarithmic axis does not show: a line across. */
static void compute_baseline(Plot *plot, const ComputePoint *point) {
    builder_add(&plot->script,
                "set arrow from graph 0, first %.6g to graph 1, first %.6g nohead dt 3 lw 1.4 lc rgb "
                "\"#444444\"\nset label ",
                point->estimate.value, point->estimate.value);
    plot_quoted(&plot->script, point->row->label);
    builder_add(&plot->script, " at graph 0.01, first %.6g offset 0, 0.6 font \",11\" tc rgb \"#444444\"\n",
                point->estimate.value);
}

/* clips, accuracy, low, high; a block a curve. */
static void compute_curve(Plot *plot, const Compute *compute, int first, int end, int block) {
    if (block) builder_add_text(&plot->data, "\n\n");
    for (int i = first; i < end; i++) {
        const Estimate *e = &compute->items[i].estimate;
        builder_add(&plot->data, "%.8g\t%.6g\t%.6g\t%.6g\n", compute->items[i].clips, e->value,
                    isnan(e->low) ? e->value : e->low, isnan(e->high) ? e->value : e->high);
    }
    builder_add(&plot->script,
                "%s\"%s.dat\" index %d using 1:2:3:4 with yerrorlines pt %d ps 0.9 lw 1.6 lc rgb \"%s\" title ",
                block ? ", \\\n  " : "plot ", plot->name, block, 5 + 2 * (block % 5), palette[block % N_PALETTE]);
    plot_quoted(&plot->script, compute->items[first].row->label);
}

/* A tic a budget, in thousands of clips, and little room beside the first and last. */
static void compute_axis(Plot *plot, const Compute *compute) {
    double least = INFINITY, largest = 0;
    const char *separator = "";
    builder_add_text(&plot->script, "set logscale x\nset xtics (");
    for (int i = 0; i < compute->n; i++) {
        double clips = compute->items[i].clips;
        bool seen = clips == 0;
        for (int k = 0; k < i && !seen; k++) seen = compute->items[k].clips == clips;
        if (seen) continue;
        builder_add(&plot->script, "%s\"%.4gk\" %.8g", separator, clips / 1000, clips);
        separator = ", ";
        least = fmin(least, clips);
        largest = fmax(largest, clips);
    }
    builder_add(&plot->script, ")\nset xrange [%.6g:%.6g]\n", least / 1.5, largest * 1.5);
}

/* Items are by row and then by clips: random initialization first, then a run of them a curve. */
Err figure_compute(Plot *plot, const Compute *compute, const GridColumn *column) {
    char name[64], key[40], title[128], y_label[160];
    int block = 0;
    TRY(text_format(name, sizeof name, "compute-%s", grid_column_key(key, sizeof key, column)));
    grid_column_title(title, sizeof title, column);
    snprintf(y_label, sizeof y_label, "%s, %% (95 %% intervals)", title);
    TRY(plot_begin(plot, name, 760, 460, "", "pre-training clips seen", y_label));
    compute_axis(plot, compute);
    builder_add_text(&plot->script, "set offsets 0, 0, graph 0.05, graph 0.05\n"
                                    "set key tmargin left horizontal Left reverse font \",11\" maxcols 2\n");
    if (compute->n && compute->items[0].clips == 0) compute_baseline(plot, &compute->items[0]);
    for (int i = compute->n && compute->items[0].clips == 0, end; i < compute->n; i = end) {
        for (end = i + 1; end < compute->n && compute->items[end].row == compute->items[i].row;) end++;
        compute_curve(plot, compute, i, end, block++);
    }
    builder_add_text(&plot->script, "\n");
    return text_format(plot->alt, sizeof plot->alt,
                       "Accuracy (%.120s) against the number of clips that pre-training saw, %d datasets; the same "
                       "figures are in the table.",
                       title, block);
}

/* ---- the progression as bars ---- */

/* Blocks of rows: one an experiment. Columns of the data: row, paper, ours. */
Err figure_progression(Plot *plot, const Table *table, bool rehearsal) {
    static const char *const titles[2][2] = {{"ViT-B, paper", "ViT-L, paper"},
                                             {"ViT-B, rehearsed", "ViT-L, rehearsed"}};
    int rows = table->n_rows / 2;
    TRY(plot_begin(plot, "fig2", 860, 420, "", "", "UCF101 fine-tune, top-1 %"));
    if (!rehearsal) builder_add_text(&plot->script, "set yrange [40:100]\n");
    for (int r = 0; r < table->n_rows; r++) {
        const TableCell *cells = &table->cells[r * table->n_columns];
        if (r == rows) builder_add_text(&plot->data, "\n\n");
        builder_add(&plot->data, "%d\t%.6g\t", r % rows, cells[rehearsal ? 3 : 2].value);
        if (rehearsal || isnan(cells[3].value))
            builder_add_text(&plot->data, "NaN\t");
        else
            builder_add(&plot->data, "%.6g\t", cells[3].value);
        plot_quoted(&plot->data, cells[0].text ? cells[0].text : "");
        builder_add_text(&plot->data, "\n");
    }
    builder_add_text(
        &plot->script,
        "set style fill solid 0.9 noborder\nset boxwidth 0.36\n"
        "set xtics rotate by -30 font \",11\"\nset key outside top center horizontal\nset rmargin 12\nplot ");
    for (int e = 0; e < 2; e++)
        builder_add(&plot->script,
                    "\"fig2.dat\" index %d using ($1%+.2f):2 with boxes lc rgb \"%s\" title \"%s\", \\\n  ", e,
                    e ? 0.19 : -0.19, palette[e ? 5 : 0], titles[rehearsal][e]);
    builder_add(&plot->script, "\"\" index 0 using 1:(NaN):xtic(4) notitle, \\\n  ");
    builder_add(&plot->script,
                "\"\" index 0 using ($1-0.19):3 with points pt 7 lc rgb \"%s\" title \"ours\", \\\n"
                "  \"\" index 1 using ($1+0.19):3 with points pt 7 lc rgb \"%s\" notitle\n",
                palette[1], palette[1]);
    return text_copy(plot->alt, sizeof plot->alt, "Bars of the accuracy after each stage of the progression.");
}

/* ---- curves ---- */

/* At most CURVE_POINTS means of equal numbers of neighbors, so that a long run does not make a large file. */
static void curve_data(Plot *plot, const double *steps, const double *values, int64_t count) {
    int64_t width = (count + CURVE_POINTS - 1) / CURVE_POINTS;
    for (int64_t begin = 0; begin < count; begin += width) {
        int64_t end = begin + width < count ? begin + width : count;
        double sum = 0;
        for (int64_t i = begin; i < end; i++) sum += values[i];
        builder_add(&plot->data, "%.8g\t%.6g\n", steps[end - 1], sum / (double)(end - begin));
    }
    builder_add_text(&plot->data, "\n\n");
}

/* Curves of one pre-training have one color, and one entry in the legend, however many seeds there are. */
typedef struct {
    int blocks, n_subjects;
    const char *subjects[GRID_ROWS];
} CurveSet;

/* The subject's number; *first: it has not been drawn yet. */
static int curve_subject(CurveSet *set, bool *first, const char *subject) {
    for (int i = 0; i < set->n_subjects; i++) {
        if (!text_equal(set->subjects[i], subject)) continue;
        *first = false;
        return i;
    }
    *first = true;
    if (set->n_subjects == GRID_ROWS) return GRID_ROWS;
    set->subjects[set->n_subjects] = subject;
    return set->n_subjects++;
}

static Err add_curve(Plot *plot, CurveSet *set, const Outcome *outcome, const Paper *paper) {
    double *steps = NULL, *values = NULL;
    int64_t count = 0;
    /* A run without curves is no reason to have no figure. */
    if (curve_read(&steps, &values, &count, outcome->folder, "loss") || count == 0) {
        free(steps);
        free(values);
        return ERR_NONE;
    }
    bool first;
    int subject = curve_subject(set, &first, grid_subject(&outcome->result));
    curve_data(plot, steps, values, count);
    builder_add(&plot->script, "%s\"%s.dat\" index %d using 1:2 with lines lw 1.6 dt %d lc rgb \"%s\" %s",
                set->blocks ? ", \\\n  " : "plot ", plot->name, set->blocks, 1 + subject / N_PALETTE,
                palette[subject % N_PALETTE], first ? "title " : "notitle");
    if (first) plot_quoted(&plot->script, paper_label(paper, grid_subject(&outcome->result)));
    set->blocks++;
    free(steps);
    free(values);
    return ERR_NONE;
}

Err figure_curves(Plot *plot, bool *any, const Outcomes *outcomes, const Paper *paper, const char *task,
                  const char *dataset) {
    const OutcomeKey key = {.task = task, .dataset = dataset};
    char name[64], slug[DATASET_SIZE];
    CurveSet set = {0};
    TRY(text_format(name, sizeof name, "curves-%.20s%s%s", task, dataset ? "-" : "",
                    dataset ? escape_file_name(slug, 32, dataset) : ""));
    TRY(plot_begin(plot, name, 760, 440, "", "step", "training loss"));
    builder_add_text(&plot->script, "set key tmargin left horizontal Left reverse font \",11\" maxcols 3\n");
    for (int i = 0; i < outcomes->count; i++)
        if (outcomes_match(&outcomes->items[i], &key)) TRY(add_curve(plot, &set, &outcomes->items[i], paper));
    builder_add_text(&plot->script, "\n");
    *any = set.blocks > 0;
    return text_format(plot->alt, sizeof plot->alt, "Training loss against step for %d runs of %s%s%.100s.", set.blocks,
                       task, dataset ? " on " : "", dataset ? dataset : "");
}
