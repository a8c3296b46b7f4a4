/* par/internal/treesum - sums of rows of floats in a fixed order, found once and followed for every block.
 *
 * A row holds the sum of a node of the tree over leaves (par/leaves). Rows that are the two halves of a node are added,
 * and again, until no two are left that may be: the outputs, one when the rows are the whole tree. */
#pragma once

#include "par/share.h"

#include "base/failure/err.h"
#include "base/system/team.h"

#include <stddef.h>

typedef struct TreeSum TreeSum;

/* The rows' nodes in order of their leaves; n_rows may be 0. */
CHECKED Err treesum_new(TreeSum **sum, const Share *rows, int n_rows, int64_t n_leaves, int threads);
/* The order of Open MPI's reduce-scatter over rows that are ranks, for train.reduce = mpi: ranks beyond a power of two
 * are added to their neighbors, then the upper half to the lower. Three ranks add the last two first. */
CHECKED Err treesum_new_ranks(TreeSum **sum, int n_rows, int threads);
void treesum_free(TreeSum **sum);

int treesum_n_outputs(const TreeSum *sum);
/* The leaves of the outputs, in order. */
const Share *treesum_outputs(const TreeSum *sum);
/* outputs[k][0..count) from rows[i][0..count). An output may lie where one of its own rows lies. By all threads, or
 * from within a parallel region by the members of the caller's team. */
void treesum_run(const TreeSum *sum, const float *const *rows, float *const *outputs, int64_t count);
void treesum_run_team(const TreeSum *sum, const float *const *rows, float *const *outputs, int64_t count, Team *team);
