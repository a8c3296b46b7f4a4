/* The exchange for any number of sites of any sizes: the slice of every site's sums goes to the slice's owner, who adds
 * in the order of the tree. See par/reduce.h.
 *
 * A chunk of all slices travels at a time: while one is added, the next is on its way into the other half of the
 * buffer. Rows are the nodes that the sites have: those of the own site are read where its ranks have them (the owner
 * adds these, too), those of other sites arrive in the buffer. What leaves a site of several ranks is added up first,
 * by the helper that answers for the site (par/sites). */
#include "par/internal/exchange.h"

#include "base/failure/fault.h"
#include "par/agree.h"

enum {
    BUFFER_FLOATS = 1 << 23, /* of both halves together, unless rows are very many */
    CHUNK_MIN = 1024,
};

typedef struct {
    Share node;
    int sender;   /* -1: of this site */
    int position; /* in the buffer, or in the site's rows */
} Row;

struct Slices {
    Row *rows;
    int n_rows, n_received;
    int *peers, n_peers;     /* who answers for the other sites to this rank: the next site first */
    int *targets, n_targets; /* ranks of other sites to whom this one answers for its site */
    int n_outputs;           /* of the site */
    TreeSum *sum;
    const float **row_at;
    float **output_at;
    int64_t chunk;
    float *buffer[2]; /* (n_received + n_staged, chunk) each */
    MPI_Request *requests[2];
    int n_requests[2];
    Arena arena;
};

/* Slices in order of ranks, whole units. */
Share slices_of_rank(const Reduce *reduce, int rank) {
    return exchange_floats_of_units(reduce, share_block(exchange_n_units(reduce), rank, reduce->par->n_ranks));
}

size_t slices_floats(void) {
    return BUFFER_FLOATS;
}

/* ---- who sends what to whom ---- */

static int by_first_leaf(const void *a, const void *b) {
    int64_t x = ((const Share *)a)->begin, y = ((const Share *)b)->begin;
    return (x > y) - (x < y);
}

static int row_by_first_leaf(const void *a, const void *b) {
    return by_first_leaf(&((const Row *)a)->node, &((const Row *)b)->node);
}

/* The nodes that another site's pieces add up to: nodes has room for all of them. */
static Err nodes_of_site(Share *nodes, int *n_nodes, const Reduce *reduce, int site) {
    const Sites *sites = &reduce->sites;
    int n = 0;
    for (int i = 0; i < sites_size(sites, site); i++)
        n += reduce_pieces(nodes + n, &reduce->plan, sites_member(sites, site, i));
    *n_nodes = n;
    if (sites_size(sites, site) == 1) return ERR_NONE;
    TreeSum *sum = NULL;
    qsort(nodes, (size_t)n, sizeof *nodes, by_first_leaf);
    TRY(treesum_new(&sum, nodes, n, reduce->plan.leaves.n_leaves, 1));
    *n_nodes = treesum_n_outputs(sum);
    memcpy(nodes, treesum_outputs(sum), (size_t)*n_nodes * sizeof *nodes);
    treesum_free(&sum);
    return ERR_NONE;
}

/* All rows of the owner's sum: from other sites, in the order in which they arrive, and from the own one; then in order
 * of leaves. A row keeps where it lies. `nodes` is scratch with room for all. */
static Err list_rows(Slices *s, const Reduce *reduce, Share *nodes) {
    const Sites *sites = &reduce->sites;
    for (int site = 0; site < sites->n_sites; site++) {
        int n;
        if (site == sites->mine) continue;
        TRY(nodes_of_site(nodes, &n, reduce, site));
        for (int i = 0; i < n; i++)
            s->rows[s->n_rows++] = (Row){
                .node = nodes[i], .sender = sites_helper(sites, site, reduce->par->rank), .position = s->n_received++};
    }
    for (int i = 0; i < reduce->n_site_rows; i++)
        s->rows[s->n_rows++] = (Row){.node = reduce->site_nodes[i], .sender = -1, .position = i};
    qsort(s->rows, (size_t)s->n_rows, sizeof *s->rows, row_by_first_leaf);
    for (int i = 0; i < s->n_rows; i++) nodes[i] = s->rows[i].node;
    if (reduce->plan.kind == REDUCE_MPI) return treesum_new_ranks(&s->sum, s->n_rows, reduce->par->threads);
    return treesum_new(&s->sum, nodes, s->n_rows, reduce->plan.leaves.n_leaves, reduce->par->threads);
}

/* Beginning with the next site, so that ranks do not all send to the same one first. */
static void list_partners(Slices *s, const Reduce *reduce) {
    const Sites *sites = &reduce->sites;
    int rank = reduce->par->rank;
    for (int i = 1; i < sites->n_sites; i++) {
        int site = (sites->mine + i) % sites->n_sites;
        s->peers[s->n_peers++] = sites_helper(sites, site, rank);
        for (int k = 0; k < sites_size(sites, site); k++) {
            int other = sites_member(sites, site, k);
            if (sites_helper(sites, sites->mine, other) == rank) s->targets[s->n_targets++] = other;
        }
    }
}

