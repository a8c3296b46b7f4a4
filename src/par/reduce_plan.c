#include "par/reduce_plan.h"

ReducePlan reduce_plan(ReduceKind asked, int64_t n_leaves, int n_ranks, int teams) {
    ReducePlan plan = {.kind = asked == REDUCE_MPI ? REDUCE_MPI : REDUCE_TREE};
    plan.leaves = plan.kind == REDUCE_TREE ? leaves_spread(n_leaves, n_ranks, teams)
                                           : leaves_spread_evenly(n_leaves, n_ranks);
    return plan;
}

int reduce_pieces(Share *pieces, const ReducePlan *plan, int rank) {
    Share run = leaves_of(&plan->leaves, rank);
    if (plan->kind == REDUCE_TREE) return leaves_pieces(pieces, run, plan->leaves.n_leaves);
    pieces[0] = run;
    return 1;
}
