/* gen/variant/variant_object - a variant given as the JSON object that its file would hold. */
#pragma once

#include "gen/variant/variant.h"

/* {"extends": "moving-circles", "objects": 5}: the settings over those of a slug or a file, or without "extends" over
 * the defaults; then `sets`. */
CHECKED Err variant_load_object(Variant **variant, const char *text, const char *const *sets, int n_sets);
