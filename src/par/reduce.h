/* par/reduce - the gradient exchange: sum flat vectors over ranks, every rank keeping its slice, and gather back.
 *
 * The one idea: the sum is a fixed binary tree over the leaves of the step, ((0+1)+(2+3))+..., element by element,
 * whoever computed the leaves and whatever way the bytes travel. A rank contributes the sums of the nodes that its run
 * of leaves is made of (par/leaves), its pieces, a vector each; the rest of the tree is added here. So every rank count
 * gives the bits of one rank. Ranks of a node add in a shared-memory window, each its part over all pieces of the node;
 * between nodes, messages of at most 1 MB carry what the node's pieces add up to. They travel in one of two ways:
 *   halving  when nodes are a power of two and each has a whole node of the tree: a reduce-scatter by distance doubling
 *            (partner = rank xor 1, 2, 4, ...), each step halving what a rank still has to sum;
 *   slices   otherwise: every node sends the slice of each of its pieces to the slice's owner, who adds in the order of
 *            the tree. F pieces of n nodes are F/n times the bytes of halving.
 * mpi, the alternative, knows no tree: a rank's leaves are one piece, and owners add in the order of Open MPI's
 * reduce-scatter, which older runs were summed with; results of different rank counts agree to rounding only.
 *
 * Where every rank is a node of its own, gradients that are final early are exchanged while others are still computed:
 * the vector is cut into sections, a rank owns a slice of each, and sections start from the last one down as they are
 * told to be ready (reduce_ready), which is the order of a backward pass. No sum changes; only slices do.
 *
 * Slices are cut at multiples of reduce_unit floats, a function of the vector's length alone, so that sums taken unit
 * by unit (the gradient norm) do not depend on the rank count either.
 *
 * Parameters may be gathered short: as the caller's 16-bit numbers where nobody reads more of them (reduce_shorten).
 * The rank's own slices keep the floats they have.
 *
 * A Reduce owns the vectors it moves: pieces (each rank its own) and params (one copy a node where a window is used;
 * the same values everywhere else). All ranks call the _all functions, with equal arguments. */
#pragma once

#include "base/system/team.h"
#include "par/par.h"
#include "par/reduce_plan.h"

typedef struct Reduce Reduce;

enum { REDUCE_SECTIONS_MAX = 16 };

/* Allocates zeroed pieces and params of `total` floats. */
CHECKED Err reduce_new_all(Reduce **reduce, const Par *par, const ReducePlan *plan, size_t total);
void reduce_free_all(Reduce **reduce);
/* Bytes of a rank for --dry-run, at most: nodes of so many ranks each, the shared vector counted in full. */
size_t reduce_bytes(size_t total, const ReducePlan *plan, int rank, int node_ranks);

/* (total) this rank's contribution of one piece; scratch after a scatter outside the slice */
float *reduce_piece(Reduce *reduce, int piece);
float *reduce_grads(Reduce *reduce); /* (total) piece 0, which is there without leaves too: the sum appears in it */
float *reduce_params(const Reduce *reduce); /* (total) write only the own slices, then reduce_gather_all */
/* What this rank owns, in floats, ascending; as many for each rank, some of them may be empty. */
const Share *reduce_slices(const Reduce *reduce, int *count);
size_t reduce_unit(size_t total);
bool reduce_uses_window(const Reduce *reduce);
bool reduce_halves(const Reduce *reduce);
/* What this rank has sent to others in messages so far. */
int64_t reduce_sent_bytes(const Reduce *reduce);

/* Sections, ascending; one where nothing is exchanged early. */
int reduce_n_sections(const Reduce *reduce);
Share reduce_section(const Reduce *reduce, int section);
/* This rank's pieces will not change any more from this section on, which may be exchanged from now on; adds what has
 * arrived meanwhile, with the caller's team (or NULL). Never waits. By the thread that may use MPI, inside a parallel
 * region, as often as it likes, before reduce_scatter_all, which every rank must then call even if its step failed. */
void reduce_ready(Reduce *reduce, int section, Team *team);

/* grads[slices] becomes the sum over ranks. */
void reduce_scatter_all(Reduce *reduce);
/* params becomes complete on every rank from the slices. Nobody may still be reading params of the step before. */
void reduce_gather_all(Reduce *reduce);

/* How some of the parameters may travel: two bytes each, as the sender makes them and the receiver reads them. Both
 * functions are called by several threads; lengthen(shorten(x)) must be a fixed point of the two. */
typedef struct {
    const Share *spans; /* floats of params that may: ascending, apart */
    int n_spans;
    void (*shorten)(uint16_t *out, const float *in, size_t count);
    void (*lengthen)(float *out, const uint16_t *in, size_t count);
} ReduceShort;
/* Before the first gather, alike on all ranks; local. */
CHECKED Err reduce_shorten(Reduce *reduce, const ReduceShort *how);
/* As reduce_gather_all, but elements of the spans that other nodes own become lengthen(shorten(x)). Uses grads as
 * scratch. Without reduce_shorten the same as reduce_gather_all. */
void reduce_gather_short_all(Reduce *reduce);
/* Sum of vectors in which every element is non-zero on one rank at most: exact in any order. In place. */
void reduce_disjoint_all(double *values, int count, const Par *par);
