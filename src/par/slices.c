/* The exchange for any number of sites of any sizes: the slice of every site's sums goes to the slice's owner, who adds
 * in the order of the tree. See par/reduce.h.
 *
 * A chunk of all slices of a section travels at a time: while one is added, the next is on its way into the other half
 * of the buffer. Chunks come in one order on all ranks, sections from the last one down; each starts when a half is
 * free and its section is ready (reduce_ready), in the end all of them.
 *
 * Rows are the nodes that the sites have: those of the own site are read where its ranks have them (the owner adds
 * these, too), those of other sites arrive in the buffer. What leaves a site of several ranks is added up first, by the
 * helper that answers for the site (par/sites). */
#include "par/internal/slices.h"

#include "base/failure/fault.h"
#include "base/system/minmax.h"
#include "par/agree.h"

enum {
    BUFFER_FLOATS = 1 << 24, /* of both halves together, unless rows are very many */
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
    int64_t n_chunks, started, finished; /* of an exchange */
    int ready;                           /* the lowest section that may start; n_sections: none */
    float *buffer[2];                    /* (n_received + n_staged, chunk) each */
    MPI_Request *requests[2];
    int n_requests[2];
    Arena arena;
};

/* Chunk k of all chunks, as all ranks number them. */
typedef struct {
    int section;
    int64_t k; /* of the section */
} Place;

