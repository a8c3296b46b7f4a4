/* The life of an exchange: its memory, its sections, its steps.
 *
 * A step, seen from one rank:
 *   compute   its leaves add up to pieces, a vector each, in its part of the window (or in memory of its own);
 *   scatter   barrier of the node; then the rank adds its range over all pieces of the node, and between nodes
 *             messages bring the rest: at the end `grads` holds the sum of the rank's slice;
 *   update    of that slice of params, by the caller;
 *   gather    slices of params travel backwards; barrier of the node.
 * The two barriers are all that the ranks of one node need: what is written before one is read after it, and no two
 * ranks write the same floats in between.
 *
 * Rows of vectors: piece k of this rank is vectors + k * row_floats. Units, slices and ranges count from the beginning
 * of a vector, never from a piece. */
#include "par/reduce.h"

#include "base/failure/fault.h"
#include "base/system/log.h"
#include "par/agree.h"
#include "par/internal/halving.h"
#include "par/internal/slices.h"
#include "par/internal/wait.h"

#include <limits.h>

enum {
    UNIT_FLOATS = 1024, /* smallest unit */
    UNITS_MAX = 4096,   /* of a vector, so that per-unit sums stay a small message */
};

/* Rounded up, so that there are at most UNITS_MAX and the last may be short. */
size_t reduce_unit(size_t total) {
    size_t unit = (total + UNITS_MAX - 1) / UNITS_MAX;
    return (unit + UNIT_FLOATS - 1) / UNIT_FLOATS * UNIT_FLOATS;
}

/* ---- memory ---- */

/* Two windows, or none on any rank: a small /dev/shm is no reason to fail. */
static void try_windows_all(Reduce *reduce) {
    const Par *par = reduce->par;
    if (reduce->plan.kind != REDUCE_TREE || par->n_ranks == 1) return;
    if (agree_max_all(par->node_ranks, par, exchange_phase) == 1) return;
    size_t vector = exchange_row_floats(reduce->total) * sizeof(float);
    bool whole = window_new_all(&reduce->grad_window, par, (size_t)reduce->n_vectors * vector, WINDOW_EACH) &&
                 window_new_all(&reduce->param_window, par, vector, WINDOW_ONE);
    if (agree_sum_all(whole, par, exchange_phase) == par->n_ranks) return;
    log_detail("gradient exchange: no shared memory for %d times %zu bytes a rank, using messages", reduce->n_vectors,
               vector);
    window_free_all(&reduce->param_window);
    window_free_all(&reduce->grad_window);
}

/* halving needs a place for a piece that arrives; slices take their buffers themselves. A rank without leaves has a
 * vector all the same, for its slice of the sum. */
static Err take_memory(Reduce *reduce) {
    size_t row = exchange_row_floats(reduce->total), vectors = reduce->grad_window ? 0 : (size_t)reduce->n_vectors + 1;
    TRY(arena_alloc(&reduce->arena, (vectors * row + 2 * PIECE_FLOATS) * sizeof(float) + 1024, "gradient exchange"));
    reduce->piece = arena_floats(&reduce->arena, 2 * PIECE_FLOATS);
    if (vectors) {
        reduce->vectors = arena_floats(&reduce->arena, (size_t)reduce->n_vectors * row);
        reduce->params = arena_floats(&reduce->arena, row);
    } else {
        reduce->vectors = window_at(reduce->grad_window, reduce->par->node_rank);
        reduce->params = window_at(reduce->param_window, 0);
    }
    return ERR_NONE;
}

/* As take_memory and slices. */
size_t reduce_bytes(size_t total, const ReducePlan *plan, int rank, int node_ranks) {
    Share pieces[LEAF_PIECES_MAX];
    int n_pieces = reduce_pieces(pieces, plan, rank);
    size_t vectors = (size_t)(n_pieces ? n_pieces : 1) + 1, buffers = 2 * PIECE_FLOATS;
    if (!halving_fits(plan, node_ranks)) buffers += slices_floats(plan, rank, node_ranks);
    return (vectors * exchange_row_floats(total) + buffers) * sizeof(float);
}

/* ---- what the site has ---- */

typedef struct {
    Share node;
    const float *row;
} SiteRow;

static int by_first_leaf(const void *a, const void *b) {
    int64_t x = ((const SiteRow *)a)->node.begin, y = ((const SiteRow *)b)->node.begin;
    return (x > y) - (x < y);
}

