/* From the probabilities of every test video to figures, tables and a picture. p->probabilities is (n_videos,
 * n_classes); counts are (n_classes, n_classes), row the label, column the prediction. */
#include "eval/finetune/score.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "base/text/escape.h"
#include "base/text/text.h"
#include "math/finite.h"
#include "math/interval.h"
#include "run/plot.h"

#include <math.h>

/* ---- the picture: confusion.svg (and .pdf, with script and data). One row a class with its accuracy, one column a
 * prediction; a cell's darkness is the share of the row's videos. Only cells that are not empty are drawn, so that a
 * hundred classes make no large file. ---- */

enum { NAMES_MAX = 60, SIDE_MIN = 420, SIDE_MAX = 1400, CELL = 18, MARGIN = 190 };

/* Videos of a class. */
static int64_t row_sum(const Predictions *p, const int64_t *counts, int label) {
    int64_t sum = 0;
    for (int k = 0; k < p->n_classes; k++) sum += counts[label * p->n_classes + k];
    return sum;
}

/* `percent` below 0: the name alone. */
static void add_class(Builder *script, const Predictions *p, int k, double percent) {
    char text[NAME_SIZE + 32], name[16];
    (void)snprintf(name, sizeof name, "%d", k);
    const char *shown = p->class_names && p->n_classes <= NAMES_MAX ? p->class_names[k] : name;
    int length = (int)utf8_cut(shown, NAME_SIZE);
    if (percent < 0)
        (void)snprintf(text, sizeof text, "%.*s", length, shown);
    else
        (void)snprintf(text, sizeof text, "%.*s  %.0f %%", length, shown, percent);
    plot_quoted_tic(script, text);
    builder_add(script, " %d", k);
}

/* Names at every class, or numbers at every tenth when there are too many to read. */
static void add_tics(Builder *script, const Predictions *p, const int64_t *counts) {
    int step = p->n_classes <= NAMES_MAX ? 1 : 10;
    const char *axes[] = {"xtics rotate by -60", "ytics"};
    for (int axis = 0; axis < 2; axis++) {
        builder_add(script, "set %s (", axes[axis]);
        for (int k = 0; k < p->n_classes; k += step) {
            int64_t videos = row_sum(p, counts, k);
            double percent = videos ? 100.0 * (double)counts[k * p->n_classes + k] / (double)videos : 0;
            builder_add_text(script, k ? ", " : "");
            add_class(script, p, k, axis == 1 && videos ? percent : -1);
        }
        builder_add_text(script, ")\n");
    }
}

/* One line a cell that is not empty. */
static void add_cells(Builder *data, const Predictions *p, const int64_t *counts) {
    builder_add_text(data, "# predicted\tlabel\tpercent of the label's videos\tvideos\n");
    for (int label = 0; label < p->n_classes; label++) {
        int64_t videos = row_sum(p, counts, label);
        for (int k = 0; k < p->n_classes; k++) {
            int64_t count = counts[label * p->n_classes + k];
            if (count)
                builder_add(data, "%d\t%d\t%.2f\t%lld\n", k, label, 100.0 * (double)count / (double)videos,
                            (long long)count);
        }
    }
}

/* A class is 18 pixels until the picture would be too large; rows run downward, as in a table. */
static Err fill_plot(Plot *plot, const Predictions *p, const int64_t *counts) {
    int side = CELL * p->n_classes + MARGIN;
    side = side < SIDE_MIN ? SIDE_MIN : side > SIDE_MAX ? SIDE_MAX : side;
    TRY(plot_begin(plot, "confusion", side + MARGIN / 2, side, "", "predicted", "class and its accuracy"));
    TRY(text_format(plot->alt, sizeof plot->alt, "confusion matrix of %d classes over %lld videos", p->n_classes,
                    (long long)p->n_videos));
    Builder *script = &plot->script;
    add_tics(script, p, counts);
    builder_add(script,
                "set xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\nset cbrange [0:100]\nset cblabel \"%% of the class\"\n"
                "set palette defined (0 \"#f2f6fa\", 50 \"#56b4e9\", 100 \"#0b3d66\")\nset size ratio 1\n"
                "set style fill solid noborder\n"
                "plot \"%s.dat\" using 1:2:(0.5):(0.5):3 with boxxyerror lc palette notitle\n",
                p->n_classes - 1, p->n_classes - 1, plot->name);
    add_cells(&plot->data, p, counts);
    return ERR_NONE;
}

