/* eval/finetune/score - from the probabilities of every test video to accuracy, intervals and tables. */
#pragma once

#include "base/failure/err.h"
#include "run/result.h"

#include <stdint.h>

/* Rows in test set order. Borrowed. */
typedef struct {
    int64_t n_videos;
    int n_classes;
    const float *probabilities;     /* (n_videos, n_classes) averaged over views */
    const int *labels;              /* (n_videos) */
    const char *const *class_names; /* n_classes, or NULL: numbers */
} Predictions;

/* The most probable class; of equals the lowest. */
int score_predicted(const Predictions *predictions, int64_t video);
/* Whether the label is among the k most probable; equals count for lower classes first. */
bool score_in_top(const Predictions *predictions, int64_t video, int k);
/* Adds top1 and, with more than 5 classes, top5, in percent with Wilson 95 % intervals; class_mean, the mean of the
 * accuracies of the classes that have videos; and chance. */
CHECKED Err score_into_result(Result *result, const Predictions *predictions);
/* predictions.csv, classes.csv, confusion.csv and the figure confusion in the folder; whole
 * files. One rank. */
CHECKED Err score_write_tables(const Predictions *predictions, const char *folder);

/* ---- class_list: the names of classes, read back from the classes.csv that a classifying run leaves ---- */

typedef struct {
    char **names;
    int count;
} ClassList;

/* The first column, in its order, which is that of the labels. An apostrophe that keeps spreadsheets from computing a
 * name is taken off. ERR_INPUT when it is no such table. */
CHECKED Err class_list_read(ClassList *list, const char *path);
void class_list_free(ClassList *list);
