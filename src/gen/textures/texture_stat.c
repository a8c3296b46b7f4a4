/* Textures with the statistics of natural pictures, by alternating projections. Three models are drawn (colors,
 * spectrum, marginals of the pyramid's bands) and imposed on white noise one after the other, ROUNDS times, since
 * imposing one disturbs the others. The colors live in the axes of a principal component analysis of a striped
 * picture, so that the three channels can be treated apart. */
#include "gen/textures/texture_stat.h"

#include "math/linalg.h"
#include "math/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Streams of one image. */
enum { PART_COLOR, PART_SPECTRUM, PART_BANDS, PART_NOISE };
enum { COLORS_MAX = 22, BLUR_MAX = 10, COLOR_BINS = 256, BAND_BINS = 801, ROUNDS = 10 };

static size_t n_pixels(const StatScratch *scratch) {
    return (size_t)scratch->side * (size_t)scratch->side;
}

Err stat_scratch_new(StatScratch *scratch, int side, StatGain gain) {
    size_t pixels = (size_t)side * (size_t)side;
    *scratch = (StatScratch){.side = side};
    Err err = ERR_NONE;
    TRY_OR(done, pyramid_new(&scratch->pyramid, side, gain == STAT_GAIN_MATLAB));
    TRY_OR(done, fft2_new(&scratch->fft, side, side));
    scratch->amplitude = malloc((size_t)side * (size_t)(side / 2 + 1) * sizeof *scratch->amplitude);
    scratch->channels = malloc(3 * pixels * sizeof *scratch->channels);
    scratch->model = malloc(sizeof *scratch->model);
    if (!scratch->amplitude || !scratch->channels || !scratch->model)
        err = RAISE(ERR_MEMORY, "buffers of statistical textures: out of memory");
done:
    if (err) stat_scratch_free(scratch);
    return err;
}

void stat_scratch_free(StatScratch *scratch) {
    pyramid_free(&scratch->pyramid);
    fft2_free(&scratch->fft);
    free(scratch->amplitude);
    free(scratch->channels);
    free(scratch->model);
    *scratch = (StatScratch){0};
}

/* ---- the color model: a picture of stripes ---- */

typedef struct {
    int count;
    float color[COLORS_MAX][3];
    double share[COLORS_MAX]; /* cumulative */
} Palette;

static void draw_palette(Palette *palette, Rng *rng) {
    double sum = 0;
    palette->count = 3 + (int)(20 * rng_unit(rng)); /* 3..22 */
    for (int k = 0; k < palette->count; k++) {
        /* 0.001: every color has a share */
        palette->share[k] = sum += 0.001 + rng_unit_double(rng);
        for (int c = 0; c < 3; c++) palette->color[k][c] = 256 * rng_unit(rng);
    }
    for (int k = 0; k < palette->count; k++) palette->share[k] /= sum;
}

/* The color of one pixel: the first whose cumulative share is above u. */
static int draw_label(const Palette *palette, Rng *rng) {
    double u = rng_unit_double(rng);
    int k = 0;
    while (k < palette->count - 1 && u >= palette->share[k]) k++;
    return k;
}

/* Labels in ascending order, column by column: vertical stripes whose widths are the shares. */
static void paint_stripes(float *channels, const Palette *palette, int side, Rng *rng) {
    size_t count = (size_t)side * (size_t)side, seen[COLORS_MAX] = {0}, at = 0;
    for (size_t i = 0; i < count; i++) seen[draw_label(palette, rng)]++;
    for (int k = 0; k < palette->count; k++)
        for (size_t i = 0; i < seen[k]; i++, at++) {
            /* down the columns, as MATLAB lays out a sorted list */
            size_t pixel = at % (size_t)side * (size_t)side + at / (size_t)side;
            for (int c = 0; c < 3; c++) channels[(size_t)c * count + pixel] = palette->color[k][c];
        }
}

/* One direction of a box of m x m, zeros outside as MATLAB's imfilter: over lines `line_step` apart whose pixels are
 * `step` apart. m is 10 at the most, so the plain sum is fast enough. */
