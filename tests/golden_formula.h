/* golden_formula - numbers that an oracle and a test make from the same formula, and sketches of large vectors.
 *
 * The same in Python: tests/oracle/golden_formula.py, whose docstring says what each is. */
#pragma once

#include "nn/layers/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SKETCH_SUMS = 32, SKETCH_SIZE = 1 + SKETCH_SUMS };

typedef struct {
    uint64_t start;
} Formula;

/* The stream `name`: FNV-1a. */
static inline Formula formula(uint64_t seed, const char *name) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * 0x100000001B3u;
    return (Formula){hash + seed * 0x9E3779B97F4A7C15u};
}

/* SplitMix64. */
static inline uint64_t formula_hash(Formula stream, size_t i) {
    uint64_t z = stream.start + (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline void formula_floats(float *out, size_t count, uint64_t seed, const char *name, double center,
                                  double spread) {
    Formula stream = formula(seed, name);
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(center + spread * ((double)(formula_hash(stream, i) >> 40) * 0x1p-23 - 1));
}

static inline void formula_bytes(uint8_t *out, size_t count, uint64_t seed, const char *name) {
    Formula stream = formula(seed, name);
    for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(formula_hash(stream, i) >> 56);
}

/* out[i] = 1 for the `chosen` smallest hashes. */
static inline void formula_smallest(uint8_t *out, size_t count, size_t chosen, uint64_t seed, const char *name) {
    Formula stream = formula(seed, name);
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        for (size_t k = 0; k < count; k++) before += formula_hash(stream, k) < formula_hash(stream, i);
        out[i] = before < chosen;
    }
}

static inline void formula_parameter(float *out, const Param *row, uint64_t seed) {
    double spread = 0.25;
    if (strcmp(row->name, "mask_token") == 0) {
        spread = 0.5;
    } else if (row->n_dims > 1) {
        spread = 1;
        for (size_t fan_in = row->count / (size_t)row->dims[0]; fan_in >= 4; fan_in /= 4) spread /= 2;
    }
    size_t length = strlen(row->name);
    bool is_scale = row->n_dims == 1 && length > 7 && strcmp(row->name + length - 7, ".weight") == 0;
    formula_floats(out, row->count, seed, row->name, is_scale, spread);
}

/* All parameters of a table; the caller frees. */
static inline float *formula_params(const ParamTable *table, uint64_t seed) {
    float *flat = malloc(table->total * sizeof(float));
    for (int r = 0; r < table->n_rows; r++) formula_parameter(flat + table->rows[r].offset, &table->rows[r], seed);
    return flat;
}

/* Signed sums only: sums[k] of +-x[i]. */
static inline void sketch_sums(double sums[SKETCH_SUMS], const float *x, size_t count) {
    Formula stream = formula(0, "sketch");
    memset(sums, 0, SKETCH_SUMS * sizeof(double));
    for (size_t i = 0; i < count; i++) {
        uint64_t signs = formula_hash(stream, i);
        double value = x[i];
        for (int k = 0; k < SKETCH_SUMS; k++) sums[k] += (double)(1 - 2 * (int)((signs >> k) & 1)) * value;
    }
}

/* Estimates |x - expected| / |expected|, where `expected` is known by its sketch (SKETCH_SIZE). */
static inline double sketch_distance(const float *x, size_t count, const double *expected) {
    double sums[SKETCH_SUMS], square = 0;
    sketch_sums(sums, x, count);
    for (int k = 0; k < SKETCH_SUMS; k++) square += (sums[k] - expected[1 + k]) * (sums[k] - expected[1 + k]);
    return sqrt(square / SKETCH_SUMS) / fmax(expected[0], 1e-300);
}
