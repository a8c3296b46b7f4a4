/* Head by head through the kernel of this processor; the plain versions follow, in double and in the order of the
 * formula, and are what the kernels are tested against.
 *
 * Backward: dP = dout v^T; dS = P (dP - sum over d of dout out) / sqrt(width); dq = dS k, dk = dS^T q, dv = P^T dout.
 */
#include "nn/layers/attention.h"

#include "nn/layers/internal/head_share.h"

#include <math.h>
#include <string.h>

/* The strides of all heads together: a head is a column of head_width numbers in rows of q_stride or kv_stride. */
static HeadShape head_shape(const AttentionShape *s) {
    return (HeadShape){.n_queries = s->n_queries,
                       .n_keys = s->n_keys,
                       .head_width = s->head_width,
                       .q_stride = (size_t)s->q_stride,
                       .kv_stride = (size_t)s->kv_stride,
                       .out_stride = (size_t)s->heads * (size_t)s->head_width};
}

/* Where head h of clip b begins in each array. */
typedef struct {
    size_t q, kv, out, lse;
} HeadOffsets;

static HeadOffsets head_offsets(const AttentionShape *s, int b, int h) {
    size_t clip = (size_t)b, queries = (size_t)s->n_queries, column = (size_t)h * (size_t)s->head_width;
    return (HeadOffsets){.q = clip * queries * (size_t)s->q_stride + column,
                         .kv = clip * (size_t)s->n_keys * (size_t)s->kv_stride + column,
                         .out = clip * queries * (size_t)s->heads * (size_t)s->head_width + column,
                         .lse = (clip * (size_t)s->heads + (size_t)h) * queries};
}

static HeadInputs head_inputs(const AttentionInputs *in, HeadOffsets at) {
    return (HeadInputs){.q = in->q + at.q, .k = in->k + at.kv, .v = in->v + at.kv};
}

static HeadGradients head_gradients(const AttentionGradients *d, HeadOffsets at) {
    return (HeadGradients){.q = d->q + at.q, .k = d->k + at.kv, .v = d->v + at.kv};
}

