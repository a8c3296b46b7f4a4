/* run/plot - a figure as a gnuplot script and its data, kept beside the SVG and the PDF made of them.
 *
 * folder/<name>.gp reads folder/<name>.dat and writes folder/<name>.svg, then folder/<name>.pdf where this gnuplot can.
 * So `gnuplot <name>.gp` in that folder draws the figure again. gnuplot is started directly, never through a shell, on
 * a copy of the script that draws into partial names. A picture gets its final name when gnuplot succeeded and the
 * picture ends as its format does. Without gnuplot the script and data are still written. */
#pragma once

#include "base/text/text.h"

typedef struct {
    char name[64];
    char alt[512]; /* what the figure shows, for those who do not see it */
    int width, height;
    Builder script; /* after the common settings */
    Builder data;
    Builder spots; /* for pages: what stands under the pointer (analysis/page/page.h) */
} Plot;

/* `title` may be empty. Sizes in pixels at scale 1. */
CHECKED Err plot_begin(Plot *plot, const char *name, int width, int height, const char *title, const char *x_label,
                       const char *y_label);
/* A quoted, escaped text into the script; the second where gnuplot expects the text of a tic. */
void plot_quoted(Builder *out, const char *text);
void plot_quoted_tic(Builder *out, const char *text);
void plot_free(Plot *plot);
/* The whole script. Its pictures are <name>.svg and <name>.pdf with `suffix` behind, "" or ".partial". */
void plot_script(Builder *out, const Plot *plot, const char *suffix);

typedef enum { PLOT_DRAWN, PLOT_NO_GNUPLOT, PLOT_FAILED } PlotState;
typedef struct {
    PlotState state; /* DRAWN: there is an SVG */
    char why[400];   /* where a picture is missing: what gnuplot said or did; empty otherwise */
} PlotOutcome;
/* Writes script and data and runs gnuplot on them (run/plot_draw.c). A picture that could not be drawn is not there,
 * not even an older one, and is an outcome with a warning, no error: what the run computed is worth keeping. Only a
 * full disk is ERR_IO, as everywhere. */
CHECKED Err plot_finish(PlotOutcome *outcome, const Plot *plot, const char *folder);
