/* par/reduce_plan - who sums what in a gradient exchange: known on every rank without a message, before there is memory
 * for it (a dry run reads it, too). par/reduce.h says how the sums travel. */
#pragma once

#include "par/leaves.h"

typedef enum { REDUCE_AUTO, REDUCE_TREE, REDUCE_MPI } ReduceKind;

typedef struct {
    ReduceKind kind; /* never AUTO */
    LeafSpread leaves;
    bool early; /* exchange in sections, where every rank is a node */
} ReducePlan;

/* AUTO is TREE. teams: leaves that a rank computes at a time. early is left false. */
ReducePlan reduce_plan(ReduceKind asked, int64_t n_leaves, int n_ranks, int teams);
/* What a rank sums by itself, one vector each; there is room for LEAF_PIECES_MAX. Returns how many: 0 where ranks are
 * more than leaves (MPI: one without leaves, that is -0). */
int reduce_pieces(Share *pieces, const ReducePlan *plan, int rank);
