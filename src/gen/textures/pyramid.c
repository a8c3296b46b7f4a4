/* A steerable pyramid (Simoncelli and Freeman) that is built and collapsed in the frequency domain, where its filters
 * are products. All masks are of the form h^2 + l^2 = 1 and the squares of the four angular masks add up to one at
 * every angle, so collapse(build(x)) = x up to rounding.
 *
 * Indices: spectra of real pictures have `side` rows u and side / 2 + 1 columns v, complex numbers as two floats; row
 * u stands for frequency u or u - side. A level has half the side of the one above; taking the middle of a spectrum
 * is shrinking the picture. shrink is 0.5 where the MATLAB program's gains are wanted, which change no band but the
 * scale. */
#include "gen/textures/texture_stat.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* Stored frequencies of a real picture: the others are their conjugates. */
static size_t half_count(int side) {
    return (size_t)side * (size_t)(side / 2 + 1);
}

/* ---- masks ---- */

/* log2 of the frequency in units of the highest one of the whole picture; the origin is far below everything */
static double radius_log2(int side, int whole_side, int u, int v) {
    int fu = u < side / 2 ? u : u - side; /* rows in the order of FFTW: 0, 1, ..., then the negative ones */
    double q = hypot(fu, v) / (whole_side / 2.0);
    return q > 0 ? log2(q) : -1e9;
}

/* a raised cosine of one octave below `edge` */
static double high_pass(double lr, double edge) {
    if (lr <= edge - 1) return 0;
    return lr >= edge ? 1 : cos(PI / 2 * (lr - edge));
}

/* Hi_e and Lo_e of the contract, for a spectrum of `side` rows cut from one of `whole_side`; either may be NULL. */
static void fill_masks(float *high, float *low, int side, int whole_side, double edge) {
    int half = side / 2 + 1;
    for (int u = 0; u < side; u++)
        for (int v = 0; v < half; v++) {
            double h = high_pass(radius_log2(side, whole_side, u, v), edge);
            if (high) high[u * half + v] = (float)h;
            if (low) low[u * half + v] = (float)sqrt(1 - h * h);
        }
}

static void fill_angles(float *angle, int side) {
    int half = side / 2 + 1;
    /* c^2 = 2^6 (3!)^2 / (4 * 6!): the four squares of c cos^3 add up to one at every angle */
    double c = sqrt(0.8);
    for (int b = 0; b < PYRAMID_BANDS; b++)
        for (int u = 0; u < side; u++)
            for (int v = 0; v < half; v++) {
                double theta = atan2(u < side / 2 ? u : u - side, v), cosine = cos(theta - PI * b / PYRAMID_BANDS);
                angle[(size_t)b * half_count(side) + (size_t)(u * half + v)] = (float)(c * cosine * cosine * cosine);
            }
}

/* ---- memory ---- */

static void layout(Pyramid *pyramid, Arena *arena) {
    size_t whole = half_count(pyramid->side), pixels = (size_t)pyramid->side * (size_t)pyramid->side;
    pyramid->residual_high = arena_floats(arena, whole);
    pyramid->residual_low = arena_floats(arena, whole);
    pyramid->residual = arena_floats(arena, pixels);
    for (int l = 0; l <= pyramid->n_levels; l++) {
        PyramidLevel *level = &pyramid->levels[l];
        size_t count = half_count(level->side);
        level->spectrum = arena_floats(arena, 2 * count);
        if (l == pyramid->n_levels) break; /* the residual has a spectrum and nothing else */
        level->high = arena_floats(arena, count);
        level->angle = arena_floats(arena, PYRAMID_BANDS * count);
        level->low = arena_floats(arena, half_count(level->side / 2));
        level->bands = arena_floats(arena, PYRAMID_BANDS * (size_t)level->side * (size_t)level->side);
    }
}

Err pyramid_new(Pyramid *pyramid, int side, bool halve) {
    Arena measure = {0};
    *pyramid = (Pyramid){.side = side, .shrink = halve ? 0.5f : 1};
    /* sides 256, 128, 64, 32 at 256; what is left at 16 is the low-pass residual */
    for (int s = side; s > PYRAMID_LOW_SIDE; s /= 2) pyramid->levels[pyramid->n_levels++].side = s;
    pyramid->levels[pyramid->n_levels].side = PYRAMID_LOW_SIDE;
    /* measure the arena with the same function that lays it out */
    layout(pyramid, &measure);
    TRY(arena_alloc(&pyramid->arena, measure.used, "an image pyramid"));
    layout(pyramid, &pyramid->arena);
    fill_masks(pyramid->residual_high, pyramid->residual_low, side, side, 0);
    /* level l: its band-pass begins one octave lower than that of l - 1 */
    for (int l = 0; l < pyramid->n_levels; l++) {
        PyramidLevel *level = &pyramid->levels[l];
        level->half = level->side / 2 + 1;
        fill_masks(level->high, NULL, level->side, side, -1 - l);
        fill_masks(NULL, level->low, level->side / 2, side, -1 - l);
        fill_angles(level->angle, level->side);
        Err err = fft2_new(&level->fft, level->side, level->side);
        if (err) {
            pyramid_free(pyramid);
            return err;
        }
    }
    return ERR_NONE;
}

void pyramid_free(Pyramid *pyramid) {
    for (int l = 0; l < pyramid->n_levels; l++) fft2_free(&pyramid->levels[l].fft);
    arena_free(&pyramid->arena);
    *pyramid = (Pyramid){0};
}

/* ---- transforms ---- */