/* A site of several ranks adds what it sends, into the buffer; one rank sends its pieces as they lie. */
static bool is_staged(const Reduce *reduce) {
    return sites_size(&reduce->sites, reduce->sites.mine) > 1;
}

/* What arrives, and what is added up to be sent. */
static int64_t buffer_rows(const Slices *s, const Reduce *reduce) {
    return s->n_received + (is_staged(reduce) ? (int64_t)s->n_targets * s->n_outputs : 0);
}

/* Who has which leaves is known everywhere (par/leaves), so that nobody has to be asked what will be sent. */
static Err plan_locally(Slices *s, const Reduce *reduce) {
    size_t n_ranks = (size_t)reduce->par->n_ranks, rows = (size_t)leaves_count_pieces(&reduce->plan.leaves) + n_ranks;
    Share *nodes = calloc(rows + LEAF_PIECES_MAX, sizeof *nodes);
    s->rows = calloc(rows, sizeof *s->rows);
    s->peers = calloc(n_ranks, sizeof *s->peers);
    s->targets = calloc(n_ranks, sizeof *s->targets);
    Err err = ERR_NONE;
    if (!nodes || !s->rows || !s->peers || !s->targets)
        err = RAISE(ERR_MEMORY, "gradient exchange: no memory for what %zu ranks send each other", n_ranks);
    if (!err) err = list_rows(s, reduce, nodes);
    if (!err) list_partners(s, reduce);
    s->n_outputs = treesum_n_outputs(reduce->site_sum);
    free(nodes);
    return err;
}

/* `moved`: most messages that are under way in one half of the buffer. */
static Err take_memory(Slices *s, const Reduce *reduce) {
    size_t rows = (size_t)buffer_rows(s, reduce), floats = 2 * (rows * (size_t)s->chunk + 16);
    size_t moved = (size_t)s->n_received + (size_t)s->n_targets * (size_t)(s->n_outputs + 1) + (size_t)s->n_peers;
    s->row_at = calloc((size_t)s->n_rows + 1, sizeof *s->row_at);
    s->output_at = calloc((size_t)s->n_outputs + 1, sizeof *s->output_at);
    for (int half = 0; half < 2; half++) s->requests[half] = calloc(moved + 1, sizeof *s->requests[half]);
    if (!s->row_at || !s->output_at || !s->requests[0] || !s->requests[1])
        return RAISE(ERR_MEMORY, "gradient exchange: no memory for %zu messages", moved);
    if (!rows) return ERR_NONE;
    TRY(arena_alloc(&s->arena, floats * sizeof(float) + 1024, "gradient exchange"));
    for (int half = 0; half < 2; half++) s->buffer[half] = arena_floats(&s->arena, rows * (size_t)s->chunk);
    return ERR_NONE;
}

/* Alike on all ranks: messages must be as long as they are expected. */
static int64_t chunk_floats(int64_t most_rows) {
    int64_t chunk = most_rows ? BUFFER_FLOATS / 2 / most_rows / 16 * 16 : PIECE_FLOATS;
    return chunk < CHUNK_MIN ? CHUNK_MIN : chunk < PIECE_FLOATS ? chunk : PIECE_FLOATS;
}

CHECKED Err slices_new_all(Slices **out, Reduce *reduce) {
    Err err = ERR_NONE;
    Slices *s = calloc(1, sizeof *s);
    if (!s) err = RAISE(ERR_MEMORY, "gradient exchange: no memory");
    if (!err) err = plan_locally(s, reduce);
    TRY_OR(failed, err_agree_all(err, reduce->par, "gradient exchange"));
    s->chunk = chunk_floats(agree_max_all(buffer_rows(s, reduce), reduce->par, "gradient exchange"));
    TRY_OR(failed, err_agree_all(take_memory(s, reduce), reduce->par, "gradient exchange"));
    *out = s;
    return ERR_NONE;
failed:
    slices_free(&s);
    return err;
}

void slices_free(Slices **out) {
    Slices *s = *out;
    if (!s) return;
    treesum_free(&s->sum);
    free(s->rows);
    free(s->peers);
    free(s->targets);
    free((void *)s->row_at);
    free(s->output_at);
    for (int half = 0; half < 2; half++) free(s->requests[half]);
    arena_free(&s->arena);
    free(s);
    *out = NULL;
}

/* ---- an exchange ---- */

/* Chunk k of the slice of `rank`, of which the last ones may be short or empty. */
static Share chunk_of(const Reduce *reduce, int rank, int64_t k, int64_t floats) {
    Share slice = slices_of_rank(reduce, rank);
    int64_t begin = slice.begin + k * floats, end = begin + floats;
    if (begin > slice.end) begin = slice.end;
    return (Share){begin, end < slice.end ? end : slice.end};
}

