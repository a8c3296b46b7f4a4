/* nn/layers/kept_rows - rows of floats moved between all tokens of a block and those it keeps. See
 * nn/layers/block.h for `first_kept`. Rows are `width` of the shape; a team, which may be NULL, shares them. */
#pragma once

#include "base/system/team.h"

#include <stddef.h>

/* The sizes of a transformer block (nn/layers/block.h): of each of B clips it takes n_tokens and gives those from
 * first_kept on. */
typedef struct {
    int B, n_tokens, first_kept;
    int width, heads, hidden;
} BlockShape;

static inline int block_rows_in(const BlockShape *s) {
    return s->B * s->n_tokens;
}
static inline int block_rows(const BlockShape *s) {
    return s->B * (s->n_tokens - s->first_kept);
}

/* Where clip b's kept rows begin among all rows, in rows. */
static inline size_t kept_row(const BlockShape *s, int b) {
    return (size_t)b * (size_t)s->n_tokens + (size_t)s->first_kept;
}

/* to (R, width): the kept rows of `from` (Rin, width), next to each other. */
void kept_gather(Team *team, float *to, const float *from, const BlockShape *s);
/* to (Rin, width) = from (R, width) in the kept rows, zero elsewhere. */
void kept_spread(Team *team, float *to, const float *from, const BlockShape *s);
/* to (Rin, width) += from (R, width) in the kept rows. */
void kept_add(Team *team, float *to, const float *from, const BlockShape *s);
/* to = from, `count` floats. */
void floats_copy(Team *team, float *to, const float *from, size_t count);
void floats_clear(Team *team, float *to, size_t count);
/* to (R, width) = each clip's factor times from (R, width); may be the same. */
void clips_scale(Team *team, float *to, const float *from, const float *factors, int width, const BlockShape *s);
/* y (R, width) = x + each clip's factor times b (width). */
void clips_add_bias(Team *team, float *y, const float *x, const float *factors, const float *b, const BlockShape *s);
