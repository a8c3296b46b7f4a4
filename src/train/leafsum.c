/* The tree over a rank's leaves, climbed by whoever comes: a team that has computed a leaf looks whether the sibling is
 * there, adds it and climbs on, or leaves its node waiting. Which team adds what depends on speed; which two vectors
 * are added does not, and x + y = y + x, so neither do the bits.
 *
 *   leaves  0   1   2   3   4      number in the piece
 *   width 1 o   o   o   o   o      a node of width w lies at a multiple of w; the one at `at` has its sibling at
 *   width 2 o-------o       .      at xor w, and their parent lies at the lower of the two
 *   width 4 o               .
 *   width 8 o---------------       a right half that is missing adds nothing: the node rises as it is */
#include "train/internal/leafsum.h"

#include "base/failure/shared_err.h"
#include "base/system/arena.h"
#include "base/system/minmax.h"

enum { NOBODY = -1 };

typedef struct {
    float *floats;
    int team; /* that used it last, and has its pages nearby */
    bool taken;
} Buffer;

/* The sum of `width` leaves from the one whose place in the array this is, waiting to be added. width 0: there is none.
 */
typedef struct {
    int64_t width;
    Buffer *buffer;
} Node;

/* A tree of its own: siblings meet only inside it. */
typedef struct {
    Share leaves;
    int64_t width; /* a power of two, at least the leaves */
    Buffer *out;   /* the first leaf's, and in the end the piece's: lower nodes keep their buffer */
    Node *nodes;   /* (leaves) */
} Piece;

struct LeafSum {
    size_t total;
    const Teams *teams;
    Share leaves; /* of all pieces */
    Piece *pieces;
    int n_pieces;
    Buffer *buffers; /* the pieces' outs, then those of any leaf */
    int n_buffers;
    bool placed; /* every buffer has its pages */
    Node *nodes; /* of all pieces */
    Arena arena;
    pthread_mutex_t lock; /* guards buffers' `taken`, nodes and a round's next leaf */
    pthread_cond_t freed;
};

/* What one call shares between teams. */
typedef struct {
    LeafSum *sum;
    int64_t next; /* leaf to be taken */
    LeafFunction function;
    void *state;
    double *losses;
    SharedErr failure;
} Round;

/* A leaf that a team has taken. */
typedef struct {
    int64_t number;
    Piece *piece;
    Buffer *buffer;
} Leaf;

/* ---- memory ---- */

static int64_t next_power_of_two(int64_t n) {
    int64_t power = 1;
    while (power < n) power *= 2;
    return power;
}

/* Besides outs. When `taken` leaves of a piece have been taken and the others are done, their sums are one node for
 * each bit of that number, the largest in the piece's out; pieces before it are wholly in theirs. So a team that waits
 * for a buffer gets one in the end, and waits for it only where others are slow. */
static int64_t spare_buffers(const Share *pieces, int n_pieces, int teams) {
    int64_t widest = 1, others = 0; /* leaves that are not the first of a piece */
    int levels = 0;
    for (int k = 0; k < n_pieces; k++) {
        int64_t leaves = pieces[k].end - pieces[k].begin;
        if (leaves > 0) others += leaves - 1;
        if (leaves > widest) widest = leaves;
    }
    for (int64_t w = 1; w < widest; w *= 2) levels++;
    return min_int64(others, teams + levels - 1);
}

