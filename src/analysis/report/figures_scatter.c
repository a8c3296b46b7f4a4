#include "analysis/page/page.h"
#include "analysis/report/internal/figures.h"

#include <ctype.h>
#include <math.h>

enum { BADGE_SIZE = 12 /* a row number */ };

/* A dataset's row in the catalogue, which is its place in the paper's order: random initialization is 0, the
 * progression starts at 1. Of what is not in it, the first letter of `other`, or a question mark where it begins with
 * none: a data file of gnuplot has marks of its own. */
static void badge_of(char out[BADGE_SIZE], const Paper *paper, const char *slug, const char *other) {
    int row = paper_order(paper, slug);
    if (row >= 0)
        snprintf(out, BADGE_SIZE, "%d", row);
    else
        snprintf(out, BADGE_SIZE, "%c", isalnum((unsigned char)other[0]) ? toupper((unsigned char)other[0]) : '?');
}

/* ---- groups of datasets ---- */

/* Okabe and Ito's, darkened where white paper needs it. The last: of none of the paper's groups. */
static const struct {
    const char *group;
    unsigned color; /* 0xRRGGBB */
} groups[] = {
    {"progression", 0x0072b2}, {"images", 0x00805d},  {"dynamic", 0xb8437f},   {"speed", 0x3f8fc4},
    {"others", 0x7a6a00},      {"mixture", 0x5b4aa3}, {"saturated", 0xc4500a}, {"", 0x555555},
};
enum { N_GROUPS = sizeof groups / sizeof *groups };

unsigned figure_group_color(const Paper *paper, const char *slug) {
    int g = 0;
    while (g < N_GROUPS - 1 && !text_equal(paper_group(paper, slug), groups[g].group)) g++;
    return groups[g].color;
}

/* ---- points and their labels ---- */

/* Where the axes lie: the figure's size less margins of fixed sizes, so that places of labels are known. */
enum { LEFT = 84, RIGHT = 16, TOP = 40, BOTTOM = 70, SMALL = 15 /* points that a small figure has room for */ };

typedef struct {
    double low, high;
} Range;

