/* Spectrum exponent of a dataset: mean over frames, spread, and how straight the mean spectrum is. */
#include "analysis/metric.h"
#include "analysis/spectrum.h"
#include "math/interval.h"
#include "math/stats.h"

#include <math.h>

typedef struct {
    Moments exponent;                 /* of single frames */
    double points, plain;             /* fitted points; frames of one color, which have no spectrum */
    double sums[SPECTRUM_POINTS_MAX]; /* of log amplitude over frames */
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
    return ERR_NONE;
}

static void spectrum_merge(double *into, const double *from) {
    SpectrumState *a = (SpectrumState *)into;
    const SpectrumState *b = (const SpectrumState *)from;
    moments_merge(&a->exponent, &b->exponent);
    a->points = fmax(a->points, b->points);
    a->plain += b->plain;
    for (int i = 0; i < SPECTRUM_POINTS_MAX; i++) a->sums[i] += b->sums[i];
}

static Err spectrum_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const SpectrumState *sums = (const SpectrumState *)data->state;
    int64_t frames = (int64_t)sums->exponent.count;
    double mean_log[SPECTRUM_POINTS_MAX] = {0}, sd = moments_sd(&sums->exponent);
    TRY(result_add_metric(result, "spectrum_plain_frames", sums->plain, "frames", frames + (int64_t)sums->plain, NAN,
                          NAN, ""));
    if (frames == 0) return ERR_NONE;
    for (int i = 0; i < (int)sums->points; i++) mean_log[i] = sums->sums[i] / (double)frames;
    Interval interval = interval_mean(sums->exponent.mean, sd, frames);
    TRY(result_add_metric(result, "spectrum_exponent", sums->exponent.mean, "", frames, interval.low, interval.high,
                          "t 95%"));
    if (frames > 1) TRY(result_add_metric(result, "spectrum_sd", sd, "", frames, NAN, NAN, ""));
    return result_add_metric(result, "spectrum_r2", spectrum_fit(mean_log, (int)sums->points).r2, "", frames, NAN, NAN,
                             "");
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
