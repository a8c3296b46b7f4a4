/* par/reduce - the gradient exchange: sum a flat vector over ranks, every rank keeping its slice, and gather back.
 *
 * The one idea: with R = 2^k ranks the sum is a binary tree over the rank number, ((0+1)+(2+3))+..., element by
 * element, whatever way the bytes travel. When each rank's own contribution is the same kind of tree over an aligned
 * block of leaves (train/leafsum), the whole is one tree over all leaves, and 1, 2, 4, ... ranks give equal bits.
 *   tree   a reduce-scatter by distance doubling (partner = rank xor 1, 2, 4, ...), each step halving what a rank still
 *          has to sum. Ranks of one node do their steps at once in a shared-memory window, where each adds its slice
 *          over all buffers; between nodes pieces of 1 MB travel point to point.
 *   mpi    every rank gives every other its slice in pieces, and the owner adds: any rank count; the order of addition
 *          depends on it, so results agree between rank counts to rounding only.
 *   auto   tree if the rank count is a power of two that divides the number of leaves, otherwise mpi.
 * Slices are cut at multiples of reduce_unit floats, a function of the vector's length alone, so that sums taken unit
 * by unit (the gradient norm) do not depend on the rank count either.
 *
 * A Reduce owns the vectors it moves: grads (each rank its own) and params (one copy a node where a window is used; the
 * same values everywhere else). All ranks call the _all functions, with equal arguments. */
#pragma once

#include "par/par.h"
#include "par/share.h"

#include <stdint.h>

typedef enum { REDUCE_AUTO, REDUCE_TREE, REDUCE_MPI } ReduceKind;
#define REDUCE_NAMES "auto|tree|mpi"

typedef struct Reduce Reduce;

/* Resolves AUTO. TREE with a rank count that is no power of two, or more ranks than leaves, is ERR_USAGE. */
CHECKED Err reduce_choose(ReduceKind *chosen, ReduceKind asked, int n_ranks, int64_t n_leaves);
/* The leaves of a rank. TREE: its aligned block of the tree over the next power of two (the last blocks may be short or
 * empty); MPI: contiguous equal shares. */
Share reduce_leaves(ReduceKind kind, int64_t n_leaves, int rank, int n_ranks);

/* The most leaves a rank has. */
int64_t reduce_width(ReduceKind kind, int64_t n_leaves, int n_ranks);

/* Allocates zeroed grads and params of `total` floats. `kind` as chosen, never AUTO. */
CHECKED Err reduce_new_all(Reduce **reduce, const Par *par, ReduceKind kind, size_t total);
void reduce_free_all(Reduce **reduce);
/* Bytes of a rank for --dry-run: both vectors, the shared one counted in full. */
size_t reduce_bytes(size_t total);

float *reduce_grads(Reduce *reduce); /* (total) this rank's contribution; scratch after a scatter outside the slice */
float *reduce_params(const Reduce *reduce); /* (total) write only the own slice, then reduce_gather_all */
Share reduce_slice(const Reduce *reduce);   /* of this rank, in floats */
size_t reduce_unit(size_t total);
bool reduce_uses_window(const Reduce *reduce);

/* grads[slice] becomes the sum over ranks. */
void reduce_scatter_all(Reduce *reduce);
/* params becomes complete on every rank from the slices. Nobody may still be reading params of the step before. */
void reduce_gather_all(Reduce *reduce);
/* Sum of vectors in which every element is non-zero on one rank at most: exact in any order. In place. */
void reduce_disjoint_all(double *values, int count, const Par *par);
