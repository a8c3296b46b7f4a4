/* video/frames/sample - which frames of a video make a clip.
 *
 * Pure functions from lengths (and a random stream) to frame numbers, 0-based, in 0..n_frames-1, `count` of them, the
 * frames of VideoMAE's loaders exactly, including their different treatment of videos that are too short. `stride` is
 * VideoMAE's sampling rate; the span of a clip is count * stride. n_frames and count are at least 1. */
#pragma once

#include "math/rng.h"

/* Pre-training (VideoMAE, kinetics.py, class VideoMAE). n_frames >= span: start uniform in 0..n_frames-span (one draw),
 * then every stride-th frame. Shorter: from frame 0 in steps of stride while the next step would stay below the last
 * frame, then that frame again and again; no draw. */
void sample_pretrain(int *numbers, int count, int stride, int n_frames, Rng *rng);

/* Fine-tuning, training and validation (class VideoClsDataset). n_frames > span: end uniform in span..n_frames-1 (one
 * draw), then `count` points spread evenly over [end-span, end] with both ends, held below end and truncated: the true
 * spacing is span/(count-1), not stride. Otherwise n_frames/stride points spread evenly over [0, n_frames], the rest at
 * the last frame; no draw. */
void sample_finetune(int *numbers, int count, int stride, int n_frames, Rng *rng);

/* Testing: clip `clip` of `n_clips`. Every stride-th frame of the whole video, the last one repeated up to `count`
 * entries; clips of `count` neighbors start at evenly spread entries, rounded down. One clip: the middle one (the
 * original divides by zero there). */
void sample_test(int *numbers, int count, int stride, int n_frames, int clip, int n_clips);
/* The same on a list of n_entries, whatever they are: places 0..n_entries-1. */
void sample_test_entries(int *places, int count, int n_entries, int clip, int n_clips);
