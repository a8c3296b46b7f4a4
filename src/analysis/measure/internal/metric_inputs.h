/* analysis/measure/metric_inputs - everything the metrics need of one dataset, gathered in three passes over drawn
 * frames.
 *
 * The passes are single frames, clips, and frames spread over videos (analysis/measure/frame_sampling). Feature vectors
 * are cached as NumPy files named by what determines them: dataset digest, draws, weights. */
#pragma once

#include "analysis/measure/internal/collector.h"
#include "analysis/measure/internal/feature_set.h"
#include "base/text/text.h"

enum { PASS_FRAMES, PASS_CLIPS, PASS_SPREAD, PASS_COUNT };

typedef struct {
    int64_t n_frames, n_videos;
    int frames_per_video, clip_frames, frame_stride, side;
    int groups; /* of the jackknife */
    uint64_t seed;
} MetricInputsSizes;

typedef struct {
    CollectPlan plans[PASS_COUNT];
    Collected passes[PASS_COUNT];
    NetFeatures features[PASS_COUNT][COLLECT_NETS]; /* of plans[pass].nets */
    FrameSampling draws[PASS_COUNT];                /* what was looked at, for the record */
    int groups;
    uint64_t seed;
} MetricInputs;

/* Which metrics get their pixels: all of them, or (for the reference) those that compare. Feature passes run whenever
 * there is a network for them. */
typedef enum { METRIC_INPUTS_DATASET, METRIC_INPUTS_WITHOUT_REFERENCE, METRIC_INPUTS_REFERENCE } MetricInputsRole;

/* Folders for feature files, and for what is collected until the run is finished (store/journal/journal.h); NULL: none.
 */
typedef struct {
    const char *cache, *journal;
} MetricInputsFolders;

CHECKED Err metric_inputs_all(MetricInputs *out, const ClipSource *source, const SourceExtent *extent,
                              const MetricInputsSizes *sizes, const FeatureSet *set, MetricInputsRole role,
                              const MetricInputsFolders *folders, const Run *run);
void metric_inputs_free(MetricInputs *survey);
/* "side,pass,video,frames" lines of all draws, frames separated by blanks. */
void metric_inputs_list_draws(Builder *out, const MetricInputs *survey, const char *side);
/* What `metric` is to look at; state and features are NULL where the survey has nothing for it. Borrowed. */
MetricData metric_inputs_data(const MetricInputs *survey, const Metric *metric);
