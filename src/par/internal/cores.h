/* par/internal/cores - how many threads a rank should run.
 *
 * The launcher may have bound this rank to some cores, or left all ranks of a node free on all of them; either way the
 * cores of a node are shared out so that ranks x threads does not exceed them. */
#pragma once

#include <mpi.h>
#include <sched.h>

typedef struct {
    int mine;      /* cores this process may run on */
    int node;      /* cores that any rank of this node may run on */
    int shared;    /* this rank's part of them, at least 1 */
    cpu_set_t own; /* which of them no other rank of the node is to run on; empty where that is not clear */
} Cores;

/* Collective over `node_comm`; MPI_COMM_NULL: this process alone. */
Cores cores_share_all(MPI_Comm node_comm, int node_ranks);
