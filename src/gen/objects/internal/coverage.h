/* gen/objects/coverage - which pixels of a canvas are still open while painting front to back.
 *
 * One bit a pixel, set while open. Painting takes the open pixels of a row's span as runs and closes them; when none is
 * left anywhere the rest of the objects cannot be seen. Runs never cross a multiple of 64, so they are at most
 * COVERAGE_RUN_MAX long. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { COVERAGE_RUN_MAX = 64 };

typedef struct {
    int size, words; /* words a row */
    int64_t open_pixels;
    uint64_t *bits; /* the caller's, size * words */
} Coverage;

static inline int coverage_words(int size) {
    return (size + 63) / 64;
}

/* All pixels open. `bits` has size * coverage_words(size) entries. */
void coverage_reset(Coverage *coverage, uint64_t *bits, int size);

/* Whether any pixel of left..right in row y is open. */
static inline bool coverage_any(const Coverage *coverage, int y, int left, int right) {
    const uint64_t *row = coverage->bits + (int64_t)y * coverage->words;
    int word = left / 64, last = right / 64;
    uint64_t from = ~(uint64_t)0 << left % 64, to = ~(uint64_t)0 >> (63 - right % 64);
    if (word == last) return row[word] & from & to;
    if (row[word] & from) return true;
    while (++word < last)
        if (row[word]) return true;
    return row[last] & to;
}

typedef struct {
    Coverage *coverage;
    uint64_t *row, taken; /* taken: open bits of `word` not handed out yet */
    int word, last_word, right;
} RunWalk;

static inline uint64_t coverage_take_word(RunWalk *walk, int from_bit) {
    uint64_t mask = ~(uint64_t)0 << from_bit;
    if (walk->word == walk->last_word) mask &= ~(uint64_t)0 >> (63 - walk->right % 64);
    uint64_t taken = walk->row[walk->word] & mask;
    walk->row[walk->word] ^= taken;
    walk->coverage->open_pixels -= __builtin_popcountll(taken);
    return taken;
}

/* Takes the open pixels of left..right (both on the canvas, left <= right) of row y. */
static inline RunWalk coverage_take(Coverage *coverage, int y, int left, int right) {
    RunWalk walk = {.coverage = coverage,
                    .row = coverage->bits + (int64_t)y * coverage->words,
                    .word = left / 64,
                    .last_word = right / 64,
                    .right = right};
    walk.taken = coverage_take_word(&walk, left % 64);
    return walk;
}

/* The next run begin..begin+length-1 of what was taken; false when there is none. All must be asked for. */
static inline bool coverage_run(RunWalk *walk, int *begin, int *length) {
    while (!walk->taken) {
        if (walk->word == walk->last_word) return false;
        walk->word++;
        walk->taken = coverage_take_word(walk, 0);
    }
    int first = __builtin_ctzll(walk->taken);
    uint64_t closed = ~(walk->taken >> first); /* zero only for a whole word */
    *length = closed ? __builtin_ctzll(closed) : 64;
    *begin = walk->word * 64 + first;
    if (first + *length == 64)
        walk->taken = 0;
    else
        walk->taken &= ~(uint64_t)0 << (first + *length);
    return true;
}
