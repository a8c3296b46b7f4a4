#include "par/reduce.h"

#include "base/failure/fault.h"
#include "base/system/arena.h"
#include "base/system/log.h"
#include "par/agree.h"
#include "par/internal/wait.h"
#include "par/internal/window.h"

#include <limits.h>

enum {
    PIECE_FLOATS = 1 << 18, /* 1 MB messages: Open MPI's rate falls off a cliff beyond some tens of MB */
    UNIT_FLOATS = 1024,     /* smallest unit */
    UNITS_MAX = 4096,       /* of a vector, so that per-unit sums stay a small message */
    TAG_EXCHANGE = 71,
};

static const char phase[] = "the gradient exchange"; /* what waiting ranks say they wait for */

struct Reduce {
    const Par *par;
    ReduceKind kind;
    size_t total, unit;
    int bits;        /* tree: log2 of the rank count */
    int window_bits; /* of these, done in the node's window */
    Share slice;     /* floats */
    float *grads, *params, *piece;
    MPI_Request *requests; /* (2 ranks) of a round without a tree */
    Arena arena;           /* what is not in windows */
    Window *grad_window, *param_window;
};

static bool power_of_two(int64_t n) {
    return n > 0 && (n & (n - 1)) == 0;
}

static int64_t next_power_of_two(int64_t n) {
    int64_t power = 1;
    while (power < n) power *= 2;
    return power;
}

static int log2_of(int64_t power) {
    int bits = 0;
    while (((int64_t)1 << bits) < power) bits++;
    return bits;
}

CHECKED Err reduce_choose(ReduceKind *chosen, ReduceKind asked, int n_ranks, int64_t n_leaves) {
    bool tree_fits = power_of_two(n_ranks) && n_ranks <= n_leaves;
    *chosen = asked;
    if (asked == REDUCE_AUTO) *chosen = tree_fits && n_leaves % n_ranks == 0 ? REDUCE_TREE : REDUCE_MPI;
    if (asked == REDUCE_TREE && !tree_fits)
        return RAISE(ERR_USAGE,
                     "train.reduce: tree needs a power-of-two rank count of at most batch / micro_batch = %lld, but "
                     "there are %d ranks (use auto or mpi)",
                     (long long)n_leaves, n_ranks);
    return ERR_NONE;
}

Share reduce_leaves(ReduceKind kind, int64_t n_leaves, int rank, int n_ranks) {
    if (kind != REDUCE_TREE) return share_block(n_leaves, rank, n_ranks);
    int64_t width = next_power_of_two(n_leaves) / n_ranks;
    Share block = {.begin = width * rank, .end = width * (rank + 1)};
    if (block.begin > n_leaves) block.begin = n_leaves;
    if (block.end > n_leaves) block.end = n_leaves;
    return block;
}

int64_t reduce_width(ReduceKind kind, int64_t n_leaves, int n_ranks) {
    Share first = reduce_leaves(kind, n_leaves, 0, n_ranks), last = reduce_leaves(kind, n_leaves, n_ranks - 1, n_ranks);
    int64_t a = first.end - first.begin, b = last.end - last.begin;
    return a > b ? a : b;
}

size_t reduce_unit(size_t total) {
    size_t unit = (total + UNITS_MAX - 1) / UNITS_MAX;
    return (unit + UNIT_FLOATS - 1) / UNIT_FLOATS * UNIT_FLOATS;
}

static Share floats_of_units(const Reduce *reduce, Share units) {
    int64_t unit = (int64_t)reduce->unit, total = (int64_t)reduce->total;
    Share floats = {.begin = units.begin * unit, .end = units.end * unit};
    if (floats.begin > total) floats.begin = total;
    if (floats.end > total) floats.end = total;
    return floats;
}

/* What `rank` is left with after `steps` halvings: bit k of the rank chooses a half in step k. */
static Share tree_range(const Reduce *reduce, int rank, int steps) {
    Share units = {.begin = 0, .end = (int64_t)((reduce->total + reduce->unit - 1) / reduce->unit)};
    for (int k = 0; k < steps; k++) {
        int64_t middle = units.begin + (units.end - units.begin) / 2;
        if (rank >> k & 1)
            units.begin = middle;
        else
            units.end = middle;
    }
    return floats_of_units(reduce, units);
}