/* Only ranks of this site are asked for: without a window that is this rank alone. */
static const float *vectors_of(const Reduce *reduce, int rank) {
    return reduce->grad_window ? window_at(reduce->grad_window, reduce->sites.index[rank]) : reduce->vectors;
}

/* Every piece of the site's ranks, in order of leaves, whoever has it: what treesum wants its rows in. */
static void list_rows(SiteRow *rows, const Reduce *reduce) {
    Share pieces[LEAF_PIECES_MAX];
    int n = 0;
    for (int i = 0; i < sites_size(&reduce->sites, reduce->sites.mine); i++) {
        int rank = sites_member(&reduce->sites, reduce->sites.mine, i);
        int n_pieces = reduce_pieces(pieces, &reduce->plan, rank);
        for (int k = 0; k < n_pieces; k++)
            rows[n++] = (SiteRow){pieces[k], vectors_of(reduce, rank) + (size_t)k * exchange_row_floats(reduce->total)};
    }
    qsort(rows, (size_t)n, sizeof *rows, by_first_leaf);
}

/* The order in which the site adds, found once: pieces and their places never change. */
static Err find_site_rows(Reduce *reduce) {
    Share pieces[LEAF_PIECES_MAX];
    for (int i = 0; i < sites_size(&reduce->sites, reduce->sites.mine); i++)
        reduce->n_site_rows +=
            reduce_pieces(pieces, &reduce->plan, sites_member(&reduce->sites, reduce->sites.mine, i));
    size_t n = (size_t)reduce->n_site_rows + 1;
    SiteRow *rows = calloc(n, sizeof *rows);
    reduce->site_nodes = calloc(n, sizeof *reduce->site_nodes);
    reduce->site_rows = calloc(n, sizeof *reduce->site_rows);
    Err err = ERR_NONE;
    if (!rows || !reduce->site_nodes || !reduce->site_rows) err = RAISE(ERR_MEMORY, "gradient exchange: no memory");
    if (!err) list_rows(rows, reduce);
    for (int i = 0; !err && i < reduce->n_site_rows; i++) {
        reduce->site_nodes[i] = rows[i].node;
        reduce->site_rows[i] = rows[i].row;
    }
    free(rows);
    TRY(err);
    if (reduce->plan.kind == REDUCE_MPI) return treesum_new_ranks(&reduce->site_sum, 1, reduce->par->threads);
    return treesum_new(&reduce->site_sum, reduce->site_nodes, reduce->n_site_rows, reduce->plan.leaves.n_leaves,
                       reduce->par->threads);
}

/* ---- sections and slices ---- */

/* As many as leave a slice of a section some units; one where others of the site would have to be final too, or where
 * ranks without leaves would make messages of nothing but latency. */
static int count_sections(const Reduce *reduce) {
    const Par *par = reduce->par;
    const ReducePlan *plan = &reduce->plan;
    if (!plan->early || plan->kind != REDUCE_TREE || par->n_ranks == 1 || reduce->sites.n_sites < par->n_ranks)
        return 1;
    if (plan->leaves.n_leaves < par->n_ranks) return 1;
    int64_t n = exchange_n_units(reduce) / par->n_ranks;
    return n < 1 ? 1 : n > REDUCE_SECTIONS_MAX ? REDUCE_SECTIONS_MAX : (int)n;
}

static void cut_sections(Reduce *reduce) {
    reduce->n_sections = count_sections(reduce);
    for (int s = 0; s < reduce->n_sections; s++)
        reduce->sections[s] = share_block(exchange_n_units(reduce), s, reduce->n_sections);
}

static void find_slices(Reduce *reduce) {
    for (int s = 0; s < reduce->n_sections; s++)
        reduce->slices_own[s] = reduce_halves(reduce) ? halving_slice(reduce)
                                                      : slices_of_rank(reduce, s, reduce->par->rank);
}

int reduce_n_sections(const Reduce *reduce) {
    return reduce->n_sections;
}
Share reduce_section(const Reduce *reduce, int section) {
    return exchange_floats_of_units(reduce, reduce->sections[section]);
}
const Share *reduce_slices(const Reduce *reduce, int *count) {
    *count = reduce->n_sections;
    return reduce->slices_own;
}

/* ---- life ---- */

/* After the sites are known: what a rank adds depends on who shares its memory. */
static Err open_locally(Reduce *reduce) {
    TRY(take_memory(reduce));
    TRY(find_site_rows(reduce));
    cut_sections(reduce);
    halving_plan(reduce);
    return ERR_NONE;
}