static void multiply(float *out, const float *spectrum, const float *mask, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = spectrum[2 * i] * mask[i];
        out[2 * i + 1] = spectrum[2 * i + 1] * mask[i];
    }
}

/* The picture of what stands in the transform's spectrum. */
/* FFTW leaves out the factor 1 / n^2. */
static void inverse(float *picture, PyramidLevel *level) {
    size_t count = (size_t)level->side * (size_t)level->side;
    float scale = 1 / (float)count;
    fft2_run_inverse(level->fft);
    const float *result = fft2_input(level->fft);
    for (size_t i = 0; i < count; i++) picture[i] = result[i] * scale;
}

/* The spectrum of a picture, borrowed until the transform is used again. */
static const float *forward(PyramidLevel *level, const float *picture) {
    memcpy(fft2_input(level->fft), picture, (size_t)level->side * (size_t)level->side * sizeof *picture);
    fft2_run(level->fft);
    return fft2_spectrum(level->fft);
}

/* band = F Hi (-i)^3 angle = F Hi i angle */
static void build_bands(PyramidLevel *level) {
    size_t count = half_count(level->side), pixels = (size_t)level->side * (size_t)level->side;
    for (int b = 0; b < PYRAMID_BANDS; b++) {
        const float *angle = level->angle + (size_t)b * count;
        float *out = fft2_spectrum(level->fft);
        for (size_t i = 0; i < count; i++) {
            float mask = level->high[i] * angle[i];
            out[2 * i] = -level->spectrum[2 * i + 1] * mask; /* i (a + i b) = -b + i a: no complex product */
            out[2 * i + 1] = level->spectrum[2 * i] * mask;
        }
        inverse(level->bands + (size_t)b * pixels, level);
    }
}

/* Row u of a spectrum of `side` rows as a row of one twice as large. */
static int outer_row(int u, int side) {
    return u < side / 2 ? u : u + side;
}

/* The middle of the spectrum, times Lo and the gain: half the picture's side. Its own Nyquist row and column are cut as
 * they come; Lo is 0 there. */
static void shrink(const PyramidLevel *from, PyramidLevel *to, float gain) {
    int half = to->side / 2 + 1, wide = from->side / 2 + 1;
    for (int u = 0; u < to->side; u++)
        for (int i = 0; i < 2 * half; i++)
            to->spectrum[2 * u * half + i] = gain * from->low[u * half + i / 2] *
                                             from->spectrum[2 * outer_row(u, to->side) * wide + i];
}

/* The inverse of shrink, zeros outside. Lo once more: Lo^2 + Hi^2 = 1 is what makes bands and residual add up. */
static void widen(PyramidLevel *to, const PyramidLevel *from, float gain) {
    int half = from->side / 2 + 1, wide = to->side / 2 + 1;
    memset(to->spectrum, 0, 2 * half_count(to->side) * sizeof *to->spectrum);
    for (int u = 0; u < from->side; u++)
        for (int i = 0; i < 2 * half; i++)
            to->spectrum[2 * outer_row(u, from->side) * wide + i] = gain * to->low[u * half + i / 2] *
                                                                    from->spectrum[2 * u * half + i];
}

void pyramid_build(Pyramid *pyramid, const float *picture) {
    PyramidLevel *first = &pyramid->levels[0];
    size_t count = half_count(first->side);
    /* 1. the picture's spectrum, cut in two */
    const float *spectrum = forward(first, picture);
    /* what is above the first octave is the residual, a picture of its own */
    multiply(first->spectrum, spectrum, pyramid->residual_low, count);
    multiply(fft2_spectrum(first->fft), spectrum, pyramid->residual_high, count);
    inverse(pyramid->residual, first);
    /* 2. octave by octave: four bands of F_l, then its lower half as F_(l+1) */
    for (int l = 0; l < pyramid->n_levels; l++) {
        build_bands(&pyramid->levels[l]);
        shrink(&pyramid->levels[l], &pyramid->levels[l + 1], pyramid->shrink);
    }
}

/* F += transform(band) Hi i^3 angle = transform(band) Hi (-i) angle */
static void add_bands(PyramidLevel *level) {
    size_t count = half_count(level->side), pixels = (size_t)level->side * (size_t)level->side;
    for (int b = 0; b < PYRAMID_BANDS; b++) {
        const float *angle = level->angle + (size_t)b * count;
        const float *band = forward(level, level->bands + (size_t)b * pixels);
        for (size_t i = 0; i < count; i++) {
            float mask = level->high[i] * angle[i];
            level->spectrum[2 * i] += band[2 * i + 1] * mask;
            level->spectrum[2 * i + 1] -= band[2 * i] * mask;
        }
    }
}

void pyramid_collapse(float *picture, Pyramid *pyramid) {
    PyramidLevel *first = &pyramid->levels[0];
    size_t count = half_count(first->side);
    /* from the coarsest level up: widen what is below, add this level's bands */
    for (int l = pyramid->n_levels - 1; l >= 0; l--) {
        widen(&pyramid->levels[l], &pyramid->levels[l + 1], 1 / pyramid->shrink);
        add_bands(&pyramid->levels[l]);
    }
    /* the two halves of build, each with its mask once more */
    float *residual = fft2_spectrum(first->fft);
    (void)forward(first, pyramid->residual);
    for (size_t i = 0; i < 2 * count; i++)
        residual[i] = residual[i] * pyramid->residual_high[i / 2] + first->spectrum[i] * pyramid->residual_low[i / 2];
    inverse(picture, first);
}
