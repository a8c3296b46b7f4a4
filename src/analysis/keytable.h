/* analysis/keytable - Figure 5 in numbers: how much of the attention keys three components explain, and how much the
 * token's position alone does, for every model that was looked at. */
#pragma once

#include "analysis/outcomes.h"
#include "analysis/paper.h"
#include "analysis/table.h"

CHECKED Err keytable_make(Table *table, const Outcomes *outcomes, const Paper *paper);