/* counts: (n_classes, n_classes), row = label. A missing gnuplot is said, not an error. */
static CHECKED Err confusion_draw(const Predictions *predictions, const int64_t *counts, const char *folder) {
    Plot plot;
    PlotOutcome outcome = {0};
    Err err = fill_plot(&plot, predictions, counts);
    if (!err) err = plot_finish(&outcome, &plot, folder);
    plot_free(&plot);
    if (!err && outcome.state == PLOT_NO_GNUPLOT)
        log_info("%s/confusion.gp: not drawn, there is no gnuplot here", folder);
    return err;
}

/* ---- figures ---- */

static const float *row_of(const Predictions *p, int64_t video) {
    return p->probabilities + video * p->n_classes;
}

/* Of equals the lowest, so that the class does not depend on the order of comparing. */
int score_predicted(const Predictions *predictions, int64_t video) {
    const float *row = row_of(predictions, video);
    int best = 0;
    for (int k = 1; k < predictions->n_classes; k++)
        if (row[k] > row[best]) best = k;
    return best;
}

/* Classes ahead of the label: more probable ones, and equal ones of a lower number. */
bool score_in_top(const Predictions *predictions, int64_t video, int k) {
    const float *row = row_of(predictions, video);
    int label = predictions->labels[video], ahead = 0;
    for (int other = 0; other < predictions->n_classes; other++)
        ahead += row[other] > row[label] || (row[other] == row[label] && other < label);
    return ahead < k;
}

/* Wilson's interval (math/interval): each video is right or wrong. */
static Err add_top(Result *result, const Predictions *p, const char *name, int k) {
    int64_t hits = 0;
    for (int64_t video = 0; video < p->n_videos; video++) hits += score_in_top(p, video, k);
    Interval interval = interval_wilson((double)hits, (double)p->n_videos);
    return result_add_metric(result, name, 100.0 * (double)hits / (double)p->n_videos, "%", p->n_videos,
                             (Interval){100 * interval.low, 100 * interval.high}, "Wilson 95%");
}

/* Each class weighs the same, however many videos it has; a class without any does not count. */
static Err add_class_mean(Result *result, const Predictions *p) {
    int64_t *videos = calloc(2 * (size_t)p->n_classes, sizeof *videos);
    if (!videos) return RAISE(ERR_MEMORY, "accuracies of %d classes: no memory", p->n_classes);
    int64_t *hits = videos + p->n_classes;
    for (int64_t video = 0; video < p->n_videos; video++) {
        videos[p->labels[video]]++;
        hits[p->labels[video]] += score_predicted(p, video) == p->labels[video];
    }
    double sum = 0;
    int n_present = 0;
    for (int k = 0; k < p->n_classes; k++) {
        if (!videos[k]) continue;
        sum += 100.0 * (double)hits[k] / (double)videos[k];
        n_present++;
    }
    free(videos);
    return result_add_number(result, "class_mean", sum / n_present, "%", n_present);
}

/* Probabilities that are no numbers would count as wrong without a word: they are refused. */
CHECKED Err score_into_result(Result *result, const Predictions *predictions) {
    TRY(finite_check(predictions->probabilities, (size_t)predictions->n_videos * (size_t)predictions->n_classes, 0,
                     result->task, "probabilities of classes"));
    TRY(add_top(result, predictions, "top1", 1));
    if (predictions->n_classes > 5) TRY(add_top(result, predictions, "top5", 5));
    TRY(add_class_mean(result, predictions));
    return result_add_number(result, "chance", 100.0 / predictions->n_classes, "%", predictions->n_videos);
}