static Share mpi_range(const Reduce *reduce, int rank) {
    int64_t n_units = (int64_t)((reduce->total + reduce->unit - 1) / reduce->unit);
    return floats_of_units(reduce, share_block(n_units, rank, reduce->par->n_ranks));
}

/* The window can take the lowest steps of the tree where nodes hold aligned, equal, power-of-two blocks of ranks. */
static int window_bits_all(const Par *par) {
    int fits = par->node_ranks > 1 && power_of_two(par->node_ranks) && par->rank % par->node_ranks == par->node_rank &&
               par->node_ranks * par->n_nodes == par->n_ranks;
    bool everywhere = agree_sum_all(fits, par, "gradient exchange") == par->n_ranks;
    return everywhere ? log2_of(par->node_ranks) : 0;
}

/* Two windows, or none on any rank: a small /dev/shm is no reason to fail. */
static void try_windows_all(Reduce *reduce) {
    const Par *par = reduce->par;
    reduce->window_bits = window_bits_all(par);
    if (!reduce->window_bits) return;
    size_t bytes = reduce->total * sizeof(float);
    bool whole = window_new_all(&reduce->grad_window, par, bytes, WINDOW_EACH) &&
                 window_new_all(&reduce->param_window, par, bytes, WINDOW_ONE);
    if (agree_sum_all(whole, par, "gradient exchange") == par->n_ranks) return;
    log_detail("gradient exchange: no shared memory for %zu bytes a rank, using messages", bytes);
    window_free_all(&reduce->param_window);
    window_free_all(&reduce->grad_window);
    reduce->window_bits = 0;
}

static Err take_memory(Reduce *reduce) {
    reduce->requests = calloc(2 * (size_t)reduce->par->n_ranks, sizeof(MPI_Request));
    if (!reduce->requests) return RAISE(ERR_MEMORY, "gradient exchange: no memory");
    size_t vector = reduce->grad_window ? 0 : reduce->total;
    size_t bytes = (2 * vector + 2 * PIECE_FLOATS) * sizeof(float) + 1024;
    TRY(arena_alloc(&reduce->arena, bytes, "gradient exchange"));
    reduce->piece = arena_floats(&reduce->arena, 2 * PIECE_FLOATS);
    reduce->grads = vector ? arena_floats(&reduce->arena, vector)
                           : window_at(reduce->grad_window, reduce->par->node_rank);
    reduce->params = vector ? arena_floats(&reduce->arena, vector) : window_at(reduce->param_window, 0);
    return ERR_NONE;
}

CHECKED Err reduce_new_all(Reduce **out, const Par *par, ReduceKind kind, size_t total) {
    ASSERT(kind != REDUCE_AUTO && total > 0 && total < INT_MAX);
    Err err = ERR_NONE;
    Reduce *reduce = calloc(1, sizeof(*reduce));
    if (!reduce) err = RAISE(ERR_MEMORY, "gradient exchange: no memory");
    TRY_OR(failed, err_agree_all(err, par, "gradient exchange"));
    reduce->par = par;
    reduce->kind = kind;
    reduce->total = total;
    reduce->unit = reduce_unit(total);
    bool tree = kind == REDUCE_TREE;
    ASSERT(tree || par->n_ranks <= PIECE_FLOATS);
    if (tree) reduce->bits = log2_of(par->n_ranks);
    if (tree && par->n_ranks > 1) try_windows_all(reduce);
    reduce->slice = tree ? tree_range(reduce, par->rank, reduce->bits) : mpi_range(reduce, par->rank);
    TRY_OR(failed, err_agree_all(take_memory(reduce), par, "gradient exchange"));
    *out = reduce;
    return ERR_NONE;
failed:
    reduce_free_all(&reduce);
    return err;
}

void reduce_free_all(Reduce **reduce) {
    if (!*reduce) return;
    window_free_all(&(*reduce)->param_window);
    window_free_all(&(*reduce)->grad_window);
    arena_free(&(*reduce)->arena);
    free((*reduce)->requests);
    free(*reduce);
    *reduce = NULL;
}

size_t reduce_bytes(size_t total) {
    return (2 * total + 2 * PIECE_FLOATS) * sizeof(float);
}
float *reduce_grads(Reduce *reduce) {
    return reduce->grads;
}
float *reduce_params(const Reduce *reduce) {
    return reduce->params;
}
Share reduce_slice(const Reduce *reduce) {
    return reduce->slice;
}
bool reduce_uses_window(const Reduce *reduce) {
    return reduce->window_bits > 0;
}

