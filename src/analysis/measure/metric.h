/* analysis/measure/metric - a statistic of a dataset as a plug-in: each is one const struct in one list; one collector
 * feeds them.
 *
 * A metric names its input. A pixel metric gets every sampled frame or clip, cut to a square and brought to one side
 * length. It adds to a state of `state_sums` exact sums (math/exactsum) that start at zero. What a sample adds depends
 * on that sample alone, and exact sums do not depend on the order of their terms. So a state is a function of the set
 * of samples, to the last bit, whatever their order and however chunks, threads and ranks share them.
 *
 * A feature metric gets all feature vectors of the analysis' networks (features/network) at the end. It must give the
 * same for vectors and their videos in any order (math/rows).
 *
 * Adding a metric: one source file with its struct, its name in METRIC_LIST, its columns in
 * analysis/compare/statistics. */
#pragma once

#include "analysis/measure/jackknife.h"
#include "features/network.h"
#include "math/stats.h"
#include "run/result.h"
#include "video/frames/clip.h"

#include <stdbool.h>

typedef enum {
    METRIC_FRAMES,          /* single frames drawn from the union of all frames */
    METRIC_CLIPS,           /* clips of consecutive or strided frames, one a video */
    METRIC_FRAME_FEATURES,  /* one vector a drawn frame */
    METRIC_CLIP_FEATURES,   /* one vector a drawn clip */
    METRIC_SPREAD_FEATURES, /* `per_video` vectors a video, of one network: frames spread evenly over it */
} MetricInput;

/* Feature vectors in drawing order: (count, dims). */
typedef struct {
    float *rows;
    size_t count;
    int dims;
} FeatureRows;

/* The feature vectors of one network. */
typedef struct {
    const FeatureNet *net;
    FeatureRows rows;
} NetFeatures;

/* What the collector found in one dataset: the state of a pixel metric and the states of its chunks, which add up to
 * it, or features. */
typedef struct {
    const ExactSum *state;
    const ExactSum *chunks; /* the first chunk's state of this metric, chunk_stride sums before the next one's */
    size_t chunk_stride;
    int64_t n_chunks;
    const NetFeatures *features; /* (n_features); the reference's are of the same networks in the same order */
    int n_features;
    int per_video;         /* spread features: consecutive vectors of one video */
    const int64_t *videos; /* (vectors / per_video) whose they are, by number; NULL: all of different videos */
    int groups;            /* of the jackknife (analysis/measure/jackknife); 0: no intervals of what it is for */
    uint64_t seed;         /* of resampling */
} MetricData;

typedef struct {
    const char *name, *summary;
    MetricInput input;
    bool needs_reference; /* skipped, and said so, without one */
    size_t state_sums;
    /* Per-thread scratch for squares of `side` pixels; both NULL when none is needed. */
    CHECKED Err (*scratch_new)(void **scratch, int side);
    void (*scratch_free)(void *scratch);
    /* frames: (n, side, side, 3), one frame for METRIC_FRAMES. */
    CHECKED Err (*sample)(ExactSum *state, void *scratch, const Frames *frames);
    /* Adds its figures to the result. `reference` is NULL when there is none. */
    CHECKED Err (*finish)(Result *result, const MetricData *data, const MetricData *reference);
} Metric;

#define METRIC_LIST(X)                                                                                                 \
    X(frame_distance_metric)                                                                                           \
    X(video_distance_metric)                                                                                           \
    X(frame_kernel_metric)                                                                                             \
    X(video_kernel_metric)                                                                                             \
    X(diversity_metric)                                                                                                \
    X(spectrum_metric)                                                                                                 \
    X(color_metric)                                                                                                    \
    X(motion_metric)                                                                                                   \
    X(temporal_metric)                                                                                                 \
    X(speed_metric)

#define X(name) extern const Metric name;
METRIC_LIST(X)
#undef X

/* into += from, of `sums` sums each. */
static inline void metric_add_state(ExactSum *into, const ExactSum *from, size_t sums) {
    for (size_t i = 0; i < sums; i++) into[i] += from[i];
}

/* A figure of states. NAN: undefined for these. */
typedef double (*MetricFigure)(const ExactSum *state);
/* Bootstrap interval of a figure of a pixel metric: chunks (blocks of neighboring draws, so of whole videos) are drawn
 * with replacement, added up and evaluated. */
CHECKED Err metric_bootstrap(Interval *interval, const Metric *metric, MetricFigure figure, const MetricData *data);
/* Adds the figure of the states with its bootstrap interval; nothing when it is undefined. */
CHECKED Err metric_add(Result *result, const Metric *metric, const char *name, const char *unit, int64_t count,
                       MetricFigure figure, const MetricData *data);

/* A distance between two states. */
typedef double (*MetricDistance)(const ExactSum *state, const ExactSum *reference);
/* Its jackknife over groups of chunks, of both sides at once: states without a group are exact differences. */
CHECKED Err metric_jackknife(Jackknifed *out, const Metric *metric, MetricDistance distance, const MetricData *data,
                             const MetricData *reference);

extern const Metric *const metrics[]; /* NULL-terminated, in the order of METRIC_LIST */

/* The vectors of one network with what the data say of their videos. Borrowed. */
VideoVectors metric_vectors(const MetricData *data, const FeatureRows *rows);
/* Adds a figure with its jackknife interval; nothing when it is undefined. */
CHECKED Err metric_add_jackknifed(Result *result, const char *name, const char *unit, int64_t count,
                                  const Jackknifed *figure);
/* The same of a distance, never below zero, and NAME_corrected beside it: the estimate without bias of order 1/n, which
 * may be, as an unbiased one of zero must. */
CHECKED Err metric_add_distance(Result *result, const char *name, const char *unit, int64_t count,
                                const Jackknifed *figure);

static inline bool metric_wants_features(const Metric *metric) {
    return metric->input >= METRIC_FRAME_FEATURES;
}
