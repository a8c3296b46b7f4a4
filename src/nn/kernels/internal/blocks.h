/* nn/kernels/internal/blocks - how work is cut into blocks, and how the memory is asked for the next one before it is
 * wanted. See nn/kernels/internal/simd.h for how this file is compiled.
 *
 * What kernels pack lies in rows kilobytes apart, which the processor does not foresee, and in training it has long
 * left the caches: waiting for it cost short attention heads a fifth of their time and large products a twelfth. So the
 * rows that the next blocks read or write are asked for while this one computes, a few lines at a time, into the
 * second-level cache. Many at once would wait for each other and for what the tiles read: only 12 to 16 lines can be
 * under way to the first-level cache. */
#pragma once

#include "nn/kernels/internal/simd.h"

INLINE size_t round_up(size_t count, size_t unit) {
    return (count + unit - 1) / unit * unit;
}

INLINE int at_most(int count, int most) {
    return count < most ? count : most;
}

/* The size of blocks, a multiple of `unit` and at most `most` (rounded up to units), that makes them as few and as
 * equal as possible. */
INLINE int equal_blocks(int count, int most, int unit) {
    int blocks = (count + most - 1) / most;
    return (int)round_up((size_t)((count + blocks - 1) / blocks), (size_t)unit);
}

INLINE int blocks_of(int count, int block) {
    return (count + block - 1) / block;
}

enum { AHEAD_RUNS = 8, LINE_FLOATS = 16 };

/* Evenly spaced rows of `width` floats that are still to be asked for, from `column` of the first on. */
typedef struct {
    const float *row;
    size_t stride;
    int rows, width, column;
} AheadRun;

typedef struct {
    AheadRun runs[AHEAD_RUNS]; /* in the order in which they are asked for */
    int at;                    /* the first that may have rows left */
} Ahead;

/* All at once, into the first-level cache: up to LANES rows that are packed right after the present ones. */
INLINE void prefetch_rows(const float *from, size_t stride, int rows, int width) {
    int count = rows < LANES ? rows : LANES;
    for (int i = 0; i < count; i++) {
        for (int d = 0; d < width; d += LINE_FLOATS) __builtin_prefetch(from + (size_t)i * stride + d);
    }
}

/* What run number `run` held before is forgotten. Without rows (rows <= 0) it asks for nothing. */
INLINE void ahead_rows(Ahead *ahead, int run, const float *from, size_t stride, int rows, int width) {
    ahead->runs[run] = (AheadRun){from, stride, rows, width, 0};
    if (ahead->at > run) ahead->at = run;
}

/* Asks for one line, or goes to the next run. Within a tile: it needs no vector registers. */
INLINE void ahead_line(Ahead *ahead) {
    if (ahead->at >= AHEAD_RUNS) return;
    AheadRun *run = &ahead->runs[ahead->at];
    if (run->rows <= 0) {
        ahead->at++;
        return;
    }
    __builtin_prefetch(run->row + run->column, 0, 2);
    run->column += LINE_FLOATS;
    if (run->column < run->width) return;
    run->column = 0;
    run->row += run->stride;
    run->rows--;
}

static __attribute__((noinline)) void ahead_lines(Ahead *ahead) {
    enum { LINES = 12 };
    for (int i = 0; i < LINES; i++) ahead_line(ahead);
}

/* Between two tiles: a few lines. */
INLINE void ahead_ask(Ahead *ahead) {
    if (ahead->at < AHEAD_RUNS) ahead_lines(ahead);
}
