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

struct LeafSum {
    size_t total;
    int64_t width; /* a power of two */
    const Teams *teams;
    Buffer *buffers; /* the first is the caller's `out` */
    int n_buffers;
    Node *nodes; /* (width) */
    Arena arena;
    pthread_mutex_t lock; /* guards buffers' `taken`, nodes and a round's next leaf */
    pthread_cond_t freed;
};

/* What one call shares between teams. */
typedef struct {
    LeafSum *sum;
    Share leaves;
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

/* When `taken` leaves have been taken and the others are done, their sums are one node for each bit of that number: so
 * a team that waits for a buffer gets one in the end, and waits for it only where others are slow. */
static int buffer_count(int64_t width, int teams) {
    int levels = 0;
    for (int64_t w = 1; w < width; w *= 2) levels++;
    return (int)min_int64(width, teams + levels);
}

static size_t buffer_floats(size_t total) {
    enum { LINE_FLOATS = 16 };
    return (total + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

size_t leafsum_bytes(size_t total, int64_t width, int teams) {
    return (size_t)(buffer_count(width, teams) - 1) * buffer_floats(total) * sizeof(float);
}

CHECKED Err leafsum_new(LeafSum **out, size_t total, int64_t width, const Teams *teams, float *out_vector) {
    Err err = ERR_NONE;
    LeafSum *sum = calloc(1, sizeof(*sum));
    if (!sum) return RAISE(ERR_MEMORY, "gradient buffers: no memory");
    sum->total = total;
    sum->width = next_power_of_two(width);
    sum->teams = teams;
    sum->n_buffers = buffer_count(width, teams->count);
    pthread_mutex_init(&sum->lock, NULL);
    pthread_cond_init(&sum->freed, NULL);
    size_t bytes = leafsum_bytes(total, width, teams->count);
    sum->buffers = calloc((size_t)sum->n_buffers, sizeof(*sum->buffers));
    sum->nodes = calloc((size_t)sum->width, sizeof(*sum->nodes));
    if (!sum->buffers || !sum->nodes) TRY_OR(failed, RAISE(ERR_MEMORY, "gradient buffers: no memory"));
    if (bytes) TRY_OR(failed, arena_alloc(&sum->arena, bytes, "gradient buffers"));
    for (int i = 0; i < sum->n_buffers; i++)
        sum->buffers[i] = (Buffer){.floats = i ? arena_floats(&sum->arena, total) : out_vector, .team = NOBODY};
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

/* ---- a leaf; with the lock ---- */

/* The first leaf's is `out`, where the whole sum ends: lower nodes keep their buffer. */
static Buffer *free_buffer(LeafSum *sum, bool first, int team) {
    Buffer *best = NULL;
    if (first) return &sum->buffers[0];
    for (int i = 1; i < sum->n_buffers; i++) {
        Buffer *buffer = &sum->buffers[i];
        if (buffer->taken) continue;
        if (buffer->team == team) return buffer;
        if (!best || (best->team != NOBODY && buffer->team == NOBODY)) best = buffer;
    }
    return best;
}

/* A leaf and a buffer for it; false: there are no more leaves. */
static bool take_leaf(Round *round, int team, int64_t *leaf, Buffer **buffer) {
    LeafSum *sum = round->sum;
    while (round->next < round->leaves.end) {
        *buffer = free_buffer(sum, round->next == round->leaves.begin, team);
        if (*buffer) {
            **buffer = (Buffer){.floats = (*buffer)->floats, .team = team, .taken = true};
            *leaf = round->next++;
            if (round->next == round->leaves.end) pthread_cond_broadcast(&sum->freed); /* nobody waits any longer */
            return true;
        }
        pthread_cond_wait(&sum->freed, &sum->lock);
    }
    return false;
}

/* The other half of node (at, width)'s parent, waiting to be added; NULL: it is not there. */
static Node *waiting_sibling(LeafSum *sum, int64_t at, int64_t width) {
    Node *node = &sum->nodes[at ^ width];
    return width < sum->width && node->width == width ? node : NULL;
}

/* Adds node after node on the way up; the lock is given back meanwhile. Near the end it is all threads' work. */
static void climb(Round *round, Team *team, int64_t at, Buffer *buffer) {
    LeafSum *sum = round->sum;
    int64_t width = 1;
    for (Node *other; round->next < round->leaves.end && (other = waiting_sibling(sum, at, width)); width *= 2) {
        Buffer *low = at & width ? other->buffer : buffer, *high = at & width ? buffer : other->buffer;
        other->width = 0;
        pthread_mutex_unlock(&sum->lock);
        share_vector(team, sum->total, low->floats, high->floats);
        pthread_mutex_lock(&sum->lock);
        high->taken = false;
        pthread_cond_signal(&sum->freed);
        buffer = low;
        at &= ~width;
    }
    sum->nodes[at] = (Node){width, buffer};
}

static void run_leaves(void *context, int number, Team *team) {
    Round *round = context;
    LeafSum *sum = round->sum;
    int64_t leaf;
    Buffer *buffer;
    pthread_mutex_lock(&sum->lock);
    while (take_leaf(round, number, &leaf, &buffer)) {
        pthread_mutex_unlock(&sum->lock);
        int64_t at = leaf - round->leaves.begin;
        if (!shared_err_failed(&round->failure)) {
            share_vector(team, sum->total, buffer->floats, NULL);
            shared_err_note(&round->failure,
                            round->function(round->state, number, leaf, buffer->floats, &round->losses[at]), leaf);
        }
        pthread_mutex_lock(&sum->lock);
        climb(round, team, at, buffer);
    }
    pthread_mutex_unlock(&sum->lock);
}

/* ---- all leaves ---- */

/* Adds the nodes that are left, all threads sharing the elements. */
static void add_remaining(LeafSum *sum) {
    int threads = sum->teams->count * sum->teams->size;
    (void)threads; /* without OpenMP */
    for (int64_t width = 1; width < sum->width; width *= 2) {
        for (int64_t at = 0; at < sum->width; at += 2 * width) {
            Node *low = &sum->nodes[at], *high = &sum->nodes[at + width];
            if (low->width != width) continue;
            low->width = 2 * width; /* x + nothing = x */
            if (high->width != width) continue;
            high->width = 0;
            float *restrict to = low->buffer->floats;
            const float *restrict from = high->buffer->floats;
#pragma omp parallel for num_threads(threads) schedule(static)
            for (size_t i = 0; i < sum->total; i++) to[i] += from[i];
        }
    }
}

CHECKED Err leafsum_run(LeafSum *sum, Share leaves, LeafFunction function, void *state, double *losses) {
    Round round = {.sum = sum,
                   .leaves = leaves,
                   .next = leaves.begin,
                   .function = function,
                   .state = state,
                   .losses = losses,
                   .failure = SHARED_ERR_INIT};
    int64_t count = leaves.end - leaves.begin;
    ASSERT(count <= sum->width);
    if (!count) {
        for (size_t i = 0; i < sum->total; i++) sum->buffers[0].floats[i] = -0.0f;
        return ERR_NONE;
    }
    for (int64_t i = 0; i < count; i++) losses[i] = 0;
    for (int i = 0; i < sum->n_buffers; i++) sum->buffers[i].taken = false;
    memset(sum->nodes, 0, (size_t)sum->width * sizeof(*sum->nodes));
    teams_run(sum->teams, run_leaves, &round);
    TRY(shared_err_adopt(&round.failure));
    add_remaining(sum);
    return ERR_NONE;
}
