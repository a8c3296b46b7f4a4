/* sweep/plan/internal/axes - the combinations that "for" stands for.
 *
 *   "for": {"variant": ["a", "b"], "seed": [1, 2]}          a product: four combinations, the last axis fastest
 *   "for": [{"variant": "a", "pool": "p"}, {"variant": "b", "pool": "q", "seed": [1, 2]}]    several products, in turn
 *
 * The values of an axis are one value, a list, or "@name": the values of a named list. A list may hold "@name" among
 * its values. A named list may hold objects, which bind several names at once: the axis' own name is then not bound. A
 * text may name variables, and axes before it: "{epochs}". */
#pragma once

#include "sweep/plan/internal/template.h"

struct cJSON;

enum { AXES_STEPS_MAX = 1000000 };

typedef struct {
    const struct cJSON *lists; /* "lists" of the file, or NULL */
    const char *path;          /* of the sweep file, for messages */
    int *steps;                /* what is walked is counted here; more than AXES_STEPS_MAX in all is ERR_USAGE */
    void *context;
    /* One combination on top of the bindings that axes_walk was given; borrowed until it returns. */
    Err (*visit)(void *context, const Bindings *bindings);
} AxesWalk;

/* `axes`: the value of "for"; NULL: one combination without axes. */
CHECKED Err axes_walk(const AxesWalk *walk, const struct cJSON *axes, const Bindings *bindings);
/* A text, number or boolean as text; numbers keep the shortest form that reads back. malloc'd. */
CHECKED Err axes_value_text(char **text, const struct cJSON *value, const char *place);
