/* gen/textures/texture_wavelets - the 3 x 3 patterns that stand for learned filters in the untrained generators.
 *
 * Oriented set: edges and lines at 8 orientations (11 x 11 patterns rotated bilinearly, central 3 x 3, mean removed),
 * delta, surround, plus, sign plus, and the negatives of all. High-frequency set: signs only; edges at 16 angles, lines
 * at 8 with both signs, the other four with both signs. (Baradad et al. 2021, learning to see by looking at noise.) */
#pragma once

enum { WAVELET_COUNT = 40, WAVELET_TAPS = 9 };

typedef enum { GAN_ORIENTED, GAN_HIGH_FREQUENCY } GanKind;

/* Entry `tap` (row by row) of pattern `wavelet`; the second half of a set are the negatives of the first. */
float wavelet_tap(GanKind kind, int wavelet, int tap);
