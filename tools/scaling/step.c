/* tools/scaling/step - the communication of a training step under SimGrid's MPI (docs/scaling.md).
 *
 *   step KIND PARAMETERS STEPS LEAVES TEAMS COMPUTE_S LATE_S EARLY ROUNDED CORE_S NODE_S THREADS
 *
 * KIND: tree or mpi; LEAVES of a step, TEAMS of a rank; COMPUTE_S: a rank's computing in a step, of which the last
 * LATE_S are the backward pass of the encoder. EARLY, ROUNDED: 1 or 0. Memory: seconds in which a core and a node read
 * or write one vector of parameters; THREADS of a team.
 *
 * The exchange is the program's own: par/reduce.c and what it calls, compiled against SMPI. Only what would need the
 * memory or the cores of a cluster is replaced: arenas are folded onto one block (stand_ins.c), every rank is a node of
 * its own (so no shared window), and computing takes the time it is told, spread by a percent between ranks. A step
 * follows train/trainer.c: gradients, agreement on errors, reduce-scatter, norm and loss, update of the own slices,
 * all-gather. With EARLY, sections are given away while the encoder's blocks go backward, at the end of each, as
 * nn/models/vit.c tells.
 *
 * Memory that is read and written: the update (7 vectors, over all ranks), what has been received (added by the first
 * team where it is early, which delays it, else by all), and rounding and reading back (3/2). Sums of a node's own
 * leaves belong to COMPUTE_S.
 *
 * Prints one line: ranks, seconds of a step, of the reduce-scatter, of the all-gather, of the rest beside computing. */
#include "par/agree.h"
#include "par/reduce.h"

#include <smpi/smpi.h>

static const double spread = 0.01; /* of computing times between ranks, either way */

enum { BLOCKS = 12 };                     /* of the encoder: as many times gradients are told */
static const double encoder_share = 0.91; /* of the vector, from its beginning */

typedef struct {
    double compute, late, core, node; /* seconds */
    bool early, rounded;
    int threads;
} Costs;

typedef struct {
    double scatter, gather, rest;
} Times;

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

/* Vectors read and written to add what others sent. */
static double vectors_added(const ReducePlan *plan) {
    double pieces = (double)leaves_count_pieces(&plan->leaves) / plan->leaves.n_ranks;
    return pieces + 1.0 / plan->leaves.n_ranks;
}

static void tell(Reduce *reduce, size_t total, double share) {
    int section = reduce_n_sections(reduce);
    while (section > 0 && (double)reduce_section(reduce, section - 1).begin >= share * (double)total) section--;
    reduce_ready(reduce, section, NULL);
}

/* The encoder's backward pass, block by block; its first part is done before. */
static void compute_early(Reduce *reduce, size_t total, double late, double adding) {
    for (int block = 0; block < BLOCKS; block++) {
        tell(reduce, total, encoder_share * (1 - (double)block / BLOCKS));
        smpi_execute((late + adding) / BLOCKS);
    }
}

static void step_all(Reduce *reduce, const ReducePlan *plan, const Par *par, const Costs *c, size_t total, int step,
                     Times *times) {
    double slower = 1 + spread * straggle(par->rank, step), added = vectors_added(plan);
    bool early = reduce_n_sections(reduce) > 1;
    smpi_execute((c->compute - c->late) * slower);
    double threads_core = c->core / c->threads > c->node ? c->core / c->threads : c->node;
    if (early)
        compute_early(reduce, total, c->late * slower, added * threads_core);
    else
        smpi_execute(c->late * slower);
    double begin = MPI_Wtime();
    int failed = 0;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, par->comm); /* err_agree_all, waiting for stragglers */
    double agreed = MPI_Wtime();
    reduce_scatter_all(reduce);
    if (!early) smpi_execute(added * c->node);
    double scattered = MPI_Wtime();
    static double sums[4096]; /* norms of the units: share_stats_all of train/trainer.c */
    MPI_Allreduce(MPI_IN_PLACE, sums, (int)(sizeof sums / sizeof *sums), MPI_DOUBLE, MPI_SUM, par->comm);
    smpi_execute(7 * c->node / par->n_ranks);
    double updated = MPI_Wtime();
    reduce_gather_short_all(reduce);
    if (c->rounded) smpi_execute(1.5 * c->node);
    double gathered = MPI_Wtime();
    times->scatter += scattered - agreed;
    times->gather += gathered - updated;
    times->rest += (agreed - begin) + (updated - scattered);
}

/* Their values are not looked at. */
static void no_shorten(uint16_t *out, const float *in, size_t count) {
    (void)out, (void)in, (void)count;
}
static void no_lengthen(float *out, const uint16_t *in, size_t count) {
    (void)out, (void)in, (void)count;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    if (argc != 13) {
        fprintf(stderr, "usage: step tree|mpi PARAMETERS STEPS LEAVES TEAMS COMPUTE_S LATE_S EARLY ROUNDED CORE_S "
                        "NODE_S THREADS\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    Par par = world_of_nodes();
    ReduceKind kind = strcmp(argv[1], "tree") == 0 ? REDUCE_TREE : REDUCE_MPI;
    size_t total = strtoull(argv[2], NULL, 10);
    int steps = (int)strtol(argv[3], NULL, 10);
    ReducePlan plan = reduce_plan(kind, strtoll(argv[4], NULL, 10), par.n_ranks, (int)strtol(argv[5], NULL, 10));
    Costs costs = {.compute = strtod(argv[6], NULL),
                   .late = strtod(argv[7], NULL),
                   .early = strtol(argv[8], NULL, 10),
                   .rounded = strtol(argv[9], NULL, 10),
                   .core = strtod(argv[10], NULL),
                   .node = strtod(argv[11], NULL),
                   .threads = (int)strtol(argv[12], NULL, 10)};
    plan.early = costs.early;
    Reduce *reduce;
    if (reduce_new_all(&reduce, &par, &plan, total)) MPI_Abort(par.comm, 5);
    const Share all = {0, (int64_t)total}; /* but half a percent are matrices */
    const ReduceShort how = {&all, 1, no_shorten, no_lengthen};
    if (costs.rounded && reduce_shorten(reduce, &how)) MPI_Abort(par.comm, 5);
    Times times = {0};
    MPI_Barrier(par.comm);
    double begin = MPI_Wtime();
    for (int step = 0; step < steps; step++) step_all(reduce, &plan, &par, &costs, total, step, &times);
    MPI_Barrier(par.comm);
    double whole = MPI_Wtime() - begin;
    if (par.rank == 0)
        printf("%d %.6f %.6f %.6f %.6f\n", par.n_ranks, whole / steps, times.scatter / steps, times.gather / steps,
               times.rest / steps);
    reduce_free_all(&reduce);
    MPI_Finalize();
    return 0;
}
