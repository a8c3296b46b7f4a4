/* analysis/compare/keytable - Figure 5 in numbers: how much of the attention keys three components explain, and how
 * much the token's position alone does, for every model that was looked at. */
#pragma once

#include "analysis/compare/outcomes.h"
#include "analysis/compare/paper.h"
#include "analysis/page/page.h"

CHECKED Err keytable_make(Table *table, const Outcomes *outcomes, const Paper *paper);
/* The maps (keys.png) of every model that was looked at, as far as they are there. */
CHECKED Err keytable_pictures(Page *page, const Outcomes *outcomes, const Paper *paper);
