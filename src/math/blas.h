/* math/blas - the setting that every user of a BLAS needs.
 *
 * Parallelism is ours (ranks and OpenMP threads), so the library always gets one thread. Products are then
 * reproducible, and many ranks on one node do not start a pool of threads each. */
#pragma once

#include "base/text/text.h"

/* One thread for OpenBLAS, if that is the BLAS we are linked with; any other CBLAS is left as it is. */
void blas_single_thread(void);
/* For a library inside of another program, which leaves things as they were; 1 and nothing without OpenBLAS. */
int blas_threads(void);
void blas_set_threads(int n_threads);

/* OpenBLAS (with the kernels it chose for this machine) and FFTW; see base/system/versions.h. */
void math_versions(Builder *out);
