/* analysis/report/internal/rehearsed - keeps rehearsals apart: their figures say nothing about the paper's, so a report
 * holds rehearsals alone, and says so, or none. */
#pragma once

#include "analysis/compare/outcomes.h"
#include "analysis/page/table.h"

/* Takes the paper's columns out of a table and names it a rehearsal's. */
CHECKED Err rehearsed_set_apart(Table *table);
/* For a page of everything: keeps rehearsals only where there is nothing else. True: they were kept. *n_left: how many
 * were left out. */
bool rehearsed_only(Outcomes *outcomes, int *n_left);
