/* math/order - numbers by size. */
#pragma once

/* Ascending, in place. */
void order_ascending(double *values, int count);
/* The one in the middle, the larger of two; count >= 1. Leaves the values ascending. */
double order_median(double *values, int count);
