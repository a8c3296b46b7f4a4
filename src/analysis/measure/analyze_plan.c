/* What an analysis will read, keep and take. Reading and pixel figures are timed on a few samples of the dataset;
 * networks, distances and spectra are counted in FLOPs of a core of ESTIMATE_CORE_FLOPS (base/system/estimate). Nothing
 * that a cache may hold is taken off. */
#include "analysis/measure/internal/metric_inputs.h"

#include "analysis/measure/internal/formulas.h"
#include "base/system/clock.h"
#include "base/system/estimate.h"
#include "base/text/text.h"
#include "math/stats.h"

#include <math.h>
#include <stdio.h>

/* FrameSampling that are timed: one more than a first one, which pays for buffers and plans of transforms. */
enum { TRIAL_FRAMES = 12, TRIAL_CLIPS = 2 };

/* Of a Frechet distance (factor, two products, eigenvalues) and of a spectrum, in units of the cube of their size, such
 * that a core of ESTIMATE_CORE_FLOPS takes as long as `bench distances` measured. */
#define DISTANCE_FLOPS 10.0
#define SPECTRUM_FLOPS 6.0

typedef struct {
    double frames, bytes;                   /* decoded */
    double pixels, networks, figures;       /* core seconds */
    double vectors_bytes, kept;             /* in memory on a rank; in the cache */
    double weights, thread_bytes, matrices; /* memory: of a rank, of each thread, before and after the threads' work */
} Needs;

/* ---- reading, and pixel figures ---- */

static Err draw_some(FrameSampling *draws, const AnalyzePlan *plan, int side, MetricInput input, int64_t n) {
    const ClipSource *source = plan->sources[side];
    const MetricInputsSizes *sizes = plan->sizes;
    if (input == METRIC_FRAMES) return frame_sampling_frames(draws, source, plan->extents[side], n, sizes->seed);
    if (input == METRIC_CLIPS)
        return frame_sampling_clips(draws, source, n, sizes->clip_frames, sizes->frame_stride, sizes->seed);
    return frame_sampling_spread(draws, source, n, sizes->frames_per_video, sizes->seed);
}

/* As analysis/measure/metric_inputs takes them: the reference is looked at by what compares. */
static bool is_measured(const Metric *metric, const AnalyzePlan *plan, int side) {
    return metric->needs_reference ? plan->compares : side == 0;
}

/* Seconds of collecting n draws on this core, metrics included, networks left out. */
static Err time_draws(double *seconds, const AnalyzePlan *plan, int side, MetricInput input, int64_t n) {
    const Run run = {.par = par_serial(1), .progress = PROGRESS_NONE};
    CollectPlan collect = {.by_frame = input != METRIC_CLIPS, .side = plan->sizes->side};
    Collected collected;
    FrameSampling draws;
    for (const Metric *const *metric = metrics; *metric; metric++)
        if (!metric_wants_features(*metric) && (*metric)->input == input && is_measured(*metric, plan, side))
            collect.metrics[collect.n_metrics++] = *metric;
    TRY(draw_some(&draws, plan, side, input, n));
    double start = clock_wall_s();
    Err err = collect_all(&collected, &collect, plan->sources[side], &draws, "trial", &run);
    *seconds = clock_wall_s() - start;
    frame_sampling_free(&draws);
    if (!err) collected_free(&collected);
    return err;
}

/* Seconds of one more draw. */
static Err time_one(double *seconds, const AnalyzePlan *plan, int side, MetricInput input, int64_t most) {
    int64_t n = input == METRIC_FRAMES ? TRIAL_FRAMES : TRIAL_CLIPS;
    double first, all;
    if (n > most - 1) n = most - 1;
    TRY(time_draws(&first, plan, side, input, 1));
    TRY(time_draws(&all, plan, side, input, 1 + n));
    *seconds = fmax(all - first, 0) / (double)n;
    return ERR_NONE;
}