static void add(float *restrict sum, const float *restrict other, int64_t count) {
    for (int64_t i = 0; i < count; i++) sum[i] += other[i];
}

static int piece_count(Share range, int64_t done) {
    int64_t left = range.end - range.begin - done;
    return left <= 0 ? 0 : left < PIECE_FLOATS ? (int)left : PIECE_FLOATS;
}

/* Gives `partner` n_sent floats and takes n_received. */
static void swap_floats(const Reduce *reduce, int partner, const float *sent, int n_sent, float *received,
                        int n_received) {
    const Par *par = reduce->par;
    MPI_Request both[2];
    MPI_Irecv(received, n_received, MPI_FLOAT, partner, TAG_EXCHANGE, par->comm, &both[0]);
    MPI_Isend(sent, n_sent, MPI_FLOAT, partner, TAG_EXCHANGE, par->comm, &both[1]);
    par_wait_exchange(both, 2, par, phase);
}

/* Nothing can be agreed on in the middle of the exchange: what fails there ends the run at once. */
static void fail_if(bool failed, const Reduce *reduce) {
    if (!failed) return;
    log_last("rank %d: %s: injected fault", reduce->par->rank, phase);
    MPI_Abort(reduce->par->comm, err_exit_code(ERR_INTERNAL));
}

/* Step k between nodes: give the partner its half, add what it has of ours. Addition commutes, so both orders of a pair
 * give the same bits. */
static void scatter_step_all(Reduce *reduce, int k) {
    int partner = reduce->par->rank ^ (1 << k);
    Share mine = tree_range(reduce, reduce->par->rank, k + 1), theirs = tree_range(reduce, partner, k + 1);
    for (int64_t done = 0; piece_count(mine, done) || piece_count(theirs, done); done += PIECE_FLOATS) {
        int receive = piece_count(mine, done), send = piece_count(theirs, done);
        fail_if(fault_hit("exchange.scatter"), reduce);
        swap_floats(reduce, partner, reduce->grads + theirs.begin + done, send, reduce->piece, receive);
        add(reduce->grads + mine.begin + done, reduce->piece, receive);
    }
}

/* The same step backwards: swap the halves of params. */
static void gather_step_all(Reduce *reduce, int k) {
    int partner = reduce->par->rank ^ (1 << k);
    Share mine = tree_range(reduce, reduce->par->rank, k + 1), theirs = tree_range(reduce, partner, k + 1);
    for (int64_t done = 0; piece_count(mine, done) || piece_count(theirs, done); done += PIECE_FLOATS) {
        fail_if(fault_hit("exchange.gather"), reduce);
        swap_floats(reduce, partner, reduce->params + mine.begin + done, piece_count(mine, done),
                    reduce->params + theirs.begin + done, piece_count(theirs, done));
    }
}

/* ---- without a tree: every rank gives every other its slice, in rounds ---- */

/* A round is `round_floats` of each slice, so that the rows that arrive for ours fit in `piece`. */
static int64_t round_floats(const Reduce *reduce) {
    int64_t share = 2 * PIECE_FLOATS / reduce->par->n_ranks;
    return share > 0 ? share : 1;
}

static int64_t longest_slice(const Reduce *reduce) {
    int64_t longest = 0;
    for (int r = 0; r < reduce->par->n_ranks; r++) {
        Share slice = mpi_range(reduce, r);
        if (slice.end - slice.begin > longest) longest = slice.end - slice.begin;
    }
    return longest;
}

/* What the round that begins `done` floats into each slice moves of this one. */
static Share of_round(const Reduce *reduce, Share slice, int64_t done) {
    int64_t left = slice.end - slice.begin - done, round = round_floats(reduce);
    if (left <= 0) return (Share){slice.end, slice.end};
    return (Share){slice.begin + done, slice.begin + done + (left < round ? left : round)};
}

/* Where row i of those stands that are left when the neighbors are added. */
static int64_t row_left(int i, int first, int beyond) {
    if (i < first) return i;
    return i < first + beyond ? 2 * i - first : i + beyond;
}

/* The sum of `n` rows of `count` floats, `stride` apart, in the first: ranks beyond a power of two are added to their
 * neighbors, then the upper half to the lower. Three ranks add the last two first. It is the order of Open MPI's
 * reduce-scatter, which older runs were summed with. */
