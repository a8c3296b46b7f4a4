/* nn/kernels/internal/kernels_sets - the tables kernels_<set>.c define; only nn/kernels/kernels.c chooses between them.
 */
#pragma once

#include "nn/kernels/kernels.h"

#include <stdbool.h>

extern const Kernels kernels_base;
#if defined(__x86_64__)
extern const Kernels kernels_avx2, kernels_avx512, kernels_avx512bf16, kernels_amx;
#elif defined(__aarch64__)
extern const Kernels kernels_neon;
#endif
