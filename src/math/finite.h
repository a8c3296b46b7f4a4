/* math/finite - refuses weights, optimizer moments and features that hold a NaN or an infinity. Nothing true can be
 * computed from them, but the arithmetic behind them may well end in something that looks like a result. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

bool finite_all(const float *values, size_t count);
/* ERR_INPUT when any value is NaN or infinite: "PATH: NAME: 3 values are not finite, the first is nan at index 5; ...".
 * Indices are counted from `begin`, for values that are a part of a tensor. */
CHECKED Err finite_check(const float *values, size_t count, size_t begin, const char *path, const char *name);
