/* train/leafsum - gradients of a rank's leaves, summed in a fixed binary tree whatever the number of threads.
 *
 * A rank's leaves are numbers of micro-batches of the global batch: a contiguous run, cut into pieces (par/leaves),
 * each summed into a vector of its own. Within a piece gradients are added pairwise, ((0+1)+(2+3))+..., over the next
 * power of two of its leaves; leaves that do not exist are skipped (x + nothing = x). Pieces are cut into aligned
 * blocks; one thread works through a block at a time, with one buffer a tree level, and the sums of a piece's blocks
 * are combined in the same tree. So memory is one vector a block and log2 of a block's leaves a thread, and the bits
 * depend on nothing but the leaves of the piece. A piece without leaves gives -0, the neutral element of float
 * addition. */
#pragma once

#include "par/share.h"

#include "base/failure/err.h"

typedef struct LeafSum LeafSum;

/* One leaf: adds gradients into the zeroed `grads` and the loss into *loss. Called by one of the threads. */
typedef CHECKED Err (*LeafFunction)(void *state, int thread, int64_t leaf, float *grads, double *loss);

/* The sum of piece k appears in outs[k] (total), which is borrowed and used as buffer. Pieces follow each other without
 * gaps; there may be none. */
CHECKED Err leafsum_new(LeafSum **sum, size_t total, const Share *pieces, int n_pieces, int threads,
                        float *const *outs);
void leafsum_free(LeafSum **sum);
/* Bytes of the buffers besides outs. */
size_t leafsum_bytes(size_t total, const Share *pieces, int n_pieces, int threads);

/* order (leaves): their numbers, about as the threads will begin them. */
void leafsum_order(const LeafSum *sum, int64_t *order);

/* Runs all leaves; losses[leaf - first leaf] is zeroed and filled. A failing leaf stops the rest: the error of the
 * lowest failing leaf that ran is returned on the calling thread. Local. */
CHECKED Err leafsum_run(LeafSum *sum, LeafFunction function, void *state, double *losses);
