#include "nn/layers/gelu.h"

#include "nn/kernels/kernels.h"

#include <math.h>

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

static void forward_piece(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Gelu *g = context;
    kernels_best()->gelu(g->y + begin, g->x + begin, (size_t)(end - begin));
}

void gelu_forward(Team *team, float *y, const float *x, size_t count) {
    team_for(team, (int64_t)count, PIECE, 2 * (double)count, forward_piece, &(Gelu){.y = y, .x = x});
}

void gelu_forward_ref(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] * normal_upper(x[i]));
}

static void backward_piece(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Gelu *g = context;
    kernels_best()->gelu_backward(g->y + begin, g->dx + begin, g->dy + begin, g->x + begin, (size_t)(end - begin));
}

void gelu_backward(Team *team, float *y, float *dx, const float *dy, const float *x, size_t count) {
    team_for(team, (int64_t)count, PIECE, 2 * (double)count, backward_piece,
             &(Gelu){.y = y, .dx = dx, .dy = dy, .x = x});
}

void gelu_backward_ref(float *y, float *dx, const float *dy, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double slope = normal_upper(x[i]) + x[i] * normal_density(x[i]);
        dx[i] = (float)(dy[i] * slope);
    }
    gelu_forward_ref(y, x, count);
}