/* Of one member, whole lines. */
static size_t scratch_floats(const AttentionShape *shape) {
    enum { LINE_FLOATS = 16 };
    const HeadShape head = head_shape(shape);
    const Kernels *kernels = kernels_best();
    size_t forward = kernels->attention_scratch(&head, 0), backward = kernels->attention_scratch(&head, 1);
    return ((forward > backward ? forward : backward) + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

/* Members' scratch and then the marks of a wave. */
size_t attention_scratch_bytes(const AttentionShape *shape, int members) {
    const HeadShape head = head_shape(shape);
    size_t marks = (size_t)kernels_best()->attention_blocks(&head).keys * sizeof(WaveMark);
    return (sizeof(float) * scratch_floats(shape) + marks) * (size_t)members;
}

/* Both passes; the first members are the forward pass's. */
typedef struct {
    float *out, *lse;
    const AttentionInputs *in;
    const AttentionShape *shape;
    float *scratch;
    size_t member_floats;
    const AttentionGradients *d;
    const float *dout;
    const AttentionKept *kept;
} Attention;

/* Work about in units of an elementwise pass. */
static HeadShare all_heads(const AttentionShape *s) {
    return (HeadShare){.count = (int64_t)s->B * s->heads,
                       .n_queries = s->n_queries,
                       .work = (double)s->B * s->n_queries * s->n_keys * s->heads * s->head_width / 8};
}

static HeadOffsets offsets_of(const Attention *a, int64_t head) {
    return head_offsets(a->shape, (int)(head / a->shape->heads), (int)(head % a->shape->heads));
}

static void forward_queries(void *context, int member, int64_t number, HeadQueries queries) {
    const Attention *a = context;
    const HeadShape head = head_shape(a->shape);
    const HeadOffsets at = offsets_of(a, number);
    const HeadInputs in = head_inputs(a->in, at);
    kernels_best()->attention_forward(a->out + at.out, a->lse + at.lse, &in, &head, queries,
                                      a->scratch + (size_t)member * a->member_floats);
}

void attention_forward(Team *team, float *out, float *lse, const AttentionInputs *in, const AttentionShape *shape,
                       float *scratch) {
    const HeadShare heads = all_heads(shape);
    Attention attention = {
        .out = out, .lse = lse, .in = in, .shape = shape, .scratch = scratch, .member_floats = scratch_floats(shape)};
    head_share_forward(team, &heads, forward_queries, &attention);
}

static void backward_keys(void *context, int member, int owner, int64_t number, int block, const WaveLink *link) {
    const Attention *a = context;
    const HeadShape shape = head_shape(a->shape);
    const HeadOffsets at = offsets_of(a, number);
    const HeadInputs in = head_inputs(a->in, at);
    const HeadGradients d = head_gradients(a->d, at);
    const HeadBackward head = {.d = &d,
                               .dout = a->dout + at.out,
                               .out = a->kept->out + at.out,
                               .lse = a->kept->lse + at.lse,
                               .in = &in,
                               .shape = &shape,
                               .scratch = a->scratch + (size_t)owner * a->member_floats};
    kernels_best()->attention_backward(&head, block, link, a->scratch + (size_t)member * a->member_floats);
}

void attention_backward(Team *team, const AttentionGradients *d, const float *dout, const AttentionKept *kept,
                        const AttentionInputs *in, const AttentionShape *shape, float *scratch) {
    const HeadShape head = head_shape(shape);
    HeadShare heads = all_heads(shape);
    heads.work *= 2;
    Attention attention = {.in = in,
                           .shape = shape,
                           .scratch = scratch,
                           .member_floats = scratch_floats(shape),
                           .d = d,
                           .dout = dout,
                           .kept = kept};
    WaveMark *marks = (WaveMark *)(scratch + attention.member_floats * (size_t)team_size(team));
    head_share_backward(team, &heads, kernels_best()->attention_blocks(&head), marks, backward_keys, &attention);
}

static double dot(const float *a, const float *b, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

/* Of query q and key k: q . k / sqrt(width). */
static double score_ref(const HeadInputs *in, const HeadShape *s, int q, int k) {
    return dot(in->q + (size_t)q * s->q_stride, in->k + (size_t)k * s->kv_stride, s->head_width) / sqrt(s->head_width);
}

/* Scores are computed anew wherever they are needed: slow, and nothing to get wrong. */
static void head_forward_ref(float *out, float *lse, const HeadInputs *in, const HeadShape *s) {
    for (int q = 0; q < s->n_queries; q++) {
        double largest = -INFINITY, sum = 0;
        for (int k = 0; k < s->n_keys; k++) largest = fmax(largest, score_ref(in, s, q, k));
        for (int k = 0; k < s->n_keys; k++) sum += exp(score_ref(in, s, q, k) - largest);
        double log_sum = largest + log(sum);
        for (int j = 0; j < s->head_width; j++) {
            double value = 0;
            for (int k = 0; k < s->n_keys; k++)
                value += exp(score_ref(in, s, q, k) - log_sum) * in->v[(size_t)k * s->kv_stride + (size_t)j];
            out[(size_t)q * s->out_stride + (size_t)j] = (float)value;
        }
        lse[q] = (float)log_sum;
    }
}

void attention_forward_ref(float *out, float *lse, const AttentionInputs *in, const AttentionShape *shape) {
    const HeadShape head = head_shape(shape);
    for (int b = 0; b < shape->B; b++) {
        for (int h = 0; h < shape->heads; h++) {
            const HeadOffsets at = head_offsets(shape, b, h);
            const HeadInputs one = head_inputs(in, at);
            head_forward_ref(out + at.out, lse + at.lse, &one, &head);
        }
    }
}

/* One pair of query and key: its shares of the three gradients. The pointers are the pair's rows. */
static void pair_backward_ref(const HeadGradients *d, const HeadInputs *in, const float *dout, double weight,
                              double dout_out, int width) {
    double dscore = weight * (dot(dout, in->v, width) - dout_out) / sqrt(width);
    for (int j = 0; j < width; j++) {
        d->q[j] += (float)(dscore * in->k[j]);
        d->k[j] += (float)(dscore * in->q[j]);
        d->v[j] += (float)(weight * dout[j]);
    }
}

/* Gradients of keys and values are sums over queries, so they begin at zero. */
static void head_backward_ref(const HeadGradients *d, const float *dout, const float *out, const float *lse,
                              const HeadInputs *in, const HeadShape *s) {
    size_t width = (size_t)s->head_width;
    for (int q = 0; q < s->n_queries; q++) memset(d->q + (size_t)q * s->q_stride, 0, width * sizeof(float));
    for (int k = 0; k < s->n_keys; k++) {
        memset(d->k + (size_t)k * s->kv_stride, 0, width * sizeof(float));
        memset(d->v + (size_t)k * s->kv_stride, 0, width * sizeof(float));
    }
    for (int q = 0; q < s->n_queries; q++) {
        size_t at_q = (size_t)q * s->q_stride, at_out = (size_t)q * s->out_stride;
        double dout_out = dot(dout + at_out, out + at_out, s->head_width);
        for (int k = 0; k < s->n_keys; k++) {
            size_t at_k = (size_t)k * s->kv_stride;
            pair_backward_ref(&(HeadGradients){d->q + at_q, d->k + at_k, d->v + at_k},
                              &(HeadInputs){in->q + at_q, in->k + at_k, in->v + at_k}, dout + at_out,
                              exp(score_ref(in, s, q, k) - lse[q]), dout_out, s->head_width);
        }
    }
}

void attention_backward_ref(const AttentionGradients *d, const float *dout, const float *out, const float *lse,
                            const AttentionInputs *in, const AttentionShape *shape) {
    const HeadShape head = head_shape(shape);
    for (int b = 0; b < shape->B; b++) {
        for (int h = 0; h < shape->heads; h++) {
            const HeadOffsets at = head_offsets(shape, b, h);
            const HeadInputs one = head_inputs(in, at);
            const HeadGradients to = head_gradients(d, at);
            head_backward_ref(&to, dout + at.out, out + at.out, lse + at.lse, &one, &head);
        }
    }
}
