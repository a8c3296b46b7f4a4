/* How strongly a property of datasets goes with accuracy.
 *
 * Pearson r with two-sided p (Student's t with n-2 degrees), Fisher's 95 % interval and the least-squares line y =
 * slope x
 * + intercept; Spearman rho (Pearson of the ranks, ties get their average rank) with its p by the same t; and a
 * percentile bootstrap of r; and how far r moves when one point is left out, with the point that moves it
 * most. Fewer than three points are refused. Constant x or y leaves the coefficient undefined,
 * which is said, not replaced by a number. */
#include "analysis/compare/statistics.h"

#include "math/rng.h"

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

/* t = r sqrt((n - 2) / (1 - r^2)) with n - 2 degrees, exact for normal pairs without correlation. */
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

/* Quadratic, and there are a few dozen points. Only a NaN equals nothing, itself included. */
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

/* Pearson's of the ranks. */
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

/* ---- with uncertain y ---- */

/* One resample: rows, and the standard normal errors of their y. */
typedef struct {
    uint32_t *rows;
    double *errors, *x, *y;
} Resample;

static void draw_resample(Resample *into, int n, uint64_t seed, int draw) {
    Rng rows = rng_stream(seed, RNG_BOOTSTRAP, (uint64_t)draw, 0),
        errors = rng_stream(seed, RNG_BOOTSTRAP, (uint64_t)draw, 1);
    for (int i = 0; i < n; i++) {
        into->rows[i] = rng_below(&rows, (uint32_t)n);
        into->errors[i] = (double)rng_normal(&errors);
    }
}

/* y_sd NULL: y as it is. */
static Err correlate_resample(double *r, double *rho, const Resample *drawn, const Pairs *pairs, const double *y_sd,
                              int n) {
    Correlation found = {.rho = NAN};
    for (int i = 0; i < n; i++) {
        uint32_t k = drawn->rows[i];
        drawn->x[i] = pairs->x[k];
        drawn->y[i] = pairs->y[k] + (y_sd && !isnan(y_sd[k]) ? drawn->errors[i] * y_sd[k] : 0);
    }
    TRY(spearman(&found, drawn->x, drawn->y, n));
    *r = pearson(&(Pairs){drawn->x, drawn->y}, NULL, (uint32_t)n);
    *rho = found.rho;
    return ERR_NONE;
}

/* The percentile interval of what is defined, if that is at least half. */
static Interval defined_percentile(double *values) {
    int count = 0;
    for (int i = 0; i < CORRELATE_DRAWS; i++)
        if (!isnan(values[i])) values[count++] = values[i];
    return count >= CORRELATE_DRAWS / 2 ? interval_percentile(values, count) : (Interval){NAN, NAN};
}

/* From the lower of two ends to the higher. */
static Interval hull(Interval a, Interval b) {
    return (Interval){fmin(a.low, b.low), fmax(a.high, b.high)};
}

Err correlate_uncertain(Interval *r, Interval *rho, const double *x, const double *y, const double *y_sd, int n,
                        uint64_t seed) {
    const Pairs pairs = {x, y};
    enum { KINDS = 4 }; /* r and rho, y as it is and moved */
    if (n < CORRELATE_MIN)
        return RAISE(ERR_INPUT, "correlation of %d points: at least %d are needed", n, CORRELATE_MIN);
    double *values = malloc((3 * (size_t)n + KINDS * CORRELATE_DRAWS) * sizeof *values);
    uint32_t *rows = malloc((size_t)n * sizeof *rows);
    Err err = values && rows ? ERR_NONE : RAISE(ERR_MEMORY, "correlation of %d points: no memory", n);
    double *scratch = err ? NULL : values + KINDS * CORRELATE_DRAWS;
    for (int draw = 0; draw < CORRELATE_DRAWS && !err; draw++) {
        Resample drawn = {rows, scratch, scratch + n, scratch + 2 * n};
        double *at = values + draw;
        draw_resample(&drawn, n, seed, draw);
        err = correlate_resample(at, at + CORRELATE_DRAWS, &drawn, &pairs, NULL, n);
        at += 2 * CORRELATE_DRAWS;
        if (!err) err = correlate_resample(at, at + CORRELATE_DRAWS, &drawn, &pairs, y_sd, n);
    }
    Interval ends[KINDS];
    for (int kind = 0; kind < KINDS; kind++)
        ends[kind] = err ? (Interval){NAN, NAN} : defined_percentile(values + kind * CORRELATE_DRAWS);
    *r = hull(ends[0], ends[2]);
    *rho = hull(ends[1], ends[3]);
    free(values);
    free(rows);
    return err;
}