static void blur_lines(float *plane, int side, int m, int step, int line_step) {
    float line[1024];
    for (int i = 0; i < side; i++) {
        float *at = plane + (size_t)i * (size_t)line_step;
        for (int x = 0; x < side; x++) line[x] = at[(size_t)x * (size_t)step];
        for (int x = 0; x < side; x++) {
            float sum = 0;
            for (int d = -(m / 2); d < m - m / 2; d++)
                if (x + d >= 0 && x + d < side) sum += line[x + d];
            at[(size_t)x * (size_t)step] = sum / (float)m;
        }
    }
}

/* all three channels by one map: their relations stay */
static void stretch_to_256(float *channels, size_t count) {
    float low = channels[0], high = channels[0];
    for (size_t i = 0; i < count; i++) {
        low = channels[i] < low ? channels[i] : low;
        high = channels[i] > high ? channels[i] : high;
    }
    float scale = 256 / (high - low);
    for (size_t i = 0; i < count; i++) channels[i] = (channels[i] - low) * scale;
}

/* The picture that the color model is taken from: stripes, blurred by a box, with noise, stretched. */
static void paint_colors(StatScratch *scratch, Rng *rng) {
    Palette palette;
    size_t pixels = n_pixels(scratch);
    float *channels = scratch->channels;
    draw_palette(&palette, rng);
    paint_stripes(channels, &palette, scratch->side, rng);
    int m = (int)ceilf(BLUR_MAX * rng_unit(rng));
    scratch->model->n_colors = palette.count;
    scratch->model->blur = m;
    for (int c = 0; c < 3 && m > 1; c++) {
        blur_lines(channels + (size_t)c * pixels, scratch->side, m, 1, scratch->side);
        blur_lines(channels + (size_t)c * pixels, scratch->side, m, scratch->side, 1);
    }
    for (size_t i = 0; i < 3 * pixels; i++) channels[i] += 10 * rng_unit(rng); /* every pixel and channel */
    stretch_to_256(channels, 3 * pixels);
}

/* Mean and principal axes of the colors: eigenvectors of the 3 x 3 scatter, rows of `axes`. */
static Err find_axes(StatModel *model, const float *channels, size_t pixels) {
    double scatter[9] = {0}, values[3];
    for (int c = 0; c < 3; c++) {
        model->mean[c] = 0;
        for (size_t i = 0; i < pixels; i++) model->mean[c] += (double)channels[(size_t)c * pixels + i];
        model->mean[c] /= (double)pixels;
    }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            for (size_t i = 0; i < pixels; i++)
                scatter[3 * a + b] += ((double)channels[(size_t)a * pixels + i] - model->mean[a]) *
                                      ((double)channels[(size_t)b * pixels + i] - model->mean[b]);
    TRY(linalg_eigen(values, scatter, 3));
    memcpy(model->axes, scatter, sizeof model->axes);
    return ERR_NONE;
}

/* Leaves the decorrelated channels behind, whose histograms are the color model; they are overwritten by stat_compose.
 */
static Err draw_colors(StatScratch *scratch, Rng *rng) {
    StatModel *model = scratch->model;
    size_t pixels = n_pixels(scratch);
    paint_colors(scratch, rng);
    TRY(find_axes(model, scratch->channels, pixels));
    for (size_t i = 0; i < pixels; i++) { /* y = V^T (x - M), in place */
        double x[3];
        for (int c = 0; c < 3; c++) x[c] = (double)scratch->channels[(size_t)c * pixels + i] - model->mean[c];
        for (int k = 0; k < 3; k++)
            scratch->channels[(size_t)k * pixels + i] =
                (float)(model->axes[k][0] * x[0] + model->axes[k][1] * x[1] + model->axes[k][2] * x[2]);
    }
    for (int k = 0; k < 3; k++)
        histogram_count(&model->colors[k], scratch->channels + (size_t)k * pixels, pixels, COLOR_BINS);
    return ERR_NONE;
}

/* ---- spectrum and band models ---- */

