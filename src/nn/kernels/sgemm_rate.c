#include "nn/kernels/sgemm_rate.h"

#include "base/system/clock.h"

#include <cblas.h>
#include <stdlib.h>

enum { SQUARE = 1024, REPETITIONS = 4 };

double sgemm_rate(void) {
    size_t count = (size_t)SQUARE * SQUARE;
    float *a = malloc(3 * count * sizeof(float));
    if (!a) return 0;
    double best = 0;
    /* small integers: no denormal numbers, no overflow */
    for (size_t i = 0; i < 3 * count; i++) a[i] = (float)(i % 7) - 3;
    for (int i = 0; i < REPETITIONS; i++) {
        double started = clock_wall_s();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SQUARE, SQUARE, SQUARE, 1, a, SQUARE, a + count, SQUARE,
                    0, a + 2 * count, SQUARE);
        double rate = 2.0 * SQUARE * (double)count / (clock_wall_s() - started);
        if (rate > best) best = rate;
    }
    free(a);
    return best;
}
