#include "math/finite.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* By the bits, an exponent of ones: such a loop is taken in vectors, one that ends at the first is not. */
static size_t count_bad(const float *values, size_t count) {
    const uint32_t exponent = 0x7f800000u;
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad += (bits & exponent) == exponent;
    }
    return bad;
}

bool finite_all(const float *values, size_t count) {
    return count_bad(values, count) == 0;
}

CHECKED Err finite_check(const float *values, size_t count, size_t begin, const char *path, const char *name) {
    size_t bad = count_bad(values, count), first = 0;
    if (!bad) return ERR_NONE;
    while (isfinite(values[first])) first++;
    return RAISE(ERR_INPUT,
                 "%s: %s: %zu value%s not finite (as 32-bit floating point), the first is %g at index %zu; expected "
                 "numbers: nothing computed with these would mean anything",
                 path, name, bad, bad == 1 ? " is" : "s are", (double)values[first], begin + first);
}
