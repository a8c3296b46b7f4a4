/* base/system/spin - waiting for another thread, for microseconds: spin at first, then let others have the core. */
#pragma once

#include <sched.h>

enum { SPINS = 400 /* before a core is given away: some microseconds, several times a call's cost */ };

/* In a loop that looks again after each; tries: starts at 0. */
static inline void spin_a_moment(int *tries) {
    if (*tries >= SPINS) {
        sched_yield();
        return;
    }
    ++*tries;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
