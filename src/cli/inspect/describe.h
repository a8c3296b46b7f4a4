/* cli/inspect/describe - things in words for `synvid inspect`: a headline, facts, and what to do next; within 100
 * columns. */
#pragma once

#include "cli/inspect/path_entry.h"

CHECKED Err describe_thing(Builder *out, const PathEntry *thing);
