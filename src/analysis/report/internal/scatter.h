/* analysis/report/scatter - a scatter plot of datasets as a drawing inside the page: names appear under the pointer,
 * without scripts and in any color scheme. Points carry their row of the paper's catalogue, colors their group. */
#pragma once

#include "analysis/compare/statistics.h"
#include "analysis/page/page.h"

/* x against accuracy, with the least-squares line when r is defined. `heading` stands above the plot; NULL: r with its
 * Fisher interval, and n. */
CHECKED Err scatter_add(Page *page, const Points *points, const char *x_label, const char *y_label, const Paper *paper,
                        const char *heading, const char *caption);
/* Which color is which group, once for all plots of a section. */
void scatter_legend(Page *page);
