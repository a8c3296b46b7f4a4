/* eval/corrupt/corrupt_time - time out of order, on a list of frame numbers. */
#include "eval/corrupt/internal/corrupt_kinds.h"

#include <stdlib.h>
#include <string.h>

static Err no_memory(int count) {
    return RAISE(ERR_MEMORY, "no memory to reorder %d frames", count);
}

/* Every 2^s-th entry. */
Err corrupt_sampling(int *entries, int *count, int severity, Rng *rng) {
    (void)rng;
    int step = 1 << severity, kept = 0;
    for (int i = 0; i < *count; i += step) entries[kept++] = entries[i];
    *count = kept;
    return ERR_NONE;
}

/* The same, backward. */
Err corrupt_reverse_sampling(int *entries, int *count, int severity, Rng *rng) {
    TRY(corrupt_sampling(entries, count, severity, rng));
    for (int i = 0, j = *count - 1; i < j; i++, j--) {
        int kept = entries[i];
        entries[i] = entries[j];
        entries[j] = kept;
    }
    return ERR_NONE;
}

/* Entries shuffled inside segments of 64 / 2^s. */
Err corrupt_jumble(int *entries, int *count, int severity, Rng *rng) {
    enum { LONGEST = 32 };
    int length = 64 >> severity;
    for (int start = 0; start < *count; start += length) {
        int size = *count - start < length ? *count - start : length, segment[LONGEST];
        uint32_t order[LONGEST];
        memcpy(segment, entries + start, (size_t)size * sizeof(int));
        rng_permutation(rng, order, (uint32_t)size);
        for (int i = 0; i < size; i++) entries[start + i] = segment[order[i]];
    }
    return ERR_NONE;
}

/* The order of segments of (s+1)^2 shuffled; the last one may be shorter. */
Err corrupt_box_jumble(int *entries, int *count, int severity, Rng *rng) {
    int length = (severity + 1) * (severity + 1), segments = (*count + length - 1) / length, at = 0;
    int *before = malloc((size_t)*count * sizeof(int));
    uint32_t *order = malloc((size_t)segments * sizeof(uint32_t));
    if (!before || !order) {
        free(before);
        free(order);
        return no_memory(*count);
    }
    memcpy(before, entries, (size_t)*count * sizeof(int));
    rng_permutation(rng, order, (uint32_t)segments);
    for (int i = 0; i < segments; i++) {
        int start = (int)order[i] * length, size = *count - start < length ? *count - start : length;
        memcpy(entries + at, before + start, (size_t)size * sizeof(int));
        at += size;
    }
    free(before);
    free(order);
    return ERR_NONE;
}

/* Of n entries this many are kept. */
static int kept_of(int n, int severity) {
    static const double shares[] = {.4, .2, .1, .05};
    if (severity > 4) return 1;
    int kept = (int)(n * shares[severity - 1]), least = severity == 4 ? 2 : 1;
    kept = kept > least ? kept : least;
    return kept < n ? kept : n;
}

/* Some entries, drawn without replacement, each held until the next one; it starts with the first of them, so the end
 * is short of what came before it, and that is filled with the last entry. */
Err corrupt_freeze(int *entries, int *count, int severity, Rng *rng) {
    int n = *count, kept = kept_of(n, severity), at = 0, last = entries[n - 1];
    uint32_t *order = malloc((size_t)n * sizeof(uint32_t));
    bool *chosen = calloc((size_t)n, sizeof(bool));
    int *before = malloc((size_t)n * sizeof(int));
    bool enough = order && chosen && before;
    if (enough) {
        memcpy(before, entries, (size_t)n * sizeof(int));
        rng_permutation(rng, order, (uint32_t)n);
        for (int i = 0; i < kept; i++) chosen[order[i]] = true;
        /* nothing is shown before the first frame that is kept */
        for (int i = 0, held = -1; i < n; i++) {
            if (chosen[i]) held = before[i];
            if (held >= 0) entries[at++] = held;
        }
        while (at < n) entries[at++] = last;
    }
    free(order);
    free(chosen);
    free(before);
    return enough ? ERR_NONE : no_memory(n);
}
