/* run/curve - training curves. Rank 0 only.
 *
 * curves.jsonl is written first: one object for each logged step, appended. curves.csv is made from it at the end, and
 * tb/events... gets the same points for TensorBoard as they come. On resume, points after the checkpoint's step are
 * removed, and so is a line that a crash left half written. */
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
/* NULL is allowed; *curve is cleared in any case. */
CHECKED Err curve_close(Curve **curve);

/* Reading back one named series, in the order of the file; caller frees both. ERR_INPUT when there is no curves.jsonl.
 */
CHECKED Err curve_read(double **steps, double **values, int64_t *count, const char *folder, const char *name);

/* Scalars for TensorBoard: an append-only file of framed protocol-buffer messages.
 *
 * A record is: length (u64), masked CRC-32C of the length (u32), data, masked CRC-32C of the data (u32), little-endian;
 * masked = rotate right by 15, plus 0xa282ead8. Data is tensorflow.Event: wall_time = 1 (double), step = 2 (int64),
 * file_version = 3 (string, first record only), summary = 5 { value = 1 { tag = 1 (string), simple_value = 2 (float) }
 * }. (github.com/tensorflow/tensorflow: core/lib/io/record_writer.cc, core/util/event.proto,
 * core/framework/summary.proto.) */
typedef struct Tfevents Tfevents;

/* Starts the file anew. */
CHECKED Err tfevents_open(Tfevents **events, const char *path);
CHECKED Err tfevents_scalar(Tfevents *events, double wall_time_s, int64_t step, const char *tag, float value);
/* Flushes and closes; fine with NULL. */
CHECKED Err tfevents_close(Tfevents **events);

/* CRC-32C (Castagnoli), and its masked form as the records hold it. */
uint32_t crc32c(const void *data, size_t length);
uint32_t crc32c_masked(const void *data, size_t length);
