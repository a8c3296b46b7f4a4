/* Seeds and test videos are crossed: every video is answered by every seed's model. The variance of a mean of 0/1
 * answers has three parts, of seeds, of items and of the rest, which a two-way analysis of variance without
 * replication tells apart (math/interval.h has the formulas). All measures are kept as products of pairs, so that the
 * variance of any weighted sum of them is a quadratic form and needs no second look at the answers.
 *
 * Sums are of small integers and exact in doubles. */
#include "math/interval.h"

#include <math.h>

/* ---- sums ---- */

static double sum_of(const uint8_t *row, int64_t n_items) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n_items; i++) sum += row[i];
    return (double)sum;
}

/* Sums of products, not centered: of single answers, of the seeds' sums, of the items' sums. */
typedef struct {
    double answers, seeds, items;
} Products;

static Products products_of(const uint8_t *const *a, const uint8_t *const *b, int n_seeds, int64_t n_items) {
    Products sums = {0};
    for (int s = 0; s < n_seeds; s++) sums.seeds += sum_of(a[s], n_items) * sum_of(b[s], n_items);
    for (int64_t i = 0; i < n_items; i++) {
        int of_a = 0, of_b = 0, both = 0;
        for (int s = 0; s < n_seeds; s++) {
            of_a += a[s][i];
            of_b += b[s][i];
            both += a[s][i] & b[s][i];
        }
        sums.answers += both;
        sums.items += of_a * of_b;
    }
    return sums;
}

/* Mean squares of one pair of measures. */
static void fill_pair(Crossed *out, int a, int b, const Products *sums) {
    double S = out->n_seeds, V = (double)out->n_items;
    /* what every sum of squares has too much for not being centered */
    double center = S * V * out->mean[a] * out->mean[b];
    double seeds = sums->seeds / V - center, items = sums->items / S - center, all = sums->answers - center;
    out->items[a][b] = out->items[b][a] = items / (V - 1);
    /* one seed: nothing tells seeds and rest apart */
    if (out->n_seeds == 1) return;
    out->seeds[a][b] = out->seeds[b][a] = seeds / (S - 1);
    out->rest[a][b] = out->rest[b][a] = (all - seeds - items) / ((S - 1) * (V - 1));
}

void crossed_make(Crossed *out, const uint8_t *const *rows, int n_measures, int n_seeds, int64_t n_items) {
    *out = (Crossed){.n_measures = n_measures, .n_seeds = n_seeds, .n_items = n_items};
    for (int k = 0; k < n_measures; k++) {
        double sum = 0;
        for (int s = 0; s < n_seeds; s++) sum += sum_of(rows[k * n_seeds + s], n_items);
        out->mean[k] = sum / ((double)n_items * n_seeds);
    }
    for (int a = 0; a < n_measures; a++)
        for (int b = a; b < n_measures; b++) {
            Products sums = products_of(rows + a * n_seeds, rows + b * n_seeds, n_seeds, n_items);
            fill_pair(out, a, b, &sums);
        }
}

/* ---- intervals ---- */

static double weighted(const double products[CROSSED_MEASURES][CROSSED_MEASURES], const double *weights, int n) {
    double sum = 0;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) sum += weights[a] * weights[b] * products[a][b];
    return fmax(sum, 0); /* rounding may leave less */
}

/* The root of the two parts of the variance, the seeds' by t^2 and the items' by z^2, and at least that of the items
 * for these models. */
static double reach(const Crossed *crossed, const double *weights, double t, double z) {
    double seeds = weighted(crossed->seeds, weights, crossed->n_measures),
           items = weighted(crossed->items, weights, crossed->n_measures),
           rest = weighted(crossed->rest, weights, crossed->n_measures);
    double answers = (double)crossed->n_items * crossed->n_seeds, over_items = z * z * items / answers;
    if (crossed->n_seeds == 1) return sqrt(over_items);
    return sqrt(fmax(t * t * seeds / answers + z * z * fmax(0, items - rest) / answers, over_items));
}

double crossed_half_width(const Crossed *crossed, const double weights[CROSSED_MEASURES]) {
    double t = crossed->n_seeds > 1 ? student_quantile_two_sided(0.05, crossed->n_seeds - 1) : NAN;
    return reach(crossed, weights, t, INTERVAL_Z);
}

double crossed_standard_error(const Crossed *crossed, const double weights[CROSSED_MEASURES]) {
    return reach(crossed, weights, 1, 1);
}

static double half_width_of(const Crossed *crossed, int k) {
    double weights[CROSSED_MEASURES] = {0};
    weights[k] = 1;
    return crossed_half_width(crossed, weights);
}

Interval crossed_share(const Crossed *crossed, int k) {
    /* how many independent answers would have this spread, so that Wilson's interval can be used near 0 and 1 */
    double p = crossed->mean[k], half = half_width_of(crossed, k), items = (double)crossed->n_items;
    double count = INTERVAL_Z * INTERVAL_Z * p * (1 - p) / (half * half);
    /* one seed, or nothing that varies: the items alone */
    if (crossed->n_seeds == 1 || !(p > 0 && p < 1 && half > 0)) count = items;
    count = fmin(count, items * crossed->n_seeds); /* never more than was answered */
    return interval_wilson(p * count, count);
}

Interval crossed_difference(const Crossed *crossed, int a, int b) {
    double weights[CROSSED_MEASURES] = {0}, of_a = half_width_of(crossed, a), of_b = half_width_of(crossed, b);
    weights[a] = 1;
    weights[b] = -1;
    double half = crossed_half_width(crossed, weights);
    /* of the two shares, from the widths of each and of the difference */
    double correlation = of_a > 0 && of_b > 0 ? (of_a * of_a + of_b * of_b - half * half) / (2 * of_a * of_b) : 0;
    return interval_difference(crossed->mean[a], crossed_share(crossed, a), crossed->mean[b], crossed_share(crossed, b),
                               fmax(-1, fmin(1, correlation)));
}

typedef struct {
    const Crossed *crossed;
    int low, value, high;
} Gap;

/* Whether ratio q cannot be ruled out. */
static bool gap_may_be(const void *context, double q) {
    const Gap *gap = context;
    double weights[CROSSED_MEASURES] = {0}, contrast = 0;
    weights[gap->value] += 1;
    /* Fieller's way: the contrast value - (1 - q) low - q high is zero when q is the ratio */
    weights[gap->low] -= 1 - q;
    weights[gap->high] -= q;
    for (int k = 0; k < gap->crossed->n_measures; k++) contrast += weights[k] * gap->crossed->mean[k];
    return fabs(contrast) <= crossed_half_width(gap->crossed, weights);
}

Interval crossed_gap(const Crossed *crossed, int low, int value, int high) {
    const Gap gap = {crossed, low, value, high};
    double span = crossed->mean[high] - crossed->mean[low], weights[CROSSED_MEASURES] = {0};
    weights[high] += 1;
    weights[low] -= 1;
    /* no difference to divide by: the ratio has no interval */
    if (fabs(span) <= crossed_half_width(crossed, weights)) return (Interval){NAN, NAN};
    return interval_by_test(gap_may_be, &gap, (crossed->mean[value] - crossed->mean[low]) / span);
}
