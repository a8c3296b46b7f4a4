#include "math/versions.h"

#include "base/system/versions.h"

#include <fftw3.h>

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
