/* GELU, LayerNorm and the softmax of the loss. The kernels of this machine do the work, a team shares rows or pieces,
 * and plain versions in double follow each. GELU is x Phi(x) with the exact normal distribution (Hendrycks and Gimpel
 * 2016), not its tanh approximation; LayerNorm is over a row, y = (x - mean) / sqrt(variance + eps) * weight + bias (Ba
 * et al. 2016). */
#include "nn/layers/elementwise.h"

#include "nn/kernels/kernels.h"

#include <math.h>
#include <string.h>

/* ---- GELU ---- */

/* Phi(x) and its density, by the library's erf: what the kernels' polynomials are measured against. */
static double normal_upper(double x) {
    return 0.5 * (1 + erf(x * M_SQRT1_2));
}
static double normal_density(double x) {
    return exp(-0.5 * x * x) / sqrt(2 * M_PI);
}

typedef struct {
    float *y, *dx;
    const float *dy, *x;
} Gelu;

enum { PIECE = 1024 }; /* whole vectors */

static void gelu_piece(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Gelu *g = context;
    kernels_best()->gelu(g->y + begin, g->x + begin, (size_t)(end - begin));
}

void gelu_forward(Team *team, float *y, const float *x, size_t count) {
    team_for(team, (int64_t)count, PIECE, 2 * (double)count, gelu_piece, &(Gelu){.y = y, .x = x});
}

void gelu_forward_ref(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] * normal_upper(x[i]));
}

static void gelu_backward_piece(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Gelu *g = context;
    kernels_best()->gelu_backward(g->y + begin, g->dx + begin, g->dy + begin, g->x + begin, (size_t)(end - begin));
}

void gelu_backward(Team *team, float *y, float *dx, const float *dy, const float *x, size_t count) {
    team_for(team, (int64_t)count, PIECE, 2 * (double)count, gelu_backward_piece,
             &(Gelu){.y = y, .dx = dx, .dy = dy, .x = x});
}

/* d/dx x Phi(x) = Phi(x) + x phi(x). */
void gelu_backward_ref(float *y, float *dx, const float *dy, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double slope = normal_upper(x[i]) + x[i] * normal_density(x[i]);
        dx[i] = (float)(dy[i] * slope);
    }
    gelu_forward_ref(y, x, count);
}

/* ---- LayerNorm ---- */

typedef struct {
    float *y;
    const float *x;
    NormParams params;
} Norm;

/* Rows [begin, end). */
static void norm_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Norm *n = context;
    size_t at = (size_t)begin * (size_t)n->params.width;
    kernels_best()->layernorm(n->y + at, n->x + at, (size_t)(end - begin), &n->params);
}

void layernorm_forward(Team *team, float *y, const float *x, const float *weight, const float *bias, size_t R, int D) {
    Norm norm = {y, x, {weight, bias, D, LAYERNORM_EPS}};
    team_for(team, (int64_t)R, 1, (double)R * D, norm_rows, &norm);
}

/* The rows whose weight gradients the kernels gather before these join the sum. */
enum { CHUNK = 64 };

/* As the kernels' own partial sums, so that one thread and a team add the same numbers in the same order. */
static size_t chunk_count(size_t R) {
    return (R + CHUNK - 1) / CHUNK;
}

/* A team keeps the sums of all chunks, one thread those of the chunk at hand. */
size_t layernorm_partial_floats(size_t R, int D, int members) {
    return (members > 1 ? chunk_count(R) + (size_t)members : 1) * 2 * (size_t)D;
}

typedef struct {
    const NormGradients *d;
    const float *dy, *x;
    NormParams params;
    size_t R;
    float *chunks, *partials; /* (chunk_count, 2, D) sums of weight and bias gradients; (members, 2, D) */
} NormBackward;

/* A chunk is the kernel's own unit of summing, so a call on it alone leaves exactly its sum. */
static void backward_chunks(void *context, int member, int64_t begin, int64_t end) {
    const NormBackward *b = context;
    size_t D = (size_t)b->params.width;
    for (size_t chunk = (size_t)begin; chunk < (size_t)end; chunk++) {
        size_t row = chunk * CHUNK, rows = b->R - row < CHUNK ? b->R - row : CHUNK;
        float *sums = b->chunks + chunk * 2 * D;
        const NormGradients d = {b->d->x + row * D, sums, sums + D, b->partials + (size_t)member * 2 * D};
        memset(sums, 0, 2 * D * sizeof *sums);
        kernels_best()->layernorm_backward(&d, b->dy + row * D, b->x + row * D, rows, &b->params);
    }
}

/* The sums of chunks join the total in the order in which one thread adds them. */
static void add_chunks(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const NormBackward *b = context;
    size_t D = (size_t)b->params.width;
    for (size_t chunk = 0; chunk < chunk_count(b->R); chunk++) {
        const float *dweight = b->chunks + chunk * 2 * D, *dbias = dweight + D;
        for (int64_t i = begin; i < end; i++) {
            b->d->weight[i] += dweight[i];
            b->d->bias[i] += dbias[i];
        }
    }
}

