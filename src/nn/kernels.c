#include "nn/kernels.h"

#include "nn/kernels_sets.h"

const Kernels *const *kernels_usable(void) {
#if defined(__x86_64__)
    static const Kernels *const up_to_avx512[] = {&kernels_base, &kernels_avx2, &kernels_avx512, NULL};
    static const Kernels *const up_to_avx2[] = {&kernels_base, &kernels_avx2, NULL};
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f")) return up_to_avx512;
    if (avx2) return up_to_avx2;
#endif
    static const Kernels *const base_only[] = {&kernels_base, NULL};
    return base_only;
}

const Kernels *kernels_best(void) {
    const Kernels *const *set = kernels_usable();
    while (set[1]) set++;
    return *set;
}
