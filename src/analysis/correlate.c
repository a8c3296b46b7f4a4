#include "analysis/correlate.h"

#include <math.h>

typedef struct {
    const double *x, *y;
} Pairs;

/* r of the picked pairs (picks NULL: all in order); NAN when x or y is constant among them. */
static double pearson(const Pairs *pairs, const uint32_t *picks, uint32_t n) {
    double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = picks ? picks[i] : i;
        mean_x += pairs->x[k] / n;
        mean_y += pairs->y[k] / n;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = picks ? picks[i] : i;
        double dx = pairs->x[k] - mean_x, dy = pairs->y[k] - mean_y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    /* A constant leaves rounding of its mean behind, not exact zeros. */
    double tiny_x = 1e-24 * mean_x * mean_x * n, tiny_y = 1e-24 * mean_y * mean_y * n;
    if (xx <= tiny_x || yy <= tiny_y) return NAN;
    return fmax(-1, fmin(1, xy / sqrt(xx * yy)));
}

static double pearson_of_picks(const void *context, const uint32_t *picks, uint32_t n) {
    return pearson(context, picks, n);
}

static double two_sided_p(double r, int n) {
    if (fabs(r) >= 1) return 0;
    return student_two_sided(r * sqrt((n - 2) / (1 - r * r)), n - 2);
}

static void fit_line(Correlation *out, const double *x, const double *y, int n) {
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        mean_x += x[i] / n;
        mean_y += y[i] / n;
    }
    for (int i = 0; i < n; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    out->slope = xy / xx;
    out->intercept = mean_y - out->slope * mean_x;
}

Err correlate_ranks(double *ranks, const double *values, int n) {
    for (int i = 0; i < n; i++) {
        int below = 0, equal = 0;
        for (int j = 0; j < n; j++) {
            below += values[j] < values[i];
            equal += values[j] == values[i];
        }
        if (equal == 0) return RAISE(ERR_INPUT, "correlation: value %d of %d is not a number", i + 1, n);
        ranks[i] = below + 0.5 * (equal + 1);
    }
    return ERR_NONE;
}

static Err spearman(Correlation *out, const double *x, const double *y, int n) {
    double *ranks = malloc(2 * (size_t)n * sizeof *ranks);
    if (!ranks) return RAISE(ERR_MEMORY, "correlation of %d points: no memory", n);
    Err err = correlate_ranks(ranks, x, n);
    if (!err) err = correlate_ranks(ranks + n, y, n);
    if (!err) out->rho = pearson(&(Pairs){ranks, ranks + n}, NULL, (uint32_t)n);
    free(ranks);
    return err;
}

/* picks: room for n - 1. */
static void leave_one_out(Correlation *out, const Pairs *pairs, uint32_t *picks, int n) {
    double largest = -1;
    for (int left = 0; left < n; left++) {
        for (int i = 0, at = 0; i < n; i++)
            if (i != left) picks[at++] = (uint32_t)i;
        double r = pearson(pairs, picks, (uint32_t)n - 1);
        if (isnan(r)) continue;
        out->without_one.low = fmin(out->without_one.low, r); /* fmin and fmax pass over NAN */
        out->without_one.high = fmax(out->without_one.high, r);
        if (fabs(r - out->r) <= largest) continue;
        largest = fabs(r - out->r);
        out->decisive = left;
    }
}

static Err sensitivity(Correlation *out, const Pairs *pairs, int n) {
    if (n <= CORRELATE_MIN) return ERR_NONE;
    uint32_t *picks = malloc((size_t)n * sizeof *picks);
    if (!picks) return RAISE(ERR_MEMORY, "correlation of %d points: no memory", n);
    leave_one_out(out, pairs, picks, n);
    free(picks);
    return ERR_NONE;
}

Err correlate(Correlation *out, const double *x, const double *y, int n, uint64_t seed) {
    const Pairs pairs = {x, y};
    *out = (Correlation){n, false, NAN, NAN, NAN, NAN, NAN, NAN, {NAN, NAN}, {NAN, NAN}, {NAN, NAN}, -1};
    if (n < CORRELATE_MIN)
        return RAISE(ERR_INPUT, "correlation of %d points: at least %d are needed", n, CORRELATE_MIN);
    TRY(spearman(out, x, y, n));
    out->r = pearson(&pairs, NULL, (uint32_t)n);
    if (isnan(out->r)) {
        out->rho = NAN;
        return ERR_NONE;
    }
    out->defined = true;
    out->r_p = two_sided_p(out->r, n);
    out->rho_p = two_sided_p(out->rho, n);
    out->fisher = interval_fisher(out->r, n);
    fit_line(out, x, y, n);
    TRY(sensitivity(out, &pairs, n));
    return interval_bootstrap(&out->bootstrap, NULL, pearson_of_picks, &pairs, (uint32_t)n, CORRELATE_DRAWS, seed);
}
