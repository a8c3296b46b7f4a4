#include "nn/sgemm_rate.h"

#include <cblas.h>
#include <stdlib.h>
#include <time.h>

enum { SQUARE = 1024, REPETITIONS = 4 };

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double sgemm_rate(void) {
    size_t count = (size_t)SQUARE * SQUARE;
    float *a = malloc(3 * count * sizeof(float));
    if (!a) return 0;
    double best = 0;
    for (size_t i = 0; i < 3 * count; i++) a[i] = (float)(i % 7) - 3;
    for (int i = 0; i < REPETITIONS; i++) {
        double started = seconds_now();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SQUARE, SQUARE, SQUARE, 1, a, SQUARE, a + count, SQUARE,
                    0, a + 2 * count, SQUARE);
        double rate = 2.0 * SQUARE * (double)count / (seconds_now() - started);
        if (rate > best) best = rate;
    }
    free(a);
    return best;
}
