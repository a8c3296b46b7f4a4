/* analysis/report/reproduce - the paper's tables one by one: its rows, its figures, ours or "not run", the difference,
 * and the run that ours comes from. Figures of reduced runs never stand in the paper's table; they follow in a table of
 * their own. */
#pragma once

#include "analysis/compare/outcomes.h"
#include "analysis/compare/paper.h"
#include "analysis/page/table.h"
#include "store/data/dataset.h"

typedef enum { REPRODUCE_PLAIN, REPRODUCE_JSON, REPRODUCE_CSV, REPRODUCE_MARKDOWN, REPRODUCE_LATEX } ReproduceFormat;
#define REPRODUCE_FORMATS "plain|json|csv|markdown|latex"

typedef struct {
    const char *runs;     /* folder of runs; need not exist: nothing has been run */
    const char *data;     /* folder searched for datasets, for the strips of figure 1 */
    DatasetOpen *open;    /* reads them */
    const char *lists;    /* comma-separated lists of configs/analysis for the correlations; NULL: STATISTICS_LISTS */
    const char *primary;  /* "finetune:standin-motion"; "": none */
    const char *out;      /* folder for tables (.tex .csv .md) and figures (.svg .pdf .gp .dat, .png); NULL: none */
    const char *protocol; /* whose results stand in the paper's tables; NULL: PROTOCOL_PAPER. PROTOCOL_REHEARSAL: tables
                             of rehearsals, without the paper's figures */
    ReproduceFormat format;
} ReproduceRequest;

/* part: "table1" ... "table12", "fig1" ... "fig5", "statements", "steps", "agreement", "compute", "gaps", "settings",
 * or "all". Prints on stdout. An unknown part is ERR_USAGE with the nearest name. */
CHECKED Err reproduce_print(const char *part, const ReproduceRequest *request);

/* One of the paper's tables (an entry of its "tables"). */
CHECKED Err reproduce_table(Table *table, const PaperTable *entry, const Outcomes *outcomes, const Paper *paper);
/* Settings of one stage (an entry of "settings"): the paper's, and those of the runs with how many of them. */
CHECKED Err reproduce_settings(Table *table, const PaperSettings *entry, const Outcomes *outcomes);
