/* Blocks and rounds: which rank has which items. Both are functions of three numbers, so nobody has to be asked. */
#include "par/share.h"

#include "base/failure/err.h"

/* floor(n_items * parts / n_ranks) without overflow for any int64 count. */
static int64_t boundary(int64_t n_items, int64_t parts, int64_t n_ranks) {
    int64_t whole = n_items / n_ranks, rest = n_items % n_ranks;
    return whole * parts + rest * parts / n_ranks;
}

/* Sizes differ by one at most. */
Share share_block(int64_t n_items, int rank, int n_ranks) {
    ASSERT(n_items >= 0 && n_ranks > 0 && rank >= 0 && rank < n_ranks);
    return (Share){.begin = boundary(n_items, rank, n_ranks), .end = boundary(n_items, rank + 1, n_ranks)};
}

bool share_owns(int64_t item, int rank, int n_ranks) {
    ASSERT(item >= 0 && n_ranks > 0 && rank >= 0 && rank < n_ranks);
    return item % n_ranks == rank;
}
