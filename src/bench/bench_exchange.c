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

/* The bytes of a reduce-scatter or an all-gather by halving, between the same partners, in the same pieces. */
static Err send_own(void *state) {
    Bench *bench = state;
    size_t range = bench->plan->floats;
    for (int distance = 1; distance < bench->par->n_ranks; distance *= 2) {
        int partner = bench->par->rank ^ distance;
        range /= 2;
        if (partner >= bench->par->n_ranks) continue;
        for (size_t done = 0; done < range; done += PIECE) {
            int count = (int)(range - done < PIECE ? range - done : PIECE);
            MPI_Sendrecv(bench->own + done, count, MPI_FLOAT, partner, TAG, bench->scratch, count, MPI_FLOAT, partner,
                         TAG, bench->par->comm, MPI_STATUS_IGNORE);
        }
    }
    return ERR_NONE;
}

/* ---- checks ---- */

/* Small whole numbers, so that every sum is exact in any order. */
static float contribution(size_t i, int rank) {
    return (float)((i * 7 + (size_t)rank * 13) % 1000);
}

static Err check_sums(Bench *bench) {
    Share slice = reduce_slice(bench->reduce);
    float *grads = reduce_grads(bench->reduce), *params = reduce_params(bench->reduce);
    for (size_t i = 0; i < bench->plan->floats; i++) grads[i] = contribution(i, bench->par->rank);
    reduce_scatter_all(bench->reduce);
    memcpy(params + slice.begin, grads + slice.begin, (size_t)(slice.end - slice.begin) * sizeof *params);
    reduce_gather_all(bench->reduce);
    for (size_t i = 0; i < bench->plan->floats; i++) {
        float expected = 0;
        for (int r = 0; r < bench->par->n_ranks; r++) expected += contribution(i, r);
        if (params[i] != expected)
            return RAISE(ERR_INTERNAL, "gradient exchange: element %zu is %g, not %g", i, params[i], expected);
    }
    return ERR_NONE;
}

/* ---- rows ---- */

static Err measure_all(PairSink sink, Bench *bench, const char *what, PairWork work, PairWork bound) {
    PairRow row = {.unit = "GB/s"};
    TRY(text_copy(row.name, sizeof row.name, what));
    double gigabytes = 1e-9 * (double)bench->plan->floats * sizeof(float);
    TRY(pairs_measure_all(&row, work, bound, bench, gigabytes, bench->plan->seconds, bench->par));
    if (bench->par->rank == 0) sink.row(sink.context, &row);
    return ERR_NONE;
}

/* One way of travel; `par` says which ranks share a node. */
static Err bench_way_all(PairSink sink, Bench *bench, const Par *par, ReduceKind kind, const char *way) {
    char name[64];
    TRY(reduce_new_all(&bench->reduce, par, kind, bench->plan->floats));
    bool shared = reduce_uses_window(bench->reduce);
    Err err = err_agree_all(check_sums(bench), par, "gradient exchange");
    if (!err) err = text_format(name, sizeof name, "reduce-scatter, %s", shared ? "shared memory" : way);
    if (!err) err = measure_all(sink, bench, name, scatter, shared ? add_own : send_own);
    if (!err && !shared) err = text_format(name, sizeof name, "all-gather, %s", way);
    if (!err && !shared) err = measure_all(sink, bench, name, gather, send_own);
    reduce_free_all(&bench->reduce);
    return err;
}

static Err take_memory(Bench *bench) {
    bench->own = calloc(bench->plan->floats, sizeof(float));
    bench->scratch = calloc(PIECE, sizeof(float));
    if (bench->own && bench->scratch) return ERR_NONE;
    return RAISE(ERR_MEMORY, "gradient exchange: no memory for %zu floats", bench->plan->floats);
}

Err bench_exchange_all(PairSink sink, const ExchangeBenchPlan *plan, const Par *par) {
    if (par->n_ranks < 2)
        return RAISE(ERR_USAGE, "an exchange needs at least two ranks: mpirun -n 2 synvid bench exchange");
    Bench bench = {.plan = plan, .par = par};
    Par apart = *par; /* the same ranks as if each were a node of its own */
    apart.node_comm = MPI_COMM_SELF;
    apart.node_rank = 0;
    apart.node_ranks = 1;
    apart.n_nodes = par->n_ranks;
    bool power_of_two = (par->n_ranks & (par->n_ranks - 1)) == 0;
    Err err = err_agree_all(take_memory(&bench), par, "gradient exchange");
    if (!err && power_of_two && par->node_ranks > 1) err = bench_way_all(sink, &bench, par, REDUCE_TREE, "tree");
    if (!err && power_of_two) err = bench_way_all(sink, &bench, &apart, REDUCE_TREE, "tree by messages");
    if (!err) err = bench_way_all(sink, &bench, &apart, REDUCE_MPI, "slice by slice");
    free(bench.own);
    free(bench.scratch);
    return err;
}
