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

#include <time.h>

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

/* A leaf that a team has taken. */
typedef struct {
    int64_t number;
    Piece *piece;
    Buffer *buffer;
} Leaf;

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
    /* The end of a step: see train/leaftail. */
    LeafTail tail;
    LeafSections sections; /* count 0: nobody is told */
    Leaf *running;         /* (teams) piece NULL: none */
    int climbing;          /* teams that are adding */
    Arena arena;
    pthread_mutex_t lock; /* guards buffers' `taken`, nodes, what runs and a round's next leaf */
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
                        float *const *outs, const LeafSections *sections) {
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
    sum->running = calloc((size_t)teams->count, sizeof(*sum->running));
    if (!sum->pieces || !sum->buffers || !sum->nodes || !sum->running)
        TRY_OR(failed, RAISE(ERR_MEMORY, "gradient buffers: no memory"));
    if (bytes) TRY_OR(failed, arena_alloc(&sum->arena, bytes, "gradient buffers"));
    for (int i = 0; i < sum->n_buffers; i++)
        sum->buffers[i] = (Buffer){.floats = i < n_pieces ? outs[i] : arena_floats(&sum->arena, total), .team = NOBODY};
    cut_pieces(sum, pieces, n_pieces);
    if (sections && sections->count > 1) sum->sections = *sections;
    TRY_OR(failed, leaftail_new(&sum->tail, total, sum->sections.floats, sum->sections.count,
                                sum->leaves.end - sum->leaves.begin, teams->count));
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
    free((*sum)->running);
    leaftail_free(&(*sum)->tail);
    free(*sum);
    *sum = NULL;
}

/* ---- vectors ---- */