/* Of the longest slice: all ranks take as many turns, or a message would find nobody. */
static int64_t n_chunks(const Reduce *reduce, int64_t floats) {
    int64_t longest = 0;
    for (int r = 0; r < reduce->par->n_ranks; r++) {
        Share slice = slices_of_rank(reduce, r);
        if (slice.end - slice.begin > longest) longest = slice.end - slice.begin;
    }
    return (longest + floats - 1) / floats;
}

static void receive(float *into, Share chunk, int rank, int half, const Reduce *reduce) {
    Slices *s = reduce->slices;
    if (chunk.end > chunk.begin)
        MPI_Irecv(into, (int)(chunk.end - chunk.begin), MPI_FLOAT, rank, TAG_EXCHANGE, reduce->par->comm,
                  &s->requests[half][s->n_requests[half]++]);
}

static void send(const float *from, Share chunk, int rank, int half, Reduce *reduce) {
    Slices *s = reduce->slices;
    if (chunk.end > chunk.begin)
        MPI_Isend(from, (int)(chunk.end - chunk.begin), MPI_FLOAT, rank, TAG_EXCHANGE, reduce->par->comm,
                  &s->requests[half][s->n_requests[half]++]);
    reduce->sent_floats += chunk.end - chunk.begin;
}

/* Row by row, in the order of leaves, which is the one in which the owner expects a site's rows. */
static void answer(int target, int64_t k, int half, Reduce *reduce) {
    Slices *s = reduce->slices;
    int rank = s->targets[target];
    Share chunk = chunk_of(reduce, rank, k, s->chunk);
    if (!is_staged(reduce)) {
        for (int i = 0; i < reduce->n_site_rows; i++)
            send(reduce->site_rows[i] + chunk.begin, chunk, rank, half, reduce);
        return;
    }
    for (int i = 0; i < s->n_outputs; i++)
        s->output_at[i] = s->buffer[half] + (s->n_received + (int64_t)target * s->n_outputs + i) * s->chunk;
    exchange_site_sum(reduce, chunk, s->output_at);
    for (int i = 0; i < s->n_outputs; i++) send(s->output_at[i], chunk, rank, half, reduce);
}

/* Receives are posted before anything is sent, so that messages find their place and are not copied. */
static void start_chunk(int64_t k, Reduce *reduce) {
    Slices *s = reduce->slices;
    int half = (int)(k % 2);
    Share mine = chunk_of(reduce, reduce->par->rank, k, s->chunk);
    s->n_requests[half] = 0;
    for (int i = 0; i < s->n_rows; i++)
        if (s->rows[i].sender >= 0)
            receive(s->buffer[half] + s->rows[i].position * s->chunk, mine, s->rows[i].sender, half, reduce);
    exchange_fail_if(fault_hit("exchange.scatter"), reduce);
    for (int t = 0; t < s->n_targets; t++) answer(t, k, half, reduce);
}

/* The sum may lie where one of its rows does: only the last addition writes there. */
static void finish_chunk(int64_t k, Reduce *reduce) {
    Slices *s = reduce->slices;
    int half = (int)(k % 2);
    Share mine = chunk_of(reduce, reduce->par->rank, k, s->chunk);
    exchange_wait(s->requests[half], s->n_requests[half], reduce);
    for (int i = 0; i < s->n_rows; i++) {
        const Row *row = &s->rows[i];
        s->row_at[i] = row->sender >= 0 ? s->buffer[half] + row->position * s->chunk
                                        : reduce->site_rows[row->position] + mine.begin;
    }
    float *sum = reduce->vectors + mine.begin;
    treesum_run(s->sum, s->row_at, &sum, mine.end - mine.begin);
}

/* Chunk k + 1 is on its way while chunk k is added. */
void slices_scatter_all(Reduce *reduce) {
    int64_t n = n_chunks(reduce, reduce->slices->chunk);
    start_chunk(0, reduce);
    for (int64_t k = 0; k < n; k++) {
        if (k + 1 < n) start_chunk(k + 1, reduce);
        finish_chunk(k, reduce);
    }
}

/* Updated slices travel the same ways backwards, straight into place: nothing is added, so no buffer is needed. */
void slices_gather_all(Reduce *reduce) {
    Slices *s = reduce->slices;
    int64_t n = n_chunks(reduce, PIECE_FLOATS);
    for (int64_t k = 0; k < n; k++) {
        Share mine = chunk_of(reduce, reduce->par->rank, k, PIECE_FLOATS);
        s->n_requests[0] = 0;
        for (int t = 0; t < s->n_targets; t++) {
            Share theirs = chunk_of(reduce, s->targets[t], k, PIECE_FLOATS);
            receive(reduce->params + theirs.begin, theirs, s->targets[t], 0, reduce);
        }
        exchange_fail_if(fault_hit("exchange.gather"), reduce);
        for (int i = 0; i < s->n_peers; i++) send(reduce->params + mine.begin, mine, s->peers[i], 0, reduce);
        exchange_wait(s->requests[0], s->n_requests[0], reduce);
    }
}
