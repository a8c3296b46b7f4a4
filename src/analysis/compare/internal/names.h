/* analysis/compare/names - a list of datasets by name, as configs/analysis/paper28.json: which of them a correlation is
 * over, and why these. */
#pragma once

#include "base/text/text.h"

enum { NAMES_MAX = 128 };

typedef struct {
    char name[64]; /* "paper28" */
    char title[160], reason[512];
    int count;
    char slugs[NAMES_MAX][NAME_SIZE];
} DatasetNames;

/* `name`: of a file in configs/analysis, or a path. Unknown members, doubles and empty lists are ERR_INPUT. */
CHECKED Err names_read(DatasetNames *names, const char *name);
