/* analysis/measure/feature_set - the networks of one analysis, in order of preference where one is wanted.
 *
 * The paper's own come first (Inception for frames, I3D for clips), then the VideoMAE encoder, then random networks.
 * Random ones are calibrated on the reference, on 16 of its frames and 4 of its clips (fewer where it has fewer), drawn
 * by the analysis' seed: the same for every dataset that is compared with it. */
#pragma once

#include "analysis/measure/internal/frame_sampling.h"
#include "features/network.h"

enum { FEATURE_NETS = 12, RANDOM_NETWORKS_MAX = 4, CLIP_FRAMES = 16 };
/* Batches a random network is calibrated on, all in memory at once: of FEATURE_BATCH frames, or one clip each. */
enum { CALIBRATION_BATCHES = 4 };

typedef struct {
    FeatureNet *nets[FEATURE_NETS];
    int n;
    int clip_frames; /* the encoder's, otherwise CLIP_FRAMES */
} FeatureSet;

/* Paths; empty: none. */
typedef struct {
    const char *inception, *i3d, *encoder;
    double i3d_eps;  /* 0: by the file's name */
    bool i3d_pooled; /* beside the logits */
} FeatureFiles;

CHECKED Err feature_set_open(FeatureSet *set, const FeatureFiles *files);
/* `count` random Inceptions and I3Ds, seeds 1 to count; of no use, but to plan with, until they are calibrated. */
CHECKED Err feature_set_add_random(FeatureSet *set, int count);
CHECKED Err feature_set_calibrate(FeatureSet *set, const ClipSource *reference, const SourceExtent *extent,
                                  uint64_t seed);
void feature_set_close(FeatureSet *set);
bool feature_set_takes(const FeatureSet *set, bool clips);
/* "Inception + VideoMAE + 3 random of each"; "no features". */
CHECKED Err feature_set_describe(char *out, size_t size, const FeatureSet *set);
/* "VideoMAE"; what stands in for the paper's network of frames or clips. Empty where it is there itself or nothing is.
 */
const char *feature_set_substitute(const FeatureSet *set, bool clips);
