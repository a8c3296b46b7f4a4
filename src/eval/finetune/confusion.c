#include "eval/finetune/internal/confusion.h"

#include "base/system/log.h"
#include "base/text/utf8.h"
#include "run/plot.h"

enum { NAMES_MAX = 60, SIDE_MIN = 420, SIDE_MAX = 1400, CELL = 18, MARGIN = 190 };

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

CHECKED Err confusion_draw(const Predictions *predictions, const int64_t *counts, const char *folder) {
    Plot plot;
    PlotOutcome outcome = {0};
    Err err = fill_plot(&plot, predictions, counts);
    if (!err) err = plot_finish(&outcome, &plot, folder);
    plot_free(&plot);
    if (!err && outcome.state == PLOT_NO_GNUPLOT)
        log_info("%s/confusion.gp: not drawn, there is no gnuplot here", folder);
    return err;
}
