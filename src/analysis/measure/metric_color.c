/* Symmetric KL divergence of the colors of a dataset from those of the reference, in L*a*b*. */
#include "analysis/measure/internal/formulas.h"
#include "analysis/measure/metric.h"
#include "math/stats.h"

#include <math.h>

enum { LAB_DIMS = 3, LAB_PAIRS = LAB_DIMS * LAB_DIMS };

/* Frames all have equally many pixels: sums over frames of what is a mean over the pixels of one. */
typedef struct {
    ExactSum frames, pixels;
    ExactSum means[LAB_DIMS], products[LAB_PAIRS]; /* of a frame's means */
    ExactSum within[LAB_PAIRS];                    /* scatter about a frame's own mean, a pixel */
} ColorState;

static Err color_scratch_new(void **scratch, int side) {
    *scratch = malloc((size_t)side * (size_t)side * LAB_DIMS * sizeof(float));
    return *scratch ? ERR_NONE : RAISE(ERR_MEMORY, "colors of %d x %d pixels: no memory", side, side);
}

/* A frame's mean and scatter in doubles first: pixels of a frame are many, and an exact sum a pixel would cost more
 * than the conversion. Sums over frames are exact. */
static Err color_sample(ExactSum *state, void *scratch, const Frames *frames) {
    size_t pixels = (size_t)frames->n_frames * (size_t)frames->height * (size_t)frames->width;
    ColorState *sums = (ColorState *)state;
    double block[1 + LAB_DIMS + LAB_PAIRS] = {0};
    Covariance frame = covariance_view(block, LAB_DIMS);
    cielab_of_pixels(scratch, frames->data, pixels);
    TRY(covariance_add_rows(&frame, scratch, pixels));
    exactsum_add(&sums->frames, 1);
    exactsum_add(&sums->pixels, (double)pixels);
    for (int i = 0; i < LAB_DIMS; i++) {
        exactsum_add(&sums->means[i], frame.mean[i]);
        for (int j = i; j < LAB_DIMS; j++) {
            exactsum_add_product(&sums->products[i * LAB_DIMS + j], frame.mean[i], frame.mean[j]);
            exactsum_add(&sums->within[i * LAB_DIMS + j], frame.scatter[i * LAB_DIMS + j] / (double)pixels);
        }
    }
    return ERR_NONE;
}

/* The covariance of all pixels is that within frames plus that between the frames' means, as in an analysis of
 * variance; unbiased over pixels. */
static void color_gaussian(double *mean, double *covariance, const ColorState *sums) {
    double frames = exactsum_value(sums->frames), pixels = exactsum_value(sums->pixels);
    for (int i = 0; i < LAB_DIMS; i++) {
        mean[i] = exactsum_value(sums->means[i]) / frames;
        for (int j = i; j < LAB_DIMS; j++) {
            int at = i * LAB_DIMS + j;
            double between = exactsum_scatter(sums->products[at], sums->means[i], sums->means[j], frames);
            covariance[at] = covariance[j * LAB_DIMS + i] = (exactsum_value(sums->within[at]) + between) *
                                                            (pixels / frames) / (pixels - 1);
        }
    }
}

static double color_divergence(const ExactSum *state, const ExactSum *reference) {
    double mean[2][LAB_DIMS], covariance[2][LAB_PAIRS], divergence;
    color_gaussian(mean[0], covariance[0], (const ColorState *)state);
    color_gaussian(mean[1], covariance[1], (const ColorState *)reference);
    return cielab_symmetric_kl(&divergence, mean[0], covariance[0], mean[1], covariance[1]) ? NAN : divergence;
}

static Err color_finish(Result *result, const MetricData *data, const MetricData *reference) {
    const ColorState *sums = (const ColorState *)data->state;
    Jackknifed figure;
    TRY(metric_jackknife(&figure, &color_metric, color_divergence, data, reference));
    return metric_add_distance(result, "lab_kl", "nats", (int64_t)exactsum_value(sums->pixels), &figure);
}

const Metric color_metric = {
    .name = "color",
    .summary = "symmetric KL divergence (sum form) from the reference's colors in L*a*b*",
    .input = METRIC_FRAMES,
    .needs_reference = true,
    .state_sums = sizeof(ColorState) / sizeof(ExactSum),
    .scratch_new = color_scratch_new,
    .scratch_free = free,
    .sample = color_sample,
    .finish = color_finish,
};
