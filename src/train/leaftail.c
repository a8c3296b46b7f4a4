#include "train/internal/leaftail.h"

#include "base/system/minmax.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_FLOATS = 1 << 16, /* that a team takes at a time */
    BLOCK_FLOATS = 1 << 12, /* on which all pairs are run: a cache holds it of many buffers */
};

static int64_t chunks_of(const LeafTail *tail, int section) {
    int64_t floats = tail->sections[section].end - tail->sections[section].begin;
    return (floats + CHUNK_FLOATS - 1) / CHUNK_FLOATS;
}

CHECKED Err leaftail_new(LeafTail *tail, size_t total, const Share *sections, int n_sections, int64_t pairs_max,
                         int n_teams) {
    const Share whole = {0, (int64_t)total};
    *tail = (LeafTail){.n_sections = n_sections ? n_sections : 1, .n_teams = n_teams};
    size_t n = (size_t)tail->n_sections;
    pthread_mutex_init(&tail->lock, NULL);
    pthread_cond_init(&tail->changed, NULL);
    tail->sections = calloc(n, sizeof *tail->sections);
    tail->pairs = calloc((size_t)pairs_max + 1, sizeof *tail->pairs);
    tail->final_from = calloc((size_t)n_teams, sizeof *tail->final_from);
    tail->next = calloc(n, sizeof *tail->next);
    tail->left = calloc(n, sizeof *tail->left);
    if (!tail->sections || !tail->pairs || !tail->final_from || !tail->next || !tail->left) {
        leaftail_free(tail);
        return RAISE(ERR_MEMORY, "gradient buffers: no memory for the order of sums");
    }
    memcpy(tail->sections, n_sections ? sections : &whole, n * sizeof *tail->sections);
    return ERR_NONE;
}

void leaftail_free(LeafTail *tail) {
    if (!tail->n_sections) return;
    pthread_mutex_destroy(&tail->lock);
    pthread_cond_destroy(&tail->changed);
    free(tail->sections);
    free(tail->pairs);
    free(tail->final_from);
    free(tail->next);
    free(tail->left);
    *tail = (LeafTail){0};
}

void leaftail_reset(LeafTail *tail) {
    tail->settled = false;
    tail->n_pairs = 0;
    memset(tail->final_from, 0, (size_t)tail->n_teams * sizeof *tail->final_from);
}

void leaftail_add(LeafTail *tail, float *low, const float *high) {
    tail->pairs[tail->n_pairs++] = (LeafPair){low, high};
}

void leaftail_settle(LeafTail *tail) {
    pthread_mutex_lock(&tail->lock);
    for (int s = 0; s < tail->n_sections; s++) {
        tail->next[s] = 0;
        tail->left[s] = tail->n_pairs ? chunks_of(tail, s) : 0;
    }
    tail->settled = true;
    pthread_cond_broadcast(&tail->changed);
    pthread_mutex_unlock(&tail->lock);
}

void leaftail_begin(LeafTail *tail, int team) {
    pthread_mutex_lock(&tail->lock);
    tail->final_from[team] = tail->n_sections;
    pthread_mutex_unlock(&tail->lock);
}

void leaftail_final(LeafTail *tail, int team, int64_t from) {
    pthread_mutex_lock(&tail->lock);
    int *section = &tail->final_from[team];
    while (*section > 0 && tail->sections[*section - 1].begin >= from) --*section;
    pthread_cond_broadcast(&tail->changed);
    pthread_mutex_unlock(&tail->lock);
}

/* ---- with the lock ---- */

/* The lowest section that no leaf adds to any more. */
static int free_from(const LeafTail *tail) {
    int section = tail->settled ? 0 : tail->n_sections;
    for (int t = 0; t < tail->n_teams; t++) section = max_int(section, tail->final_from[t]);
    return section;
}

static int done_from(const LeafTail *tail) {
    int first = free_from(tail), section = tail->n_sections;
    while (section > first && tail->left[section - 1] == 0) section--;
    return section;
}

/* A section and a chunk of it. */
static bool take_chunk(LeafTail *tail, int *section, int64_t *chunk) {
    int first = free_from(tail);
    for (*section = tail->n_sections - 1; *section >= first && tail->n_pairs; --*section) {
        *chunk = tail->next[*section];
        if (*chunk == chunks_of(tail, *section)) continue;
        tail->next[*section]++;
        return true;
    }
    return false;
}

/* ---- sums ---- */

typedef struct {
    const LeafTail *tail;
    int64_t first; /* element */
} Chunk;

static void run_pairs(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Chunk *chunk = context;
    for (int64_t at = begin; at < end; at += BLOCK_FLOATS) {
        int64_t n = min_int64(end - at, BLOCK_FLOATS);
        for (int i = 0; i < chunk->tail->n_pairs; i++) {
            float *restrict low = chunk->tail->pairs[i].low + chunk->first + at;
            const float *restrict high = chunk->tail->pairs[i].high + chunk->first + at;
            for (int64_t k = 0; k < n; k++) low[k] += high[k];
        }
    }
}

/* False: nothing is free. The lock is given back meanwhile. */
static bool add_chunk(LeafTail *tail, Team *team) {
    int section;
    int64_t number;
    if (!take_chunk(tail, &section, &number)) return false;
    Share floats = tail->sections[section];
    Chunk chunk = {tail, floats.begin + number * CHUNK_FLOATS};
    int64_t n = min_int64(floats.end - chunk.first, CHUNK_FLOATS);
    pthread_mutex_unlock(&tail->lock);
    team_for(team, n, BLOCK_FLOATS, (double)n * tail->n_pairs, run_pairs, &chunk);
    pthread_mutex_lock(&tail->lock);
    if (--tail->left[section] == 0) pthread_cond_broadcast(&tail->changed);
    return true;
}

int leaftail_help(LeafTail *tail, Team *team) {
    pthread_mutex_lock(&tail->lock);
    int64_t share = 0; /* twice, since some come late */
    for (int s = free_from(tail); s < tail->n_sections; s++) share += chunks_of(tail, s) - tail->next[s];
    share = (2 * share + tail->n_teams - 1) / tail->n_teams;
    while (share > 0 && add_chunk(tail, team)) share--;
    int done = done_from(tail);
    pthread_mutex_unlock(&tail->lock);
    return done;
}

void leaftail_finish(LeafTail *tail, Team *team) {
    pthread_mutex_lock(&tail->lock);
    while (done_from(tail) > 0)
        if (!add_chunk(tail, team)) pthread_cond_wait(&tail->changed, &tail->lock);
    pthread_mutex_unlock(&tail->lock);
}
