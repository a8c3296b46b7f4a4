/* nn/attention_ahead - asks the memory for rows before they are wanted. See nn/attention_body.h.
 *
 * Rows of one head lie kilobytes apart, which the processor does not foresee, and in training they have long left the
 * caches: waiting for them cost short heads a fifth of their time. So the rows that the next blocks read or write are
 * asked for while this one computes, a few lines between two tiles, into the second-level cache. Many at once would
 * wait for each other and for what the tiles read: only 12 to 16 lines can be under way to the first-level cache. */
#pragma once

#include "nn/simd.h"

enum { AHEAD_RUNS = 8, AHEAD_LINES = 12, AHEAD_LINE = 16 /* floats */ };

/* Evenly spaced rows that are still to be asked for; none if `rows` is not positive. */
typedef struct {
    const float *row;
    size_t stride;
    int rows;
} AheadRun;

typedef struct {
    AheadRun runs[AHEAD_RUNS]; /* in the order in which they are asked for */
    int at;                    /* the first that may have rows left */
    int width;                 /* floats of a row */
} Ahead;

/* What run number `run` held before is forgotten. */
INLINE void ahead_rows(Ahead *ahead, int run, const float *from, size_t stride, int rows) {
    ahead->runs[run] = (AheadRun){from, stride, rows};
    ahead->at = 0;
}

static __attribute__((noinline)) void ahead_ask_some(Ahead *ahead) {
    for (int lines = 0; lines < AHEAD_LINES && ahead->at < AHEAD_RUNS;) {
        AheadRun *run = &ahead->runs[ahead->at];
        if (run->rows-- <= 0) {
            ahead->at++;
            continue;
        }
        for (int d = 0; d < ahead->width; d += AHEAD_LINE, lines++) __builtin_prefetch(run->row + d, 0, 2);
        run->row += run->stride;
    }
}

/* To be called between two tiles: a few lines. */
INLINE void ahead_ask(Ahead *ahead) {
    if (ahead->at < AHEAD_RUNS) ahead_ask_some(ahead);
}