static void add_rows(float *rows, int64_t stride, int64_t count, int n) {
    int power = (int)next_power_of_two(n / 2 + 1), beyond = n - power;
    int first = n == 3 ? 1 : 0; /* rows before it have no neighbor added */
    for (int i = 0; i < beyond; i++) {
        float *row = rows + (first + 2 * i) * stride;
        add(row, row + stride, count);
    }
    for (int half = power / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) {
            float *low = rows + row_left(i, first, beyond) * stride;
            add(low, rows + row_left(i + half, first, beyond) * stride, count);
        }
}

static void scatter_slices_all(Reduce *reduce) {
    const Par *par = reduce->par;
    int64_t round = round_floats(reduce), longest = longest_slice(reduce);
    for (int64_t done = 0; done < longest; done += round) {
        Share mine = of_round(reduce, reduce->slice, done);
        int64_t count = mine.end - mine.begin;
        int n = 0;
        for (int r = 0; r < par->n_ranks; r++) {
            if (r == par->rank) continue;
            Share theirs = of_round(reduce, mpi_range(reduce, r), done);
            MPI_Irecv(reduce->piece + r * round, (int)count, MPI_FLOAT, r, TAG_EXCHANGE, par->comm,
                      &reduce->requests[n++]);
            MPI_Isend(reduce->grads + theirs.begin, (int)(theirs.end - theirs.begin), MPI_FLOAT, r, TAG_EXCHANGE,
                      par->comm, &reduce->requests[n++]);
        }
        fail_if(fault_hit("exchange.scatter"), reduce);
        memcpy(reduce->piece + par->rank * round, reduce->grads + mine.begin, (size_t)count * sizeof(float));
        par_wait_exchange(reduce->requests, n, par, phase);
        add_rows(reduce->piece, round, count, par->n_ranks);
        memcpy(reduce->grads + mine.begin, reduce->piece, (size_t)count * sizeof(float));
    }
}

static void gather_slices_all(Reduce *reduce) {
    const Par *par = reduce->par;
    int64_t longest = longest_slice(reduce);
    for (int64_t done = 0; done < longest; done += round_floats(reduce)) {
        Share mine = of_round(reduce, reduce->slice, done);
        int n = 0;
        for (int r = 0; r < par->n_ranks; r++) {
            if (r == par->rank) continue;
            Share theirs = of_round(reduce, mpi_range(reduce, r), done);
            MPI_Irecv(reduce->params + theirs.begin, (int)(theirs.end - theirs.begin), MPI_FLOAT, r, TAG_EXCHANGE,
                      par->comm, &reduce->requests[n++]);
            MPI_Isend(reduce->params + mine.begin, (int)(mine.end - mine.begin), MPI_FLOAT, r, TAG_EXCHANGE, par->comm,
                      &reduce->requests[n++]);
        }
        fail_if(fault_hit("exchange.gather"), reduce);
        par_wait_exchange(reduce->requests, n, par, phase);
    }
}

void reduce_scatter_all(Reduce *reduce) {
    if (reduce->par->n_ranks == 1) return;
    if (reduce->kind == REDUCE_MPI) {
        scatter_slices_all(reduce);
        return;
    }
    if (reduce->window_bits) {
        window_barrier_all(reduce->grad_window);
        fail_if(fault_hit("exchange.scatter"), reduce);
        window_sum(reduce->grad_window, tree_range(reduce, reduce->par->rank, reduce->window_bits));
    }
    for (int k = reduce->window_bits; k < reduce->bits; k++) scatter_step_all(reduce, k);
}

void reduce_gather_all(Reduce *reduce) {
    if (reduce->par->n_ranks == 1) return;
    if (reduce->kind == REDUCE_MPI) {
        gather_slices_all(reduce);
        return;
    }
    for (int k = reduce->bits - 1; k >= reduce->window_bits; k--) gather_step_all(reduce, k);
    if (!reduce->window_bits) return;
    fail_if(fault_hit("exchange.gather"), reduce);
    window_barrier_all(reduce->param_window);
}

void reduce_disjoint_all(double *values, int count, const Par *par) {
    if (par->n_ranks == 1) return;
    MPI_Request sum;
    MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, par->comm, &sum);
    par_wait_exchange(&sum, 1, par, "loss and gradient norm");
}
