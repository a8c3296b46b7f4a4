/* par/internal/slices - the way of an exchange for any ranks and sites: slices go to their owners (par/reduce.h:
 * slices). The _all functions are collective. */
#pragma once

#include "par/internal/exchange.h"

CHECKED Err slices_new_all(Slices **slices, Reduce *reduce);
void slices_free(Slices **slices);
/* The floats that its buffers take at most, where nodes have so many ranks each. */
size_t slices_floats(const ReducePlan *plan, int rank, int node_ranks);
Share slices_of_rank(const Reduce *reduce, int section, int rank);
/* As reduce_ready. */
void slices_ready(Reduce *reduce, int section, Team *team);
void slices_scatter_all(Reduce *reduce);
void slices_gather_all(Reduce *reduce, const Wire *wire);
