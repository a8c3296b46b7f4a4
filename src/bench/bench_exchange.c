/* How fast gradients are summed over ranks, beside what the machine can do at all.
 *
 * For each way the bytes can travel (par/reduce.h) one row for the reduce-scatter and one for the all-gather, in GB/s
 * of one whole vector, and how many times the fewest bytes it moves. Bounds, with all ranks at work at once: inside a
 * node, adding a rank's slice of as many vectors in memory of its own; between ranks that send messages, exchanging the
 * fewest bytes in the same pieces without adding. An all-gather in shared memory moves nothing, so it has no row. Runs
 * of leaves as training cuts them; the same in sections, which training exchanges while it computes; equal runs too
 * where those move other bytes; and for rank counts that are no power of two the largest one below, for comparison. */
#include "base/text/text.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "par/agree.h"
#include "par/reduce.h"

enum { PIECE = 1 << 18, TAG = 73 };

typedef struct {
    size_t floats;  /* of the vector */
    double seconds; /* for each row */
    int64_t leaves; /* of a step */
    int teams;      /* leaves that a rank computes at a time */
    const Par *par; /* who takes part, and which ranks share a node */
    const ReducePlan *plan;
    BenchTable *table;
    Reduce *reduce;
    float *own, *scratch; /* bounds: a vector of this rank, and pieces received */
} Bench;

/* ---- work ---- */

static Err scatter(void *state) {
    reduce_scatter_all(((Bench *)state)->reduce);
    return ERR_NONE;
}

/* As a backward pass tells it, with nothing computed meanwhile: what sections cost where they hide behind nothing. */
static Err scatter_sections(void *state) {
    Reduce *reduce = ((Bench *)state)->reduce;
    for (int section = reduce_n_sections(reduce) - 1; section >= 0; section--) reduce_ready(reduce, section, NULL);
    reduce_scatter_all(reduce);
    return ERR_NONE;
}

static Err gather(void *state) {
    reduce_gather_all(((Bench *)state)->reduce);
    return ERR_NONE;
}

/* Inside a node a rank reads its slice of all vectors and writes one: the same reads and writes in memory of its own.
 */
static Err add_own(void *state) {
    Bench *bench = state;
    size_t slice = bench->floats / (size_t)bench->par->n_ranks;
    for (int r = 1; r < bench->par->n_ranks; r++) {
        const float *restrict other = bench->own + (size_t)r * slice;
        float *restrict sum = bench->own;
        for (size_t i = 0; i < slice; i++) sum[i] += other[i];
    }
    return ERR_NONE;
}

/* Both directions at once, as messages of an exchange are. */
static void swap_own(const Bench *bench, int to, int from, size_t done, size_t count) {
    MPI_Sendrecv(bench->own + done, (int)count, MPI_FLOAT, to, TAG, bench->scratch, (int)count, MPI_FLOAT, from, TAG,
                 bench->par->comm, MPI_STATUS_IGNORE);
}

/* The fewest bytes that can be, in pieces: what everybody has of a slice, to its owner. */
static Err send_slices(void *state) {
    Bench *bench = state;
    int n = bench->par->n_ranks, rank = bench->par->rank;
    size_t slice = bench->floats / (size_t)n;
    for (int distance = 1; distance < n; distance++)
        for (size_t done = 0; done < slice; done += PIECE)
            swap_own(bench, (rank + distance) % n, (rank - distance + n) % n, done,
                     slice - done < PIECE ? slice - done : PIECE);
    return ERR_NONE;
}

/* As few, between the partners of halving. */
static Err send_halves(void *state) {
    Bench *bench = state;
    size_t range = bench->floats;
    for (int distance = 1; distance < bench->par->n_ranks; distance *= 2) {
        int partner = bench->par->rank ^ distance;
        range /= 2;
        for (size_t done = 0; done < range; done += PIECE)
            swap_own(bench, partner, partner, done, range - done < PIECE ? range - done : PIECE);
    }
    return ERR_NONE;
}

/* ---- checks ---- */

