/* Pink noise by its spectrum: amplitude f^-alpha, random phases, one inverse transform. The side is odd (n + 1)
 * during the transform, so that no frequency is its own mirror image but the origin, and the last row and column are
 * cut off. Patchy noise is multiplied with an envelope: NOISE_PATCHES^2 Laplace values, brought to n x n by Lanczos. */
#include "gen/textures/texture_gan.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static const float PI = 3.14159265358979323846f;

/* Half of the frequencies decide the other half; of those with v = 0 only u > 0 is drawn, their mirror images follow.
 */
static void draw_spectrum(float *spectrum, int side, float alpha, Rng *rng) {
    int half = side / 2 + 1;
    for (int u = 0; u < side; u++)
        for (int v = 0; v < half; v++) {
            int fu = u <= side / 2 ? u : u - side;
            float *at = spectrum + 2 * ((size_t)u * (size_t)half + (size_t)v);
            if (v == 0 && fu <= 0) continue; /* the origin, and what mirrors another one */
            /* |f|^-alpha from |f|^2 */
            float amplitude = powf((float)(fu * fu + v * v), -alpha / 2), phase = rng_uniform(rng, 0, 2 * PI);
            at[0] = amplitude * cosf(phase);
            at[1] = amplitude * sinf(phase);
        }
    spectrum[0] = spectrum[1] = 0;
    for (int u = side / 2 + 1; u < side; u++) { /* F(-u, 0) = conj F(u, 0) */
        float *at = spectrum + 2 * (size_t)u * (size_t)half;
        const float *mirror = spectrum + 2 * (size_t)(side - u) * (size_t)half;
        at[0] = mirror[0];
        at[1] = -mirror[1];
    }
}

/* inverse of the distribution function; 1e-7 keeps the logarithm finite */
static float laplace(Rng *rng) {
    float u = rng_unit(rng) - 0.5f;
    return (u < 0 ? 1.0f : -1.0f) * logf(1 - 2 * fabsf(u) + 1e-7f);
}

/* The windowed sinc of Pillow's LANCZOS: sinc(x) sinc(x / 3), 0 from 3 on. */
static float lanczos3(float x) {
    if (fabsf(x) >= 3) return 0;
    if (fabsf(x) < 1e-6f) return 1;
    return 3 * sinf(PI * x) * sinf(PI * x / 3) / (PI * PI * x * x);
}

/* Weights of the NOISE_PATCHES values at point i of n, normalized. */
static void lanczos_weights(float weights[NOISE_PATCHES], int i, int n) {
    float at = ((float)i + 0.5f) * NOISE_PATCHES / (float)n - 0.5f, sum = 0; /* middles of pixels and of patches */
    for (int p = 0; p < NOISE_PATCHES; p++) sum += weights[p] = lanczos3(at - (float)p);
    for (int p = 0; p < NOISE_PATCHES; p++) weights[p] /= sum;
}

static void apply_envelope(float *map, int n, const float (*weights)[NOISE_PATCHES], Rng *rng) {
    float values[NOISE_PATCHES][NOISE_PATCHES];
    for (int i = 0; i < NOISE_PATCHES; i++)
        for (int j = 0; j < NOISE_PATCHES; j++) values[i][j] = laplace(rng);
    for (int y = 0; y < n; y++) {
        /* rows once for all columns of the patch grid: the interpolation is separable */
        float across[NOISE_PATCHES] = {0};
        for (int i = 0; i < NOISE_PATCHES; i++)
            for (int j = 0; j < NOISE_PATCHES; j++) across[j] += weights[y][i] * values[i][j];
        for (int x = 0; x < n; x++) {
            float envelope = 0;
            for (int j = 0; j < NOISE_PATCHES; j++) envelope += weights[x][j] * across[j];
            map[(size_t)y * (size_t)n + (size_t)x] *= envelope;
        }
    }
}

Err noise_maker_new(NoiseMaker *maker, int n, bool patchy) {
    *maker = (NoiseMaker){.n = n};
    TRY(fft2_new(&maker->fft, n + 1, n + 1));
    if (!patchy) return ERR_NONE;
    maker->weights = malloc((size_t)n * sizeof *maker->weights);
    if (!maker->weights) {
        noise_maker_free(maker);
        return RAISE(ERR_MEMORY, "the envelope of noise maps: out of memory");
    }
    for (int i = 0; i < n; i++) lanczos_weights(maker->weights[i], i, n);
    return ERR_NONE;
}

void noise_maker_free(NoiseMaker *maker) {
    fft2_free(&maker->fft);
    free(maker->weights);
    *maker = (NoiseMaker){0};
}

static double mean_of(const float *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i];
    return sum / (double)count;
}

/* To deviation 1. The mean stays: patchy maps are centered before the envelope, as in the published code. */
static void standardize(float *map, size_t count) {
    double mean = mean_of(map, count), squares = 0;
    for (size_t i = 0; i < count; i++) squares += ((double)map[i] - mean) * ((double)map[i] - mean);
    float scale = (float)(1 / sqrt(squares / (double)count));
    for (size_t i = 0; i < count; i++) map[i] *= scale;
}

void noise_pink(float *out, NoiseMaker *maker, Rng *rng) {
    int n = maker->n;
    size_t count = (size_t)n * (size_t)n;
    draw_spectrum(fft2_spectrum(maker->fft), n + 1, rng_uniform(rng, 0.5f, 1.5f), rng);
    fft2_run_inverse(maker->fft);
    const float *picture = fft2_input(maker->fft);
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++)
            out[(size_t)y * (size_t)n + (size_t)x] = picture[(size_t)y * (size_t)(n + 1) + (size_t)x];
    float mean = (float)mean_of(out, count);
    for (size_t i = 0; i < count; i++) out[i] -= mean;
    if (maker->weights) apply_envelope(out, n, (const float(*)[NOISE_PATCHES])maker->weights, rng);
    standardize(out, count);
}

void noise_shrink(float *out, const float *map, int n, int factor) {
    int side = n / factor;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            float sum = 0;
            for (int j = 0; j < factor; j++)
                for (int i = 0; i < factor; i++)
                    sum += map[(size_t)(y * factor + j) * (size_t)n + (size_t)(x * factor + i)];
            out[(size_t)y * (size_t)side + (size_t)x] = sum / (float)(factor * factor);
        }
}
