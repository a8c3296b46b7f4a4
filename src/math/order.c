#include "math/order.h"

#include <stdlib.h>

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void order_ascending(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare);
}

double order_median(double *values, int count) {
    order_ascending(values, count);
    return values[count / 2];
}
