#include "analysis/report/internal/scatter.h"

#include "base/text/escape.h"

#include <math.h>

enum { WIDTH = 400, HEIGHT = 300, LEFT = 46, RIGHT = 12, TOP = 30, BOTTOM = 44 };

static const struct {
    const char *group, *label;
} groups[] = {
    {"progression", "progression"}, {"images", "image pools"},  {"dynamic", "moving textures"}, {"speed", "half speed"},
    {"others", "other textures"},   {"mixture", "with UCF101"}, {"saturated", "saturated"},
};
enum { N_GROUPS = sizeof groups / sizeof *groups };

static int group_number(const Paper *paper, const char *slug) {
    for (int g = 0; g < N_GROUPS; g++)
        if (text_equal(paper_group(paper, slug), groups[g].group)) return g;
    return N_GROUPS;
}

void scatter_legend(Page *page) {
    builder_add_text(&page->html, "<p class=\"legend\">");
    for (int g = 0; g < N_GROUPS; g++)
        builder_add(&page->html, "<span><i class=\"g%d\"></i>%s</span>", g, groups[g].label);
    builder_add_text(&page->html, "</p>\n");
}

typedef struct {
    double low, high, step; /* of what is shown, and between ticks */
} Axis;

/* Three to seven ticks at 1, 2 or 5 times a power of ten. */
static Axis axis_over(const double *values, int n) {
    Axis axis = {INFINITY, -INFINITY, 1};
    for (int i = 0; i < n; i++) {
        axis.low = fmin(axis.low, values[i]);
        axis.high = fmax(axis.high, values[i]);
    }
    double span = axis.high > axis.low ? axis.high - axis.low : fmax(fabs(axis.low), 1);
    axis.low -= 0.07 * span;
    axis.high += 0.07 * span;
    double rough = span / 4, power = pow(10, floor(log10(rough))), digit = rough / power;
    axis.step = power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
    return axis;
}

static double place_x(const Axis *axis, double x) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (x - axis->low) / (axis->high - axis->low);
}

static double place_y(const Axis *axis, double y) {
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - axis->low) / (axis->high - axis->low);
}

static void draw_axes(Builder *out, const Axis *x, const Axis *y) {
    for (double tick = ceil(x->low / x->step) * x->step; tick <= x->high; tick += x->step)
        builder_add(out,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
                    "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>",
                    place_x(x, tick), place_x(x, tick), TOP, HEIGHT - BOTTOM, place_x(x, tick), HEIGHT - BOTTOM + 15,
                    fabs(tick) < 1e-9 * x->step ? 0.0 : tick);
    for (double tick = ceil(y->low / y->step) * y->step; tick <= y->high; tick += y->step)
        builder_add(out,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                    "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.6g</text>",
                    LEFT, WIDTH - RIGHT, place_y(y, tick), place_y(y, tick), LEFT - 6, place_y(y, tick) + 4,
                    fabs(tick) < 1e-9 * y->step ? 0.0 : tick);
}

static void draw_labels(Builder *out, const char *x_label, const char *y_label) {
    builder_add(out, "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - 8);
    escape_html(out, x_label);
    builder_add(out, "</text><text class=\"label\" transform=\"translate(12 %d) rotate(-90)\" text-anchor=\"middle\">",
                (TOP + HEIGHT - BOTTOM) / 2);
    escape_html(out, y_label);
    builder_add_text(out, "</text>");
}

/* The part of the line that lies inside the axes. */
static void draw_line(Builder *out, const Correlation *found, const Axis *x, const Axis *y) {
    double from = x->low, to = x->high, at_low = (y->low - found->intercept) / found->slope,
           at_high = (y->high - found->intercept) / found->slope;
    if (!found->defined) return;
    from = fmax(from, fmin(at_low, at_high));
    to = fmin(to, fmax(at_low, at_high));
    if (!(from < to)) return;
    builder_add(out, "<line class=\"fit\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", place_x(x, from),
                place_y(y, found->intercept + found->slope * from), place_x(x, to),
                place_y(y, found->intercept + found->slope * to));
}

/* The name stands above the plot while the pointer is on the point; titles serve touch and screen readers. */
static void draw_point(Builder *out, const Points *points, int i, const Axis *x, const Axis *y, const Paper *paper) {
    const char *slug = points->slugs[i];
    double at_x = place_x(x, points->x[i]), at_y = place_y(y, points->y[i]);
    int row = paper_order(paper, slug);
    builder_add(out, "<g class=\"point g%d\"><title>", group_number(paper, slug));
    escape_html(out, paper_label(paper, slug));
    builder_add(out, ": %.4g, %.1f %%</title>", points->x[i], points->y[i]);
    if (!isnan(points->y_low[i]))
        builder_add(out, "<line class=\"bar\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", at_x, at_x,
                    place_y(y, fmax(points->y_low[i], y->low)), place_y(y, fmin(points->y_high[i], y->high)));
    builder_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"8\"/>", at_x, at_y);
    if (row >= 0)
        builder_add(out, "<text class=\"row\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>", at_x, at_y + 3.2,
                    row);
    builder_add(out, "<g class=\"tip\"><rect x=\"0\" y=\"0\" width=\"%d\" height=\"%d\"/><text x=\"%d\" y=\"17\">",
                WIDTH, TOP - 5, LEFT);
    escape_html(out, paper_label(paper, slug));
    builder_add(out, ": %.4g, %.1f %%</text></g></g>", points->x[i], points->y[i]);
}

static void draw_heading(Builder *out, const Correlation *found, const char *heading) {
    if (!heading && !found->defined) return;
    builder_add(out, "<text class=\"label\" x=\"%d\" y=\"17\">", LEFT);
    if (heading)
        escape_html(out, heading);
    else
        builder_add(out, "r = %.2f [%.2f, %.2f], n = %d", found->r, found->fisher.low, found->fisher.high, found->n);
    builder_add_text(out, "</text>");
}

Err scatter_add(Page *page, const Points *points, const char *x_label, const char *y_label, const Paper *paper,
                const char *heading, const char *caption) {
    Builder *out = &page->html;
    Correlation found;
    Axis x = axis_over(points->x, points->n), y = axis_over(points->y, points->n);
    TRY(correlate(&found, points->x, points->y, points->n, 0));
    builder_add(out, "<figure class=\"scatter\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    escape_html(out, x_label);
    builder_add(out, " against accuracy, %d datasets; coefficients are in the table\">", points->n);
    draw_axes(out, &x, &y);
    draw_labels(out, x_label, y_label);
    draw_line(out, &found, &x, &y);
    draw_heading(out, &found, heading);
    for (int i = 0; i < points->n; i++) draw_point(out, points, i, &x, &y, paper);
    builder_add_text(out, "</svg>\n<figcaption>");
    escape_html(out, caption);
    builder_add_text(out, "</figcaption></figure>\n");
    return ERR_NONE;
}
