/* analysis/measure/survey - everything the metrics need of one dataset, gathered in three passes over drawn frames.
 *
 * The passes are single frames, clips, and frames spread over videos (analysis/measure/draws). Feature vectors are
 * cached as NumPy files named by what determines them: dataset digest, draws, weights. */
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
} SurveySizes;

typedef struct {
    CollectPlan plans[PASS_COUNT];
    Collected passes[PASS_COUNT];
    NetFeatures features[PASS_COUNT][COLLECT_NETS]; /* of plans[pass].nets */
    Draws draws[PASS_COUNT];                        /* what was looked at, for the record */
    int groups;
    uint64_t seed;
} Survey;

/* Which metrics get their pixels: all of them, or (for the reference) those that compare. Feature passes run whenever
 * there is a network for them. */
typedef enum { SURVEY_DATASET, SURVEY_WITHOUT_REFERENCE, SURVEY_REFERENCE } SurveyRole;

/* Folders for feature files, and for what is collected until the run is finished (store/journal/journal.h); NULL: none.
 */
typedef struct {
    const char *cache, *journal;
} SurveyFolders;

CHECKED Err survey_all(Survey *out, const ClipSource *source, const SourceExtent *extent, const SurveySizes *sizes,
                       const FeatureSet *set, SurveyRole role, const SurveyFolders *folders, const Run *run);
void survey_free(Survey *survey);
/* "side,pass,video,frames" lines of all draws, frames separated by blanks. */
void survey_list_draws(Builder *out, const Survey *survey, const char *side);
/* What `metric` is to look at; state and features are NULL where the survey has nothing for it. Borrowed. */
MetricData survey_data(const Survey *survey, const Metric *metric);
