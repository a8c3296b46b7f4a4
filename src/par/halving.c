/* The reduce-scatter by distance doubling, and the all-gather backwards: the recursive halving of Thakur, Rabenseifner
 * and Gropp (Optimization of Collective Communication Operations in MPICH, 2005), with distances that double. See
 * par/reduce.h.
 *
 *   step k  partners r and r xor 2^k hold sums of 2^k ranks each over one range; one keeps its lower half, the other
 *           its upper, and each adds what the other had: sums of 2^(k + 1) ranks over half as many floats.
 *
 * Distances double, so what is added in step k are siblings of level k: the tree over leaves, when a rank has a whole
 * node. A rank sends total * (1 - 1 / n_ranks) floats in all, the least that a reduce-scatter can. The steps below
 * site_bits are done in shared memory, by one sum over the site's rows. */
#include "par/internal/halving.h"

#include "base/failure/fault.h"

static bool power_of_two(int64_t n) {
    return n > 0 && (n & (n - 1)) == 0;
}

/* Of a power of two. */
static int log2_of(int64_t power) {
    int bits = 0;
    while (((int64_t)1 << bits) < power) bits++;
    return bits;
}

/* Aligned blocks of ranks in order, all of one size. */
static bool sites_are_blocks(const Sites *sites, int n_ranks) {
    int size = sites_size(sites, 0);
    if (!power_of_two(size)) return false;
    for (int r = 0; r < n_ranks; r++)
        if (sites->of_rank[r] != r / size || sites->index[r] != r % size) return false;
    return size * sites->n_sites == n_ranks;
}

/* Both the ranks and the leaves must fit: bits of a rank choose its partner in the node and beyond, and a rank's sum is
 * one node of the tree, all of one level. This is what the plan alone tells; sites must be blocks, too. */
static bool tree_halves(const ReducePlan *plan) {
    return plan->kind == REDUCE_TREE && power_of_two(plan->leaves.n_ranks) && leaves_are_one_level(&plan->leaves);
}

bool halving_fits(const ReducePlan *plan, int node_ranks) {
    return tree_halves(plan) && power_of_two(node_ranks) && !(plan->early && node_ranks == 1);
}

void halving_plan(Reduce *reduce) {
    int n_ranks = reduce->par->n_ranks;
    bool fits = tree_halves(&reduce->plan) && reduce->n_sections == 1 && sites_are_blocks(&reduce->sites, n_ranks);
    reduce->bits = fits ? log2_of(n_ranks) : -1;
    reduce->site_bits = fits ? log2_of(sites_size(&reduce->sites, 0)) : 0;
}

/* What `rank` is left with after `steps` halvings: bit k of the rank chooses a half in step k. */
static Share range_after(const Reduce *reduce, int rank, int steps) {
    Share units = {.begin = 0, .end = exchange_n_units(reduce)};
    for (int k = 0; k < steps; k++) {
        int64_t middle = units.begin + (units.end - units.begin) / 2;
        if (rank >> k & 1)
            units.begin = middle;
        else
            units.end = middle;
    }
    return exchange_floats_of_units(reduce, units);
}

/* Bits choose from the lowest on, so slices of neighboring ranks do not lie side by side. */
Share halving_slice(const Reduce *reduce) {
    return range_after(reduce, reduce->par->rank, reduce->bits);
}

/* What a rank and its partner give each other, in pieces: while one is waited for, the next is on its way. */
typedef struct {
    Reduce *reduce;
    int partner;
    const char *sent;
    char *received; /* NULL: pieces are added to `sum` */
    float *sum;
    int64_t n_sent, n_received; /* bytes */
    const char *fault;
    MPI_Request requests[2][2];
} Swap;

enum { PIECE_BYTES = PIECE_FLOATS * sizeof(float) };

static int piece_bytes(int64_t whole, int64_t k) {
    int64_t left = whole - k * PIECE_BYTES;
    return left <= 0 ? 0 : left < PIECE_BYTES ? (int)left : PIECE_BYTES;
}

