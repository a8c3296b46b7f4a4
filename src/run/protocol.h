/* run/protocol - how far a run is from the paper's protocol.
 *
 * The defaults of a stage's Field table are the paper's settings, so the deviations of a config are its differences
 * from the defaults, each as "train.epochs 20 instead of 100". Settings that are no part of a protocol do not count:
 * cosmetic ones, and those that only decide rounding (micro_batch, reduce). */
#pragma once

#include "base/config/field.h"
#include "run/result.h"

/* Adds the deviations to those the result has, and sets paper_protocol when there are none. Those that do not fit the
 * list are counted in its last line. `config_size`: of the struct. */
CHECKED Err protocol_compare(Result *result, const void *config, size_t config_size, const Field *fields);
