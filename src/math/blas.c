#include "math/blas.h"

#include <stddef.h>

/* Weak, so that a build against another CBLAS still links. */
void openblas_set_num_threads(int n_threads) __attribute__((weak));

void blas_single_thread(void) {
    if (openblas_set_num_threads != NULL) openblas_set_num_threads(1);
}