static void range_add(Range *range, double value) {
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

/* With room beside the outermost; a single value has room, too. */
static void range_widen(Range *range) {
    double room = range->high > range->low ? 0.08 * (range->high - range->low) : fmax(fabs(range->low), 1) * 0.08;
    range->low -= room;
    range->high += room;
}

/* Accuracies in percent: intervals count, what is below 0 and above 100 does not exist. */
static Range accuracy_range(const Points *points) {
    Range y = {INFINITY, -INFINITY};
    for (int i = 0; i < points->n; i++) {
        range_add(&y, points->y[i]);
        if (!isnan(points->y_low[i])) range_add(&y, points->y_low[i]);
        if (!isnan(points->y_high[i])) range_add(&y, points->y_high[i]);
    }
    range_widen(&y);
    return (Range){fmax(y.low, 0), fmin(y.high, 100)};
}

/* `heading` stands above the axes. */
static Err scatter_begin(Plot *plot, const char *name, const char *heading, const char *x_label, const char *y_label,
                         int n) {
    bool small = n <= SMALL;
    TRY(plot_begin(plot, name, small ? 420 : 720, small ? 346 : 546, heading, x_label, y_label));
    builder_add(&plot->script,
                "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset bmargin at screen %.4f\n"
                "set tmargin at screen %.4f\nunset key\n",
                (double)LEFT / plot->width, 1 - (double)RIGHT / plot->width, (double)BOTTOM / plot->height,
                1 - (double)TOP / plot->height);
    return ERR_NONE;
}

/* Columns of the data: x, y, low, high, label, where the label is, and the color. `line`: what is drawn below. */
static void scatter_draw(Plot *plot, const Points *points, char badges[][BADGE_SIZE], const char *line,
                         const Paper *paper) {
    Spot at[STATISTICS_POINTS], labels[STATISTICS_POINTS];
    const char *texts[STATISTICS_POINTS];
    double width = plot->width - LEFT - RIGHT, height = plot->height - TOP - BOTTOM;
    Range x = {INFINITY, -INFINITY}, y = accuracy_range(points);
    for (int i = 0; i < points->n; i++) range_add(&x, points->x[i]);
    range_widen(&x);
    double x_scale = width / (x.high - x.low), y_scale = height / (y.high - y.low);
    for (int i = 0; i < points->n; i++) {
        at[i] = (Spot){(points->x[i] - x.low) * x_scale, (points->y[i] - y.low) * y_scale};
        texts[i] = badges[i];
    }
    labels_place(labels, at, texts, points->n, width, height);
    for (int i = 0; i < points->n; i++)
        page_spot(&plot->spots, (LEFT + at[i].x) / plot->width, 1 - (BOTTOM + at[i].y) / plot->height,
                  paper_label(paper, points->slugs[i]));
    for (int i = 0; i < points->n; i++)
        builder_add(&plot->data, "%.6g\t%.6g\t%.6g\t%.6g\t%s\t%.6g\t%.6g\t%u\n", points->x[i], points->y[i],
                    isnan(points->y_low[i]) ? points->y[i] : points->y_low[i],
                    isnan(points->y_high[i]) ? points->y[i] : points->y_high[i], badges[i],
                    x.low + labels[i].x / x_scale, y.low + labels[i].y / y_scale,
                    figure_group_color(paper, points->slugs[i]));
    builder_add(&plot->script,
                "set xrange [%.8g:%.8g]\nset yrange [%.8g:%.8g]\n"
                "plot %s\"%s.dat\" using 1:2:3:4 with yerrorbars pt 7 ps 0.1 lw 1.2 lc rgb \"#9fb6cc\", \\\n"
                "  \"\" using 1:2:($6-$1):($7-$2) with vectors nohead lw 0.7 lc rgb \"#999999\", \\\n"
                "  \"\" using 1:2:8 with points pt 7 ps 0.7 lc rgb variable, \\\n"
                "  \"\" using 6:7:5 with labels center font \",11\" tc rgb \"#222222\"\n",
                x.low, x.high, y.low, y.high, line, plot->name);
}

/* A statistic against accuracy: r with its Fisher interval above, the least-squares line over the range of x below the
 * points; neither where r is not defined. */
static Err statistic_figure(Plot *plot, const char *name, const Points *points, const char *x_label,
                            const char *y_label, const Paper *paper) {
    char heading[128] = "", line[160] = "", badges[STATISTICS_POINTS][BADGE_SIZE];
    Correlation found = {0};
    if (points->n >= CORRELATE_MIN) TRY(correlate(&found, points->x, points->y, points->n, 0));
    if (found.defined) {
        TRY(text_format(heading, sizeof heading, "r = %.2f [%.2f, %.2f], n = %d", found.r, found.fisher.low,
                        found.fisher.high, found.n));
        TRY(text_format(line, sizeof line, "%.8g + %.8g * x with lines dt 2 lw 1.2 lc rgb \"#999999\", ",
                        found.intercept, found.slope));
    }
    TRY(scatter_begin(plot, name, heading, x_label, y_label, points->n));
    for (int i = 0; i < points->n; i++) badge_of(badges[i], paper, points->slugs[i], points->slugs[i]);
    scatter_draw(plot, points, badges, line, paper);
    return ERR_NONE;
}

Err figure_correlation(Plot *plot, const Points *points, const PaperCorrelation *entry, const GridColumn *column,
                       int number, const Paper *paper) {
    char name[64], y_label[160], title[128];
    TRY(text_format(name, sizeof name, "correlation-%d", number));
    snprintf(y_label, sizeof y_label, "%s, %%", grid_column_title(title, sizeof title, column));
    TRY(statistic_figure(plot, name, points, entry->label, y_label, paper));
    return text_format(
        plot->alt, sizeof plot->alt,
        "Scatter plot of %.100s against accuracy (%.150s), %d datasets; coefficients are in the correlation table.",
        entry->label, title, points->n);
}

Err figure_published(Plot *plot, const Points *points, const PaperCorrelation *entry, const DatasetNames *names,
                     const Paper *paper) {
    char name[64], x_label[160];
    snprintf(x_label, sizeof x_label, "%.120s%s", entry->label, points->reduced ? " (reduced)" : "");
    TRY(text_format(name, sizeof name, "fig4-%.40s%s", entry->metric, isnan(entry->distance_from) ? "" : "-distance"));
    TRY(statistic_figure(plot, name, points, x_label, "paper: UCF101 fine-tune, %", paper));
    return text_format(plot->alt, sizeof plot->alt,
                       "Scatter plot of %.100s against the accuracies the paper published, %d of the %s; numbers are "
                       "rows of the catalogue.",
                       entry->label, points->n, names->title);
}

Err figure_against_paper(Plot *plot, const Agreement *agreement, const GridColumn *column,
                         const PaperExperiment *experiment, const Paper *paper) {
    char name[64], key[40], title[128], x_label[160], y_label[160], heading[160], badges[STATISTICS_POINTS][BADGE_SIZE];
    const Points *points = &agreement->points;
    TRY(text_format(name, sizeof name, "paper-%.15s-%s", experiment->key, grid_column_key(key, sizeof key, column)));
    snprintf(y_label, sizeof y_label, "ours: %.120s, %%", grid_column_label(title, sizeof title, column));
    snprintf(x_label, sizeof x_label, "paper: %s, %%", experiment->label);
    agreement_text(heading, sizeof heading, agreement);
    TRY(scatter_begin(plot, name, heading, x_label, y_label, points->n));
    for (int i = 0; i < points->n; i++) badge_of(badges[i], paper, points->slugs[i], "T");
    scatter_draw(plot, points, badges, "", paper);
    return text_format(plot->alt, sizeof plot->alt,
                       "Our accuracy (%.150s) against the paper's %s, %d pre-trainings; numbers are rows of the "
                       "catalogue, 0 is random initialization, T pre-training on the target set.",
                       title, experiment->label, points->n);
}