typedef struct {
    float *to;
    const float *from; /* NULL: zeros */
} Vectors;             /* or parts of them */

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
static void share_vector(Team *team, size_t count, float *to, const float *from) {
    enum { PAGE_FLOATS = 1024 };
    team_for(team, (int64_t)count, PAGE_FLOATS, (double)count, add_or_clear, &(Vectors){to, from});
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

static int64_t leaves_of_piece(const Piece *piece) {
    return piece->leaves.end - piece->leaves.begin;
}

/* Node `at` of the piece if it is that wide and waits to be added; NULL: it is not there. */
static Node *waiting_node(const Piece *piece, int64_t at, int64_t width) {
    return at < leaves_of_piece(piece) && piece->nodes[at].width == width ? &piece->nodes[at] : NULL;
}

static void settle_piece(LeafSum *sum, const Piece *piece) {
    for (int64_t width = 1; width < piece->width; width *= 2) {
        for (int64_t at = 0; at < leaves_of_piece(piece); at += 2 * width) {
            Node *low = waiting_node(piece, at, width), *high = waiting_node(piece, at + width, width);
            if (!low) continue;
            low->width = 2 * width; /* x + nothing = x */
            if (!high) continue;
            high->width = 0;
            leaftail_add(&sum->tail, low->buffer->floats, high->buffer->floats);
        }
    }
}

/* When all leaves are taken and nobody is adding, it is clear what will be left: nodes that wait and leaves that run.
 */
static void settle_if_clear(const Round *round) {
    LeafSum *sum = round->sum;
    if (round->next < sum->leaves.end || sum->climbing || sum->tail.settled) return;
    for (int t = 0; t < sum->teams->count; t++) {
        const Leaf *leaf = &sum->running[t];
        if (leaf->piece) leaf->piece->nodes[leaf->number - leaf->piece->leaves.begin] = (Node){1, leaf->buffer};
    }
    for (int k = 0; k < sum->n_pieces; k++) settle_piece(sum, &sum->pieces[k]);
    leaftail_settle(&sum->tail);
}

/* A leaf and a buffer for it; false: there are no more leaves. */
static bool take_leaf(Round *round, int team) {
    LeafSum *sum = round->sum;
    while (round->next < sum->leaves.end) {
        Piece *piece = piece_of(sum, round->next);
        Buffer *buffer = round->next == piece->leaves.begin ? piece->out : free_buffer(sum, team);
        if (buffer) {
            *buffer = (Buffer){.floats = buffer->floats, .team = team, .taken = true};
            sum->running[team] = (Leaf){.number = round->next++, .piece = piece, .buffer = buffer};
            leaftail_begin(&sum->tail, team);
            if (round->next == sum->leaves.end) pthread_cond_broadcast(&sum->freed); /* nobody waits any longer */
            settle_if_clear(round);
            return true;
        }
        pthread_cond_wait(&sum->freed, &sum->lock);
    }
    return false;
}

/* While there are leaves to take, a team that is done with one adds node after node on the way up; the lock is given
 * back meanwhile. */
static void climb(Round *round, Team *team, const Leaf *leaf) {
    LeafSum *sum = round->sum;
    const Piece *piece = leaf->piece;
    int64_t at = leaf->number - piece->leaves.begin, width = 1;
    Buffer *buffer = leaf->buffer;
    while (round->next < sum->leaves.end && width < piece->width) {
        if (!(at & width) && at + width >= leaves_of_piece(piece)) {
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

static void end_leaf(Round *round, int number, Team *team) {
    LeafSum *sum = round->sum;
    Leaf leaf = sum->running[number];
    sum->running[number] = (Leaf){.piece = NULL};
    sum->climbing++;
    if (!sum->tail.settled) climb(round, team, &leaf);
    sum->climbing--;
    leaftail_final(&sum->tail, number, 0);
    settle_if_clear(round);
}

/* ---- a team's work ---- */

typedef struct {
    Round *round;
    Team *team;
    int number;
} Worker;

/* The first team's leader is who called, and tells; true: nothing is left to be told. */
static bool help_and_tell(const Worker *w) {
    LeafSum *sum = w->round->sum;
    int done = leaftail_help(&sum->tail, w->team);
    if (w->number == 0) sum->sections.ready(sum->sections.context, done, w->team);
    return done == 0;
}

/* The leaf's gradients are final from there on. */
static void leaf_is_final(void *context, size_t from) {
    const Worker *w = context;
    leaftail_final(&w->round->sum->tail, w->number, (int64_t)from);
    help_and_tell(w);
}

static void compute_leaf(Worker *w) {
    Round *round = w->round;
    LeafSum *sum = round->sum;
    const Leaf leaf = sum->running[w->number];
    const GradsWatch watch = {leaf_is_final, w};
    if (shared_err_failed(&round->failure)) return;
    share_vector(w->team, sum->total, leaf.buffer->floats, NULL);
    Err err = round->function(round->state, w->number, leaf.number, leaf.buffer->floats,
                              &round->losses[leaf.number - sum->leaves.begin], sum->sections.count ? &watch : NULL);
    shared_err_note(&round->failure, err, leaf.number);
}

/* A team's share of a call: takes leaves until there are none, each without the lock while it computes. After a failure
 * leaves are still taken and added, so that nobody waits for one, but no longer computed. */
static void run_leaves(void *context, int number, Team *team) {
    const struct timespec pause = {.tv_nsec = 20000};
    Worker w = {.round = context, .team = team, .number = number};
    LeafSum *sum = w.round->sum;
    pthread_mutex_lock(&sum->lock);
    while (take_leaf(w.round, number)) {
        pthread_mutex_unlock(&sum->lock);
        compute_leaf(&w);
        pthread_mutex_lock(&sum->lock);
        end_leaf(w.round, number, team);
    }
    pthread_mutex_unlock(&sum->lock);
    while (number == 0 && sum->sections.count && !help_and_tell(&w)) nanosleep(&pause, NULL);
    leaftail_finish(&sum->tail, team);
}

/* ---- all leaves ---- */

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
    leaftail_reset(&sum->tail);
    if (count && !sum->placed) teams_run(sum->teams, place_buffers, sum);
    sum->placed = true;
    if (count) teams_run(sum->teams, run_leaves, &round);
    for (int k = 0; k < sum->n_pieces; k++) {
        const Piece *piece = &sum->pieces[k];
        for (size_t i = 0; !leaves_of_piece(piece) && i < sum->total; i++) piece->out->floats[i] = -0.0f;
    }
    return shared_err_adopt(&round.failure);
}
