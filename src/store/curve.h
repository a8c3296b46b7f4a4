/* store/curve - training curves: curves.jsonl is the truth (one object a logged step, appended and flushed); curves.csv
 * is rewritten from it at the end. On resume, points after the checkpoint's step are cut. Rank 0 only. */
#pragma once

#include "base/err.h"

#include <stdint.h>

typedef struct {
    const char *name;
    double value;
} CurveValue;

typedef struct Curve Curve;

CHECKED Err curve_open(Curve **curve, const char *folder, int64_t resume_step);
CHECKED Err curve_point(Curve *curve, int64_t step, const CurveValue *values, int n_values);
CHECKED Err curve_close(Curve **curve);

/* Reading back one named series; caller frees both. */
CHECKED Err curve_read(double **steps, double **values, int64_t *count, const char *folder, const char *name);
