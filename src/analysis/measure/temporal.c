/* How the pixels of a clip change over time: the exponent a of the amplitude spectrum 1/f^a
 * of a pixel's gray value along the frames. White flicker has 0; slow change is steep.
 *
 * Per clip of T frames: gray 0.299 R + 0.587 G + 0.114 B of every TEMPORAL_STEP-th pixel both ways, Hann window over
 * time with the windowed mean removed, |DFT| averaged over pixels at k = 2..T/2 (k = 1 is inside the window's main lobe
 * around what was removed), least squares of log amplitude on log k. A dataset's exponent is that of the mean of log
 * amplitudes over clips. The paper names no such figure; the definition is ours. */
#include "analysis/measure/internal/formulas.h"

#include <math.h>

/* Frequencies in cycles a clip. The first is left out: the window spreads what is left of the mean into it. */
enum { FIRST = 2 };

int temporal_points(int n_frames) {
    return n_frames < TEMPORAL_FRAMES_MIN || n_frames > TEMPORAL_FRAMES_MAX ? 0 : n_frames / 2 - FIRST + 1;
}

/* Waves of a direct Fourier transform: of a few frames and few frequencies that is as fast as a fast one. Indices are
 * [frequency - FIRST][frame]. */
typedef struct {
    int n_frames, points;
    double window[TEMPORAL_FRAMES_MAX];
    double cosine[TEMPORAL_POINTS_MAX][TEMPORAL_FRAMES_MAX], sine[TEMPORAL_POINTS_MAX][TEMPORAL_FRAMES_MAX];
} Waves;

/* The window is Hann's, sampled between frames so that neither end is lost. */
static void waves_fill(Waves *waves, int n_frames) {
    waves->n_frames = n_frames;
    waves->points = temporal_points(n_frames);
    for (int t = 0; t < n_frames; t++) {
        waves->window[t] = 0.5 - 0.5 * cos(2 * M_PI * (t + 0.5) / n_frames);
        for (int i = 0; i < waves->points; i++) {
            waves->cosine[i][t] = cos(2 * M_PI * (FIRST + i) * t / n_frames);
            waves->sine[i][t] = sin(2 * M_PI * (FIRST + i) * t / n_frames);
        }
    }
}

/* Takes the mean as the window weights it, so that a constant series becomes zero exactly. */
static void window_series(double *series, const Waves *waves) {
    double mean = 0, weight = 0;
    for (int t = 0; t < waves->n_frames; t++) {
        mean += waves->window[t] * series[t];
        weight += waves->window[t];
    }
    for (int t = 0; t < waves->n_frames; t++) series[t] = waves->window[t] * (series[t] - mean / weight);
}

/* Amplitudes, not powers, are averaged over pixels. */
static void add_series(double *amplitude, double *series, const Waves *waves) {
    window_series(series, waves);
    for (int i = 0; i < waves->points; i++) {
        double re = 0, im = 0;
        for (int t = 0; t < waves->n_frames; t++) {
            re += series[t] * waves->cosine[i][t];
            im += series[t] * waves->sine[i][t];
        }
        amplitude[i] += sqrt(re * re + im * im);
    }
}

bool temporal_of_clip(double *log_amplitude, const Frames *clip) {
    double amplitude[TEMPORAL_POINTS_MAX] = {0}, series[TEMPORAL_FRAMES_MAX], largest = 0;
    Waves waves;
    int points = temporal_points(clip->n_frames), pixels = 0;
    if (points == 0) return false;
    waves_fill(&waves, clip->n_frames);
    /* gray levels (ITU-R BT.601) of every TEMPORAL_STEPth pixel */
    for (int y = TEMPORAL_STEP / 2; y < clip->height; y += TEMPORAL_STEP)
        for (int x = TEMPORAL_STEP / 2; x < clip->width; x += TEMPORAL_STEP, pixels++) {
            for (int t = 0; t < clip->n_frames; t++) {
                const uint8_t *pixel = frames_at(clip, t) + 3 * ((size_t)y * (size_t)clip->width + (size_t)x);
                series[t] = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
            }
            add_series(amplitude, series, &waves);
        }
    for (int i = 0; i < points; i++) {
        largest = fmax(largest, amplitude[i] / pixels);
        log_amplitude[i] = log(fmax(amplitude[i] / pixels, 1e-6));
    }
    return largest > 1e-4; /* gray levels; below it is rounding of what stands still */
}

/* Least squares of log amplitude on log frequency: amplitude ~ frequency^-exponent. */
double temporal_exponent(const double *log_amplitude, int points) {
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (int i = 0; i < points; i++) {
        mean_x += log(FIRST + i) / points;
        mean_y += log_amplitude[i] / points;
    }
    for (int i = 0; i < points; i++) {
        double dx = log(FIRST + i) - mean_x;
        xx += dx * dx;
        xy += dx * (log_amplitude[i] - mean_y);
    }
    return -xy / xx;
}
