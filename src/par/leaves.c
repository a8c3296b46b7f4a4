/* Who computes which leaves, and which nodes of the tree that makes. A run of leaves is covered by its largest aligned
 * nodes, as an address range is by blocks: at most 2 log2(n) of them, and one where the run is a node itself. */
#include "par/leaves.h"

#include "base/failure/err.h"

static int64_t divide_up(int64_t n, int64_t by) {
    return (n + by - 1) / by;
}

/* Runs are whole granules, shared out as evenly as that allows; the last granule may be short. */
Share leaves_of(const LeafSpread *spread, int rank) {
    Share run = share_block(divide_up(spread->n_leaves, spread->granule), rank, spread->n_ranks);
    run.begin *= spread->granule;
    run.end *= spread->granule;
    if (run.end > spread->n_leaves) run.end = spread->n_leaves;
    return run;
}

/* Leaves of the largest node that begins at `begin` and ends within the run; one that is cut off by the last leaf ends
 * there. */
static int64_t node_at(int64_t begin, Share run, int64_t n_leaves) {
    int64_t width = 1;
    while (width < run.end - begin && begin % (2 * width) == 0 && (begin + 2 * width <= run.end || run.end == n_leaves))
        width *= 2;
    return width < run.end - begin ? width : run.end - begin;
}

int leaves_pieces(Share *pieces, Share run, int64_t n_leaves) {
    int n = 0;
    for (int64_t begin = run.begin; begin < run.end; n++) {
        ASSERT(n < LEAF_PIECES_MAX);
        pieces[n] = (Share){begin, begin + node_at(begin, run, n_leaves)};
        begin = pieces[n].end;
    }
    return n;
}

int64_t leaves_count_pieces(const LeafSpread *spread) {
    Share pieces[LEAF_PIECES_MAX];
    int64_t count = 0;
    for (int rank = 0; rank < spread->n_ranks; rank++)
        count += leaves_pieces(pieces, leaves_of(spread, rank), spread->n_leaves);
    return count;
}

/* One granule a rank, and granules are nodes: what halving needs. */
bool leaves_are_one_level(const LeafSpread *spread) {
    bool power_of_two = (spread->granule & (spread->granule - 1)) == 0;
    return power_of_two && divide_up(spread->n_leaves, spread->granule) == spread->n_ranks;
}

LeafSpread leaves_spread_evenly(int64_t n_leaves, int n_ranks) {
    ASSERT(n_leaves > 0 && n_ranks > 0);
    return (LeafSpread){.n_leaves = n_leaves, .granule = 1, .n_ranks = n_ranks};
}

/* Coarser granules make fewer pieces, so fewer vectors to keep and to send, and may leave ranks unevenly loaded. Taken
 * is what has the fewest pieces among those that cost no rank a further round of its teams; the coarsest of equals. */
LeafSpread leaves_spread(int64_t n_leaves, int n_ranks, int teams) {
    LeafSpread best = leaves_spread_evenly(n_leaves, n_ranks);
    int64_t fewest = leaves_count_pieces(&best);
    int64_t most = divide_up(divide_up(n_leaves, n_ranks), teams) *
                   teams; /* leaves of a rank without a further round */
    for (int64_t granule = 2; granule < 2 * n_leaves && divide_up(n_leaves, granule) >= n_ranks; granule *= 2) {
        LeafSpread coarser = {.n_leaves = n_leaves, .granule = granule, .n_ranks = n_ranks};
        if (divide_up(divide_up(n_leaves, granule), n_ranks) * granule > most) continue;
        int64_t count = leaves_count_pieces(&coarser);
        if (count > fewest) continue;
        best = coarser;
        fewest = count;
    }
    return best;
}
