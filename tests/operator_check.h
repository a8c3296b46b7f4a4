/* operator_check - what the tests of nn operators share: random arrays, distances, central differences.
 *
 * Gradients are checked through a random projection: loss = sum(projection * output), whose gradient along a random
 * direction of the input must equal the difference quotient. */
#pragma once

#include "math/rng.h"
#include "nn/kernels/bf16.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline float *random_floats(size_t count, uint32_t object, float scale) {
    float *out = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    Rng rng = rng_stream(20, RNG_TEST, 0, object);
    for (size_t i = 0; i < count; i++) out[i] = scale * rng_normal(&rng);
    return out;
}

static inline Bf16 *random_halves(size_t count, uint32_t object, float scale) {
    float *x = random_floats(count, object, scale);
    Bf16 *out = malloc(count * sizeof *out);
    for (size_t i = 0; i < count; i++) out[i] = bf16_round(x[i]);
    free(x);
    return out;
}

/* Norm of the difference over norm of the expectation. */
static inline double relative_distance(const float *found, const float *expected, size_t count) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)found[i] - expected[i]) * ((double)found[i] - expected[i]);
        norm += (double)expected[i] * expected[i];
    }
    return sqrt(difference / fmax(norm, 1e-300));
}

static inline double dot_floats(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

typedef double LossFunction(void *context); /* reads the inputs in place */

/* The slope of loss along `direction` at x by central differences; x is restored. */
static inline double difference_quotient(LossFunction *loss, void *context, float *x, const float *direction,
                                         size_t count, float step) {
    float *saved = malloc(count * sizeof(float));
    memcpy(saved, x, count * sizeof(float));
    for (size_t i = 0; i < count; i++) x[i] = saved[i] + step * direction[i];
    double above = loss(context);
    for (size_t i = 0; i < count; i++) x[i] = saved[i] - step * direction[i];
    double below = loss(context);
    memcpy(x, saved, count * sizeof(float));
    free(saved);
    return (above - below) / (2.0 * step);
}

/* Asserts that `gradient` agrees with differences along a random direction. */
static inline void check_gradient(LossFunction *loss, void *context, float *x, const float *gradient, size_t count,
                                  float step, double tolerance) {
    float *direction = random_floats(count, 999, 1);
    double expected = difference_quotient(loss, context, x, direction, count, step);
    double found = dot_floats(gradient, direction, count);
    double size = sqrt(dot_floats(gradient, gradient, count) * dot_floats(direction, direction, count) / (double)count);
    if (fabs(found - expected) > tolerance * fmax(size, fabs(expected))) {
        fail_msg("slope %.9g, central difference %.9g, gradient size %.3g", found, expected, size);
    }
    free(direction);
}
