/* Principal components of the attention keys of many clips together (section 5.5 of the
 * paper), in a stream: sums of any number of clips in one pass, merged in any fixed order.
 *
 * A clip gives (positions, dims) keys: one row a token, in the token order of the model. Components are eigenvectors of
 * the covariance of all rows of all clips, neither whitened nor scaled; each is turned so that its largest entry is
 * positive, or colors would flip from run to run. The share of variance that a token's position alone explains is the
 * variance between the means of positions over the whole: near 1 where a model looks at places, low where it looks at
 * what is seen. */
#include "analysis/measure/internal/formulas.h"

#include "math/linalg.h"
#include "math/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Layout of the block: covariance, number of clips, sums (positions, dims). */
static double *clips_of(const KeySums *sums) {
    return sums->block + covariance_doubles(sums->dims);
}

static double *position_sums(const KeySums *sums) {
    return clips_of(sums) + 1;
}

static size_t position_doubles(const KeySums *sums) {
    return (size_t)sums->positions * (size_t)sums->dims;
}

size_t keysums_doubles(int positions, int dims) {
    return covariance_doubles(dims) + 1 + (size_t)positions * (size_t)dims;
}

/* A clip: its rows into the covariance, and each token's key into the sum of its position. */
Err keysums_add(const KeySums *sums, const float *keys) {
    const Covariance covariance = covariance_view(sums->block, sums->dims);
    TRY(covariance_add_rows(&covariance, keys, (size_t)sums->positions));
    *clips_of(sums) += 1;
    double *at = position_sums(sums);
    for (size_t i = 0; i < position_doubles(sums); i++) at[i] += (double)keys[i];
    return ERR_NONE;
}

void keysums_merge(const KeySums *into, const KeySums *from) {
    const Covariance a = covariance_view(into->block, into->dims), b = covariance_view(from->block, from->dims);
    covariance_merge(&a, &b);
    const double *source = clips_of(from);
    double *target = clips_of(into);
    for (size_t i = 0; i < 1 + position_doubles(into); i++) target[i] += source[i];
}

/* Sum over positions and dims of clips (mean of the position - mean of all)^2, over the sum of all squared deviations.
 */
static double position_share(const KeySums *sums, const double *mean, double total) {
    double between = 0, clips = *clips_of(sums);
    const double *at = position_sums(sums);
    for (int p = 0; p < sums->positions; p++)
        for (int d = 0; d < sums->dims; d++) {
            double deviation = at[(size_t)p * (size_t)sums->dims + (size_t)d] / clips - mean[d];
            between += clips * deviation * deviation;
        }
    return total > 0 ? between / total : NAN;
}

/* An eigenvector is one up to its sign: the largest entry decides it. */
static void copy_axis(double *out, const double *vector, int dims) {
    int largest = 0;
    for (int d = 1; d < dims; d++)
        if (fabs(vector[d]) > fabs(vector[largest])) largest = d;
    for (int d = 0; d < dims; d++) out[d] = vector[largest] < 0 ? -vector[d] : vector[d];
}

/* The last KEYPCA_COMPONENTS of ascending eigenvalues; rounding may leave tiny ones below zero. */
static void take_components(KeyPca *pca, const double *values, const double *vectors) {
    double total = 0;
    for (int d = 0; d < pca->dims; d++) total += fmax(values[d], 0);
    for (int c = 0; c < KEYPCA_COMPONENTS && c < pca->dims; c++) {
        int at = pca->dims - 1 - c; /* eigenvalues ascend */
        pca->variance[c] = fmax(values[at], 0);
        pca->explained[c] = total > 0 ? pca->variance[c] / total : NAN;
        copy_axis(pca->axes + (size_t)c * (size_t)pca->dims, vectors + (size_t)at * (size_t)pca->dims, pca->dims);
    }
}

Err keypca_fit(KeyPca *pca, const KeySums *sums) {
    Err err = ERR_NONE;
    size_t dims = (size_t)sums->dims;
    const Covariance covariance = covariance_view(sums->block, sums->dims);
    *pca = (KeyPca){.dims = sums->dims, .rows = *covariance.count};
    if (*clips_of(sums) < 2)
        return RAISE(ERR_INPUT, "attention keys of %g clips; at least 2 are needed", *clips_of(sums));
    pca->mean = calloc((1 + KEYPCA_COMPONENTS) * dims, sizeof *pca->mean);
    double *values = malloc((dims + dims * dims) * sizeof *values);
    if (!pca->mean || !values) TRY_OR(done, RAISE(ERR_MEMORY, "attention keys of width %zu: no memory", dims));
    pca->axes = pca->mean + dims;
    memcpy(pca->mean, covariance.mean, dims * sizeof *pca->mean);
    covariance_matrix(values + dims, &covariance);
    double total = 0;
    for (size_t d = 0; d < dims; d++) total += covariance.scatter[d * dims + d];
    pca->position_share = position_share(sums, pca->mean, total);
    TRY_OR(done, linalg_eigen(values, values + dims, sums->dims));
    take_components(pca, values, values + dims);
done:
    free(values);
    if (err) keypca_free(pca);
    return err;
}

void keypca_free(KeyPca *pca) {
    free(pca->mean);
    *pca = (KeyPca){0};
}

/* (key - mean) times each axis. */
void keypca_project(double out[KEYPCA_COMPONENTS], const KeyPca *pca, const float *key) {
    for (int c = 0; c < KEYPCA_COMPONENTS; c++) {
        const double *axis = pca->axes + (size_t)c * (size_t)pca->dims;
        out[c] = 0;
        for (int d = 0; d < pca->dims; d++) out[c] += axis[d] * ((double)key[d] - pca->mean[d]);
    }
}
