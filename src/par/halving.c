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
#include "par/internal/exchange.h"

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
 * one node of the tree, all of one level. */
void halving_plan(Reduce *reduce) {
    int n_ranks = reduce->par->n_ranks;
    bool fits = reduce->plan.kind == REDUCE_TREE && power_of_two(n_ranks) &&
                leaves_are_one_level(&reduce->plan.leaves) && sites_are_blocks(&reduce->sites, n_ranks);
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

/* Floats of the next message of a range of which `done` are through; halves may differ by a unit, so that one side has
 * nothing left while the other still sends. */
static int piece_count(Share range, int64_t done) {
    int64_t left = range.end - range.begin - done;
    return left <= 0 ? 0 : left < PIECE_FLOATS ? (int)left : PIECE_FLOATS;
}

/* Gives `partner` n_sent floats and takes n_received. */
static void swap_floats(Reduce *reduce, int partner, const float *sent, int n_sent, float *received, int n_received) {
    MPI_Comm comm = reduce->par->comm;
    MPI_Request both[2];
    MPI_Irecv(received, n_received, MPI_FLOAT, partner, TAG_EXCHANGE, comm, &both[0]);
    MPI_Isend(sent, n_sent, MPI_FLOAT, partner, TAG_EXCHANGE, comm, &both[1]);
    reduce->sent_floats += n_sent;
    exchange_wait(both, 2, reduce);
}

/* On the thread that waits: a message takes longer than its addition. */
static void add(float *restrict sum, const float *restrict other, int64_t count) {
    for (int64_t i = 0; i < count; i++) sum[i] += other[i];
}

/* Step k between nodes: give the partner its half, add what it has of ours. Addition commutes, so both orders of a pair
 * give the same bits. */
static void scatter_step_all(Reduce *reduce, int k) {
    int partner = reduce->par->rank ^ (1 << k);
    Share mine = range_after(reduce, reduce->par->rank, k + 1), theirs = range_after(reduce, partner, k + 1);
    for (int64_t done = 0; piece_count(mine, done) || piece_count(theirs, done); done += PIECE_FLOATS) {
        int receive = piece_count(mine, done), send = piece_count(theirs, done);
        exchange_fail_if(fault_hit("exchange.scatter"), reduce);
        swap_floats(reduce, partner, reduce->vectors + theirs.begin + done, send, reduce->piece, receive);
        add(reduce->vectors + mine.begin + done, reduce->piece, receive);
    }
}

/* The same step backwards: swap the halves of params. */
static void gather_step_all(Reduce *reduce, int k) {
    int partner = reduce->par->rank ^ (1 << k);
    Share mine = range_after(reduce, reduce->par->rank, k + 1), theirs = range_after(reduce, partner, k + 1);
    for (int64_t done = 0; piece_count(mine, done) || piece_count(theirs, done); done += PIECE_FLOATS) {
        exchange_fail_if(fault_hit("exchange.gather"), reduce);
        swap_floats(reduce, partner, reduce->params + mine.begin + done, piece_count(mine, done),
                    reduce->params + theirs.begin + done, piece_count(theirs, done));
    }
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
void halving_gather_all(Reduce *reduce) {
    for (int k = reduce->bits - 1; k >= reduce->site_bits; k--) gather_step_all(reduce, k);
}