/* Small whole numbers, so that every sum is exact in any order. */
static float contribution(size_t i, const Share *piece) {
    return (float)((i * 7 + (size_t)piece->begin * 13) % 1024);
}

/* Of all pieces of all ranks, at one element. */
static float expected_sum(size_t i, const Share *pieces, int64_t n_pieces) {
    float sum = 0;
    for (int64_t k = 0; k < n_pieces; k++) sum += contribution(i, &pieces[k]);
    return sum;
}

/* Elements that are not the exact sums. `pieces` has room for those of all ranks. */
static double wrong_elements(const Bench *bench, Share *pieces) {
    const float *params = reduce_params(bench->reduce);
    int64_t n = 0;
    double wrong = 0;
    for (int r = 0; r < bench->par->n_ranks; r++) n += reduce_pieces(pieces + n, bench->plan, r);
    for (size_t i = 0; i < bench->floats; i++) wrong += params[i] != expected_sum(i, pieces, n);
    return wrong;
}

/* Scatter, copy of the slice as the update would leave it, gather: at the end every rank has every sum. */
static Err check_sums(double *error, void *state) {
    Bench *bench = state;
    Share mine[LEAF_PIECES_MAX];
    int n_slices;
    const Share *slices = reduce_slices(bench->reduce, &n_slices);
    float *grads = reduce_grads(bench->reduce), *params = reduce_params(bench->reduce);
    int n_pieces = reduce_pieces(mine, bench->plan, bench->par->rank);
    for (int k = 0; k < n_pieces; k++)
        for (size_t i = 0; i < bench->floats; i++) reduce_piece(bench->reduce, k)[i] = contribution(i, &mine[k]);
    reduce_scatter_all(bench->reduce);
    for (int s = 0; s < n_slices; s++)
        memcpy(params + slices[s].begin, grads + slices[s].begin,
               (size_t)(slices[s].end - slices[s].begin) * sizeof *params);
    reduce_gather_all(bench->reduce);
    size_t room = (size_t)leaves_count_pieces(&bench->plan->leaves) + (size_t)bench->par->n_ranks;
    Share *pieces = calloc(room, sizeof *pieces);
    if (!pieces) return RAISE(ERR_MEMORY, "gradient exchange: no memory for %zu pieces", room);
    *error = wrong_elements(bench, pieces);
    free(pieces);
    return ERR_NONE;
}

/* Bytes of a reduce-scatter over the fewest that can be: sent in messages, or read in shared memory. */
static double moved_all(const Bench *bench) {
    int64_t before = reduce_sent_bytes(bench->reduce);
    reduce_scatter_all(bench->reduce);
    int64_t sent = agree_sum_all(reduce_sent_bytes(bench->reduce) - before, bench->par, "gradient exchange");
    double fewest = (double)(bench->par->n_ranks - 1) * (double)bench->floats * sizeof(float);
    return sent ? (double)sent / fewest : (double)leaves_count_pieces(&bench->plan->leaves) / bench->par->n_ranks;
}

/* ---- rows ---- */

typedef struct {
    const char *name;
    Par par;
    ReducePlan plan;
} Way;

/* GB/s count one whole vector a call, whatever is moved for it. */
static Err measure_all(Bench *bench, const char *what, const char *way, double moved, BenchWork work, BenchWork bound) {
    char name[64];
    double gigabytes = 1e-9 * (double)bench->floats * sizeof(float);
    TRY(text_format(name, sizeof name, "%s, %s", what, way));
    const BenchCase c = {
        .name = name, .work = {work, bench, gigabytes}, .bound = {bound, bench, gigabytes}, .check = check_sums};
    return bench_pairs_row_moved_all(bench->table, c, "GB/s", moved, bench->seconds, bench->par);
}

/* A reduction of its own for each way, freed before the next. */
static Err bench_way_all(Bench *bench, const Way *way) {
    bench->par = &way->par;
    bench->plan = &way->plan;
    TRY(reduce_new_all(&bench->reduce, bench->par, bench->plan, bench->floats));
    bool shared = reduce_uses_window(bench->reduce);
    BenchWork bound = shared ? add_own : reduce_halves(bench->reduce) ? send_halves : send_slices;
    bool sections = reduce_n_sections(bench->reduce) > 1;
    Err err =
        measure_all(bench, "reduce-scatter", way->name, moved_all(bench), sections ? scatter_sections : scatter, bound);
    if (!err && !shared) err = measure_all(bench, "all-gather", way->name, 1, gather, bound);
    reduce_free_all(&bench->reduce);
    return err;
}

