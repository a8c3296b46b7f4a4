/* eval/corrupt/corrupt_noise - noise, drawn for every pixel and channel. */
#include "eval/corrupt/internal/corrupt_kinds.h"

#include <math.h>
#include <stdlib.h>

/* Elements: channels of pixels. */
static size_t values_of(const CorruptFrame *frame) {
    return 3 * (size_t)frame->height * (size_t)frame->width;
}

/* x + normal(0, c). */
Err corrupt_gaussian_noise(CorruptFrame *frame) {
    static const double sigmas[] = {.08, .12, .18, .26, .38};
    double sigma = sigmas[frame->severity - 1];
    for (size_t i = 0; i < values_of(frame); i++)
        frame->rgb[i] = corrupt_to_byte(frame->rgb[i] / 255.0 + sigma * (double)rng_normal(&frame->rng));
    return ERR_NONE;
}

/* x + x normal(0, c). */
Err corrupt_speckle_noise(CorruptFrame *frame) {
    static const double sigmas[] = {.15, .2, .25, .3, .35};
    double sigma = sigmas[frame->severity - 1];
    for (size_t i = 0; i < values_of(frame); i++) {
        double x = frame->rgb[i] / 255.0;
        frame->rgb[i] = corrupt_to_byte(x + x * (sigma * (double)rng_normal(&frame->rng)));
    }
    return ERR_NONE;
}

/* Each element with probability c becomes white or black with equal chance: colored specks. Two words an element. */
Err corrupt_impulse_noise(CorruptFrame *frame) {
    static const double amounts[] = {.03, .06, .09, .17, .27};
    double amount = amounts[frame->severity - 1];
    for (size_t i = 0; i < values_of(frame); i++) {
        bool hit = rng_u32(&frame->rng) * 0x1p-32 < amount;
        bool white = rng_u32(&frame->rng) < 0x80000000u;
        frame->rgb[i] = hit ? white ? 255 : 0 : corrupt_to_byte(frame->rgb[i] / 255.0);
    }
    return ERR_NONE;
}

/* cdf[k] of a Poisson distribution for k = 0..photons; k = photons is white already, so what lies above is not told
 * apart. */
static void poisson_cdf(double *cdf, double mean, int photons) {
    /* p(k) = p(k - 1) mean / k */
    double p = exp(-mean), sum = 0;
    for (int k = 0; k <= photons; k++) {
        sum += p;
        cdf[k] = sum;
        p *= mean / (k + 1);
    }
}

/* The smallest k with cdf[k] >= u, at most `last`. */
static int inverse(const double *cdf, int last, double u) {
    int low = 0, high = last;
    while (low < high) {
        int middle = (low + high) / 2;
        if (cdf[middle] >= u)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Poisson(c x) / c, by inversion: one word an element. */
Err corrupt_shot_noise(CorruptFrame *frame) {
    static const int photon_counts[] = {250, 100, 50, 30, 15};
    int photons = photon_counts[frame->severity - 1];
    size_t row = (size_t)photons + 1;
    /* a pixel has one of 256 values: one table each */
    double *cdf = malloc(256 * row * sizeof(double));
    if (!cdf) return corrupt_no_memory(frame);
    for (int level = 0; level < 256; level++) poisson_cdf(cdf + (size_t)level * row, level / 255.0 * photons, photons);
    for (size_t i = 0; i < values_of(frame); i++) {
        double u = (rng_u32(&frame->rng) + 0.5) * 0x1p-32;
        frame->rgb[i] = corrupt_to_byte(inverse(cdf + frame->rgb[i] * row, photons, u) / (double)photons);
    }
    free(cdf);
    return ERR_NONE;
}
