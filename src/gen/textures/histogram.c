/* A distribution is a histogram of equal bins, as its cumulative shares. Matching maps a value to the place where the
 * target has the same share: piecewise linear between the edges of the source's bins, so it costs one table look-up
 * and one product a value. Every bin has a little weight, which makes the shares strictly rising. */
#include "gen/textures/texture_stat.h"

#include <math.h>
#include <stdint.h>

void histogram_set(Histogram *target, const double *weights, int n_bins, double low, double step) {
    double sum = 0, floor_weight;
    for (int i = 0; i < n_bins; i++) sum += weights[i];
    floor_weight = sum / n_bins * 1e-8; /* no empty bin: the cumulative shares can be inverted */
    target->n_bins = n_bins;
    target->low = low;
    target->step = step;
    target->cumulative[0] = 0;
    for (int i = 0; i < n_bins; i++) target->cumulative[i + 1] = target->cumulative[i] + weights[i] + floor_weight;
    for (int i = 0; i <= n_bins; i++) target->cumulative[i] /= sum + floor_weight * n_bins;
}

/* In LANES interleaved parts, so that the loops run in vectors. */
enum { LANES = 16 };

/* Least and largest value; the lanes meet in the end, and neither depends on the order. */
static void range_of(float *low, float *high, const float *values, size_t count) {
    /* comparisons, not fminf: they become one instruction a vector */
    float least[LANES], most[LANES];
    for (int j = 0; j < LANES; j++) least[j] = most[j] = values[0];
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int j = 0; j < LANES; j++) {
            least[j] = values[i + (size_t)j] < least[j] ? values[i + (size_t)j] : least[j];
            most[j] = values[i + (size_t)j] > most[j] ? values[i + (size_t)j] : most[j];
        }
    for (; i < count; i++) {
        least[0] = values[i] < least[0] ? values[i] : least[0];
        most[0] = values[i] > most[0] ? values[i] : most[0];
    }
    *low = *high = values[0];
    for (int j = 0; j < LANES; j++) {
        *low = least[j] < *low ? least[j] : *low;
        *high = most[j] > *high ? most[j] : *high;
    }
}

/* Equal bins between the least and the largest value. */
typedef struct {
    float low, scale; /* bin of a value: (value - low) * scale, the last bin for the largest */
    int n_bins;
} Bins;

static Bins bins_over(const float *values, size_t count, int n_bins) {
    float low, high;
    range_of(&low, &high, values, count);
    return (Bins){low, (float)n_bins / (high - low > 1e-12f ? high - low : 1e-12f),
                  n_bins}; /* 1e-12: a band may be flat, when a picture is of one color */
}

/* The largest value is the right edge of the last bin and belongs into it. */
static int bin_of(const Bins *bins, float place) {
    int bin = (int)place;
    return bin < bins->n_bins ? bin : bins->n_bins - 1;
}

static void count_in_bins(double *weights, const Bins *bins, const float *values, size_t count) {
    uint32_t seen[HISTOGRAM_BINS_MAX] = {0};
    for (size_t i = 0; i < count; i++) seen[bin_of(bins, (values[i] - bins->low) * bins->scale)]++;
    for (int b = 0; b < bins->n_bins; b++) weights[b] = seen[b];
}

void histogram_count(Histogram *target, const float *values, size_t count, int n_bins) {
    double weights[HISTOGRAM_BINS_MAX];
    Bins bins = bins_over(values, count, n_bins);
    count_in_bins(weights, &bins, values, count);
    histogram_set(target, weights, n_bins, (double)bins.low, 1 / (double)bins.scale);
}

double histogram_mean(const Histogram *target) {
    double sum = 0;
    for (int i = 0; i < target->n_bins; i++)
        sum += (target->cumulative[i + 1] - target->cumulative[i]) * (target->low + (i + 0.5) * target->step);
    return sum;
}

double histogram_deviation(const Histogram *target) {
    double mean = histogram_mean(target), sum = 0;
    for (int i = 0; i < target->n_bins; i++) {
        double distance = target->low + (i + 0.5) * target->step - mean;
        sum += (target->cumulative[i + 1] - target->cumulative[i]) * distance * distance;
    }
    return sqrt(sum);
}

/* Where the edges of `source` go. */
static void map_edges(double *places, const Histogram *source, const Histogram *target) {
    int bin = 0;
    /* both lists of shares ascend: one pass over each */
    for (int e = 0; e <= source->n_bins; e++) {
        double share = source->cumulative[e];
        while (bin < target->n_bins - 1 && target->cumulative[bin + 1] < share) bin++;
        /* the floor weight of histogram_set keeps the divisor above zero */
        double inside = (share - target->cumulative[bin]) / (target->cumulative[bin + 1] - target->cumulative[bin]);
        places[e] = target->low + target->step * (bin + fmin(fmax(inside, 0), 1));
    }
}

void histogram_match(float *values, size_t count, const Histogram *target) {
    Histogram source;
    double weights[HISTOGRAM_BINS_MAX], places[HISTOGRAM_BINS_MAX + 1];
    float start[HISTOGRAM_BINS_MAX], rise[HISTOGRAM_BINS_MAX];
    /* 1. the source's own bins */
    Bins bins = bins_over(values, count, target->n_bins);
    count_in_bins(weights, &bins, values, count);
    histogram_set(&source, weights, bins.n_bins, (double)bins.low, 1 / (double)bins.scale);
    /* 2. where their edges go */
    map_edges(places, &source, target);
    for (int b = 0; b < bins.n_bins; b++) {
        start[b] = (float)places[b];
        rise[b] = (float)(places[b + 1] - places[b]);
    }
    /* 3. every value by the line of its bin */
    for (size_t i = 0; i < count; i++) {
        float place = (values[i] - bins.low) * bins.scale;
        int bin = bin_of(&bins, place);
        values[i] = start[bin] + (place - (float)bin) * rise[bin];
    }
}