static Err add_reading(Needs *needs, const AnalyzePlan *plan, int side) {
    const MetricInputsSizes *sizes = plan->sizes;
    VideoInfo info;
    double one[3] = {0};
    bool spread = feature_set_takes(plan->set, false);
    bool clips = side == 0 || feature_set_takes(plan->set, true);
    TRY(clip_source_info(plan->sources[side], 0, 0, &info));
    TRY(time_one(&one[0], plan, side, METRIC_FRAMES, sizes->n_frames));
    if (clips) TRY(time_one(&one[1], plan, side, METRIC_CLIPS, sizes->n_videos));
    if (spread) TRY(time_one(&one[2], plan, side, METRIC_SPREAD_FEATURES, sizes->n_videos));
    double frames = (double)sizes->n_frames + (clips ? (double)sizes->n_videos * sizes->clip_frames : 0) +
                    (spread ? (double)sizes->n_videos * sizes->frames_per_video : 0);
    needs->frames += frames;
    needs->bytes += frames * 3.0 * info.height * info.width;
    needs->pixels += (double)sizes->n_frames * one[0] + (double)sizes->n_videos * (one[1] + one[2]);
    double longest = fmax(sizes->clip_frames, spread ? sizes->frames_per_video : 1);
    double pixels = 3.0 * info.height * info.width + 4.0 * 3 * sizes->side * sizes->side;
    needs->thread_bytes = fmax(needs->thread_bytes, longest * pixels);
    return ERR_NONE;
}

/* ---- networks ---- */

/* Vectors of one side; only the first network of frames sees the frames spread over videos
 * (analysis/measure/metric_inputs).
 */
static double vectors_of(const AnalyzePlan *plan, const FeatureNet *net, bool first_of_frames) {
    const MetricInputsSizes *sizes = plan->sizes;
    return (net->frames ? (double)sizes->n_frames : 0) + (net->clips ? (double)sizes->n_videos : 0) +
           (first_of_frames ? (double)sizes->n_videos * sizes->frames_per_video : 0);
}

/* Every thread has scratch of every network. */
static void add_networks(Needs *needs, const AnalyzePlan *plan, int sides) {
    double scratch = 0;
    bool seen = false;
    for (int n = 0; n < plan->set->n; n++) {
        const FeatureNet *net = plan->set->nets[n];
        FeatureCost cost = feature_cost(net);
        double vectors = sides * vectors_of(plan, net, net->frames && !seen);
        seen |= net->frames;
        needs->networks += vectors * cost.vector_flops / ESTIMATE_CORE_FLOPS;
        needs->vectors_bytes += vectors * net->dims * sizeof(float);
        needs->weights += cost.weight_bytes;
        scratch += cost.scratch_bytes;
        if (net->seed > 0) needs->matrices = fmax(needs->matrices, CALIBRATION_BATCHES * cost.scratch_bytes);
    }
    needs->thread_bytes += scratch;
    needs->kept = plan->cache ? needs->vectors_bytes : 0;
}

/* ---- distances and spectra ---- */

static double cube(double x) {
    return x * x * x;
}

/* Fewer samples than dimensions: the distance works on their inner products instead (math/frechet), and the size of the
 * eigenproblem is the number of samples. A kernel distance comes with it, of at most KERNEL_ROWS_MAX vectors a side. */
static void add_distance(Needs *needs, double samples, int dims, int groups, int threads) {
    bool few = samples < dims;
    double size = few ? samples : dims, kernel = 2 * fmin(samples, KERNEL_ROWS_MAX);
    double flops = (1 + groups) * DISTANCE_FLOPS * cube(size) + 4 * samples * (few ? samples : dims) * dims +
                   kernel * kernel * (4.0 * dims + 2.0 * KERNEL_RESAMPLES);
    double pair = few ? 2 * samples * dims + samples * samples : 2 * (double)covariance_doubles(dims);
    double each = few ? samples * samples : 6 * (double)covariance_doubles(dims);
    needs->figures += flops / ESTIMATE_CORE_FLOPS;
    needs->matrices = fmax(needs->matrices, 8 * (pair + threads * each));
    needs->matrices = fmax(needs->matrices, 4 * kernel * kernel);
}

