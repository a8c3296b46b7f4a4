/* How fast gradients are summed over ranks, beside what the machine can do at all.
 *
 * For each way the bytes can travel (par/reduce.h) one row for the reduce-scatter and one for the all-gather, in GB/s
 * of the whole vector. Bounds, with all ranks at work at once: inside a node, adding a rank's slice of as many vectors
 * in memory of its own; between ranks that send messages, exchanging the same bytes in the same pieces without adding.
 * An all-gather in shared memory moves nothing, so it has no row. Rows that need a power of two of ranks are left out
 * for other counts. */
#include "base/text/text.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "par/agree.h"
#include "par/reduce.h"

enum { PIECE = 1 << 18, TAG = 73 };

typedef struct {
    size_t floats;  /* of the vector */
    double seconds; /* for each row */
    const Par *par;
    BenchTable *table;
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
    size_t slice = bench->floats / (size_t)bench->par->n_ranks;
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
    size_t range = bench->floats;
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

/* Elements that are not the exact sums. */
static Err check_sums(double *error, void *state) {
    Bench *bench = state;
    Share slice = reduce_slice(bench->reduce);
    float *grads = reduce_grads(bench->reduce), *params = reduce_params(bench->reduce);
    for (size_t i = 0; i < bench->floats; i++) grads[i] = contribution(i, bench->par->rank);
    reduce_scatter_all(bench->reduce);
    memcpy(params + slice.begin, grads + slice.begin, (size_t)(slice.end - slice.begin) * sizeof *params);
    reduce_gather_all(bench->reduce);
    for (size_t i = 0; i < bench->floats; i++) {
        float expected = 0;
        for (int r = 0; r < bench->par->n_ranks; r++) expected += contribution(i, r);
        *error += params[i] != expected;
    }
    return ERR_NONE;
}

/* ---- rows ---- */

static Err measure_all(Bench *bench, const char *name, BenchWork work, BenchWork bound) {
    double gigabytes = 1e-9 * (double)bench->floats * sizeof(float);
    const BenchCase c = {
        .name = name, .work = {work, bench, gigabytes}, .bound = {bound, bench, gigabytes}, .check = check_sums};
    return bench_pairs_row_all(bench->table, c, "GB/s", bench->seconds, bench->par);
}

/* One way of travel; `par` says which ranks share a node. */
static Err bench_way_all(Bench *bench, const Par *par, ReduceKind kind, const char *way) {
    char name[64];
    TRY(reduce_new_all(&bench->reduce, par, kind, bench->floats));
    bool shared = reduce_uses_window(bench->reduce);
    Err err = text_format(name, sizeof name, "reduce-scatter, %s", shared ? "shared memory" : way);
    if (!err) err = measure_all(bench, name, scatter, shared ? add_own : send_own);
    if (!err && !shared) err = text_format(name, sizeof name, "all-gather, %s", way);
    if (!err && !shared) err = measure_all(bench, name, gather, send_own);
    reduce_free_all(&bench->reduce);
    return err;
}

static Err take_memory(Bench *bench) {
    bench->own = calloc(bench->floats, sizeof(float));
    bench->scratch = calloc(PIECE, sizeof(float));
    if (bench->own && bench->scratch) return ERR_NONE;
    return RAISE(ERR_MEMORY, "gradient exchange: no memory for %zu floats", bench->floats);
}

static Err bench_ways_all(Bench *bench, const Par *par) {
    Par apart = *par; /* the same ranks as if each were a node of its own */
    apart.node_comm = MPI_COMM_SELF;
    apart.node_rank = 0;
    apart.node_ranks = 1;
    apart.n_nodes = par->n_ranks;
    bool power_of_two = (par->n_ranks & (par->n_ranks - 1)) == 0;
    TRY(err_agree_all(take_memory(bench), par, "gradient exchange"));
    if (power_of_two && par->node_ranks > 1) TRY(bench_way_all(bench, par, REDUCE_TREE, "tree"));
    if (power_of_two) TRY(bench_way_all(bench, &apart, REDUCE_TREE, "tree by messages"));
    return bench_way_all(bench, &apart, REDUCE_MPI, "slice by slice");
}

Err bench_exchange_all(const BenchArgs *args, const Par *par) {
    if (par->n_ranks < 2)
        return RAISE(ERR_USAGE, "an exchange needs at least two ranks: mpirun -n 2 synvid bench exchange");
    BenchTable table;
    Bench bench = {.floats = (size_t)(1e6 * args->parameters), .seconds = args->seconds, .par = par, .table = &table};
    char what[128];
    TRY(text_format(what, sizeof what, "%.4g million parameters; bound: adding alone, or sending alone",
                    args->parameters));
    Err err = bench_pairs_open(&table, args->json, what, par);
    if (!err) err = bench_ways_all(&bench, par);
    free(bench.own);
    free(bench.scratch);
    return err_agree_all(bench_table_close(&table, err), par, "the table");
}