/* MPI counts in int, so vectors end below 2^31 floats. Every step that may fail on one rank ends in an agreement; a
 * window that cannot be had does not fail but is done without, on all ranks. */
CHECKED Err reduce_new_all(Reduce **out, const Par *par, const ReducePlan *plan, size_t total) {
    ASSERT(plan->kind != REDUCE_AUTO && plan->leaves.n_ranks == par->n_ranks && total > 0 && total < INT_MAX);
    Share pieces[LEAF_PIECES_MAX];
    Err err = ERR_NONE;
    Reduce *reduce = calloc(1, sizeof(*reduce));
    if (!reduce) err = RAISE(ERR_MEMORY, "gradient exchange: no memory");
    TRY_OR(failed, err_agree_all(err, par, exchange_phase));
    reduce->par = par;
    reduce->plan = *plan;
    reduce->total = total;
    reduce->unit = reduce_unit(total);
    reduce->n_pieces = reduce_pieces(pieces, plan, par->rank);
    reduce->n_vectors = reduce->n_pieces ? reduce->n_pieces : 1;
    try_windows_all(reduce);
    TRY_OR(failed, sites_new_all(&reduce->sites, par, reduce->grad_window != NULL));
    TRY_OR(failed, err_agree_all(open_locally(reduce), par, exchange_phase));
    if (!reduce_halves(reduce)) TRY_OR(failed, slices_new_all(&reduce->slices, reduce));
    find_slices(reduce);
    *out = reduce;
    return ERR_NONE;
failed:
    reduce_free_all(&reduce);
    return err;
}

void reduce_free_all(Reduce **out) {
    Reduce *reduce = *out;
    if (!reduce) return;
    slices_free(&reduce->slices);
    wire_free(&reduce->wire);
    treesum_free(&reduce->site_sum);
    free(reduce->site_nodes);
    free((void *)reduce->site_rows);
    sites_free(&reduce->sites);
    window_free_all(&reduce->param_window);
    window_free_all(&reduce->grad_window);
    arena_free(&reduce->arena);
    free(reduce);
    *out = NULL;
}

float *reduce_piece(Reduce *reduce, int piece) {
    ASSERT(piece >= 0 && piece < reduce->n_vectors);
    return reduce->vectors + (size_t)piece * exchange_row_floats(reduce->total);
}
float *reduce_grads(Reduce *reduce) {
    return reduce->vectors;
}
float *reduce_params(const Reduce *reduce) {
    return reduce->params;
}
bool reduce_uses_window(const Reduce *reduce) {
    return reduce->grad_window != NULL;
}
bool reduce_halves(const Reduce *reduce) {
    return reduce->bits >= 0;
}
int64_t reduce_sent_bytes(const Reduce *reduce) {
    return reduce->sent_bytes;
}

/* ---- an exchange ---- */

/* One rank has one piece, the whole tree. */
void reduce_scatter_all(Reduce *reduce) {
    if (reduce->par->n_ranks == 1) return;
    if (reduce->grad_window) window_barrier_all(reduce->grad_window);
    reduce_halves(reduce) ? halving_scatter_all(reduce) : slices_scatter_all(reduce);
}

void reduce_ready(Reduce *reduce, int section, Team *team) {
    if (reduce->n_sections > 1) slices_ready(reduce, section, team);
}

CHECKED Err reduce_shorten(Reduce *reduce, const ReduceShort *how) {
    ASSERT(!reduce->wire);
    return wire_new(&reduce->wire, how, reduce->par->threads);
}

static void gather_all(Reduce *reduce, const Wire *wire) {
    if (reduce->par->n_ranks == 1) return;
    /* others of the node read this rank's gradients in the sum, and not after it */
    if (wire && reduce->grad_window) window_barrier_all(reduce->grad_window);
    reduce_halves(reduce) ? halving_gather_all(reduce, wire) : slices_gather_all(reduce, wire);
    if (!reduce->param_window) return;
    exchange_fail_if(fault_hit("exchange.gather"), reduce);
    window_barrier_all(reduce->param_window);
}

void reduce_gather_all(Reduce *reduce) {
    gather_all(reduce, NULL);
}

void reduce_gather_short_all(Reduce *reduce) {
    gather_all(reduce, reduce->wire);
}

void reduce_disjoint_all(double *values, int count, const Par *par) {
    if (par->n_ranks == 1) return;
    MPI_Request sum;
    MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, par->comm, &sum);
    par_wait_exchange(&sum, 1, par, "loss and gradient norm");
}
