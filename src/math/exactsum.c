/* A fixed-point sum: 128 bits in units of 2^-64. A double below 2^31 with 53 bits is cut at 2^-64 the same way
 * wherever it stands in the sum, and integers add up exactly, so order and grouping do not matter. */
#include "math/stats.h"

#include "base/failure/err.h"

#include <math.h>

#define UNITS      0x1p64
#define TERM_LIMIT 0x1p31

void exactsum_add(ExactSum *sum, double term) {
    ASSERT(fabs(term) < TERM_LIMIT); /* false for a NAN, too */
    *sum += (ExactSum)(term * UNITS);
}

void exactsum_add_product(ExactSum *sum, double a, double b) {
    double product = a * b;
    exactsum_add(sum, product);
    exactsum_add(sum, fma(a, b, -product)); /* what the product was rounded by: itself a double */
}

double exactsum_value(ExactSum sum) {
    return (double)sum / UNITS;
}

double exactsum_scatter(ExactSum products, ExactSum x, ExactSum y, double count) {
    long double about_zero = (long double)products / UNITS;
    return (double)(about_zero - (long double)x / UNITS * ((long double)y / UNITS) / (long double)count);
}
