/* tools/scaling/step - the communication of a training step under SimGrid's MPI (docs/scaling.md).
 *
 *   step KIND PARAMETERS COMPUTE_S UPDATE_S STEPS LEAVES TEAMS        KIND: tree or mpi; LEAVES of a step
 *
 * The exchange is the program's own: par/reduce.c and what it calls, compiled against SMPI. Only what would need the memory or the cores
 * of a cluster is replaced: arenas are folded onto one block (stand_ins.c), every rank is a node of its own (so no
 * shared window), and computing takes the time it is told, spread by a percent between ranks. A step follows
 * train/trainer.c: gradients, agreement on errors, reduce-scatter, norm and loss, update of the own slice, all-gather.
 * Prints one line: ranks, seconds of a step, of the reduce-scatter, of the all-gather, of the rest beside computing. */
#include "par/agree.h"
#include "par/reduce.h"

#include <smpi/smpi.h>

static const double spread = 0.01; /* of computing times between ranks, either way */

/* A fixed pseudo-random number in [-1, 1] a rank and step: stragglers differ from step to step. */
static double straggle(int rank, int step) {
    uint32_t h = (uint32_t)rank * 2654435761u + (uint32_t)step * 40503u + 12345u;
    h ^= h >> 16;
    h *= 2246822519u;
    h ^= h >> 13;
    return 2.0 * (double)(h >> 8) / (double)(1 << 24) - 1.0;
}

static Par world_of_nodes(void) {
    Par par = {.comm = MPI_COMM_WORLD, .node_comm = MPI_COMM_SELF, .node_ranks = 1, .threads = 1, .mpi_started = true};
    MPI_Comm_rank(par.comm, &par.rank);
    MPI_Comm_size(par.comm, &par.n_ranks);
    par.n_nodes = par.n_ranks;
    return par;
}

typedef struct {
    double scatter, gather, rest;
} Times;

static void step_all(Reduce *reduce, const Par *par, double compute, double update, int step, Times *times) {
    smpi_execute(compute * (1 + spread * straggle(par->rank, step)));
    double begin = MPI_Wtime();
    int failed = 0;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, par->comm); /* err_agree_all, waiting for stragglers */
    double agreed = MPI_Wtime();
    reduce_scatter_all(reduce);
    double scattered = MPI_Wtime();
    static double sums[4096]; /* norms of the units: share_stats_all of train/trainer.c */
    MPI_Allreduce(MPI_IN_PLACE, sums, (int)(sizeof sums / sizeof *sums), MPI_DOUBLE, MPI_SUM, par->comm);
    smpi_execute(update / par->n_ranks);
    double updated = MPI_Wtime();
    reduce_gather_all(reduce);
    double gathered = MPI_Wtime();
    times->scatter += scattered - agreed;
    times->gather += gathered - updated;
    times->rest += (agreed - begin) + (updated - scattered);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    if (argc != 8) {
        fprintf(stderr, "usage: step tree|mpi PARAMETERS COMPUTE_S UPDATE_S STEPS LEAVES TEAMS\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    Par par = world_of_nodes();
    ReduceKind kind = strcmp(argv[1], "tree") == 0 ? REDUCE_TREE : REDUCE_MPI;
    size_t total = strtoull(argv[2], NULL, 10);
    double compute = strtod(argv[3], NULL), update = strtod(argv[4], NULL);
    int steps = (int)strtol(argv[5], NULL, 10);
    ReducePlan plan = reduce_plan(kind, strtoll(argv[6], NULL, 10), par.n_ranks, (int)strtol(argv[7], NULL, 10));
    Reduce *reduce;
    if (reduce_new_all(&reduce, &par, &plan, total)) MPI_Abort(par.comm, 5);
    Times times = {0};
    MPI_Barrier(par.comm);
    double begin = MPI_Wtime();
    for (int step = 0; step < steps; step++) step_all(reduce, &par, compute, update, step, &times);
    MPI_Barrier(par.comm);
    double whole = MPI_Wtime() - begin;
    if (par.rank == 0)
        printf("%d %.6f %.6f %.6f %.6f\n", par.n_ranks, whole / steps, times.scatter / steps, times.gather / steps,
               times.rest / steps);
    reduce_free_all(&reduce);
    MPI_Finalize();
    return 0;
}
