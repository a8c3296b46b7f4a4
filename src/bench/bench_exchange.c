#include "bench/bench_exchange.h"

#include "base/text/text.h"
#include "par/agree.h"
#include "par/reduce.h"

enum { PIECE = 1 << 18, TAG = 73 };

typedef struct {
    const ExchangeBenchPlan *plan;
    const Par *par;
    Reduce *reduce;
    float *own, *scratch; /* bounds: a vector of this rank, and pieces received */
} Bench;

/* ---- work ---- */

static Err scatter(void *state) {
    reduce_scatter_all(((Bench *)state)->reduce);
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
    size_t slice = bench->plan->floats / (size_t)bench->par->n_ranks;
    for (int r = 1; r < bench->par->n_ranks; r++) {
        const float *restrict other = bench->own + (size_t)r * slice;
        float *restrict sum = bench->own;
        for (size_t i = 0; i < slice; i++) sum[i] += other[i];
    }
    return ERR_NONE;
}

static void swap_own(const Bench *bench, int to, int from, size_t done, size_t count) {
    MPI_Sendrecv(bench->own + done, (int)count, MPI_FLOAT, to, TAG, bench->scratch, (int)count, MPI_FLOAT, from, TAG,
                 bench->par->comm, MPI_STATUS_IGNORE);
}

/* The fewest bytes that can be, in pieces: what everybody has of a slice, to its owner. */
static Err send_slices(void *state) {
    Bench *bench = state;
    int n = bench->par->n_ranks, rank = bench->par->rank;
    size_t slice = bench->plan->floats / (size_t)n;
    for (int distance = 1; distance < n; distance++)
        for (size_t done = 0; done < slice; done += PIECE)
            swap_own(bench, (rank + distance) % n, (rank - distance + n) % n, done,
                     slice - done < PIECE ? slice - done : PIECE);
    return ERR_NONE;
}

