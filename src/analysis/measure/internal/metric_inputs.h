/* analysis/measure/internal/metric_inputs - from a dataset to the inputs of its metrics: which frames of which videos,
 * which networks, how they are read. Each section of this header is one source file. */
#pragma once

#include "analysis/measure/metric.h"
#include "base/text/text.h"
#include "par/run.h"
#include "store/journal/journal.h"
#include "video/frames/source.h"

/* ---- frame_sampling: a pure function of the source and the seed, the same on every rank ---- */

/* A draw is one video and `per_draw` frame numbers of it; draws are in canonical order, by video and then by frames. */
typedef struct {
    int per_draw;
    int64_t count;
    int64_t *videos; /* (count) */
    int *frames;     /* (count, per_draw) */
} FrameSampling;

/* Frames of all videos together, and the smallest short side. Reads every video's info once. */
typedef struct {
    int64_t videos, frames;
    int short_side;
} SourceExtent;
CHECKED Err frame_sampling_extent(SourceExtent *extent, const ClipSource *source);

/* n of the extent.frames frames (Knuth's selection sampling, one pass); n <= extent.frames. */
CHECKED Err frame_sampling_frames(FrameSampling *draws, const ClipSource *source, const SourceExtent *extent, int64_t n,
                                  uint64_t seed);
/* n of the videos, in each a clip of n_frames at `stride` from a random start (video/frames/sample, pre-training rule).
 */
CHECKED Err frame_sampling_clips(FrameSampling *draws, const ClipSource *source, int64_t n, int n_frames, int stride,
                                 uint64_t seed);
/* The same videos as frame_sampling_clips, in each n_frames frames at the centers of as many equal parts. */
CHECKED Err frame_sampling_spread(FrameSampling *draws, const ClipSource *source, int64_t n, int n_frames,
                                  uint64_t seed);
/* Brings the draws into canonical order, whatever order they are in. */
CHECKED Err frame_sampling_sort(FrameSampling *draws);
void frame_sampling_free(FrameSampling *draws);

/* ---- feature_set: the networks of one analysis, in order of preference where one is wanted ---- */

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

/* ---- collector: reads the drawn frames once, shared among ranks and threads, and feeds them to the metrics ---- */

enum { COLLECT_CHUNKS = 256, COLLECT_METRICS = 8, COLLECT_NETS = 12 };

/* What to collect from the draws. All metrics take pixels of one kind of input; n_metrics may be 0. */
typedef struct {
    const Metric *metrics[COLLECT_METRICS];
    int n_metrics;
    const FeatureNet *nets[COLLECT_NETS];
    int n_nets;
    bool by_frame;    /* one vector for every single frame of a draw, instead of one for the draw's clip */
    int side;         /* of the squares that pixel metrics see; never above the source's short side */
    Journal *journal; /* keeps every chunk and knows those of earlier lives; NULL: none. Owned by the caller */
} CollectPlan;

/* On every rank the same. Owned: free with collected_free. */
typedef struct {
    ExactSum *states[COLLECT_METRICS];
    const ExactSum *chunks[COLLECT_METRICS]; /* of the first chunk; the next one's is state_sums further */
    size_t state_sums;                       /* of all metrics together */
    int64_t n_chunks;
    FeatureRows features[COLLECT_NETS]; /* as the plan's nets; rows as the draws, sorted */
    ExactSum *storage, *chunk_storage;
} Collected;

/* Sorts the draws. With a journal a stop request ends it with ERR_STOPPED, after a chunk a rank at least. */
CHECKED Err collect_all(Collected *out, const CollectPlan *plan, const ClipSource *source, FrameSampling *draws,
                        const char *what, const Run *run);
void collected_free(Collected *collected);

/* ---- metric_inputs: all that the metrics need of one dataset, in three passes over drawn frames ---- */

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

/* One dataset, and what is wanted of it. */
typedef struct {
    const ClipSource *source;
    const SourceExtent *extent;
    const MetricInputsSizes *sizes;
    const FeatureSet *set;
    MetricInputsRole role;
    MetricInputsFolders folders;
} MetricInputsRequest;

CHECKED Err metric_inputs_all(MetricInputs *out, const MetricInputsRequest *request, const Run *run);
void metric_inputs_free(MetricInputs *survey);
/* "side,pass,video,frames" lines of all draws, frames separated by blanks. */
void metric_inputs_list_draws(Builder *out, const MetricInputs *survey, const char *side);
/* What `metric` is to look at; state and features are NULL where the survey has nothing for it. Borrowed. */
MetricData metric_inputs_data(const MetricInputs *survey, const Metric *metric);

/* ---- analyze_plan: what `analyze --dry-run` says ---- */

typedef struct {
    const ClipSource *sources[2]; /* dataset, reference; the latter NULL when there is none or it is the dataset */
    const SourceExtent *extents[2];
    const MetricInputsSizes *sizes;
    const FeatureSet *set;
    bool compares; /* with a reference */
    bool cache;
} AnalyzePlan;

/* One rank only. Writes nothing. */
CHECKED Err analyze_plan_print(const AnalyzePlan *plan, const Run *run);
