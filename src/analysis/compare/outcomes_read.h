/* analysis/compare/outcomes_read - finds the results below a folder of runs, and the pre-training behind each
 * (analysis/compare/budget). */
#pragma once

#include "analysis/compare/outcomes.h"

/* A folder without results gives none; unreadable files are left out with their reason, and so are both of two that
 * claim the same identity, protocol and seed. Freed with outcomes_free. */
CHECKED Err outcomes_read(Outcomes *outcomes, const char *folder);
