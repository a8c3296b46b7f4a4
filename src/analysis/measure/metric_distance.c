/* Frechet distances between a dataset and the reference, one for each network. Named for the network
 * (features/network): FID is Inception's and FVD is I3D's alone; values compare only within one network. Random
 * networks of several seeds give one figure, their mean, and the range of the seeds beside it.
 *
 * A Frechet distance of samples is biased upward, by about a constant over the number of samples (Binkowski et al.
 * 2018, Chong & Forsyth 2020): that is why both sides always have equally many, and why only figures of equally many
 * compare. The interval says how the figure of so many samples scatters, and does not hold the bias; `NAME_corrected`
 * is the jackknife's estimate without it. Where samples are fewer than dimensions that takes away only part of it. */
#include "analysis/measure/metric.h"
#include "base/system/clock.h"
#include "base/system/log.h"
#include "base/text/text.h"
#include "math/stats.h"

#include <math.h>

/* Below this many samples a distance in 2048 dimensions is biased upward more than datasets differ. */
enum { FID_SAMPLES_MIN = 2048, NETS_MAX = 16 };

/* Networks of one name. */
typedef struct {
    int n, n_groups;
    GroupedRows sides[NETS_MAX][2];
    FrechetPair *pairs[NETS_MAX];
} Distances;

static const char *distance_name(const FeatureNet *net, bool clips) {
    return clips ? net->names.video_distance : net->names.frame_distance;
}

static Err check_samples(const NetFeatures *data, const NetFeatures *reference, const char *name) {
    size_t a = data->rows.count, b = reference->rows.count;
    if (a < 2 || b < 2) return RAISE(ERR_INPUT, "%s: %zu and %zu samples; at least 2 are needed", name, a, b);
    if (data->net->of_paper && data->net->frames && a < FID_SAMPLES_MIN)
        log_warn("%s of %zu frames is biased upward: compare only distances of as many, better of 10000", name, a);
    return ERR_NONE;
}

/* As many groups on both sides, the same videos of all networks in each. */
static Err count_groups(int *n_groups, const MetricData *data, const MetricData *reference, int net) {
    VideoVectors ours = metric_vectors(data, &data->features[net].rows),
                 theirs = metric_vectors(reference, &reference->features[net].rows);
    TRY(jackknife_group_count(n_groups, &ours, data->groups));
    return jackknife_group_count(n_groups, &theirs, *n_groups);
}

static Err add_network(Distances *distances, const MetricData *data, const MetricData *reference, int net) {
    const MetricData *sides[2] = {data, reference};
    FrechetSample samples[2];
    int at = distances->n++;
    ASSERT(at < NETS_MAX);
    for (int side = 0; side < 2; side++) {
        VideoVectors vectors = metric_vectors(sides[side], &sides[side]->features[net].rows);
        GroupedRows *grouped = &distances->sides[at][side];
        TRY(grouped_rows_new(grouped, &vectors, distances->n_groups, data->seed));
        samples[side] = (FrechetSample){&grouped->rows, grouped->groups};
    }
    return frechet_pair_new(&distances->pairs[at], samples[0], samples[1]);
}

static void distances_free(Distances *distances) {
    for (int n = 0; n < distances->n; n++) {
        frechet_pair_free(&distances->pairs[n]);
        for (int side = 0; side < 2; side++) grouped_rows_free(&distances->sides[n][side]);
    }
}

/* Mean over the networks. */
static Err mean_distance(double *figure, const void *context, int group) {
    const Distances *distances = context;
    double sum = 0, distance;
    for (int n = 0; n < distances->n; n++) {
        TRY(frechet_pair_distance(&distance, distances->pairs[n], group));
        sum += distance;
    }
    *figure = sum / distances->n;
    return ERR_NONE;
}

static Err add_seed_range(Result *result, const char *name, int64_t count, const Distances *distances) {
    double least = INFINITY, largest = -INFINITY;
    char range_name[64], interval[32];
    for (int n = 0; n < distances->n; n++) {
        double distance;
        TRY(frechet_pair_distance(&distance, distances->pairs[n], -1));
        least = fmin(least, distance);
        largest = fmax(largest, distance);
    }
    TRY(text_format(range_name, sizeof range_name, "%s_seed_range", name));
    TRY(text_format(interval, sizeof interval, "range of %d seeds", distances->n));
    return result_add_metric(result, range_name, largest - least, "", count, (Interval){least, largest}, interval);
}

static Err add_figures(Result *result, const char *name, int64_t count, const Distances *distances) {
    Jackknifed figure;
    double start = clock_wall_s();
    TRY(jackknife(&figure, 1, mean_distance, distances, distances->n_groups));
    log_info("%s: %d distances of %lld vectors a side, %.1f s", name, distances->n * (1 + distances->n_groups),
             (long long)count, clock_wall_s() - start);
    TRY(metric_add_distance(result, name, "", count, &figure));
    return distances->n > 1 ? add_seed_range(result, name, count, distances) : ERR_NONE;
}

static Err add_distance(Result *result, const MetricData *data, const MetricData *reference, int first, int end,
                        const char *name) {
    Err err = ERR_NONE;
    Distances distances = {.n = 0};
    TRY(count_groups(&distances.n_groups, data, reference, first));
    for (int net = first; net < end; net++) {
        TRY_OR(done, check_samples(&data->features[net], &reference->features[net], name));
        TRY_OR(done, add_network(&distances, data, reference, net));
    }
    TRY_OR(done, add_figures(result, name, (int64_t)data->features[first].rows.count, &distances));
done:
    distances_free(&distances);
    return err;
}

static Err distance_finish(Result *result, const MetricData *data, const MetricData *reference, bool clips) {
    for (int first = 0, end; first < data->n_features; first = end) {
        const char *name = distance_name(data->features[first].net, clips);
        end = first + 1;
        while (end < data->n_features && text_equal(distance_name(data->features[end].net, clips), name)) end++;
        TRY(add_distance(result, data, reference, first, end, name));
    }
    return ERR_NONE;
}

static Err frame_distance_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return distance_finish(result, data, reference, false);
}

static Err video_distance_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return distance_finish(result, data, reference, true);
}

const Metric frame_distance_metric = {
    .name = "frame_distance",
    .summary = "Frechet distance of single frames: FID, or under its network's name",
    .input = METRIC_FRAME_FEATURES,
    .needs_reference = true,
    .finish = frame_distance_finish,
};

const Metric video_distance_metric = {
    .name = "video_distance",
    .summary = "Frechet distance of clips: FVD, or under its network's name",
    .input = METRIC_CLIP_FEATURES,
    .needs_reference = true,
    .finish = video_distance_finish,
};
