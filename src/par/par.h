/* par/par - the ranks of this run.
 *
 * MPI starts only when a launcher started us (mpirun, srun); otherwise a run is one rank and no MPI call is ever made.
 * So every many-rank function takes a Par, and every function whose name ends in _all must be called by all ranks of
 * it; nothing else communicates. With n_ranks == 1 the _all functions return at once and comm is MPI_COMM_NULL. */
#pragma once

#include "base/failure/err.h"

#include <mpi.h>
#include <sched.h>
#include <stdbool.h>

typedef struct {
    MPI_Comm comm; /* MPI_COMM_NULL when n_ranks == 1 without a launcher */
    int rank, n_ranks;
    MPI_Comm node_comm; /* ranks that share memory */
    int node_rank, node_ranks, n_nodes;
    MPI_Comm roll; /* for par/rollcall alone; MPI_COMM_NULL without MPI */
    int threads;   /* OpenMP threads of this rank; OpenBLAS always has one */
    cpu_set_t own; /* processors that no other rank is to run on; empty where that is not clear */
    double hang_timeout_s;
    bool mpi_started;
} Par;

/* Starts MPI if a launcher is there (MPI_THREAD_FUNNELED), sets thread counts: `threads` > 0 as asked, otherwise
 * OMP_NUM_THREADS, otherwise cores of this rank's binding shared out, 1 when ranks >= cores. Warns when cores are
 * oversubscribed. With SYNVID_RANKS_PER_NODE=N in the environment every N ranks of a node count as a node. */
CHECKED Err par_start_all(Par *par, int threads);
/* One rank, no MPI: for dry runs, one-rank subcommands and unit tests. */
Par par_serial(int threads);
bool par_launched(void); /* a launcher's environment is present */
/* The rank the launcher's environment gives this process, without starting MPI; 0 without a launcher. */
int par_launcher_rank(void);
/* What a plan counts with: ranks and ranks of a node; where MPI has not been started, as in a dry run, those that the
 * launcher's environment speaks of. */
void par_planned(int *n_ranks, int *node_ranks, const Par *par);
/* Finalizes. On a failure that all ranks agree on this is also the way out. */
void par_finish_all(Par *par);