static Err take_memory(Bench *bench) {
    bench->own = calloc(bench->floats, sizeof(float));
    bench->scratch = calloc(PIECE, sizeof(float));
    if (bench->own && bench->scratch) return ERR_NONE;
    return RAISE(ERR_MEMORY, "gradient exchange: no memory for %zu floats", bench->floats);
}

/* The same ranks as if each were a node of its own. */
static Par each_a_node(const Par *par) {
    Par apart = *par;
    apart.node_comm = MPI_COMM_SELF;
    apart.node_rank = 0;
    apart.node_ranks = 1;
    apart.n_nodes = par->n_ranks;
    return apart;
}

/* Fewer ranks, a power of two, for comparison; the others wait. */
static Err bench_neighbor_all(Bench *bench, const Par *par) {
    int fewer = 1;
    while (2 * fewer <= par->n_ranks) fewer *= 2;
    Way way = {.par = each_a_node(par)};
    char name[32];
    Err err = text_format(name, sizeof name, "messages, %d ranks", fewer);
    MPI_Comm_split(par->comm, par->rank < fewer, par->rank, &way.par.comm);
    way.name = name;
    way.par.n_ranks = way.par.n_nodes = fewer;
    way.par.roll = MPI_COMM_NULL;
    way.plan = reduce_plan(REDUCE_TREE, bench->leaves, fewer, bench->teams);
    if (!err && par->rank < fewer && fewer > 1) err = bench_way_all(bench, &way);
    MPI_Comm_free(&way.par.comm);
    return err_agree_all(err, par, "the others");
}

/* Even runs are left out where training cuts them so, too. */
static Err bench_ways_all(Bench *bench, const Par *par) {
    int n = par->n_ranks;
    Par apart = each_a_node(par);
    ReducePlan chosen = reduce_plan(REDUCE_TREE, bench->leaves, n, bench->teams),
               even = reduce_plan(REDUCE_TREE, bench->leaves, n, 1), mpi = reduce_plan(REDUCE_MPI, bench->leaves, n, 1);
    ReducePlan sections = chosen;
    sections.early = true;
    bool differ = leaves_count_pieces(&chosen.leaves) != leaves_count_pieces(&even.leaves);
    const Way ways[] = {{"shared memory", *par, chosen},
                        {"messages", apart, chosen},
                        {"messages, in sections", apart, sections},
                        {"messages, even runs", apart, even},
                        {"messages, rank by rank", apart, mpi}};
    const bool wanted[] = {par->node_ranks > 1, true, true, differ, true};
    TRY(err_agree_all(take_memory(bench), par, "gradient exchange"));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (wanted[i]) TRY(bench_way_all(bench, &ways[i]));
    return (n & (n - 1)) == 0 ? ERR_NONE : bench_neighbor_all(bench, par);
}

Err bench_exchange_all(const BenchArgs *args, const Par *par) {
    if (par->n_ranks < 2)
        return RAISE(ERR_USAGE, "an exchange needs at least two ranks: mpirun -n 2 synvid bench exchange");
    BenchTable table;
    Bench bench = {.floats = (size_t)(1e6 * args->parameters),
                   .seconds = args->seconds,
                   .leaves = args->leaves,
                   .teams = (int)args->teams,
                   .table = &table};
    char what[160];
    TRY(text_format(what, sizeof what,
                    "%.4g million parameters, %lld leaves, %d at a time a rank; bound: adding or sending alone",
                    args->parameters, (long long)bench.leaves, bench.teams));
    Err err = bench_pairs_open(&table, args->json, what, par);
    if (!err) err = bench_ways_all(&bench, par);
    free(bench.own);
    free(bench.scratch);
    return err_agree_all(bench_table_close(&table, err), par, "the table");
}
