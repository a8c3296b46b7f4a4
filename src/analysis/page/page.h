/* analysis/page/page - one self-contained HTML page. It needs no other file, and its one script only sorts tables. It
 * is readable on a phone, in print, light and dark.
 *
 * These functions escape the texts given to them. Pictures are embedded as data URIs with alternative texts. */
#pragma once

#include "analysis/page/table.h"
#include "run/plot.h"
#include "video/frames/clip.h"

typedef struct {
    Builder html;
} Page;

void page_begin(Page *page, const char *title);
void page_end(Page *page, const char *footer);
/* id is a word; `title` a heading of level 2. */
void page_section(Page *page, const char *id, const char *title);
void page_section_end(Page *page);
void page_paragraph(Page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A boxed remark: "note" or "warning". */
void page_remark(Page *page, const char *kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
void page_table(Page *page, const Table *table);
/* The files of a table, as a line of links below it. */
void page_table_files(Page *page, const Table *table);
/* The SVG file of a plot as a figure, and a PNG file. Missing files are ERR_INPUT. */
CHECKED Err page_plot_file(Page *page, const char *path, const Plot *plot, const char *caption);
/* Into a plot's spots: a text that appears under the pointer, in shares of the plot's size from its upper left. */
void page_spot(Builder *out, double left, double top, const char *text);
CHECKED Err page_picture_file(Page *page, const char *path, const char *alt, const char *caption);
CHECKED Err page_picture(Page *page, const Frames *image, const char *alt, const char *caption);
/* Figures between these stand beside each other where there is room: "narrow" ones by three, "wide" ones by two. */
void page_grid_begin(Page *page, const char *width);
void page_grid_end(Page *page);
/* A fold: shown as its summary until opened. */
void page_fold_begin(Page *page, const char *summary);
void page_fold_end(Page *page);
CHECKED Err page_write(const Page *page, const char *path);
void page_free(Page *page);

extern const char page_style[];  /* style.css: system fonts, one accent color; dark, narrow and printed pages too */
extern const char page_script[]; /* script.js: a click on a column's head sorts the table; nothing else needs it */
