/* run/curve - training curves: curves.jsonl is the truth (one object a logged step, appended); curves.csv is
 * rewritten from it at the end, and tb/events... holds the same points for TensorBoard as they come. On resume, points
 * after the checkpoint's step are cut, and so is a line that a crash left half written. Rank 0 only. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

typedef struct {
    const char *name;
    double value;
} CurveValue;

typedef struct Curve Curve;

/* resume_step 0: a fresh start. */
CHECKED Err curve_open(Curve **curve, const char *folder, int64_t resume_step);
/* A value that is not finite becomes null. */
CHECKED Err curve_point(Curve *curve, int64_t step, const CurveValue *values, int n_values);
/* Fine with NULL; *curve is cleared in any case. */
CHECKED Err curve_close(Curve **curve);

/* Reading back one named series, in the order of the file; caller frees both. ERR_INPUT when there is no curves.jsonl.
 */
CHECKED Err curve_read(double **steps, double **values, int64_t *count, const char *folder, const char *name);
