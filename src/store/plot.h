/* store/plot - a figure as a gnuplot script and its data, kept beside the SVG and the PDF they make.
 *
 * folder/<name>.gp reads folder/<name>.dat and writes folder/<name>.svg, then the same as folder/<name>.pdf (where this
 * gnuplot can: a failure to write PDF is no failure), so that `gnuplot <name>.gp` in that folder
 * draws it again. gnuplot is started directly, never through a shell. Without gnuplot the script and data are still
 * written. */
#pragma once

#include "base/text/text.h"

typedef struct {
    char name[64];
    char alt[512]; /* what the figure shows, for those who do not see it */
    int width, height;
    Builder script; /* after the common settings */
    Builder data;
} Plot;

/* `title` may be empty. Sizes in pixels at scale 1. */
CHECKED Err plot_begin(Plot *plot, const char *name, int width, int height, const char *title, const char *x_label,
                       const char *y_label);
/* A quoted, escaped text into the script; the second where gnuplot expects the text of a tic. */
void plot_quoted(Builder *out, const char *text);
void plot_quoted_tic(Builder *out, const char *text);
typedef enum { PLOT_DRAWN, PLOT_NO_GNUPLOT, PLOT_FAILED } PlotOutcome;
/* Writes script and data and runs gnuplot on them. A failing gnuplot is an outcome with a warning, not an error. */
CHECKED Err plot_finish(PlotOutcome *outcome, const Plot *plot, const char *folder);
void plot_free(Plot *plot);
