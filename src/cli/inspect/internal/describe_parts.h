/* cli/inspect/internal/describe_parts - what descriptions are put together from, and those of one kind of thing, a file
 * each. Inside cli/inspect/describe. */
#pragma once

#include "base/text/text.h"

#include <stdint.h>

/* The headline is "PATH: what it is". A fact is "  name   value"; long values are broken and indented. What
 * to do next is the command `before` PATH `after`, ready to paste, with the reason behind it (NULL: none) where there
 * is room. Texts of strangers become lines here (base/text/escape.h). */
void describe_head(Builder *out, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));
void describe_fact(Builder *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void describe_next(Builder *out, const char *why, const char *before, const char *path, const char *after);

CHECKED Err describe_dataset(Builder *out, const char *folder);
CHECKED Err describe_run(Builder *out, const char *folder);
CHECKED Err describe_result(Builder *out, const char *path);
/* Step, sizes, tensors; blocks that are alike once. */
/* Tensors of another program, type and shape; those that are alike but for a number once. */
CHECKED Err describe_weights(Builder *out, const char *path);
/* A line for every tensor, or for all whose names differ in a number only. `dtype` NULL: not told. */
typedef struct {
    const char *name, *dtype;
    const int64_t *dims;
    int n_dims;
} TensorRow;
CHECKED Err describe_tensors(Builder *out, const TensorRow *rows, int n_rows);
/* A run.json: the last time the run was started, and how that ended. */
CHECKED Err describe_lives(Builder *out, const char *path);
/* Progress of a curves file: how far, and the last values. */
CHECKED Err describe_curves(Builder *out, const char *path);
/* The settings of a configuration that differ from the defaults. */
CHECKED Err describe_config(Builder *out, const char *path);