/* ---- tables ---- */

static void add_name(Builder *out, const Predictions *p, int label) {
    if (p->class_names)
        escape_csv(out, p->class_names[label]);
    else
        builder_add(out, "%d", label);
}

/* In the order of the test set, so that two runs can be compared line by line. */
static void list_predictions(Builder *out, const Predictions *p) {
    builder_add_text(out, "video,label,predicted,correct,p_label,p_predicted\n");
    for (int64_t video = 0; video < p->n_videos; video++) {
        int label = p->labels[video], predicted = score_predicted(p, video);
        builder_add(out, "%lld,", (long long)video);
        add_name(out, p, label);
        builder_add_text(out, ",");
        add_name(out, p, predicted);
        builder_add(out, ",%d,%.6f,%.6f\n", label == predicted, (double)row_of(p, video)[label],
                    (double)row_of(p, video)[predicted]);
    }
}

/* counts: (n_classes, n_classes), row = label. */
static void count_confusions(int64_t *counts, const Predictions *p) {
    for (int64_t video = 0; video < p->n_videos; video++)
        counts[p->labels[video] * p->n_classes + score_predicted(p, video)]++;
}

static void list_classes(Builder *out, const Predictions *p, const int64_t *counts) {
    builder_add_text(out, "class,videos,correct,top1_percent,low,high\n");
    for (int k = 0; k < p->n_classes; k++) {
        int64_t videos = 0, correct = counts[k * p->n_classes + k];
        for (int other = 0; other < p->n_classes; other++) videos += counts[k * p->n_classes + other];
        add_name(out, p, k);
        if (!videos) {
            builder_add_text(out, ",0,0,,,\n");
            continue;
        }
        Interval interval = interval_wilson((double)correct, (double)videos);
        builder_add(out, ",%lld,%lld,%.2f,%.2f,%.2f\n", (long long)videos, (long long)correct,
                    100.0 * (double)correct / (double)videos, 100 * interval.low, 100 * interval.high);
    }
}

static void list_confusions(Builder *out, const Predictions *p, const int64_t *counts) {
    builder_add_text(out, "label");
    for (int k = 0; k < p->n_classes; k++) {
        builder_add_text(out, ",");
        add_name(out, p, k);
    }
    builder_add_text(out, "\n");
    for (int k = 0; k < p->n_classes; k++) {
        add_name(out, p, k);
        for (int other = 0; other < p->n_classes; other++)
            builder_add(out, ",%lld", (long long)counts[k * p->n_classes + other]);
        builder_add_text(out, "\n");
    }
}

static Err write_table(Builder *out, const char *folder, const char *name) {
    char path[PATH_SIZE];
    Err err = builder_check(out, name);
    if (!err) err = path_join(path, sizeof(path), folder, name);
    if (!err) err = file_write_whole(path, out->data, out->length);
    builder_free(out);
    return err;
}

CHECKED Err score_write_tables(const Predictions *predictions, const char *folder) {
    Builder out = {0};
    list_predictions(&out, predictions);
    TRY(write_table(&out, folder, "predictions.csv"));
    int64_t *counts = calloc((size_t)predictions->n_classes * (size_t)predictions->n_classes, sizeof(*counts));
    if (!counts) return RAISE(ERR_MEMORY, "confusion matrix: no memory");
    count_confusions(counts, predictions);
    list_classes(&out, predictions, counts);
    Err err = write_table(&out, folder, "classes.csv");
    list_confusions(&out, predictions, counts);
    if (!err) err = write_table(&out, folder, "confusion.csv");
    if (!err) err = confusion_draw(predictions, counts, folder);
    builder_free(&out);
    free(counts);
    return err;
}
