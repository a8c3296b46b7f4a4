/* Head by head through the kernel of this processor. Blocks of keys leave the column sums of their gradients; the
 * biases' are added up from those when all heads are done, over clips and blocks in ascending order. */
#include "nn/layers/bf16_attention.h"

#include "nn/layers/internal/head_share.h"

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static int blocks_of_keys(const Bf16AttentionShape *s) {
    return kernels_best()->bf16.attention_blocks(&s->head).keys;
}

/* Rows of sums that one clip's head leaves: v's of each block of keys, and q's. */
static size_t head_sums(const Bf16AttentionShape *s) {
    return ((size_t)blocks_of_keys(s) + 1) * (size_t)s->head.head_width;
}

void bf16_attention_need(Bf16AttentionNeed *need, const Bf16AttentionShape *shape) {
    const Bf16Kernels *kernels = &kernels_best()->bf16;
    int links = blocks_of_keys(shape);
    need->member_bytes = larger(need->member_bytes, kernels->attention_scratch(&shape->head, 0));
    need->member_bytes = larger(need->member_bytes, kernels->attention_scratch(&shape->head, 1));
    need->sums = larger(need->sums, (size_t)shape->B * (size_t)shape->heads * head_sums(shape));
    need->links = links > need->links ? links : need->links;
}

void bf16_attention_layout(Bf16AttentionScratch *scratch, Arena *arena, const Bf16AttentionNeed *need, int members) {
    scratch->member_bytes = (need->member_bytes + 63) / 64 * 64;
    scratch->members = arena_take(arena, scratch->member_bytes * (size_t)members);
    scratch->marks = arena_take(arena, (size_t)need->links * (size_t)members * sizeof *scratch->marks);
    scratch->sums = arena_floats(arena, need->sums);
}

/* Where one clip's and head's rows begin. */
typedef struct {
    size_t q, kv, out, lse;
} HeadPlace;

static HeadPlace head_place(const Bf16AttentionShape *s, int64_t number) {
    const Bf16HeadShape *head = &s->head;
    size_t clip = (size_t)(number / s->heads), h = (size_t)(number % s->heads), queries = (size_t)head->n_queries,
           column = h * (size_t)head->head_width;
    return (HeadPlace){.q = clip * queries * head->q_stride + column,
                       .kv = clip * (size_t)head->n_keys * head->kv_stride + column,
                       .out = clip * queries * head->out_stride + column,
                       .lse = (size_t)number * queries};
}

static HeadShare all_heads(const Bf16AttentionShape *s, double work) {
    const Bf16HeadShape *head = &s->head;
    return (HeadShare){.count = (int64_t)s->B * s->heads,
                       .n_queries = head->n_queries,
                       .work = work * s->B * s->heads * head->n_queries * head->n_keys * head->head_width / 16};
}

/* What both passes share; each uses its part. */
typedef struct {
    const Bf16AttentionShape *shape;
    const Bf16AttentionScratch *scratch;
    const Bf16Heads *in;
    Bf16 *out;
    float *lse;
    const Bf16Heads *d;
    const Bf16 *dout;
    const Bf16AttentionKept *kept;
} Attention;

static void *member_scratch(const Attention *a, int member) {
    return (char *)a->scratch->members + (size_t)member * a->scratch->member_bytes;
}

static void forward_queries(void *context, int member, int64_t number, HeadQueries queries) {
    const Attention *a = context;
    const HeadPlace at = head_place(a->shape, number);
    const Bf16HeadInputs in = {a->in->q + at.q, a->in->k + at.kv, a->in->v + at.kv};
    kernels_best()->bf16.attention_forward(a->out + at.out, a->lse + at.lse, &in, &a->shape->head, queries,
                                           member_scratch(a, member));
}

void bf16_attention_forward(Team *team, Bf16 *out, float *lse, const Bf16Heads *in, const Bf16AttentionShape *shape,
                            const Bf16AttentionScratch *scratch) {
    const HeadShare heads = all_heads(shape, 1);
    Attention attention = {.shape = shape, .scratch = scratch, .in = in, .out = out, .lse = lse};
    head_share_forward(team, &heads, forward_queries, &attention);
}

static void backward_keys(void *context, int member, int owner, int64_t number, int block, const WaveLink *link) {
    const Attention *a = context;
    const HeadPlace at = head_place(a->shape, number);
    float *sums = a->scratch->sums + (size_t)number * head_sums(a->shape);
    const Bf16HeadInputs in = {a->in->q + at.q, a->in->k + at.kv, a->in->v + at.kv};
    const Bf16HeadGradients d = {.q = a->d->q + at.q,
                                 .k = a->d->k + at.kv,
                                 .v = a->d->v + at.kv,
                                 .q_sums = sums,
                                 .v_sums = sums + a->shape->head.head_width};
    const Bf16HeadBackward head = {.d = &d,
                                   .dout = a->dout + at.out,
                                   .out = a->kept->out + at.out,
                                   .lse = a->kept->lse + at.lse,
                                   .in = &in,
                                   .shape = &a->shape->head,
                                   .scratch = member_scratch(a, owner)};
    kernels_best()->bf16.attention_backward(&head, block, link, member_scratch(a, member));
}

static void add_to_biases(const Bf16AttentionGradients *d, const Bf16AttentionShape *shape, const float *sums) {
    int width = shape->head.head_width, blocks = blocks_of_keys(shape);
    for (int i = 0; i < shape->B * shape->heads; i++) {
        float *q_bias = d->q_bias + i % shape->heads * width, *v_bias = d->v_bias + i % shape->heads * width;
        for (int column = 0; column < width; column++) q_bias[column] += *sums++;
        for (int block = 0; block < blocks; block++)
            for (int column = 0; column < width; column++) v_bias[column] += *sums++;
    }
}

void bf16_attention_backward(Team *team, const Bf16AttentionGradients *d, const Bf16 *dout,
                             const Bf16AttentionKept *kept, const Bf16Heads *in, const Bf16AttentionShape *shape,
                             const Bf16AttentionScratch *scratch) {
    const HeadShare heads = all_heads(shape, 2);
    Attention attention = {.shape = shape, .scratch = scratch, .in = in, .d = &d->rows, .dout = dout, .kept = kept};
    head_share_backward(team, &heads, kernels_best()->bf16.attention_blocks(&shape->head), scratch->marks,
                        backward_keys, &attention);
    add_to_biases(d, shape, scratch->sums);
}
