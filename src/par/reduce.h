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
 * Slices are cut at multiples of reduce_unit floats, a function of the vector's length alone, so that sums taken unit
 * by unit (the gradient norm) do not depend on the rank count either.
 *
 * A Reduce owns the vectors it moves: pieces (each rank its own) and params (one copy a node where a window is used;
 * the same values everywhere else). All ranks call the _all functions, with equal arguments. */
#pragma once

#include "par/leaves.h"
#include "par/par.h"

typedef enum { REDUCE_AUTO, REDUCE_TREE, REDUCE_MPI } ReduceKind;
#define REDUCE_NAMES "auto|tree|mpi"

typedef struct Reduce Reduce;

typedef struct {
    ReduceKind kind; /* never AUTO */
    LeafSpread leaves;
} ReducePlan;

/* AUTO is TREE. teams: leaves that a rank computes at a time. */
ReducePlan reduce_plan(ReduceKind asked, int64_t n_leaves, int n_ranks, int teams);
/* What a rank sums by itself, one vector each; there is room for LEAF_PIECES_MAX. Returns how many: 0 where ranks are
 * more than leaves (MPI: one without leaves, that is -0). */
int reduce_pieces(Share *pieces, const ReducePlan *plan, int rank);

/* Allocates zeroed pieces and params of `total` floats. */
CHECKED Err reduce_new_all(Reduce **reduce, const Par *par, const ReducePlan *plan, size_t total);
void reduce_free_all(Reduce **reduce);
/* Bytes of a rank with so many pieces for --dry-run; the shared vector counted in full. */
size_t reduce_bytes(size_t total, int n_pieces);

/* (total) this rank's contribution of one piece; scratch after a scatter outside the slice */
float *reduce_piece(Reduce *reduce, int piece);
float *reduce_grads(Reduce *reduce); /* (total) piece 0, which is there without leaves too: the sum appears in it */
float *reduce_params(const Reduce *reduce); /* (total) write only the own slice, then reduce_gather_all */
Share reduce_slice(const Reduce *reduce);   /* of this rank, in floats */
size_t reduce_unit(size_t total);
bool reduce_uses_window(const Reduce *reduce);
bool reduce_halves(const Reduce *reduce);
/* What this rank has sent to others in messages so far. */
int64_t reduce_sent_bytes(const Reduce *reduce);

/* grads[slice] becomes the sum over ranks. */
void reduce_scatter_all(Reduce *reduce);
/* params becomes complete on every rank from the slices. Nobody may still be reading params of the step before. */
void reduce_gather_all(Reduce *reduce);
/* Sum of vectors in which every element is non-zero on one rank at most: exact in any order. In place. */
void reduce_disjoint_all(double *values, int count, const Par *par);
