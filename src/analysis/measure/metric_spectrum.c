/* Spectrum exponent of a dataset: mean over frames, spread, and how straight the mean spectrum is. */
#include "analysis/measure/internal/formulas.h"
#include "analysis/measure/metric.h"

#include <math.h>

typedef struct {
    ExactSum frames, plain, points; /* plain: of one color; points: fitted, of all frames */
    ExactSum exponent, squares;     /* of single frames */
    ExactSum vertical, horizontal;  /* of exponents along the axes */
    ExactSum log_amplitude[SPECTRUM_POINTS_MAX];
} SpectrumState;

/* Plans of transforms and places for one thread. */
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

/* Three fits of one transform: all directions, and the two wedges along the axes. */
static Err spectrum_sample(ExactSum *state, void *scratch, const Frames *frames) {
    SpectrumState *sums = (SpectrumState *)state;
    double log_amplitude[SPECTRUM_POINTS_MAX];
    if (!spectrum_of_pixels(log_amplitude, scratch, frames->data)) {
        exactsum_add(&sums->plain, 1);
        return ERR_NONE;
    }
    int points = spectrum_points(scratch);
    double exponent = spectrum_fit(log_amplitude, points).exponent;
    exactsum_add(&sums->frames, 1);
    exactsum_add(&sums->points, points);
    exactsum_add(&sums->exponent, exponent);
    exactsum_add_product(&sums->squares, exponent, exponent);
    for (int i = 0; i < points; i++) exactsum_add(&sums->log_amplitude[i], log_amplitude[i]);
    spectrum_along(log_amplitude, scratch, true);
    exactsum_add(&sums->vertical, spectrum_fit(log_amplitude, points).exponent);
    spectrum_along(log_amplitude, scratch, false);
    exactsum_add(&sums->horizontal, spectrum_fit(log_amplitude, points).exponent);
    return ERR_NONE;
}

/* NAN when no frame has a spectrum. */
static double a_frame(const SpectrumState *sums, ExactSum sum) {
    return sums->frames > 0 ? exactsum_value(sum) / exactsum_value(sums->frames) : NAN;
}

static double mean_exponent(const ExactSum *state) {
    const SpectrumState *sums = (const SpectrumState *)state;
    return a_frame(sums, sums->exponent);
}

/* Over frames, unbiased. */
static double exponent_sd(const ExactSum *state) {
    const SpectrumState *sums = (const SpectrumState *)state;
    double frames = exactsum_value(sums->frames);
    if (frames < 2) return NAN;
    return sqrt(fmax(exactsum_scatter(sums->squares, sums->exponent, sums->exponent, frames), 0) / (frames - 1));
}

static double vertical_exponent(const ExactSum *state) {
    const SpectrumState *sums = (const SpectrumState *)state;
    return a_frame(sums, sums->vertical);
}

static double horizontal_exponent(const ExactSum *state) {
    const SpectrumState *sums = (const SpectrumState *)state;
    return a_frame(sums, sums->horizontal);
}

/* Of the mean of log amplitudes: how straight the dataset's spectrum is, not how straight single ones are. */
static double mean_spectrum_r2(const ExactSum *state) {
    const SpectrumState *sums = (const SpectrumState *)state;
    double mean_log[SPECTRUM_POINTS_MAX];
    if (sums->frames == 0) return NAN;
    int points = (int)a_frame(sums, sums->points);
    for (int i = 0; i < points; i++) mean_log[i] = a_frame(sums, sums->log_amplitude[i]);
    return spectrum_fit(mean_log, points).r2;
}

/* Each figure is a function of the sums alone, which is what the jackknife leaves groups out of. */
static Err spectrum_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const SpectrumState *sums = (const SpectrumState *)data->state;
    const Metric *metric = &spectrum_metric;
    double plain = exactsum_value(sums->plain);
    int64_t frames = (int64_t)exactsum_value(sums->frames);
    TRY(result_add_number(result, "spectrum_plain_frames", plain, "frames", frames + (int64_t)plain));
    TRY(metric_add(result, metric, "spectrum_exponent", "", frames, mean_exponent, data));
    TRY(metric_add(result, metric, "spectrum_sd", "", frames, exponent_sd, data));
    TRY(metric_add(result, metric, "spectrum_vertical", "", frames, vertical_exponent, data));
    TRY(metric_add(result, metric, "spectrum_horizontal", "", frames, horizontal_exponent, data));
    return metric_add(result, metric, "spectrum_r2", "", frames, mean_spectrum_r2, data);
}

const Metric spectrum_metric = {
    .name = "spectrum",
    .summary = "exponent a of the amplitude spectrum 1/f^a, mean over frames",
    .input = METRIC_FRAMES,
    .state_sums = sizeof(SpectrumState) / sizeof(ExactSum),
    .scratch_new = spectrum_scratch_new,
    .scratch_free = spectrum_scratch_free,
    .sample = spectrum_sample,
    .finish = spectrum_finish,
};
