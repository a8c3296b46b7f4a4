/* cli/inspect/explain - settings in words, from the Field tables. All print to stdout within 100 columns. */
#pragma once

#include "cli/inspect/inspect.h"

/* The kinds there are. */
void explain_kinds(void);
/* Every setting of a kind with default and help. */
void explain_kind(const ConfigKind *kind);
/* One setting, by key path or by its last part, in every kind that has it. Unknown: ERR_USAGE with the nearest. */
CHECKED Err explain_key(const char *key);
/* Appends the settings in which `path` differs from the defaults, as facts. */
CHECKED Err explain_changes(Builder *out, const ConfigKind *kind, const char *path);
/* Appends "key: a -> b" for every setting in which two resolved texts of one kind differ; returns how many in *count.
 */
CHECKED Err explain_differences(Builder *out, int *count, const char *a, const char *b);
