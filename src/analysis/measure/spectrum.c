/* The exponent a of an image's amplitude spectrum |F(f)| ~ 1/f^a.
 *
 * Amplitude, not power (a power fit gives twice the value). Per image: gray value 0.299 R + 0.587 G + 0.114 B of the
 * stored (gamma-encoded) pixels, mean removed, two-dimensional Hann window (without it the image's border adds a cross
 * of slope -1 along the axes), |FFT| averaged in rings of integer radius r = sqrt(u^2 + v^2), log amplitude
 * interpolated at SPECTRUM_PER_OCTAVE equally spaced log r from 4 to side/4, so that every octave weighs the same, and
 * a least-squares line. A dataset's exponent is the mean over images, which is the fit to the mean log amplitude. */
#include "analysis/measure/internal/formulas.h"

#include "math/fft.h"

#include <math.h>
#include <stdlib.h>

enum { RADIUS_MIN = 4 };

struct Spectrum {
    int side, points;
    Fft2 *fft;
    float *window;       /* (side) */
    float *gray;         /* (side, side) */
    double *ring;        /* (side/4 + 2): sum, then log of the mean, of the amplitude at integer radius */
    double *ring_counts; /* (side/4 + 2) */
};

/* Points at equal steps of log r, SPECTRUM_PER_OCTAVE an octave, both ends included. */
static int points_of(int side) {
    return (int)floor(SPECTRUM_PER_OCTAVE * log2(side / 4.0 / RADIUS_MIN) + 1e-9) + 1;
}

Err spectrum_new(Spectrum **spectrum, int side) {
    ASSERT(side >= SPECTRUM_SIDE_MIN && side <= SPECTRUM_SIDE_MAX);
    Spectrum *made = *spectrum = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "spectrum of %d pixels: no memory", side);
    made->side = side;
    made->points = points_of(side);
    size_t rings = (size_t)side / 4 + 2;
    made->window = malloc((size_t)side * sizeof *made->window);
    made->gray = malloc((size_t)side * (size_t)side * sizeof *made->gray);
    made->ring = malloc(2 * rings * sizeof *made->ring);
    made->ring_counts = made->ring + rings;
    Err err = made->window && made->gray && made->ring ? fft2_new(&made->fft, side, side)
                                                       : RAISE(ERR_MEMORY, "spectrum of %d pixels: no memory", side);
    if (err) {
        spectrum_free(spectrum);
        return err;
    }
    for (int i = 0; i < side; i++) made->window[i] = (float)(0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / side));
    return ERR_NONE;
}

void spectrum_free(Spectrum **spectrum) {
    if (!*spectrum) return;
    fft2_free(&(*spectrum)->fft);
    free((*spectrum)->window);
    free((*spectrum)->gray);
    free((*spectrum)->ring);
    free(*spectrum);
    *spectrum = NULL;
}

int spectrum_points(const Spectrum *spectrum) {
    return spectrum->points;
}

/* Mean removed, windowed, into the transform's input; false when there is nothing to transform. */
static bool load_windowed(Spectrum *spectrum, const float *gray) {
    int side = spectrum->side;
    size_t count = (size_t)side * (size_t)side;
    double mean = 0, variance = 0;
    for (size_t i = 0; i < count; i++) mean += (double)gray[i];
    mean /= (double)count;
    for (size_t i = 0; i < count; i++) variance += ((double)gray[i] - mean) * ((double)gray[i] - mean);
    if (variance / (double)count < 1e-9) return false;
    float *input = fft2_input(spectrum->fft);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            size_t at = (size_t)y * (size_t)side + (size_t)x;
            input[at] = (gray[at] - (float)mean) * spectrum->window[y] * spectrum->window[x];
        }
    return true;
}

typedef enum { ANY_DIRECTION, NEAR_VERTICAL, NEAR_HORIZONTAL } Wedge;

/* Frequencies within 15 degrees of an axis of the spectrum: u counts along columns of the image, v along rows. */
static bool in_wedge(Wedge wedge, int u, int v) {
    const double tangent = 0.2679491924311227; /* of 15 degrees */
    if (wedge == NEAR_VERTICAL) return abs(v) <= tangent * abs(u);
    return wedge == ANY_DIRECTION || abs(u) <= tangent * abs(v);
}

/* ring[r] = log of the mean amplitude over frequencies of the wedge whose radius rounds to r. */
static void average_rings(Spectrum *spectrum, Wedge wedge) {
    int last = spectrum->side / 4 + 1;
    for (int r = 0; r <= last; r++) spectrum->ring[r] = spectrum->ring_counts[r] = 0;
    for (int u = -last; u <= last; u++)
        for (int v = 0; v <= last; v++) {
            int r = (int)lrint(sqrt((double)(u * u + v * v)));
            if (r > last || !in_wedge(wedge, u, v)) continue;
            double weight = v == 0 ? 1 : 2; /* (u, v) and its mirror (-u, -v) */
            spectrum->ring[r] += weight * (double)fft2_amplitude(spectrum->fft, u, v);
            spectrum->ring_counts[r] += weight;
        }
    for (int r = 1; r <= last; r++) spectrum->ring[r] = log(fmax(spectrum->ring[r] / spectrum->ring_counts[r], 1e-12));
}

static double point_log_radius(int point) {
    return log(RADIUS_MIN) + point * M_LN2 / SPECTRUM_PER_OCTAVE;
}

/* Log amplitude at a log radius, linear between the two nearest rings. */
static double ring_at(const Spectrum *spectrum, double log_radius) {
    int below = (int)floor(exp(log_radius) + 1e-9);
    double share = (log_radius - log(below)) / (log(below + 1) - log(below));
    return spectrum->ring[below] + share * (spectrum->ring[below + 1] - spectrum->ring[below]);
}

bool spectrum_of_gray(double *out, Spectrum *spectrum, const float *gray) {
    if (!load_windowed(spectrum, gray)) return false;
    fft2_run(spectrum->fft);
    average_rings(spectrum, ANY_DIRECTION);
    for (int i = 0; i < spectrum->points; i++) out[i] = ring_at(spectrum, point_log_radius(i));
    return true;
}

void spectrum_along(double *out, Spectrum *spectrum, bool vertical) {
    average_rings(spectrum, vertical ? NEAR_VERTICAL : NEAR_HORIZONTAL);
    for (int i = 0; i < spectrum->points; i++) out[i] = ring_at(spectrum, point_log_radius(i));
}

bool spectrum_of_pixels(double *out, Spectrum *spectrum, const uint8_t *pixels) {
    size_t count = (size_t)spectrum->side * (size_t)spectrum->side;
    for (size_t i = 0; i < count; i++)
        spectrum->gray[i] = (0.299f * pixels[3 * i] + 0.587f * pixels[3 * i + 1] + 0.114f * pixels[3 * i + 2]) / 255.0f;
    return spectrum_of_gray(out, spectrum, spectrum->gray);
}

/* Least squares of y = intercept - exponent x over x = log r; r2 is the share of the variance of y that it explains. */
SpectrumFit spectrum_fit(const double *log_amplitude, int count) {
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    for (int i = 0; i < count; i++) {
        mean_x += point_log_radius(i) / count;
        mean_y += log_amplitude[i] / count;
    }
    for (int i = 0; i < count; i++) {
        double dx = point_log_radius(i) - mean_x, dy = log_amplitude[i] - mean_y;
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    double slope = xy / xx;
    return (SpectrumFit){-slope, mean_y - slope * mean_x, yy > 0 ? xy * xy / (xx * yy) : 1};
}
