/* cli/sweep/rehearse - a stage's settings made smaller, for a rehearsal (run/rehearsal).
 *
 * An overlay is a JSON file, configs/rehearsals/NAME.json, with an object a stage that is laid out as its settings and
 * holds numbers: the most that a rehearsal of this stage may have. What is smaller already stays; nothing ever grows.
 * A setting that a rehearsal may not change is ERR_USAGE. */
#pragma once

#include "base/config/field.h"

/* *text: the stage's resolved config, replaced by the smaller one; *original is what it was. Both malloc'd. */
CHECKED Err rehearse(char **text, char **original, const char *overlay, const char *stage, const Field *fields);
