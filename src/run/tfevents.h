/* run/tfevents - scalars for TensorBoard: an append-only file of framed protocol-buffer messages.
 *
 * A record is: length (u64), masked CRC-32C of the length (u32), data, masked CRC-32C of the data (u32), little-endian;
 * masked = rotate right by 15, plus 0xa282ead8. Data is tensorflow.Event: wall_time = 1 (double), step = 2 (int64),
 * file_version = 3 (string, first record only), summary = 5 { value = 1 { tag = 1 (string), simple_value = 2 (float) }
 * }. (github.com/tensorflow/tensorflow: core/lib/io/record_writer.cc, core/util/event.proto,
 * core/framework/summary.proto.) */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

typedef struct Tfevents Tfevents;

/* Starts the file anew. */
CHECKED Err tfevents_open(Tfevents **events, const char *path);
CHECKED Err tfevents_scalar(Tfevents *events, double wall_time_s, int64_t step, const char *tag, float value);
/* Flushes and closes; fine with NULL. */
CHECKED Err tfevents_close(Tfevents **events);

/* CRC-32C (Castagnoli), and its masked form as the records hold it. */
uint32_t crc32c(const void *data, size_t length);
uint32_t crc32c_masked(const void *data, size_t length);
