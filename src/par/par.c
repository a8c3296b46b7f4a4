/* The start and the end of MPI, and what a process is told by its surroundings: the launcher, the batch system, the
 * cores it may use. */
#include "par/par.h"

#include "base/failure/fault.h"
#include "base/system/log.h"
#include "base/system/minmax.h"
#include "math/blas.h"
#include "par/internal/cores.h"
#include "par/spread.h"

#include <errno.h>
#include <limits.h>
#include <omp.h>

/* Long enough for the slowest honest wait (one rank renders a last shard while the others are done). */
static const double default_hang_timeout_s = 1800;

/* What mpirun and srun (PMIx or PMI) leave in the environment of the processes they start. */
static const char *const launcher_marks[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_NAMESPACE", "PMIX_RANK", "PMI_RANK", NULL};

bool par_launched(void) {
    for (int i = 0; launcher_marks[i]; i++)
        if (getenv(launcher_marks[i])) return true;
    return false;
}

/* Known before MPI starts, which tasks of one process never do: all but the first of them go home. */
int par_launcher_rank(void) {
    static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", NULL};
    for (int i = 0; ranks[i]; i++) {
        const char *text = getenv(ranks[i]);
        if (text) return (int)strtol(text, NULL, 10);
    }
    return 0;
}

static int first_number(const char *const *names) {
    for (int i = 0; names[i]; i++) {
        const char *text = getenv(names[i]);
        long number = text ? strtol(text, NULL, 10) : 0;
        if (number >= 1 && number <= INT_MAX) return (int)number;
    }
    return 1;
}

/* As find_nodes_all will find them, if all nodes have as many. */
void par_planned(int *n_ranks, int *node_ranks, const Par *par) {
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS", NULL};
    static const char *const node_sizes[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "SLURM_NTASKS_PER_NODE",
                                             NULL};
    static const char *const split[] = {"SYNVID_RANKS_PER_NODE", NULL};
    bool known = par->mpi_started || !par_launched();
    *n_ranks = known ? par->n_ranks : first_number(sizes);
    *node_ranks = known ? par->node_ranks : first_number(node_sizes);
    if (!known && getenv(split[0])) *node_ranks = min_int(*node_ranks, first_number(split));
}

/* Times do not change results, so this one setting may come from the environment: tests use seconds. */
static double hang_timeout(void) {
    const char *text = getenv("SYNVID_HANG_TIMEOUT");
    double seconds = text ? strtod(text, NULL) : 0;
    return seconds > 0 ? seconds : default_hang_timeout_s;
}

/* What a batch system or `synvid sweep` reserved for this process; 0: nothing said. */
static int reserved_threads(void) {
    const char *text = getenv("OMP_NUM_THREADS");
    long threads = text ? strtol(text, NULL, 10) : 0;
    return threads > 0 && threads < 100000 ? (int)threads : 0;
}

/* What was asked for, else what was reserved, else a fair share of the node. Products are cut by us, so BLAS keeps to
 * one thread. */
static void set_threads(Par *par, int asked, Cores cores) {
    if (!getenv("SYNVID_RANKS_PER_NODE")) par->own = cores.own; /* else another node has the same processors */
    int reserved = reserved_threads();
    par->threads = asked > 0 ? asked : reserved > 0 ? reserved : cores.shared;
    omp_set_num_threads(par->threads);
    blas_single_thread();
}

Par par_serial(int threads) {
    Par par = {.comm = MPI_COMM_NULL,
               .node_comm = MPI_COMM_NULL,
               .roll = MPI_COMM_NULL,
               .n_ranks = 1,
               .node_ranks = 1,
               .n_nodes = 1};
    par.hang_timeout_s = hang_timeout();
    set_threads(&par, threads, cores_share_all(MPI_COMM_NULL, 1));
    return par;
}

/* For failures that cannot wait for an agreement. */
static void abort_all_ranks(int exit_code) {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
}

/* SYNVID_RANKS_PER_NODE=2: every two ranks of a node behave as a node of their own, so that what happens between nodes
 * can be tried on one machine. */
static void split_node_all(Par *par) {
    const char *text = getenv("SYNVID_RANKS_PER_NODE");
    long size = text ? strtol(text, NULL, 10) : 0;
    if (size <= 0 || size > INT_MAX) return;
    MPI_Comm whole = par->node_comm;
    int rank;
    MPI_Comm_rank(whole, &rank);
    MPI_Comm_split(whole, rank / (int)size, rank, &par->node_comm);
    MPI_Comm_free(&whole);
}

/* Nodes are counted by their first ranks. */
static void find_nodes_all(Par *par) {
    MPI_Comm_split_type(par->comm, MPI_COMM_TYPE_SHARED, par->rank, MPI_INFO_NULL, &par->node_comm);
    split_node_all(par);
    MPI_Comm_rank(par->node_comm, &par->node_rank);
    MPI_Comm_size(par->node_comm, &par->node_ranks);
    int leads = par->node_rank == 0;
    MPI_Allreduce(&leads, &par->n_nodes, 1, MPI_INT, MPI_SUM, par->comm);
}

static void warn_oversubscribed(const Par *par, Cores cores) {
    int busy = par->node_ranks * par->threads;
    if (par->node_rank == 0 && busy > cores.node)
        log_warn("%d ranks x %d threads share %d cores of this node: expect them to slow each other down",
                 par->node_ranks, par->threads, cores.node);
}

Err par_start_all(Par *par, int threads) {
    if (!par_launched()) {
        *par = par_serial(threads);
        return ERR_NONE;
    }
    *par = (Par){.comm = MPI_COMM_WORLD,
                 .node_comm = MPI_COMM_NULL,
                 .roll = MPI_COMM_NULL,
                 .mpi_started = true,
                 .hang_timeout_s = hang_timeout()};
    int granted;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &granted);
    err_abort_hook = abort_all_ranks;
    MPI_Comm_rank(par->comm, &par->rank);
    MPI_Comm_size(par->comm, &par->n_ranks);
    fault_set_rank(par->rank);
    log_setup(par->rank, par->n_ranks, log_level());
    /* The same answer on every rank: it is a property of the library. */
    if (granted < MPI_THREAD_FUNNELED)
        return RAISE(ERR_USAGE, "this MPI library does not allow threads beside it (MPI_THREAD_FUNNELED)");

    MPI_Comm_dup(par->comm, &par->roll);
    find_nodes_all(par);
    Cores cores = cores_share_all(par->node_comm, par->node_ranks);
    set_threads(par, threads, cores);
    warn_oversubscribed(par, cores);
    return ERR_NONE;
}

void par_finish_all(Par *par) {
    if (!par->mpi_started) return;
    par_barrier_all(par); /* what follows would wait for a rank that hangs, in silence */
    if (par->node_comm != MPI_COMM_NULL) MPI_Comm_free(&par->node_comm);
    if (par->roll != MPI_COMM_NULL) MPI_Comm_free(&par->roll);
    err_abort_hook = NULL;
    MPI_Finalize();
    *par = (Par){.comm = MPI_COMM_NULL,
                 .node_comm = MPI_COMM_NULL,
                 .roll = MPI_COMM_NULL,
                 .n_ranks = 1,
                 .node_ranks = 1,
                 .n_nodes = 1};
}
