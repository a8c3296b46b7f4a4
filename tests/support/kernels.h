/* support/kernels - when a test of certain kernels (SYNVID_KERNELS) has nothing to show on this processor. */
#pragma once

#include "nn/kernels/kernels.h"
#include "support/unit.h"

#include <stdio.h>

enum { EXIT_SKIPPED = 77 };

/* For a program that is also run with narrower kernels: is this such a run, and does the processor lack them, or take
 * them anyway? Says so. The program then ends with EXIT_SKIPPED. */
static inline bool nothing_narrower(void) {
    const char *asked = getenv("SYNVID_KERNELS");
    if (!asked) return false;
    if (kernels_check() != ERR_NONE) {
        printf("SKIPPED: %s\n", err_message());
        return true;
    }
    const Kernels *const *widest = kernels_usable();
    while (widest[1]) widest++;
    if (kernels_best() != *widest) return false;
    printf("SKIPPED: %s are this processor's own kernels, which the test without SYNVID_KERNELS takes\n", asked);
    return true;
}

/* First line of a test whose products of bfloat16 numbers take minutes where they are made of others, and most of an
 * hour under the address sanitizer, too. Skipped there, by name. */
static inline void skip_if_emulated_and_checked(void) {
#ifdef SYNVID_ADDRESS_SANITIZER
    const char *name = kernels_best()->name;
    if (strcmp(name, "avx512bf16") != 0 && strcmp(name, "amx") != 0) skip();
#endif
}
