/* eval/finetune/class_list - the names of classes in the classes.csv that a classifying run leaves
 * (eval/finetune/score). */
#pragma once

#include "base/failure/err.h"

typedef struct {
    char **names;
    int count;
} ClassList;

/* The first column, in its order, which is that of the labels. An apostrophe that keeps spreadsheets from computing a
 * name is taken off. ERR_INPUT when it is no such table. */
CHECKED Err class_list_read(ClassList *list, const char *path);
void class_list_free(ClassList *list);
