/* math/exactsum - sums of doubles that have the same bits in whatever order, and in whatever parts, the terms come.
 *
 * Additions of doubles round, so their result depends on the order. Here a sum is a 128-bit integer in units of 2^-64,
 * a "long accumulator" (Kulisch & Miranker 1986) cut down to what statistics of datasets need: adding integers is
 * associative and commutative, so only the terms matter. A term is cut to a multiple of the unit, which leaves every
 * double of magnitude 2^-11 (5e-4) or more whole, and all others to 5.4e-20.
 *
 * Range: terms below 2^31 in magnitude, at most 2^32 of them; a larger term, an infinity or a NAN is a bug of the
 * caller. A sum starts at zero, all bits zero; sums add with `+=`. Nothing here allocates or communicates. */
#pragma once

__extension__ typedef __int128 ExactSum;

void exactsum_add(ExactSum *sum, double term);
/* a * b without rounding of the product. */
void exactsum_add_product(ExactSum *sum, double a, double b);
/* The nearest double. */
double exactsum_value(ExactSum sum);
/* sum of (x - mean x)(y - mean y) over `count` pairs, from the sums of x y, of x and of y. The difference is taken in
 * long double of sums that have not been rounded; where all x are equal, what is left of a variance is below 1e-18 of
 * the mean's square, and may be negative. */
double exactsum_scatter(ExactSum products, ExactSum x, ExactSum y, double count);