static void draw_spectrum(StatScratch *scratch, Rng *rng) {
    StatModel *model = scratch->model;
    /* 1 / (fx^(s + d) + fy^(s - d)): decay between 0.5 and 3.5, a little anisotropic */
    double s = (double)rng_uniform(rng, 0.5f, 3.5f), d = 0.05 * (double)rng_normal(rng);
    int side = scratch->side, half = side / 2 + 1;
    model->decay_x = s + d;
    model->decay_y = s - d;
    for (int u = 0; u < side; u++)
        for (int v = 0; v < half; v++) {
            double fy = abs(u < side / 2 ? u : u - side) / (double)side, fx = v / (double)side;
            /* 0 at the origin: the mean is put back by standardizing */
            double below = pow(fx, model->decay_x) + pow(fy, model->decay_y);
            scratch->amplitude[u * half + v] = below > 0 ? (float)(1 / below) : 0;
        }
}

static void set_band(Histogram *band, int z, double rho) {
    /* a generalized Gaussian exp(-|x / sigma|^rho), coarser bands wider by powers of four */
    double weights[BAND_BINS], sigma = pow(4, z);
    for (int i = 0; i < BAND_BINS; i++) weights[i] = exp(-pow(fabs(-200 + 0.5 * i) / sigma, rho));
    /* 801 bins around -200, -199.5, ..., 200 */
    histogram_set(band, weights, BAND_BINS, -200.25, 0.5);
}

/* Residual first, then level by level: the order in which stat_impose_bands walks them. */
static void draw_bands(StatScratch *scratch, Rng *rng) {
    for (int c = 0; c < 3; c++) {
        Histogram *bands = scratch->model->bands[c];
        set_band(bands++, 1, (double)rng_uniform(rng, 0.4f, 0.8f));
        for (int l = 0; l < scratch->pyramid.n_levels; l++)
            for (int b = 0; b < PYRAMID_BANDS; b++) set_band(bands++, 1 << l, (double)rng_uniform(rng, 0.4f, 0.8f));
    }
}

Err stat_model_draw(StatScratch *scratch, uint64_t seed, uint64_t item) {
    Rng color = rng_stream(seed, RNG_TEXTURE_STAT, item, PART_COLOR);
    Rng spectrum = rng_stream(seed, RNG_TEXTURE_STAT, item, PART_SPECTRUM);
    Rng bands = rng_stream(seed, RNG_TEXTURE_STAT, item, PART_BANDS);
    draw_spectrum(scratch, &spectrum);
    draw_bands(scratch, &bands);
    return draw_colors(scratch, &color);
}

/* ---- imposing ---- */

/* In eight interleaved sums, so that the loop runs in vectors. */
static void moments(double *mean, double *deviation, const float *values, size_t count) {
    enum { LANES = 8 };
    double sums[LANES] = {0}, squares[LANES] = {0}, sum = 0, square = 0;
    for (size_t i = 0; i < count; i += LANES) /* sides are powers of two: no rest */
        for (size_t j = 0; j < LANES; j++) {
            double value = (double)values[i + j];
            sums[j] += value;
            squares[j] += value * value;
        }
    for (int j = 0; j < LANES; j++) {
        sum += sums[j];
        square += squares[j];
    }
    *mean = sum / (double)count;
    *deviation = sqrt(fmax(square / (double)count - *mean * *mean, 0));
}

/* Affine, so histograms keep their shape and spectra their slope. */
static void standardize_to(float *values, size_t count, double mean, double deviation) {
    double old_mean, old_deviation;
    moments(&old_mean, &old_deviation, values, count);
    float scale = (float)(deviation / fmax(old_deviation, 1e-12)), shift = (float)mean - (float)old_mean * scale;
    for (size_t i = 0; i < count; i++) values[i] = values[i] * scale + shift;
}

