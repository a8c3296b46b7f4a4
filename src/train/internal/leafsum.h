/* train/internal/leafsum - gradients of a rank's leaves, summed in a fixed binary tree whatever the number of threads.
 *
 * A rank's leaves are numbers of micro-batches of the global batch: a contiguous run, cut into pieces (par/leaves),
 * each the root of its own tree and summed into a vector of its own. Within a piece gradients are added pairwise,
 * ((0+1)+(2+3))+..., over the next power of two of its leaves; leaves that do not exist are skipped (x + nothing = x).
 * Teams take the leaves of all pieces in their order. As soon as both halves of a node are there, the team that
 * finished the second adds them, which frees a buffer; once no leaf is left to take, all teams share the additions that
 * remain (train/leaftail). So memory is a vector a team and log2 of the widest piece more, besides the pieces' own, and
 * the bits depend on nothing but the leaves of a piece. A piece without leaves gives -0, the neutral element of float
 * addition.
 *
 * With sections, gradients are told before the step is over: once the last leaf has been taken, what a leaf is done
 * with (nn/layers/grads_watch) is added section by section, from the last one down, while the rest of it is still
 * computed.
 */
#pragma once

#include "nn/layers/grads_watch.h"
#include "par/share.h"
#include "run/teams.h"
#include "train/internal/leaftail.h"

typedef struct LeafSum LeafSum;

/* One leaf: adds gradients into the zeroed `grads` and the loss into *loss, and tells `watch`, if it is not NULL, which
 * of them are final. Called by the leader of team `team`. */
typedef CHECKED Err (*LeafFunction)(void *state, int team, int64_t leaf, float *grads, double *loss,
                                    const GradsWatch *watch);

/* Parts of the vector in order, without gaps, and who is told of them. */
typedef struct {
    const Share *floats; /* copied */
    int count;           /* fewer than two: nobody is told anything */
    /* The sums of all pieces are final from this section on. By the thread that called leafsum_run, which leads `team`,
     * again and again until that is section 0, also when nothing has changed. */
    void (*ready)(void *context, int section, Team *team);
    void *context;
} LeafSections;

/* The sum of piece k appears in outs[k] (total), which is borrowed and used as buffer. Pieces follow each other without
 * gaps; there may be none. The teams are borrowed. sections: NULL for none. */
CHECKED Err leafsum_new(LeafSum **sum, size_t total, const Share *pieces, int n_pieces, const Teams *teams,
                        float *const *outs, const LeafSections *sections);
void leafsum_free(LeafSum **sum);
/* Bytes of the buffers besides outs. */
size_t leafsum_bytes(size_t total, const Share *pieces, int n_pieces, int teams);

/* Runs all leaves; losses[leaf - first leaf] is zeroed and filled. A failing leaf stops the rest: the error of the
 * lowest failing leaf that ran is returned on the calling thread. Local. */
CHECKED Err leafsum_run(LeafSum *sum, LeafFunction function, void *state, double *losses);
