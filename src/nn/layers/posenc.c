#include "nn/layers/posenc.h"

#include <math.h>
#include <stddef.h>

void posenc_table(float *table, int N, int D) {
    for (int j = 0; j < D; j++) {
        double divisor = pow(10000.0, 2.0 * (j / 2) / D);
        for (int p = 0; p < N; p++) {
            double angle = p / divisor;
            table[(size_t)p * (size_t)D + (size_t)j] = (float)(j % 2 ? cos(angle) : sin(angle));
        }
    }
}
