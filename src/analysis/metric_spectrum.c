/* Spectrum exponent of a dataset: mean over frames, spread, and how straight the mean spectrum is. */
#include "analysis/metric.h"
#include "analysis/spectrum.h"
#include "math/stats.h"

#include <math.h>

typedef struct {
    Moments exponent;                 /* of single frames */
    double points, plain;             /* fitted points; frames of one color, which have no spectrum */
    double sums[SPECTRUM_POINTS_MAX]; /* of log amplitude over frames */
    double vertical, horizontal;      /* of exponents along the axes */
} SpectrumState;

static Err spectrum_scratch_new(void **scratch, int side) {
    Spectrum *spectrum;
    TRY(spectrum_new(&spectrum, side));
    *scratch = spectrum;
    return ERR_NONE;
}

static void spectrum_scratch_free(void *scratch) {
    Spectrum *spectrum = scratch;
    spectrum_free(&spectrum);
}

static Err spectrum_sample(double *state, void *scratch, const Frames *frames) {
    SpectrumState *sums = (SpectrumState *)state;
    double log_amplitude[SPECTRUM_POINTS_MAX];
    if (!spectrum_of_pixels(log_amplitude, scratch, frames->data)) {
        sums->plain += 1;
        return ERR_NONE;
    }
    int points = spectrum_points(scratch);
    sums->points = points;
    moments_add(&sums->exponent, spectrum_fit(log_amplitude, points).exponent);
    for (int i = 0; i < points; i++) sums->sums[i] += log_amplitude[i];
    spectrum_along(log_amplitude, scratch, true);
    sums->vertical += spectrum_fit(log_amplitude, points).exponent;
    spectrum_along(log_amplitude, scratch, false);
    sums->horizontal += spectrum_fit(log_amplitude, points).exponent;
    return ERR_NONE;
}

static void spectrum_merge(double *into, const double *from) {
    SpectrumState *a = (SpectrumState *)into;
    const SpectrumState *b = (const SpectrumState *)from;
    moments_merge(&a->exponent, &b->exponent);
    a->points = fmax(a->points, b->points);
    a->plain += b->plain;
    a->vertical += b->vertical;
    a->horizontal += b->horizontal;
    for (int i = 0; i < SPECTRUM_POINTS_MAX; i++) a->sums[i] += b->sums[i];
}

static double mean_exponent(const double *state, const double *reference) {
    (void)reference;
    const SpectrumState *sums = (const SpectrumState *)state;
    return sums->exponent.count > 0 ? sums->exponent.mean : NAN;
}

static double vertical_exponent(const double *state, const double *reference) {
    (void)reference;
    const SpectrumState *sums = (const SpectrumState *)state;
    return sums->exponent.count > 0 ? sums->vertical / sums->exponent.count : NAN;
}

static double horizontal_exponent(const double *state, const double *reference) {
    (void)reference;
    const SpectrumState *sums = (const SpectrumState *)state;
    return sums->exponent.count > 0 ? sums->horizontal / sums->exponent.count : NAN;
}

static double mean_spectrum_r2(const double *state, const double *reference) {
    (void)reference;
    const SpectrumState *sums = (const SpectrumState *)state;
    double mean_log[SPECTRUM_POINTS_MAX];
    if (sums->exponent.count < 1) return NAN;
    for (int i = 0; i < (int)sums->points; i++) mean_log[i] = sums->sums[i] / sums->exponent.count;
    return spectrum_fit(mean_log, (int)sums->points).r2;
}

static Err spectrum_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const SpectrumState *sums = (const SpectrumState *)data->state;
    const Metric *metric = &spectrum_metric;
    int64_t frames = (int64_t)sums->exponent.count;
    TRY(result_add_metric(result, "spectrum_plain_frames", sums->plain, "frames", frames + (int64_t)sums->plain, NAN,
                          NAN, ""));
    TRY(metric_add(result, metric, "spectrum_exponent", "", frames, mean_exponent, data, NULL));
    if (frames > 1)
        TRY(result_add_metric(result, "spectrum_sd", moments_sd(&sums->exponent), "", frames, NAN, NAN, ""));
    TRY(metric_add(result, metric, "spectrum_vertical", "", frames, vertical_exponent, data, NULL));
    TRY(metric_add(result, metric, "spectrum_horizontal", "", frames, horizontal_exponent, data, NULL));
    return metric_add(result, metric, "spectrum_r2", "", frames, mean_spectrum_r2, data, NULL);
}

const Metric spectrum_metric = {
    .name = "spectrum",
    .summary = "exponent a of the amplitude spectrum 1/f^a, mean over frames",
    .input = METRIC_FRAMES,
    .state_doubles = sizeof(SpectrumState) / sizeof(double),
    .scratch_new = spectrum_scratch_new,
    .scratch_free = spectrum_scratch_free,
    .sample = spectrum_sample,
    .merge = spectrum_merge,
    .finish = spectrum_finish,
};
