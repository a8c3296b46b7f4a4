/* sweep/plan/internal/template - {name} substitution in the texts of a sweep file. */
#pragma once

#include "base/failure/err.h"

enum { BINDINGS_MAX = 48 };

typedef struct {
    const char *name, *value; /* borrowed */
} Binding;

typedef struct {
    Binding items[BINDINGS_MAX];
    int count;
} Bindings;

/* Adds or replaces. */
CHECKED Err bindings_set(Bindings *bindings, const char *name, const char *value);
/* *filled: malloc'd text with every {name} replaced. Names with a colon ({made:...}) stay, their inside is filled. An
 * unknown name is ERR_USAGE with the nearest one. `place` says where the text stands, for messages. */
CHECKED Err template_fill(char **filled, const char *text, const Bindings *bindings, const char *place);
