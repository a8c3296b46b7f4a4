/* cli/explain - settings in words, from the Field tables. All print to stdout within 100 columns. */
#pragma once

#include "cli/kinds.h"

/* The kinds there are. */
void explain_kinds(void);
/* Every setting of a kind with default and help. */
void explain_kind(const ConfigKind *kind);
/* One setting, by key path or by its last part, in every kind that has it. Unknown: ERR_USAGE with the nearest. */
CHECKED Err explain_key(const char *key);
