/* gen/ingest/class_names - the classes of a dataset: a class is numbered by its place. Start from {0}. */
#pragma once

#include "base/failure/err.h"

#include <stddef.h>

typedef struct {
    char **names;
    int count;
} ClassNames;

/* Appends a copy of the first `length` bytes. */
CHECKED Err class_names_add(ClassNames *classes, const char *name, size_t length);
/* Its number, or -1. Looks at the newest first: lists are mostly grouped by class. */
int class_names_find(const ClassNames *classes, const char *name, size_t length);
/* Bytewise order. */
void class_names_sort(ClassNames *classes);
void class_names_free(ClassNames *classes);
