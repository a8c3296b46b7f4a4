/* analysis/compare/findings - does what the paper says of its datasets hold in our statistics? The "findings" of
 * paper.json.
 *
 * "a" above "b": means over the two groups of datasets, with Welch's 95 % interval of their difference: true above
 * zero, false below, undecided when it holds zero. Where a group is a single dataset every pair is compared: true when
 * all hold, false when none does. "range": true when all of "a" lie inside, false when none does. A group may be
 * "reference" or a list of configs/analysis. Nothing is decided from missing statistics. */
#pragma once

#include "analysis/compare/statements.h"
#include "analysis/compare/statistics.h"

CHECKED Err findings_table(Table *table, const Outcomes *outcomes, const Paper *paper);
