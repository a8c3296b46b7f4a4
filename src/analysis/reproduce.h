/* analysis/reproduce - the paper's tables one by one: its rows, its figures, ours or "not run", the difference, and
 * which run ours is. Figures of reduced runs never stand in the paper's table; they follow in one of their own. */
#pragma once

#include "analysis/outcomes.h"
#include "analysis/paper.h"
#include "analysis/table.h"

typedef enum { REPRODUCE_PLAIN, REPRODUCE_JSON, REPRODUCE_CSV, REPRODUCE_MARKDOWN, REPRODUCE_LATEX } ReproduceFormat;
#define REPRODUCE_FORMATS "plain|json|csv|markdown|latex"

/* part: "table1" ... "table12", "fig4", "gaps", "settings", or "all". Prints on stdout. `runs` may be a folder that
 * does not exist: nothing has been run. An unknown part is ERR_USAGE with the nearest name. */
CHECKED Err reproduce_print(const char *part, const char *runs, ReproduceFormat format);

/* One of the paper's tables (an entry of its "tables"). */
CHECKED Err reproduce_table(Table *table, const struct cJSON *entry, const Outcomes *outcomes, const Paper *paper);
/* Settings of one stage (an entry of "settings"): the paper's, and those of the runs with how many of them. */
CHECKED Err reproduce_settings(Table *table, const struct cJSON *entry, const Outcomes *outcomes);
