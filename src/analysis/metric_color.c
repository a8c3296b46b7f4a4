/* Symmetric KL divergence of the colors of a dataset from those of the reference, in L*a*b*. */
#include "analysis/lab.h"
#include "analysis/metric.h"
#include "math/stats.h"

#include <math.h>

enum { LAB_DIMS = 3 };

static Err color_scratch_new(void **scratch, int side) {
    *scratch = malloc((size_t)side * (size_t)side * LAB_DIMS * sizeof(float));
    return *scratch ? ERR_NONE : RAISE(ERR_MEMORY, "colors of %d x %d pixels: no memory", side, side);
}

static Err color_sample(double *state, void *scratch, const Frames *frames) {
    size_t pixels = (size_t)frames->n_frames * (size_t)frames->height * (size_t)frames->width;
    Covariance covariance = covariance_view(state, LAB_DIMS);
    lab_of_pixels(scratch, frames->data, pixels);
    return covariance_add_rows(&covariance, scratch, pixels);
}

static void color_merge(double *into, const double *from) {
    double copy[1 + LAB_DIMS + LAB_DIMS * LAB_DIMS];
    memcpy(copy, from, sizeof copy);
    Covariance a = covariance_view(into, LAB_DIMS), b = covariance_view(copy, LAB_DIMS);
    covariance_merge(&a, &b);
}

static void color_gaussian(double *mean, double *covariance, const double *state) {
    double copy[1 + LAB_DIMS + LAB_DIMS * LAB_DIMS];
    memcpy(copy, state, sizeof copy);
    Covariance view = covariance_view(copy, LAB_DIMS);
    memcpy(mean, view.mean, LAB_DIMS * sizeof *mean);
    covariance_matrix(covariance, &view);
}

static double color_divergence(const double *state, const double *reference) {
    double mean[2][LAB_DIMS], covariance[2][LAB_DIMS * LAB_DIMS], divergence;
    color_gaussian(mean[0], covariance[0], state);
    color_gaussian(mean[1], covariance[1], reference);
    return lab_symmetric_kl(&divergence, mean[0], covariance[0], mean[1], covariance[1]) ? NAN : divergence;
}

static Err color_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return metric_add(result, &color_metric, "lab_kl", "nats", (int64_t)data->state[0], color_divergence, data,
                      reference);
}

const Metric color_metric = {
    .name = "color",
    .summary = "symmetric KL divergence (sum form) from the reference's colors in L*a*b*",
    .input = METRIC_FRAMES,
    .needs_reference = true,
    .state_doubles = 1 + LAB_DIMS + LAB_DIMS * LAB_DIMS,
    .scratch_new = color_scratch_new,
    .scratch_free = free,
    .sample = color_sample,
    .merge = color_merge,
    .finish = color_finish,
};
