/* Figures as gnuplot scripts and data, so that anyone can draw them again otherwise. Every text of a user is quoted for
 * gnuplot here and nowhere else. */
#include "run/plot.h"

#include "base/text/escape.h"
enum { LABEL_SIZE = 160 };

void plot_quoted(Builder *out, const char *text) {
    builder_add_text(out, "\"");
    escape_gnuplot(out, text);
    builder_add_text(out, "\"");
}

void plot_quoted_tic(Builder *out, const char *text) {
    builder_add_text(out, "\"");
    escape_gnuplot_tic(out, text);
    builder_add_text(out, "\"");
}

static void set_text(Builder *out, const char *what, const char *text) {
    if (!text[0]) return;
    builder_add(out, "set %s ", what);
    plot_quoted(out, text);
    builder_add_text(out, "\n");
}

/* Along the axis; in two lines, broken at the blank nearest to the middle, where one would be longer than the figure is
 * high. */
static void set_y_label(Builder *out, int height, const char *text) {
    enum { CHARACTER_WIDTH = 7 }; /* mean, in pixels at size 13 */
    const char *middle = text + strlen(text) / 2, *blank = NULL;
    if (strlen(text) * CHARACTER_WIDTH > (size_t)height)
        for (const char *at = strchr(text, ' '); at; at = strchr(at + 1, ' '))
            if (!blank || labs(at - middle) < labs(blank - middle)) blank = at;
    if (!blank || blank - text >= LABEL_SIZE) {
        set_text(out, "ylabel", text);
        return;
    }
    char first[LABEL_SIZE];
    snprintf(first, sizeof first, "%.*s", (int)(blank - text), text);
    builder_add_text(out, "set ylabel \"");
    escape_gnuplot(out, first);
    builder_add_text(out, "\\n");
    escape_gnuplot(out, blank + 1);
    builder_add_text(out, "\"\n");
}

Err plot_begin(Plot *plot, const char *name, int width, int height, const char *title, const char *x_label,
               const char *y_label) {
    *plot = (Plot){0};
    TRY(text_copy(plot->name, sizeof plot->name, name));
    plot->width = width;
    plot->height = height;
    /* tabs between columns, since texts in the data may hold blanks */
    builder_add_text(&plot->script, "set encoding utf8\nset datafile separator \"\\t\"\n");
    builder_add_text(&plot->script,
                     "set border 3 lc rgb \"#555555\"\nset tics nomirror out scale 0.5 textcolor rgb \"#333333\"\n"
                     "set grid lc rgb \"#cccccc\" lw 0.6 dt 1\nset key textcolor rgb \"#333333\"\n");
    set_text(&plot->script, "title", title);
    set_text(&plot->script, "xlabel", x_label);
    set_y_label(&plot->script, height, y_label);
    return ERR_NONE;
}

void plot_free(Plot *plot) {
    builder_free(&plot->script);
    builder_free(&plot->data);
    builder_free(&plot->spots);
}

/* Points of a PDF are 1/72 inch; a pixel of the SVG is taken as 1/96 inch. */
void plot_script(Builder *out, const Plot *plot, const char *suffix) {
    builder_add(out, "set terminal svg size %d,%d dynamic noenhanced font \"Helvetica,13\"\n", plot->width,
                plot->height);
    builder_add(out, "set output \"%s.svg%s\"\n", plot->name, suffix);
    builder_add_text(out, plot->script.data ? plot->script.data : "");
    builder_add(out,
                "\nif (strstrt(GPVAL_TERMINALS, \"pdfcairo\") > 0) {\n"
                "  set terminal pdfcairo size %.3fin,%.3fin noenhanced font \"Helvetica,10\"\n"
                "  set output \"%s.pdf%s\"\n  replot\n}\nset output\n",
                plot->width / 96.0, plot->height / 96.0, plot->name, suffix);
    if (plot->script.failed) out->failed = true;
}
