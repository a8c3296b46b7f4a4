/* math/rows - vectors of equal length in canonical order: one that depends on nothing but what they hold.
 *
 * Sums of doubles depend on the order of their terms in the last bits; whatever goes over vectors in canonical order
 * does not depend on how they came. The order is that of the vectors' digests (base/system/digest, then the bytes
 * themselves), so it has nothing to do with their values either: every n-th vector, or the first n, are a random
 * sample. */
#pragma once

#include "base/failure/err.h"

/* `at` is owned, the vectors it points to (count of `dims` floats) are borrowed. */
typedef struct {
    const float **at;
    size_t count;
    int dims;
} Rows;

/* vectors: (count, dims). */
CHECKED Err rows_canonical(Rows *rows, const float *vectors, size_t count, int dims);
/* Those whose group (groups[i] is that of at[i]) is `group`, or is not. In the same order. */
CHECKED Err rows_of_group(Rows *out, const Rows *rows, const int *groups, int group);
CHECKED Err rows_without_group(Rows *out, const Rows *rows, const int *groups, int group);
void rows_free(Rows *rows);

/* mean (dims), centered (count, dims) = rows - mean. */
void rows_center(double *mean, double *centered, const Rows *rows);
