/* base/system/minmax - the smaller and the larger of two numbers, and the nearest index, once. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline int min_int(int a, int b) {
    return a < b ? a : b;
}
static inline int max_int(int a, int b) {
    return a > b ? a : b;
}
static inline int64_t min_int64(int64_t a, int64_t b) {
    return a < b ? a : b;
}
static inline int64_t max_int64(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline double min_double(double a, double b) {
    return a < b ? a : b;
}
static inline double max_double(double a, double b) {
    return a > b ? a : b;
}
static inline size_t max_size(size_t a, size_t b) {
    return a > b ? a : b;
}
/* The index in 0..size-1 nearest to `at`; size >= 1. */
static inline int nearest_index(int at, int size) {
    return at < 0 ? 0 : at < size ? at : size - 1;
}
