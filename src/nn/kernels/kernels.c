/* Chooses a table of kernels. A set is usable when the processor has all of its instructions, and each set's are among
 * the next one's, so the widest that is there says which are: the list for it. Threads may ask at the same time for the
 * first time; all find the same, so the race is between equal stores. */
#include "nn/kernels/kernels.h"

#include "base/text/text.h"
#include "nn/kernels/internal/kernels_sets.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Asked of the processor itself: older compilers' __builtin_cpu_supports does not know these names. */
static bool amx_present(void) {
    enum { FEATURES = 7, BF16 = 1 << 22, TILE = 1 << 24 };
    unsigned a, b, c, d;
    return __get_cpuid_count(FEATURES, 0, &a, &b, &c, &d) && d & BF16 && d & TILE;
}

/* Tile registers are large, so Linux gives them to processes that ask, once and for all of their threads
 * (https://docs.kernel.org/arch/x86/xstate.html). */
static bool amx_granted(void) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

static int widest(void) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
    if (!__builtin_cpu_supports("avx512f")) return 1;
    /* rounding to bfloat16 comes with AVX512_BF16, interleaving of halves with AVX512BW */
    if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512bf16")) return 2;
    if (!amx_present() || !amx_granted()) return 3;
    return 4;
}
#elif defined(__aarch64__)
static int widest(void) {
    return 1;
}
#else
static int widest(void) {
    return 0;
}
#endif

const Kernels *const *kernels_usable(void) {
#if defined(__x86_64__)
    enum { SETS = 5, UNKNOWN = -1 };
    static const Kernels *const up_to[SETS][SETS + 1] = {
        {&kernels_base},
        {&kernels_base, &kernels_avx2},
        {&kernels_base, &kernels_avx2, &kernels_avx512},
        {&kernels_base, &kernels_avx2, &kernels_avx512, &kernels_avx512bf16},
        {&kernels_base, &kernels_avx2, &kernels_avx512, &kernels_avx512bf16, &kernels_amx},
    };
#elif defined(__aarch64__)
    enum { SETS = 2, UNKNOWN = -1 };
    static const Kernels *const up_to[SETS][SETS + 1] = {{&kernels_base}, {&kernels_base, &kernels_neon}};
#else
    enum { SETS = 1, UNKNOWN = -1 };
    static const Kernels *const up_to[SETS][SETS + 1] = {{&kernels_base}};
#endif
    static _Atomic int known = UNKNOWN;
    int set = atomic_load_explicit(&known, memory_order_relaxed);
    if (set == UNKNOWN) atomic_store_explicit(&known, set = widest(), memory_order_relaxed);
    return up_to[set];
}

static const char *wanted(void) {
    return getenv("SYNVID_KERNELS");
}

/* NULL: this processor has no such table. */
static const Kernels *find(const char *name) {
    for (const Kernels *const *set = kernels_usable(); *set; set++)
        if (text_equal((*set)->name, name)) return *set;
    return NULL;
}

const Kernels *kernels_best(void) {
    static _Atomic(const Kernels *) known = NULL;
    const Kernels *best = atomic_load_explicit(&known, memory_order_relaxed);
    if (best) return best;
    if (wanted()) best = find(wanted());
    if (!best) {
        const Kernels *const *set = kernels_usable();
        while (set[1]) set++;
        best = *set;
    }
    atomic_store_explicit(&known, best, memory_order_relaxed);
    return best;
}

CHECKED Err kernels_check(void) {
    char names[64] = "";
    if (!wanted() || find(wanted())) return ERR_NONE;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        size_t used = strlen(names);
        TRY(text_format(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*set)->name));
    }
    return RAISE(ERR_USAGE, "SYNVID_KERNELS is \"%.40s\"; this processor runs %s; without it the last of them is taken",
                 wanted(), names);
}
