#include "math/blas.h"

#include <stddef.h>

/* Weak, so that a build against another CBLAS still links. */
void openblas_set_num_threads(int n_threads) __attribute__((weak));
int openblas_get_num_threads(void) __attribute__((weak));

void blas_single_thread(void) {
    blas_set_threads(1);
}

int blas_threads(void) {
    return openblas_get_num_threads != NULL ? openblas_get_num_threads() : 1;
}

void blas_set_threads(int n_threads) {
    if (openblas_set_num_threads != NULL) openblas_set_num_threads(n_threads);
}
