/* analysis/measure/temporal - how the pixels of a clip change over time: the exponent a of the amplitude spectrum 1/f^a
 * of a pixel's gray value along the frames. White flicker has 0; slow change is steep.
 *
 * Per clip of T frames: gray 0.299 R + 0.587 G + 0.114 B of every TEMPORAL_STEP-th pixel both ways, Hann window over
 * time with the windowed mean removed, |DFT| averaged over pixels at k = 2..T/2 (k = 1 is inside the window's main lobe
 * around what was removed), least squares of log amplitude on log k. A dataset's exponent is that of the mean of log
 * amplitudes over clips. The paper names no such figure; the definition is ours. */
#pragma once

#include "base/failure/err.h"
#include "video/frames/clip.h"

#include <stdbool.h>

enum { TEMPORAL_FRAMES_MIN = 8, TEMPORAL_FRAMES_MAX = 64, TEMPORAL_STEP = 4, TEMPORAL_POINTS_MAX = 31 };

/* Number of fitted frequencies for clips of n_frames; 0 when there are too few or too many frames. */
int temporal_points(int n_frames);
/* log amplitude at the points; false when nothing changes, or the clip's length has no points. */
bool temporal_of_clip(double *log_amplitude, const Frames *clip);
double temporal_exponent(const double *log_amplitude, int points);
