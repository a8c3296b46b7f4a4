#include "gen/histogram.h"

#include <math.h>

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

static void range_of(float *low, float *high, const float *values, size_t count) {
    *low = *high = values[0];
    for (size_t i = 1; i < count; i++) {
        *low = values[i] < *low ? values[i] : *low;
        *high = values[i] > *high ? values[i] : *high;
    }
}

void histogram_count(Histogram *target, const float *values, size_t count, int n_bins) {
    float low, high;
    double weights[HISTOGRAM_BINS_MAX] = {0};
    range_of(&low, &high, values, count);
    double step = fmax((double)(high - low), 1e-12) / n_bins;
    for (size_t i = 0; i < count; i++) {
        int bin = (int)((double)(values[i] - low) / step);
        weights[bin < n_bins ? bin : n_bins - 1]++;
    }
    histogram_set(target, weights, n_bins, (double)low, step);
}

static double moment(const Histogram *target, double about, int power) {
    double sum = 0;
    for (int i = 0; i < target->n_bins; i++) {
        double share = target->cumulative[i + 1] - target->cumulative[i];
        sum += share * pow(target->low + (i + 0.5) * target->step - about, power);
    }
    return sum;
}

double histogram_mean(const Histogram *target) {
    return moment(target, 0, 1);
}

double histogram_deviation(const Histogram *target) {
    return sqrt(moment(target, histogram_mean(target), 2));
}

/* Where the edges of `source` go. */
static void map_edges(double *places, const Histogram *source, const Histogram *target) {
    int bin = 0;
    for (int e = 0; e <= source->n_bins; e++) {
        double share = source->cumulative[e];
        while (bin < target->n_bins - 1 && target->cumulative[bin + 1] < share) bin++;
        double inside = (share - target->cumulative[bin]) / (target->cumulative[bin + 1] - target->cumulative[bin]);
        places[e] = target->low + target->step * (bin + fmin(fmax(inside, 0), 1));
    }
}

void histogram_match(float *values, size_t count, const Histogram *target) {
    Histogram source;
    double places[HISTOGRAM_BINS_MAX + 1];
    histogram_count(&source, values, count, target->n_bins);
    map_edges(places, &source, target);
    for (size_t i = 0; i < count; i++) {
        double at = ((double)values[i] - source.low) / source.step;
        int bin = (int)at;
        if (bin >= source.n_bins) bin = source.n_bins - 1;
        values[i] = (float)(places[bin] + (at - bin) * (places[bin + 1] - places[bin]));
    }
}
