/* analysis/report/report - everything found below a folder of runs as one self-contained HTML page, plus LaTeX, CSV and
 * Markdown of each table and SVG, script and data of each figure. One rank; reads results only, can be rebuilt any
 * time.
 *
 *   OUT/index.html   the page; needs nothing beside it
 *   OUT/tables/      accuracy, gap, statements, statistics, correlations, datasets: .tex .csv .md
 *   OUT/figures/     <name>.svg drawn by gnuplot from <name>.gp and <name>.dat */
#pragma once

#include "base/config/field.h"
#include "base/text/text.h"
#include "store/data/dataset.h"

typedef struct {
    char runs[PATH_SIZE], data[PATH_SIZE], media[PATH_SIZE];
    char title[NAME_SIZE];
    char primary[NAME_SIZE]; /* "finetune:standin-motion"; "": none (grid_make) */
} ReportConfig;

extern const Field report_fields[];

/* `open` reads datasets. Writes into folder `out`; prints the page's path on stdout. */
CHECKED Err report_run(const ReportConfig *config, const char *out, DatasetOpen *open);
