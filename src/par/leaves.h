/* par/leaves - which leaves of a step a rank computes, and which parts of the tree over all leaves they make up.
 *
 * The tree is fixed: node [a 2^k, (a+1) 2^k) is the sum of its two halves, leaves beyond the last are skipped. A rank
 * has a contiguous run of leaves, which need not be a node; it contributes the maximal nodes inside its run, its
 * pieces: at most 2 log2 of the leaves, one where the run is a node. What the exchange moves grows with the pieces of
 * all ranks together: F pieces of p ranks are F/p times the bytes that p whole nodes would be.
 *
 * Runs are equal to within one leaf, unless boundaries at multiples of a larger granule give fewer pieces and no rank
 * more rounds of its teams than the fullest has with equal runs. Neither choice changes the sum. Ranks beyond the
 * leaves have none. Pure functions: every rank computes the same answer from equal arguments. */
#pragma once

#include "par/share.h"

enum { LEAF_PIECES_MAX = 126 };

typedef struct {
    int64_t n_leaves, granule; /* runs begin at multiples of granule */
    int n_ranks;
} LeafSpread;

/* teams: leaves that a rank computes at a time. */
LeafSpread leaves_spread(int64_t n_leaves, int n_ranks, int teams);
/* Equal runs, whatever pieces that gives. */
LeafSpread leaves_spread_evenly(int64_t n_leaves, int n_ranks);

Share leaves_of(const LeafSpread *spread, int rank);
/* The pieces of a run, in order; there is room for LEAF_PIECES_MAX. Returns how many. */
int leaves_pieces(Share *pieces, Share run, int64_t n_leaves);
/* Of all ranks together. */
int64_t leaves_count_pieces(const LeafSpread *spread);
/* Every rank has one piece, and the pieces are one level of the tree: its upper part is a tree over the ranks. */
bool leaves_are_one_level(const LeafSpread *spread);
