/* The slope of an image's amplitude spectrum, as the properties of textures were measured with. */
#pragma once

#include "math/fft.h"

#include <math.h>
#include <stdint.h>

/* Minus the log-log slope of the amplitude of a gray 256 x 256 image under a Hann window, rings of 2 to 101 cycles. */
static inline double amplitude_slope(const uint8_t *pixels, Fft2 *fft) {
    enum { SIDE = 256, RINGS = 102 };
    double sum[RINGS] = {0}, x_mean = 0, y_mean = 0, xy = 0, xx = 0, mean = 0;
    int n[RINGS] = {0};
    float *input = fft2_input(fft);
    for (int i = 0; i < SIDE * SIDE; i++) mean += (pixels[3 * i] + pixels[3 * i + 1] + pixels[3 * i + 2]) / 3.0;
    mean /= SIDE * SIDE;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *p = pixels + 3 * (y * SIDE + x);
            double window = (0.5 - 0.5 * cos(6.283185307 * y / SIDE)) * (0.5 - 0.5 * cos(6.283185307 * x / SIDE));
            input[y * SIDE + x] = (float)(((p[0] + p[1] + p[2]) / 3.0 - mean) * window);
        }
    fft2_run(fft);
    for (int u = -SIDE / 2 + 1; u < SIDE / 2; u++)
        for (int v = 0; v < SIDE / 2; v++) {
            int ring = (int)(sqrt(u * u + v * v) + 0.5);
            if (ring < 2 || ring >= RINGS) continue;
            sum[ring] += (double)fft2_amplitude(fft, u, v);
            n[ring]++;
        }
    for (int r = 2; r < RINGS; r++) {
        x_mean += log(r) / (RINGS - 2);
        y_mean += log(sum[r] / n[r]) / (RINGS - 2);
    }
    for (int r = 2; r < RINGS; r++) {
        xy += (log(r) - x_mean) * (log(sum[r] / n[r]) - y_mean);
        xx += (log(r) - x_mean) * (log(r) - x_mean);
    }
    return -xy / xx;
}
