#include "math/versions.h"

#include "base/versions.h"

#include <fftw3.h>

/* Weak, because any CBLAS links and only OpenBLAS has these. */
char *openblas_get_config(void) __attribute__((weak));
char *openblas_get_corename(void) __attribute__((weak));

void math_versions(Builder *out) {
    if (openblas_get_config && openblas_get_corename)
        versions_add(out, "BLAS", "%s, kernels for %s", openblas_get_config(), openblas_get_corename());
    else
        versions_add(out, "BLAS", "not OpenBLAS");
    versions_add(out, "FFTW", "%s", fftwf_version);
}
