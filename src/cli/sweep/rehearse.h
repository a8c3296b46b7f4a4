/* cli/sweep/rehearse - a stage's settings made smaller, for a rehearsal (run/rehearsal).
 *
 * An overlay is a JSON file, configs/rehearsals/NAME.json, with an object a stage that is laid out as its settings and
 * holds numbers: the most that a rehearsal of this stage may have, or below 1 the share of its own number that it may
 * have, rounded up, so that lengths that differ go on differing. What is smaller already stays; nothing ever grows.
 * "extends" names an overlay whose numbers hold where this one has none. A setting that a rehearsal may not change is
 * ERR_USAGE. */
#pragma once

#include "base/config/field.h"

/* *text: the stage's resolved config, replaced by the smaller one; *original is what it was. Both malloc'd. */
CHECKED Err rehearse(char **text, char **original, const char *overlay, const char *stage, const Field *fields);
