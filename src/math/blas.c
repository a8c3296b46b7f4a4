#include "math/blas.h"

#include "base/system/versions.h"

#include <fftw3.h>
#include <stddef.h>

/* Weak, because any CBLAS links and only OpenBLAS has these. */
char *openblas_get_config(void) __attribute__((weak));
char *openblas_get_corename(void) __attribute__((weak));

/* "OpenBLAS 0.3.21" of "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...". */
static int name_and_number(const char *config) {
    size_t name = strcspn(config, " ");
    return (int)(config[name] ? name + 1 + strcspn(config + name + 1, " ") : name);
}

void math_versions(Builder *out) {
    if (openblas_get_config && openblas_get_corename) {
        const char *config = openblas_get_config();
        versions_add(out, "BLAS", "%.*s, kernels for %s", name_and_number(config), config, openblas_get_corename());
    } else {
        versions_add(out, "BLAS", "not OpenBLAS");
    }
    versions_add(out, "FFTW", "%s", fftwf_version);
}

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
