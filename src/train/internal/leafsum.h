/* train/leafsum - gradients of a rank's leaves, summed in a fixed binary tree whatever the number of threads.
 *
 * A rank's leaves are numbers of micro-batches of the global batch. Their gradients are added pairwise,
 * ((0+1)+(2+3))+..., over the next power of two of `width`; leaves that do not exist are skipped (x + nothing = x).
 * The block is cut into aligned sub-blocks, one thread works through a sub-block at a time with one buffer a tree
 * level, and the sub-block sums are combined in the same tree. So memory is
 * sub-blocks x (log2(width / sub-blocks) + 1) vectors, and the bits depend on nothing but the leaves. A block without
 * leaves gives -0, the neutral element of float addition. */
#pragma once

#include "par/share.h"

#include "base/failure/err.h"

typedef struct LeafSum LeafSum;

/* One leaf: adds gradients into the zeroed `grads` and the loss into *loss. Called by one of the threads. */
typedef CHECKED Err (*LeafFunction)(void *state, int thread, int64_t leaf, float *grads, double *loss);

/* `width`: the most leaves a rank can have. The sum appears in `out` (total), which is borrowed and used as buffer. */
CHECKED Err leafsum_new(LeafSum **sum, size_t total, int64_t width, int threads, float *out);
void leafsum_free(LeafSum **sum);
/* Bytes of the buffers besides `out`. */
size_t leafsum_bytes(size_t total, int64_t width, int threads);

/* order (leaves): their numbers, about as the threads will begin them. */
void leafsum_order(const LeafSum *sum, Share leaves, int64_t *order);

/* Runs all leaves; losses[leaf - leaves.begin] is zeroed and filled. A failing leaf stops the rest: the error of the
 * lowest failing leaf that ran is returned on the calling thread. Local. */
CHECKED Err leafsum_run(LeafSum *sum, Share leaves, LeafFunction function, void *state, double *losses);