static void start_piece(Swap *swap, int64_t k) {
    Reduce *reduce = swap->reduce;
    MPI_Request *both = swap->requests[k % 2];
    char *into = swap->received ? swap->received + k * PIECE_BYTES : (char *)(reduce->piece + k % 2 * PIECE_FLOATS);
    int n_sent = piece_bytes(swap->n_sent, k);
    exchange_fail_if(fault_hit(swap->fault), reduce);
    MPI_Irecv(into, piece_bytes(swap->n_received, k), MPI_BYTE, swap->partner, TAG_EXCHANGE, reduce->par->comm,
              &both[0]);
    MPI_Isend(swap->sent + k * PIECE_BYTES, n_sent, MPI_BYTE, swap->partner, TAG_EXCHANGE, reduce->par->comm, &both[1]);
    reduce->sent_bytes += n_sent;
}

static void finish_piece(Swap *swap, int64_t k) {
    const float *restrict other = swap->reduce->piece + k % 2 * PIECE_FLOATS;
    float *restrict sum = swap->sum + k * PIECE_FLOATS;
    exchange_wait(swap->requests[k % 2], 2, swap->reduce);
    if (swap->received) return;
    for (int64_t i = 0; i < piece_bytes(swap->n_received, k) / (int)sizeof(float); i++) sum[i] += other[i];
}

static void swap_all(Swap *swap) {
    int64_t n = 0;
    while (piece_bytes(swap->n_sent, n) || piece_bytes(swap->n_received, n)) n++;
    if (n) start_piece(swap, 0);
    for (int64_t k = 0; k < n; k++) {
        if (k + 1 < n) start_piece(swap, k + 1);
        finish_piece(swap, k);
    }
}

static int64_t bytes_of(Share range) {
    return (range.end - range.begin) * (int64_t)sizeof(float);
}

/* Step k between nodes: give the partner its half, add what it has of ours. Addition commutes, so both orders of a pair
 * give the same bits. */
static void scatter_step_all(Reduce *reduce, int k) {
    int partner = reduce->par->rank ^ (1 << k);
    Share mine = range_after(reduce, reduce->par->rank, k + 1), theirs = range_after(reduce, partner, k + 1);
    swap_all(&(Swap){.reduce = reduce,
                     .partner = partner,
                     .sent = (const char *)(reduce->vectors + theirs.begin),
                     .sum = reduce->vectors + mine.begin,
                     .n_sent = bytes_of(theirs),
                     .n_received = bytes_of(mine),
                     .fault = "exchange.scatter"});
}

/* The same step backwards: swap the halves. */
static void gather_step_all(Reduce *reduce, int k, char *bytes, const Wire *wire) {
    int partner = reduce->par->rank ^ (1 << k);
    Share mine = range_after(reduce, reduce->par->rank, k + 1), theirs = range_after(reduce, partner, k + 1);
    swap_all(&(Swap){.reduce = reduce,
                     .partner = partner,
                     .sent = bytes + wire_at(wire, mine.begin),
                     .received = bytes + wire_at(wire, theirs.begin),
                     .n_sent = wire_at(wire, mine.end) - wire_at(wire, mine.begin),
                     .n_received = wire_at(wire, theirs.end) - wire_at(wire, theirs.begin),
                     .fault = "exchange.gather"});
}

/* Every rank of the site adds its own range of all the site's rows: the first site_bits steps at once. */
void halving_scatter_all(Reduce *reduce) {
    if (reduce->site_bits) {
        exchange_fail_if(fault_hit("exchange.scatter"), reduce);
        Share range = range_after(reduce, reduce->par->rank, reduce->site_bits);
        float *output = reduce->vectors + range.begin;
        exchange_site_sum(reduce, range, &output);
    }
    for (int k = reduce->site_bits; k < reduce->bits; k++) scatter_step_all(reduce, k);
}

/* Down to the site's level: the rest of params is in the window already. */
void halving_gather_all(Reduce *reduce, const Wire *wire) {
    char *bytes = exchange_gather_from(reduce, wire);
    for (int k = reduce->bits - 1; k >= reduce->site_bits; k--) gather_step_all(reduce, k, bytes, wire);
    if (!wire) return;
    Share range = range_after(reduce, reduce->par->rank, reduce->site_bits), own = halving_slice(reduce);
    wire_read(wire, reduce->params, bytes, (Share){range.begin, own.begin});
    wire_read(wire, reduce->params, bytes, (Share){own.end, range.end});
}