/* Pooled and within videos: two spectra, each once and once a group. */
static void add_diversity(Needs *needs, double samples, int dims, int groups, int threads) {
    bool few = samples < dims;
    double size = few ? samples : dims;
    double flops = 2 * ((1 + groups) * SPECTRUM_FLOPS * cube(size) + 2 * samples * (few ? samples : dims) * dims);
    double each = few ? samples * (samples + dims) : 3 * (double)covariance_doubles(dims);
    needs->figures += flops / ESTIMATE_CORE_FLOPS;
    needs->matrices = fmax(needs->matrices, 8 * threads * each + sizeof(float) * samples * dims);
}

static void add_figures(Needs *needs, const AnalyzePlan *plan, int threads) {
    const MetricInputsSizes *sizes = plan->sizes;
    int at_once = threads < JACKKNIFE_THREADS_MAX ? threads : JACKKNIFE_THREADS_MAX;
    bool seen = false;
    for (int n = 0; n < plan->set->n; n++) {
        const FeatureNet *net = plan->set->nets[n];
        if (net->frames && plan->compares)
            add_distance(needs, (double)sizes->n_frames, net->dims, sizes->groups, at_once);
        if (net->clips && plan->compares)
            add_distance(needs, (double)sizes->n_videos, net->dims, sizes->groups, at_once);
        if (net->frames && !seen)
            add_diversity(needs, (double)sizes->n_videos * sizes->frames_per_video, net->dims, sizes->groups, at_once);
        seen |= net->frames;
    }
}

/* ---- the print ---- */

static void print_times(const Needs *needs, const Run *run) {
    char total[32], part[3][32];
    printf("time: about %s on one core: reading and pixel figures %s, networks %s, distances and spectra %s\n",
           text_duration(total, sizeof total, needs->pixels + needs->networks + needs->figures),
           text_duration(part[0], sizeof part[0], needs->pixels),
           text_duration(part[1], sizeof part[1], needs->networks),
           text_duration(part[2], sizeof part[2], needs->figures));
    printf("      ranks and threads share the first two; the last is for the first rank's %d thread%s\n",
           run->par.threads, run->par.threads == 1 ? "" : "s");
}

Err analyze_plan_print(const AnalyzePlan *plan, const Run *run) {
    const MetricInputsSizes *sizes = plan->sizes;
    Needs needs = {0};
    char frames[32], videos[32], bytes[3][32];
    int sides = plan->sources[1] ? 2 : 1;
    for (int side = 0; side < sides; side++) TRY(add_reading(&needs, plan, side));
    add_networks(&needs, plan, sides);
    add_figures(&needs, plan, run->par.threads);
    double memory = 48e6 + needs.weights + needs.vectors_bytes +
                    fmax(run->par.threads * needs.thread_bytes, needs.matrices);
    printf("%s: %s frames and %s videos%s%s\n", plan->sources[0]->name,
           text_count(frames, sizeof frames, sizes->n_frames), text_count(videos, sizeof videos, sizes->n_videos),
           sides == 2 ? ", and as many of " : "", sides == 2 ? plan->sources[1]->name : "");
    printf("read: %s frames, %s decoded; feature vectors: %s, of which the cache keeps %s\n",
           text_count(frames, sizeof frames, (int64_t)needs.frames), text_bytes(bytes[0], sizeof bytes[0], needs.bytes),
           text_bytes(bytes[1], sizeof bytes[1], needs.vectors_bytes),
           text_bytes(bytes[2], sizeof bytes[2], needs.kept));
    printf("memory: about %s a rank with %d thread%s\n", text_bytes(bytes[0], sizeof bytes[0], memory),
           run->par.threads, run->par.threads == 1 ? "" : "s");
    print_times(&needs, run);
    estimate_print(memory, needs.pixels + needs.networks + needs.figures);
    return ERR_NONE;
}
