/* Intervals by formula, by inversion of a test, and by resampling. Distributions are worked out here from DLMF's
 * formulas, so that figures do not hang on a statistics library; tests/unit/test_interval.c compares them with
 * published values. */
#include "math/interval.h"

#include "math/rng.h"
#include "math/stats.h"

#include <float.h>
#include <math.h>

/* Rounding may leave [0, 1] by a digit. */
static double clamp01(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

Interval interval_wilson(double successes, double count) {
    const double z2 = INTERVAL_Z * INTERVAL_Z;
    double p = successes / count;
    double center = (p + z2 / (2 * count)) / (1 + z2 / count);
    double half = INTERVAL_Z / (1 + z2 / count) * sqrt(p * (1 - p) / count + z2 / (4 * count * count));
    return (Interval){clamp01(center - half), clamp01(center + half)};
}

/* sqrt of the variance of a difference, with half widths for deviations. */
static double joined(double x, double y, double correlation) {
    return sqrt(fmax(0, x * x + y * y - 2 * correlation * x * y));
}

/* Newcombe's hybrid: the distances to the ends of both intervals, added like standard deviations */
Interval interval_difference(double a, Interval around_a, double b, Interval around_b, double correlation) {
    double below = joined(a - around_a.low, around_b.high - b, correlation),
           above = joined(around_a.high - a, b - around_b.low, correlation);
    return (Interval){a - b - below, a - b + above};
}

Interval interval_fisher(double r, int64_t n) {
    if (n < 4 || !(fabs(r) <= 1)) return (Interval){NAN, NAN};
    double z = atanh(r), half = INTERVAL_Z / sqrt((double)n - 3);
    return (Interval){tanh(z - half), tanh(z + half)};
}

Interval interval_mean(double mean, double sd, int64_t n) {
    if (n < 2) return (Interval){NAN, NAN};
    double half = student_quantile_two_sided(0.05, (double)n - 1) * sd / sqrt((double)n);
    return (Interval){mean - half, mean + half};
}

/* One end. */
static double end_by_test(IntervalTest test, const void *context, double estimate, double sign) {
    double inside = estimate, step = 1e-3;
    /* 1. out by doubling steps, until the test rules out */
    while (step < 1e12 && test(context, estimate + sign * step)) {
        inside = estimate + sign * step;
        step *= 2;
    }
    double outside = estimate + sign * step;
    /* 2. in between by bisection: 100 halvings leave nothing of any step */
    for (int i = 0; i < 100; i++) {
        double middle = 0.5 * (inside + outside);
        if (test(context, middle))
            inside = middle;
        else
            outside = middle;
    }
    return 0.5 * (inside + outside);
}

Interval interval_by_test(IntervalTest test, const void *context, double estimate) {
    return (Interval){end_by_test(test, context, estimate, -1), end_by_test(test, context, estimate, 1)};
}

/* The continued fraction of DLMF 8.17.22 for x < (a+1)/(a+b+2), where it converges fast. */
static double beta_fraction(double a, double b, double x) {
    /* modified Lentz: a denominator that would be zero becomes tiny */
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m <= 500; m++) {
        for (int odd = 0; odd < 2; odd++) {
            double step = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                              : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + step * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + step / c;
            if (fabs(c) < tiny) c = tiny;
            value *= d * c;
        }
        if (fabs(d * c - 1) < 4 * DBL_EPSILON) break;
    }
    return value;
}

double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    int sign;
    /* exp of logarithms: the factors under- and overflow long before their product does */
    double log_front = lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x);
    /* the fraction converges on this side only; the other follows by symmetry */
    if (x < (a + 1) / (a + b + 2)) return exp(log_front) * beta_fraction(a, b, x) / a;
    return 1 - exp(log_front) * beta_fraction(b, a, 1 - x) / b;
}

double student_two_sided(double t, double degrees) {
    if (isinf(t)) return 0;
    return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

double student_quantile_two_sided(double p, double degrees) {
    double low = 0, high = 1;
    /* the tail falls with t: a bracket, then bisection */
    while (student_two_sided(high, degrees) > p) high *= 2;
    while (high - low > 1e-13 * high) {
        double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high) break;
        if (student_two_sided(middle, degrees) > p)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

/* Linear interpolation between order statistics (the definition most packages call type 7). */
static double sorted_quantile(const double *sorted, int count, double share) {
    double at = share * (count - 1);
    int below = (int)at, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

Interval interval_percentile(double *values, int count) {
    if (count == 0) return (Interval){NAN, NAN};
    order_ascending(values, count);
    return (Interval){sorted_quantile(values, count, 0.025), sorted_quantile(values, count, 0.975)};
}

Err interval_bootstrap(Interval *interval, int *defined, BootstrapStatistic statistic, const void *context, uint32_t n,
                       int draws, uint64_t seed) {
    double *values = malloc((size_t)draws * sizeof *values);
    uint32_t *picks = malloc((size_t)n * sizeof *picks);
    Err err = values && picks ? ERR_NONE : RAISE(ERR_MEMORY, "bootstrap of %u items, %d draws: no memory", n, draws);
    int count = 0;
    /* a stream a draw: the draws do not depend on how many there are */
    for (int draw = 0; !err && draw < draws; draw++) {
        Rng rng = rng_stream(seed, RNG_BOOTSTRAP, (uint64_t)draw, 0);
        for (uint32_t i = 0; i < n; i++) picks[i] = rng_below(&rng, n);
        double value = statistic(context, picks, n);
        if (!isnan(value)) values[count++] = value;
    }
    *interval = (Interval){NAN, NAN};
    /* undefined in more than half of the draws: no interval */
    if (!err && count >= draws / 2) *interval = interval_percentile(values, count);
    if (defined) *defined = count;
    free(values);
    free(picks);
    return err;
}
