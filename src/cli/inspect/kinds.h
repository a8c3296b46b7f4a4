/* cli/inspect/kinds - the kinds of configuration there are: every stage's table, and the tables that others refer to.
 */
#pragma once

#include "base/config/field.h"
#include "cli/stage/cmd.h"

typedef struct {
    const char *name;    /* "pretrain" */
    const char *folder;  /* below configs/ */
    const char *summary; /* one line */
    const Field *fields;
    const Command *command; /* that reads it; NULL: part of other kinds */
} ConfigKind;

enum { KINDS_MAX = 64 };

/* All of them; returns how many. */
int kinds_list(ConfigKind kinds[KINDS_MAX]);
CHECKED Err kind_find(ConfigKind *kind, const char *name);
/* The kind of a file: as asked, otherwise from the folder it is in or the run it belongs to, otherwise the only one
 * that accepts it. */
CHECKED Err kind_of_file(ConfigKind *kind, const char *path, const char *asked);
/* config_find in the folder of the kind asked for, otherwise in those of all kinds: "moving-circles" is enough. */
CHECKED Err kind_find_config(char *out, size_t size, const char *asked, const char *name);