/* As few, between the partners of halving. */
static Err send_halves(void *state) {
    Bench *bench = state;
    size_t range = bench->plan->floats;
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

static float expected_sum(size_t i, const Share *pieces, int64_t n_pieces) {
    float sum = 0;
    for (int64_t k = 0; k < n_pieces; k++) sum += contribution(i, &pieces[k]);
    return sum;
}

/* `pieces` has room for those of all ranks. */
static Err check_elements(const Bench *bench, const ReducePlan *plan, Share *pieces) {
    const float *params = reduce_params(bench->reduce);
    int64_t n = 0;
    for (int r = 0; r < bench->par->n_ranks; r++) n += reduce_pieces(pieces + n, plan, r);
    for (size_t i = 0; i < bench->plan->floats; i++)
        if (params[i] != expected_sum(i, pieces, n))
            return RAISE(ERR_INTERNAL, "gradient exchange: element %zu is %g, not %g", i, params[i],
                         expected_sum(i, pieces, n));
    return ERR_NONE;
}

/* Bytes of the reduce-scatter over the fewest that can be: sent in messages, or read in shared memory. */
static double moved_all(const Bench *bench, const ReducePlan *plan) {
    int64_t sent = agree_sum_all(reduce_sent_bytes(bench->reduce), bench->par, "gradient exchange");
    double fewest = (double)(bench->par->n_ranks - 1) * (double)bench->plan->floats * sizeof(float);
    if (sent) return (double)sent / fewest;
    return (double)leaves_count_pieces(&plan->leaves) / bench->par->n_ranks;
}

static Err check_sums_all(double *moved, Bench *bench, const ReducePlan *plan) {
    Share mine[LEAF_PIECES_MAX], slice = reduce_slice(bench->reduce);
    float *grads = reduce_grads(bench->reduce), *params = reduce_params(bench->reduce);
    int n_pieces = reduce_pieces(mine, plan, bench->par->rank);
    for (int k = 0; k < n_pieces; k++)
        for (size_t i = 0; i < bench->plan->floats; i++) reduce_piece(bench->reduce, k)[i] = contribution(i, &mine[k]);
    reduce_scatter_all(bench->reduce);
    *moved = moved_all(bench, plan);
    memcpy(params + slice.begin, grads + slice.begin, (size_t)(slice.end - slice.begin) * sizeof *params);
    reduce_gather_all(bench->reduce);
    size_t room = (size_t)leaves_count_pieces(&plan->leaves) + (size_t)bench->par->n_ranks;
    Share *pieces = calloc(room, sizeof *pieces);
    Err err = pieces ? check_elements(bench, plan, pieces) : RAISE(ERR_MEMORY, "gradient exchange: no memory");
    free(pieces);
    return err_agree_all(err, bench->par, "gradient exchange");
}

/* ---- rows ---- */

typedef struct {
    const char *name;
    Par par; /* who takes part, and which ranks share a node */
    ReducePlan plan;
} Way;

static Err measure_all(PairSink sink, Bench *bench, const char *what, const char *way, double moved, PairWork work,
                       PairWork bound) {
    PairRow row = {.unit = "GB/s", .moved = moved};
    TRY(text_format(row.name, sizeof row.name, "%s, %s", what, way));
    double gigabytes = 1e-9 * (double)bench->plan->floats * sizeof(float);
    TRY(pairs_measure_all(&row, work, bound, bench, gigabytes, bench->plan->seconds, bench->par));
    if (bench->par->rank == 0) sink.row(sink.context, &row);
    return ERR_NONE;
}

static Err bench_way_all(PairSink sink, Bench *bench, const Way *way) {
    double moved = 0;
    bench->par = &way->par;
    TRY(reduce_new_all(&bench->reduce, &way->par, &way->plan, bench->plan->floats));
    bool shared = reduce_uses_window(bench->reduce);
    PairWork bound = shared ? add_own : reduce_halves(bench->reduce) ? send_halves : send_slices;
    Err err = check_sums_all(&moved, bench, &way->plan);
    if (!err) err = measure_all(sink, bench, "reduce-scatter", way->name, moved, scatter, bound);
    if (!err && !shared) err = measure_all(sink, bench, "all-gather", way->name, 1, gather, bound);
    reduce_free_all(&bench->reduce);
    return err;
}

static Err take_memory(Bench *bench) {
    bench->own = calloc(bench->plan->floats, sizeof(float));
    bench->scratch = calloc(PIECE, sizeof(float));
    if (bench->own && bench->scratch) return ERR_NONE;
    return RAISE(ERR_MEMORY, "gradient exchange: no memory for %zu floats", bench->plan->floats);
}

static Par each_a_node(const Par *par) {
    Par apart = *par;
    apart.node_comm = MPI_COMM_SELF;
    apart.node_rank = 0;
    apart.node_ranks = 1;
    apart.n_nodes = par->n_ranks;
    return apart;
}

/* Fewer ranks, a power of two, for comparison; the others wait. */
static Err bench_neighbor_all(PairSink sink, Bench *bench, const Par *par, int64_t leaves, int teams) {
    int fewer = 1;
    while (2 * fewer <= par->n_ranks) fewer *= 2;
    Way way = {.par = each_a_node(par)};
    char name[32];
    Err err = text_format(name, sizeof name, "messages, %d ranks", fewer);
    MPI_Comm_split(par->comm, par->rank < fewer, par->rank, &way.par.comm);
    way.name = name;
    way.par.n_ranks = way.par.n_nodes = fewer;
    way.par.roll = MPI_COMM_NULL;
    way.plan = reduce_plan(REDUCE_TREE, leaves, fewer, teams);
    if (!err && par->rank < fewer && fewer > 1) err = bench_way_all(sink, bench, &way);
    MPI_Comm_free(&way.par.comm);
    return err_agree_all(err, par, "the others");
}

Err bench_exchange_all(PairSink sink, const ExchangeBenchPlan *plan, const Par *par) {
    int n = par->n_ranks;
    if (n < 2) return RAISE(ERR_USAGE, "an exchange needs at least two ranks: mpirun -n 2 synvid bench exchange");
    Bench bench = {.plan = plan, .par = par};
    Par apart = each_a_node(par);
    ReducePlan chosen = reduce_plan(REDUCE_TREE, plan->leaves, n, plan->teams),
               even = reduce_plan(REDUCE_TREE, plan->leaves, n, 1), mpi = reduce_plan(REDUCE_MPI, plan->leaves, n, 1);
    bool differ = leaves_count_pieces(&chosen.leaves) != leaves_count_pieces(&even.leaves);
    const Way ways[] = {{"shared memory", *par, chosen},
                        {"messages", apart, chosen},
                        {"messages, even runs", apart, even},
                        {"messages, rank by rank", apart, mpi}};
    const bool wanted[] = {par->node_ranks > 1, true, differ, true};
    Err err = err_agree_all(take_memory(&bench), par, "gradient exchange");
    for (size_t i = 0; !err && i < sizeof ways / sizeof *ways; i++)
        if (wanted[i]) err = bench_way_all(sink, &bench, &ways[i]);
    if (!err && (n & (n - 1)) != 0) err = bench_neighbor_all(sink, &bench, par, plan->leaves, plan->teams);
    free(bench.own);
    free(bench.scratch);
    return err;
}