Share slices_of_rank(const Reduce *reduce, int section, int rank) {
    Share units = reduce->sections[section], part = share_block(units.end - units.begin, rank, reduce->par->n_ranks);
    return exchange_floats_of_units(reduce, (Share){units.begin + part.begin, units.begin + part.end});
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

/* Alike on all ranks: messages must be as long as they are expected. What leaves early is longer, a section if it can
 * be: between two looks at what has arrived no more than two chunks can. */
static int64_t chunk_floats(int64_t most_rows, bool early) {
    int64_t most = early ? 4 * PIECE_FLOATS : PIECE_FLOATS;
    int64_t chunk = most_rows ? BUFFER_FLOATS / 2 / most_rows / 16 * 16 : most;
    return chunk < CHUNK_MIN ? CHUNK_MIN : chunk < most ? chunk : most;
}

/* Pieces of the ranks [begin, end). */
static int64_t count_pieces(const ReducePlan *plan, int begin, int end) {
    Share pieces[LEAF_PIECES_MAX];
    int64_t n = 0;
    for (int rank = begin; rank < end; rank++) n += reduce_pieces(pieces, plan, rank);
    return n;
}

/* Nodes of ranks in a row. Pieces of a node may add up to fewer rows, and the most rows of any rank set the chunk: both
 * only make it less. */
size_t slices_floats(const ReducePlan *plan, int rank, int node_ranks) {
    int n_ranks = plan->leaves.n_ranks, first = rank / node_ranks * node_ranks;
    int end = min_int(first + node_ranks, n_ranks), others = n_ranks - (end - first);
    if (others == 0) return 0;
    int64_t own = count_pieces(plan, first, end), rows = count_pieces(plan, 0, n_ranks) - own;
    if (node_ranks > 1) rows += (others + node_ranks - 1) / node_ranks * own;
    bool early = plan->early && node_ranks == 1 && plan->leaves.n_leaves >= n_ranks;
    return 2 * (size_t)(rows * chunk_floats(rows, early) + 16);
}

/* ---- the order of chunks ---- */

/* Of the longest slice. */
static int64_t chunks_of_section(const Reduce *reduce, int section, int64_t floats) {
    int64_t units = reduce->sections[section].end - reduce->sections[section].begin, n_ranks = reduce->par->n_ranks;
    int64_t longest = (units + n_ranks - 1) / n_ranks * (int64_t)reduce->unit;
    return (longest + floats - 1) / floats;
}

static int64_t count_chunks(const Reduce *reduce, int64_t floats) {
    int64_t n = 0;
    for (int section = 0; section < reduce->n_sections; section++) n += chunks_of_section(reduce, section, floats);
    return n;
}

static Place place_of(const Reduce *reduce, int64_t number, int64_t floats) {
    Place place = {reduce->n_sections - 1, number};
    for (int64_t n; place.k >= (n = chunks_of_section(reduce, place.section, floats)); place.section--) place.k -= n;
    return place;
}

static Share chunk_of(const Reduce *reduce, int rank, Place place, int64_t floats) {
    Share slice = slices_of_rank(reduce, place.section, rank);
    int64_t begin = slice.begin + place.k * floats, end = begin + floats;
    if (begin > slice.end) begin = slice.end;
    return (Share){begin, end < slice.end ? end : slice.end};
}

CHECKED Err slices_new_all(Slices **out, Reduce *reduce) {
    Err err = ERR_NONE;
    Slices *s = calloc(1, sizeof *s);
    if (!s) err = RAISE(ERR_MEMORY, "gradient exchange: no memory");
    if (!err) err = plan_locally(s, reduce);
    TRY_OR(failed, err_agree_all(err, reduce->par, "gradient exchange"));
    s->chunk =
        chunk_floats(agree_max_all(buffer_rows(s, reduce), reduce->par, "gradient exchange"), reduce->n_sections > 1);
    TRY_OR(failed, err_agree_all(take_memory(s, reduce), reduce->par, "gradient exchange"));
    s->n_chunks = count_chunks(reduce, s->chunk);
    s->ready = reduce->n_sections;
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

static void receive_bytes(char *into, int64_t bytes, int rank, int half, const Reduce *reduce) {
    Slices *s = reduce->slices;
    if (bytes)
        MPI_Irecv(into, (int)bytes, MPI_BYTE, rank, TAG_EXCHANGE, reduce->par->comm,
                  &s->requests[half][s->n_requests[half]++]);
}

static void send_bytes(const char *from, int64_t bytes, int rank, int half, Reduce *reduce) {
    Slices *s = reduce->slices;
    if (bytes)
        MPI_Isend(from, (int)bytes, MPI_BYTE, rank, TAG_EXCHANGE, reduce->par->comm,
                  &s->requests[half][s->n_requests[half]++]);
    reduce->sent_bytes += bytes;
}

static int64_t bytes_of(Share chunk) {
    return (chunk.end - chunk.begin) * (int64_t)sizeof(float);
}

/* Row by row, in the order of leaves, which is the one in which the owner expects a site's rows. */
static void answer(int target, Place place, int half, Reduce *reduce) {
    Slices *s = reduce->slices;
    int rank = s->targets[target];
    Share chunk = chunk_of(reduce, rank, place, s->chunk);
    if (!is_staged(reduce)) {
        for (int i = 0; i < reduce->n_site_rows; i++)
            send_bytes((const char *)(reduce->site_rows[i] + chunk.begin), bytes_of(chunk), rank, half, reduce);
        return;
    }
    for (int i = 0; i < s->n_outputs; i++)
        s->output_at[i] = s->buffer[half] + (s->n_received + (int64_t)target * s->n_outputs + i) * s->chunk;
    exchange_site_sum(reduce, chunk, s->output_at);
    for (int i = 0; i < s->n_outputs; i++)
        send_bytes((const char *)s->output_at[i], bytes_of(chunk), rank, half, reduce);
}

/* Receives are posted before anything is sent, so that messages find their place and are not copied. */
static void start_chunk(int64_t number, Reduce *reduce) {
    Slices *s = reduce->slices;
    int half = (int)(number % 2);
    Place place = place_of(reduce, number, s->chunk);
    Share mine = chunk_of(reduce, reduce->par->rank, place, s->chunk);
    s->n_requests[half] = 0;
    for (int i = 0; i < s->n_rows; i++)
        if (s->rows[i].sender >= 0)
            receive_bytes((char *)(s->buffer[half] + s->rows[i].position * s->chunk), bytes_of(mine), s->rows[i].sender,
                          half, reduce);
    exchange_fail_if(fault_hit("exchange.scatter"), reduce);
    for (int t = 0; t < s->n_targets; t++) answer(t, place, half, reduce);
}

/* The sum may lie where one of its rows does: only the last addition writes there. shared: by the team's members,
 * inside a parallel region; else by all threads. */
static void add_chunk(int64_t number, Reduce *reduce, Team *team, bool shared) {
    Slices *s = reduce->slices;
    int half = (int)(number % 2);
    Share mine = chunk_of(reduce, reduce->par->rank, place_of(reduce, number, s->chunk), s->chunk);
    for (int i = 0; i < s->n_rows; i++) {
        const Row *row = &s->rows[i];
        s->row_at[i] = row->sender >= 0 ? s->buffer[half] + row->position * s->chunk
                                        : reduce->site_rows[row->position] + mine.begin;
    }
    float *sum = reduce->vectors + mine.begin;
    if (shared)
        treesum_run_team(s->sum, s->row_at, &sum, mine.end - mine.begin, team);
    else
        treesum_run(s->sum, s->row_at, &sum, mine.end - mine.begin);
}

static void start_what_may(Reduce *reduce) {
    Slices *s = reduce->slices;
    while (s->started < s->n_chunks && s->started < s->finished + 2 &&
           place_of(reduce, s->started, s->chunk).section >= s->ready)
        start_chunk(s->started++, reduce);
}

void slices_ready(Reduce *reduce, int section, Team *team) {
    Slices *s = reduce->slices;
    if (section < s->ready) s->ready = section;
    start_what_may(reduce);
    while (s->finished < s->started) {
        int half = (int)(s->finished % 2), done;
        MPI_Testall(s->n_requests[half], s->requests[half], &done, MPI_STATUSES_IGNORE);
        if (!done) return;
        add_chunk(s->finished++, reduce, team, true);
        start_what_may(reduce);
    }
}

/* Chunk k + 1 is on its way while chunk k is added. */
void slices_scatter_all(Reduce *reduce) {
    Slices *s = reduce->slices;
    s->ready = 0;
    for (start_what_may(reduce); s->finished < s->n_chunks; start_what_may(reduce)) {
        int half = (int)(s->finished % 2);
        exchange_wait(s->requests[half], s->n_requests[half], reduce);
        add_chunk(s->finished++, reduce, NULL, false);
    }
    s->started = s->finished = 0;
    s->ready = reduce->n_sections;
}

/* ---- back ---- */

static void start_gather(int64_t number, char *bytes, const Wire *wire, Reduce *reduce) {
    Slices *s = reduce->slices;
    int half = (int)(number % 2);
    Place place = place_of(reduce, number, PIECE_FLOATS);
    Share mine = chunk_of(reduce, reduce->par->rank, place, PIECE_FLOATS);
    int64_t at = wire_at(wire, mine.begin), length = wire_at(wire, mine.end) - at;
    s->n_requests[half] = 0;
    for (int t = 0; t < s->n_targets; t++) {
        Share theirs = chunk_of(reduce, s->targets[t], place, PIECE_FLOATS);
        int64_t from = wire_at(wire, theirs.begin);
        receive_bytes(bytes + from, wire_at(wire, theirs.end) - from, s->targets[t], half, reduce);
    }
    exchange_fail_if(fault_hit("exchange.gather"), reduce);
    for (int i = 0; i < s->n_peers; i++) send_bytes(bytes + at, length, s->peers[i], half, reduce);
}

static void read_gathered(int64_t number, const char *bytes, const Wire *wire, Reduce *reduce) {
    Slices *s = reduce->slices;
    Place place = place_of(reduce, number, PIECE_FLOATS);
    for (int t = 0; t < s->n_targets; t++)
        wire_read(wire, reduce->params, bytes, chunk_of(reduce, s->targets[t], place, PIECE_FLOATS));
}

void slices_gather_all(Reduce *reduce, const Wire *wire) {
    Slices *s = reduce->slices;
    char *bytes = exchange_gather_from(reduce, wire);
    int64_t n = count_chunks(reduce, PIECE_FLOATS);
    if (n) start_gather(0, bytes, wire, reduce);
    for (int64_t number = 0; number < n; number++) {
        if (number + 1 < n) start_gather(number + 1, bytes, wire, reduce);
        exchange_wait(s->requests[number % 2], s->n_requests[number % 2], reduce);
        if (wire) read_gathered(number, bytes, wire, reduce);
    }
}
