/* analysis/report - everything found below a folder of runs as one self-contained HTML page, plus LaTeX, CSV and SVG of
 * each table and figure. One rank; reads results only, can be rebuilt any time. */
#pragma once

#include "base/field.h"
#include "base/text.h"

typedef struct {
    char runs[PATH_SIZE], data[PATH_SIZE], out[PATH_SIZE];
    char title[NAME_SIZE];
} ReportConfig;

extern const Field report_fields[];
CHECKED Err report_run(const ReportConfig *config);
