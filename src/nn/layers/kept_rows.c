/* Moving rows between all tokens of a block, (B, n_tokens), and the kept ones, (B, n_tokens - first_kept): of each clip
 * its tokens from first_kept on. Rows are shared by a team one by one; no row is written by two members. */
#include "nn/layers/kept_rows.h"

#include <string.h>

typedef struct {
    float *to;
    const float *from, *factors, *bias;
    int width;
    const BlockShape *shape;
} Moving;

/* Of a clip. */
static int kept_of(const BlockShape *s) {
    return s->n_tokens - s->first_kept;
}

/* Where kept row `row` lies among all. */
static size_t among_all(const BlockShape *s, int64_t row) {
    return kept_row(s, (int)(row / kept_of(s))) + (size_t)(row % kept_of(s));
}

static void for_rows(Team *team, int rows, TeamRange *range, Moving *moving) {
    team_for(team, rows, 1, (double)rows * moving->width, range, moving);
}

/* By kept rows, (B, kept): each is read from its place among all. */
static void gather_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Moving *m = context;
    size_t width = (size_t)m->width;
    for (int64_t r = begin; r < end; r++)
        memcpy(m->to + (size_t)r * width, m->from + among_all(m->shape, r) * width, width * sizeof(float));
}

void kept_gather(Team *team, float *to, const float *from, const BlockShape *s) {
    for_rows(team, block_rows(s), gather_rows, &(Moving){.to = to, .from = from, .width = s->width, .shape = s});
}

/* By rows of the result: the tokens before first_kept become zero. */
static void spread_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Moving *m = context;
    const BlockShape *s = m->shape;
    size_t width = (size_t)m->width;
    for (int64_t r = begin; r < end; r++) {
        int64_t b = r / s->n_tokens, token = r % s->n_tokens;
        float *to = m->to + (size_t)r * width;
        if (token < s->first_kept)
            memset(to, 0, width * sizeof *to);
        else
            memcpy(to, m->from + (size_t)(b * kept_of(s) + token - s->first_kept) * width, width * sizeof *to);
    }
}

void kept_spread(Team *team, float *to, const float *from, const BlockShape *s) {
    for_rows(team, block_rows_in(s), spread_rows, &(Moving){.to = to, .from = from, .width = s->width, .shape = s});
}

/* By kept rows: each place among all is written by one. */
static void add_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Moving *m = context;
    size_t width = (size_t)m->width;
    for (int64_t r = begin; r < end; r++) {
        float *to = m->to + among_all(m->shape, r) * width;
        const float *from = m->from + (size_t)r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) to[i] += from[i];
    }
}

void kept_add(Team *team, float *to, const float *from, const BlockShape *s) {
    for_rows(team, block_rows(s), add_rows, &(Moving){.to = to, .from = from, .width = s->width, .shape = s});
}

static void copy_piece(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Moving *m = context;
    memcpy(m->to + begin, m->from + begin, (size_t)(end - begin) * sizeof(float));
}

static void clear_piece(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Moving *m = context;
    memset(m->to + begin, 0, (size_t)(end - begin) * sizeof(float));
}

/* whole lines of the cache, so that no two members write one */
enum { LINE_FLOATS = 16 };

void floats_copy(Team *team, float *to, const float *from, size_t count) {
    team_for(team, (int64_t)count, LINE_FLOATS, (double)count, copy_piece, &(Moving){.to = to, .from = from});
}

void floats_clear(Team *team, float *to, size_t count) {
    team_for(team, (int64_t)count, LINE_FLOATS, (double)count, clear_piece, &(Moving){.to = to});
}

/* factors (B): drop path scales what a clip's branch adds, 0 or 1 / (1 - rate). */
static void scale_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Moving *m = context;
    size_t width = (size_t)m->width;
    for (int64_t r = begin; r < end; r++) {
        const float factor = m->factors[r / kept_of(m->shape)];
        float *to = m->to + (size_t)r * width;
        const float *from = m->from + (size_t)r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) to[i] = factor * from[i];
    }
}

void clips_scale(Team *team, float *to, const float *from, const float *factors, int width, const BlockShape *s) {
    for_rows(team, block_rows(s), scale_rows,
             &(Moving){.to = to, .from = from, .factors = factors, .width = width, .shape = s});
}

/* y = x + factor b: the bias is part of the branch, so it is dropped and scaled with it. */
static void add_bias_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Moving *m = context;
    size_t width = (size_t)m->width;
    for (int64_t r = begin; r < end; r++) {
        const float factor = m->factors[r / kept_of(m->shape)];
        float *to = m->to + (size_t)r * width;
        const float *from = m->from + (size_t)r * width;
        for (size_t i = 0; i < width; i++) to[i] = from[i] + factor * m->bias[i];
    }
}

void clips_add_bias(Team *team, float *y, const float *x, const float *factors, const float *b, const BlockShape *s) {
    for_rows(team, block_rows(s), add_bias_rows,
             &(Moving){.to = y, .from = x, .factors = factors, .bias = b, .width = s->width, .shape = s});
}