void layernorm_backward(Team *team, const NormGradients *d, const float *dy, const float *x, const float *weight,
                        size_t R, int D) {
    const NormParams params = {weight, NULL, D, LAYERNORM_EPS};
    if (team_size(team) == 1) {
        kernels_best()->layernorm_backward(d, dy, x, R, &params);
        return;
    }
    NormBackward backward = {.d = d,
                             .dy = dy,
                             .x = x,
                             .params = params,
                             .R = R,
                             .chunks = d->partial,
                             .partials = d->partial + chunk_count(R) * 2 * (size_t)D};
    int64_t chunks = (int64_t)chunk_count(R);
    /* 1. each chunk of rows: input gradients, and its own sums; 2. the sums, a member some columns */
    team_for(team, chunks, 1, 2 * (double)R * D, backward_chunks, &backward);
    team_for(team, D, 16, 2 * (double)chunks * D, add_chunks, &backward);
}

/* Variance about the mean, in double. */
static void row_moments_ref(double *mean, double *inverse_deviation, const float *x, int D) {
    double sum = 0, squares = 0;
    for (int i = 0; i < D; i++) sum += x[i];
    *mean = sum / D;
    for (int i = 0; i < D; i++) squares += (x[i] - *mean) * (x[i] - *mean);
    *inverse_deviation = 1 / sqrt(squares / D + LAYERNORM_EPS);
}

void layernorm_forward_ref(float *y, const float *x, const float *weight, const float *bias, size_t R, int D) {
    for (size_t r = 0; r < R; r++) {
        const float *x_r = x + r * (size_t)D;
        double mean, scale;
        row_moments_ref(&mean, &scale, x_r, D);
        for (int i = 0; i < D; i++) y[r * (size_t)D + i] = (float)((x_r[i] - mean) * scale * weight[i] + bias[i]);
    }
}

/* With n = (x - mean) scale and g = dy weight: dx = scale (g - mean(g) - n mean(g n)), added to what is there. */
void layernorm_backward_ref(const NormGradients *d, const float *dy, const float *x, const float *weight, size_t R,
                            int D) {
    for (size_t r = 0; r < R; r++) {
        const float *x_r = x + r * (size_t)D, *dy_r = dy + r * (size_t)D;
        double mean, scale, sum_g = 0, sum_gn = 0;
        row_moments_ref(&mean, &scale, x_r, D);
        for (int i = 0; i < D; i++) {
            double normal = (x_r[i] - mean) * scale, g = (double)dy_r[i] * weight[i];
            d->weight[i] += (float)(dy_r[i] * normal);
            d->bias[i] += dy_r[i];
            sum_g += g;
            sum_gn += g * normal;
        }
        for (int i = 0; i < D; i++) {
            double normal = (x_r[i] - mean) * scale, g = (double)dy_r[i] * weight[i];
            d->x[r * (size_t)D + i] += (float)(scale * (g - sum_g / D - normal * sum_gn / D));
        }
    }
}

/* ---- softmax cross entropy, in double: a row a clip, so its cost is nothing ---- */

/* Over the largest, so that no exponential overflows. */
static double log_sum_exp(const float *x, int count) {
    double largest = x[0], sum = 0;
    for (int i = 1; i < count; i++) largest = fmax(largest, x[i]);
    for (int i = 0; i < count; i++) sum += exp(x[i] - largest);
    return largest + log(sum);
}

/* loss = - mean over clips of sum_k target_k log softmax_k; its gradient by logit k is mass softmax_k - target_k. */
double softmax_cross_entropy(float *dlogits, const float *logits, const float *targets, int B, int K, float scale) {
    double loss = 0;
    for (int b = 0; b < B; b++) {
        const float *logits_b = logits + (size_t)b * (size_t)K, *targets_b = targets + (size_t)b * (size_t)K;
        double log_sum = log_sum_exp(logits_b, K), mass = 0;
        for (int k = 0; k < K; k++) {
            mass += targets_b[k];
            loss += targets_b[k] * (log_sum - logits_b[k]);
        }
        if (!dlogits) continue;
        for (int k = 0; k < K; k++) {
            /* the targets' mass, 1 unless mixing left less, scales the softmax */
            double probability = exp(logits_b[k] - log_sum);
            dlogits[(size_t)b * (size_t)K + (size_t)k] = (float)(scale / B * (mass * probability - targets_b[k]));
        }
    }
    return loss / B;
}

/* Probabilities of one view, added to those of the video's others. */
void softmax_add(double *sums, const float *logits, int K) {
    double largest = logits[0], sum = 0;
    for (int k = 1; k < K; k++) largest = fmax(largest, logits[k]);
    for (int k = 0; k < K; k++) sum += exp(logits[k] - largest);
    for (int k = 0; k < K; k++) sums[k] += exp(logits[k] - largest) / sum;
}