static size_t buffer_floats(size_t total) {
    enum { LINE_FLOATS = 16 };
    return (total + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

size_t leafsum_bytes(size_t total, const Share *pieces, int n_pieces, int teams) {
    return (size_t)spare_buffers(pieces, n_pieces, teams) * buffer_floats(total) * sizeof(float);
}

/* Buffer k is where piece k comes out. */
static void cut_pieces(LeafSum *sum, const Share *pieces, int n_pieces) {
    sum->n_pieces = n_pieces;
    for (int k = 0; k < n_pieces; k++)
        sum->pieces[k] = (Piece){.leaves = pieces[k],
                                 .width = next_power_of_two(pieces[k].end - pieces[k].begin),
                                 .out = &sum->buffers[k],
                                 .nodes = sum->nodes + (pieces[k].begin - sum->leaves.begin)};
}

CHECKED Err leafsum_new(LeafSum **out, size_t total, const Share *pieces, int n_pieces, const Teams *teams,
                        float *const *outs) {
    Err err = ERR_NONE;
    LeafSum *sum = calloc(1, sizeof(*sum));
    if (!sum) return RAISE(ERR_MEMORY, "gradient buffers: no memory");
    sum->total = total;
    sum->teams = teams;
    if (n_pieces) sum->leaves = (Share){pieces[0].begin, pieces[n_pieces - 1].end};
    sum->n_buffers = n_pieces + (int)spare_buffers(pieces, n_pieces, teams->count);
    pthread_mutex_init(&sum->lock, NULL);
    pthread_cond_init(&sum->freed, NULL);
    size_t bytes = leafsum_bytes(total, pieces, n_pieces, teams->count);
    sum->pieces = calloc((size_t)n_pieces + 1, sizeof(*sum->pieces));
    sum->buffers = calloc((size_t)sum->n_buffers + 1, sizeof(*sum->buffers));
    sum->nodes = calloc((size_t)(sum->leaves.end - sum->leaves.begin) + 1, sizeof(*sum->nodes));
    if (!sum->pieces || !sum->buffers || !sum->nodes) TRY_OR(failed, RAISE(ERR_MEMORY, "gradient buffers: no memory"));
    if (bytes) TRY_OR(failed, arena_alloc(&sum->arena, bytes, "gradient buffers"));
    for (int i = 0; i < sum->n_buffers; i++)
        sum->buffers[i] = (Buffer){.floats = i < n_pieces ? outs[i] : arena_floats(&sum->arena, total), .team = NOBODY};
    cut_pieces(sum, pieces, n_pieces);
    *out = sum;
    return ERR_NONE;
failed:
    leafsum_free(&sum);
    return err;
}

void leafsum_free(LeafSum **sum) {
    if (!*sum) return;
    pthread_mutex_destroy(&(*sum)->lock);
    pthread_cond_destroy(&(*sum)->freed);
    arena_free(&(*sum)->arena);
    free((*sum)->pieces);
    free((*sum)->buffers);
    free((*sum)->nodes);
    free(*sum);
    *sum = NULL;
}

/* ---- vectors ---- */

typedef struct {
    float *to;
    const float *from; /* NULL: zeros */
} Vectors;

static void add_or_clear(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Vectors *v = context;
    float *restrict to = v->to;
    const float *restrict from = v->from;
    if (!from) {
        memset(to + begin, 0, (size_t)(end - begin) * sizeof(*to));
        return;
    }
    for (int64_t i = begin; i < end; i++) to[i] += from[i];
}

/* to += from, or 0. Pages of memory stay with a member. */
static void share_vector(Team *team, size_t total, float *to, const float *from) {
    enum { PAGE_FLOATS = 1024 };
    team_for(team, (int64_t)total, PAGE_FLOATS, (double)total, add_or_clear, &(Vectors){to, from});
}

/* The first touch gives a buffer its memory, near the team that will look for it. All at once before the first leaf:
 * how many are needed depends on which team comes first, and a run should not run out of memory hours after it began.
 */
static void place_buffers(void *context, int number, Team *team) {
    LeafSum *sum = context;
    for (int i = sum->n_pieces + number; i < sum->n_buffers; i += sum->teams->count) {
        share_vector(team, sum->total, sum->buffers[i].floats, NULL);
        sum->buffers[i].team = number;
    }
}

/* ---- a leaf; with the lock ---- */

/* A handful of pieces: no search is worth it. */
static Piece *piece_of(const LeafSum *sum, int64_t leaf) {
    Piece *piece = sum->pieces;
    while (leaf >= piece->leaves.end) piece++;
    return piece;
}

/* Best is one that the team used last, then one that nobody has; other teams' pages may lie on another socket. */
static Buffer *free_buffer(const LeafSum *sum, int team) {
    Buffer *best = NULL;
    for (int i = sum->n_pieces; i < sum->n_buffers; i++) {
        Buffer *buffer = &sum->buffers[i];
        if (buffer->taken) continue;
        if (buffer->team == team) return buffer;
        if (!best || (best->team != NOBODY && buffer->team == NOBODY)) best = buffer;
    }
    return best;
}

/* A leaf and a buffer for it; false: there are no more leaves. */
static bool take_leaf(Round *round, int team, Leaf *leaf) {
    LeafSum *sum = round->sum;
    while (round->next < sum->leaves.end) {
        Piece *piece = piece_of(sum, round->next);
        Buffer *buffer = round->next == piece->leaves.begin ? piece->out : free_buffer(sum, team);
        if (buffer) {
            *buffer = (Buffer){.floats = buffer->floats, .team = team, .taken = true};
            *leaf = (Leaf){.number = round->next++, .piece = piece, .buffer = buffer};
            if (round->next == sum->leaves.end) pthread_cond_broadcast(&sum->freed); /* nobody waits any longer */
            return true;
        }
        pthread_cond_wait(&sum->freed, &sum->lock);
    }
    return false;
}

/* Node `at` of the piece if it is that wide and waits to be added; NULL: it is not there. */
static Node *waiting_node(const Piece *piece, int64_t at, int64_t width) {
    if (at >= piece->leaves.end - piece->leaves.begin) return NULL;
    return piece->nodes[at].width == width ? &piece->nodes[at] : NULL;
}

/* Adds node after node on the way up; the lock is given back meanwhile. Near the end it is all threads' work. */
static void climb(Round *round, Team *team, const Leaf *leaf) {
    LeafSum *sum = round->sum;
    const Piece *piece = leaf->piece;
    int64_t at = leaf->number - piece->leaves.begin, width = 1;
    Buffer *buffer = leaf->buffer;
    while (round->next < sum->leaves.end && width < piece->width) {
        if (!(at & width) && at + width >= piece->leaves.end - piece->leaves.begin) {
            width *= 2; /* x + nothing = x */
            continue;
        }
        Node *other = waiting_node(piece, at ^ width, width);
        if (!other) break;
        Buffer *low = at & width ? other->buffer : buffer, *high = at & width ? buffer : other->buffer;
        other->width = 0;
        pthread_mutex_unlock(&sum->lock);
        share_vector(team, sum->total, low->floats, high->floats);
        pthread_mutex_lock(&sum->lock);
        high->taken = false;
        pthread_cond_signal(&sum->freed);
        buffer = low;
        at &= ~width;
        width *= 2;
    }
    piece->nodes[at] = (Node){width, buffer};
}

/* A team's share of a call: takes leaves until there are none, each without the lock while it computes. After a failure
 * leaves are still taken and added, so that nobody waits for one, but no longer computed. */
static void run_leaves(void *context, int number, Team *team) {
    Round *round = context;
    LeafSum *sum = round->sum;
    Leaf leaf;
    pthread_mutex_lock(&sum->lock);
    while (take_leaf(round, number, &leaf)) {
        pthread_mutex_unlock(&sum->lock);
        if (!shared_err_failed(&round->failure)) {
            float *grads = leaf.buffer->floats;
            double *loss = &round->losses[leaf.number - sum->leaves.begin];
            share_vector(team, sum->total, grads, NULL);
            shared_err_note(&round->failure, round->function(round->state, number, leaf.number, grads, loss),
                            leaf.number);
        }
        pthread_mutex_lock(&sum->lock);
        climb(round, team, &leaf);
    }
    pthread_mutex_unlock(&sum->lock);
}

/* ---- all leaves ---- */

/* Adds the nodes of a piece that are left, all threads sharing the elements. */
static void add_remaining(const LeafSum *sum, const Piece *piece) {
    int threads = sum->teams->count * sum->teams->size;
    (void)threads; /* without OpenMP */
    for (int64_t width = 1; width < piece->width; width *= 2) {
        for (int64_t at = 0; at < piece->leaves.end - piece->leaves.begin; at += 2 * width) {
            Node *low = waiting_node(piece, at, width), *high = waiting_node(piece, at + width, width);
            if (!low) continue;
            low->width = 2 * width; /* x + nothing = x */
            if (!high) continue;
            high->width = 0;
            float *restrict to = low->buffer->floats;
            const float *restrict from = high->buffer->floats;
#pragma omp parallel for num_threads(threads) schedule(static)
            for (size_t i = 0; i < sum->total; i++) to[i] += from[i];
        }
    }
}

/* A piece without leaves is -0, which added to x gives x also where x is -0. */
static void finish_piece(const LeafSum *sum, const Piece *piece) {
    float *out = piece->out->floats;
    add_remaining(sum, piece);
    for (size_t i = 0; piece->leaves.begin == piece->leaves.end && i < sum->total; i++) out[i] = -0.0f;
}

/* Losses and nodes count from the first leaf of the rank. Only the first call places buffers. */
CHECKED Err leafsum_run(LeafSum *sum, LeafFunction function, void *state, double *losses) {
    Round round = {.sum = sum,
                   .next = sum->leaves.begin,
                   .function = function,
                   .state = state,
                   .losses = losses,
                   .failure = SHARED_ERR_INIT};
    int64_t count = sum->leaves.end - sum->leaves.begin;
    for (int64_t i = 0; i < count; i++) losses[i] = 0;
    for (int i = 0; i < sum->n_buffers; i++) sum->buffers[i].taken = false;
    memset(sum->nodes, 0, (size_t)count * sizeof(*sum->nodes));
    if (count && !sum->placed) teams_run(sum->teams, place_buffers, sum);
    sum->placed = true;
    if (count) teams_run(sum->teams, run_leaves, &round);
    TRY(shared_err_adopt(&round.failure));
    for (int k = 0; k < sum->n_pieces; k++) finish_piece(sum, &sum->pieces[k]);
    return ERR_NONE;
}
