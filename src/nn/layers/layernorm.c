#include "nn/layers/layernorm.h"

#include "nn/kernels/kernels.h"

#include <math.h>
#include <string.h>

typedef struct {
    float *y;
    const float *x, *weight, *bias;
    int D;
} Forward;

static void forward_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Forward *f = context;
    size_t at = (size_t)begin * (size_t)f->D;
    kernels_best()->layernorm(f->y + at, f->x + at, f->weight, f->bias, (size_t)(end - begin), f->D, LAYERNORM_EPS);
}

void layernorm_forward(Team *team, float *y, const float *x, const float *weight, const float *bias, size_t R, int D) {
    Forward forward = {y, x, weight, bias, D};
    team_for(team, (int64_t)R, 1, (double)R * D, forward_rows, &forward);
}

/* The rows whose weight gradients the kernels gather before these join the sum. */
enum { CHUNK = 64 };

static size_t chunk_count(size_t R) {
    return (R + CHUNK - 1) / CHUNK;
}

size_t layernorm_partial_floats(size_t R, int D, int members) {
    return (members > 1 ? chunk_count(R) + (size_t)members : 1) * 2 * (size_t)D;
}

typedef struct {
    float *dx, *dweight, *dbias;
    const float *dy, *x, *weight;
    size_t R;
    int D;
    float *chunks, *partials; /* (chunk_count, 2, D) sums of weight and bias gradients; (members, 2, D) */
} Backward;

static void backward_chunks(void *context, int member, int64_t begin, int64_t end) {
    const Backward *b = context;
    size_t D = (size_t)b->D;
    for (size_t chunk = (size_t)begin; chunk < (size_t)end; chunk++) {
        size_t row = chunk * CHUNK, rows = b->R - row < CHUNK ? b->R - row : CHUNK;
        float *sums = b->chunks + chunk * 2 * D;
        memset(sums, 0, 2 * D * sizeof *sums);
        kernels_best()->layernorm_backward(b->dx + row * D, sums, sums + D, b->dy + row * D, b->x + row * D, b->weight,
                                           rows, b->D, LAYERNORM_EPS, b->partials + (size_t)member * 2 * D);
    }
}

static void add_chunks(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Backward *b = context;
    for (size_t chunk = 0; chunk < chunk_count(b->R); chunk++) {
        const float *dweight = b->chunks + chunk * 2 * (size_t)b->D, *dbias = dweight + b->D;
        for (int64_t i = begin; i < end; i++) {
            b->dweight[i] += dweight[i];
            b->dbias[i] += dbias[i];
        }
    }
}

/* The sums of chunks join the total in the order in which one thread adds them. */
void layernorm_backward(Team *team, float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                        const float *weight, size_t R, int D, float *partial) {
    if (team_size(team) == 1) {
        kernels_best()->layernorm_backward(dx, dweight, dbias, dy, x, weight, R, D, LAYERNORM_EPS, partial);
        return;
    }
    Backward backward = {.dx = dx,
                         .dweight = dweight,
                         .dbias = dbias,
                         .dy = dy,
                         .x = x,
                         .weight = weight,
                         .R = R,
                         .D = D,
                         .chunks = partial,
                         .partials = partial + chunk_count(R) * 2 * (size_t)D};
    int64_t chunks = (int64_t)chunk_count(R);
    team_for(team, chunks, 1, 2 * (double)R * D, backward_chunks, &backward);
    team_for(team, D, 16, 2 * (double)chunks * D, add_chunks, &backward);
}

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

void layernorm_backward_ref(float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                            const float *weight, size_t R, int D) {
    for (size_t r = 0; r < R; r++) {
        const float *x_r = x + r * (size_t)D, *dy_r = dy + r * (size_t)D;
        double mean, scale, sum_g = 0, sum_gn = 0;
        row_moments_ref(&mean, &scale, x_r, D);
        for (int i = 0; i < D; i++) {
            double normal = (x_r[i] - mean) * scale, g = (double)dy_r[i] * weight[i];
            dweight[i] += (float)(dy_r[i] * normal);
            dbias[i] += dy_r[i];
            sum_g += g;
            sum_gn += g * normal;
        }
        for (int i = 0; i < D; i++) {
            double normal = (x_r[i] - mean) * scale, g = (double)dy_r[i] * weight[i];
            dx[r * (size_t)D + i] += (float)(scale * (g - sum_g / D - normal * sum_gn / D));
        }
    }
}