void stat_impose_spectrum(float *channel, StatScratch *scratch) {
    size_t pixels = n_pixels(scratch), half = (size_t)scratch->side * (size_t)(scratch->side / 2 + 1);
    double mean, deviation;
    moments(&mean, &deviation, channel, pixels);
    float *input = fft2_input(scratch->fft), *spectrum = fft2_spectrum(scratch->fft);
    for (size_t i = 0; i < pixels; i++) input[i] = channel[i] - (float)mean;
    fft2_run(scratch->fft);
    /* keep the phases, replace the amplitudes */
    for (size_t i = 0; i < half; i++) {
        float size = sqrtf(spectrum[2 * i] * spectrum[2 * i] + spectrum[2 * i + 1] * spectrum[2 * i + 1]);
        float scale = size > 0 ? scratch->amplitude[i] / size : 0;
        spectrum[2 * i] *= scale;
        spectrum[2 * i + 1] *= scale;
    }
    fft2_run_inverse(scratch->fft);
    /* unscaled: standardize_to takes out the transform's factor */
    memcpy(channel, input, pixels * sizeof *channel);
    standardize_to(channel, pixels, mean, deviation);
}

/* The MATLAB program also standardizes before matching, which changes nothing: bins span the range of the values. */
static void impose_band(float *values, size_t count, const Histogram *target) {
    histogram_match(values, count, target);
    standardize_to(values, count, histogram_mean(target), histogram_deviation(target));
}

/* The bands of the pyramid are imposed one by one; collapsing mixes them again, since bands overlap. */
void stat_impose_bands(float *channel, int c, StatScratch *scratch) {
    Pyramid *pyramid = &scratch->pyramid;
    const Histogram *target = scratch->model->bands[c];
    pyramid_build(pyramid, channel);
    impose_band(pyramid->residual, n_pixels(scratch), target++);
    for (int l = 0; l < pyramid->n_levels; l++) {
        size_t count = (size_t)pyramid->levels[l].side * (size_t)pyramid->levels[l].side;
        for (int b = 0; b < PYRAMID_BANDS; b++)
            impose_band(pyramid->levels[l].bands + (size_t)b * count, count, target++);
    }
    pyramid_collapse(channel, pyramid);
}

/* ---- the picture ---- */

/* out = V T + M, stretched so that the smallest of all values is 0 and the largest 255. */
static void to_pixels(uint8_t *out, StatScratch *scratch) {
    const StatModel *model = scratch->model;
    size_t pixels = n_pixels(scratch);
    float *channels = scratch->channels, low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < pixels; i++) {
        double t[3];
        for (int k = 0; k < 3; k++) t[k] = (double)channels[(size_t)k * pixels + i];
        for (int c = 0; c < 3; c++) {
            double value = model->mean[c];
            for (int k = 0; k < 3; k++) value += model->axes[k][c] * t[k];
            channels[(size_t)c * pixels + i] = (float)value; /* in place: the three of this pixel have been read */
            low = fminf(low, (float)value);
            high = fmaxf(high, (float)value);
        }
    }
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++)
            out[3 * i + c] = (uint8_t)((channels[c * pixels + i] - low) / (high - low) * 255 + 0.5f);
}

Err stat_compose(uint64_t seed, uint64_t item, StatScratch *scratch) {
    size_t count = n_pixels(scratch);
    TRY(stat_model_draw(scratch, seed, item));
    Rng noise = rng_stream(seed, RNG_TEXTURE_STAT, item, PART_NOISE);
    for (size_t i = 0; i < 3 * count; i++) scratch->channels[i] = 256 * rng_unit(&noise);
    /* channel by channel: spectrum, then bands, then the colors' histogram */
    for (int round = 0; round < ROUNDS; round++)
        for (int c = 0; c < 3; c++) {
            float *channel = scratch->channels + (size_t)c * count;
            stat_impose_spectrum(channel, scratch);
            stat_impose_bands(channel, c, scratch);
            histogram_match(channel, count, &scratch->model->colors[c]);
        }
    return ERR_NONE;
}

Err stat_render(uint8_t *pixels, uint64_t seed, uint64_t item, StatScratch *scratch) {
    TRY(stat_compose(seed, item, scratch));
    to_pixels(pixels, scratch);
    return ERR_NONE;
}
