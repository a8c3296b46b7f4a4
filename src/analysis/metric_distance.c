/* Frechet distances between a dataset and the reference, one for each network. Named for the network
 * (features/network): FID is Inception's and FVD is I3D's alone; values compare only within one network. Random
 * networks of several seeds give one figure, the mean, with the least and the largest as its interval. */
#include "analysis/metric.h"
#include "base/log.h"
#include "base/text.h"
#include "math/linalg.h"

#include <math.h>

/* Below this many samples a distance in 2048 dimensions is biased upward more than datasets differ. */
enum { FID_SAMPLES_MIN = 2048 };

static Err distance_of(double *distance, const NetFeatures *data, const NetFeatures *reference, const char *name) {
    const FeatureRows *a = &data->rows, *b = &reference->rows;
    if (a->count < 2 || b->count < 2)
        return RAISE(ERR_INPUT, "%s: %zu and %zu samples; at least 2 are needed", name, a->count, b->count);
    if (data->net->of_paper && data->net->frames && a->count < FID_SAMPLES_MIN)
        log_warn("%s of %zu frames is biased upward: compare only distances of as many, better of 10000", name,
                 a->count);
    return linalg_frechet_samples(distance, a->rows, a->count, b->rows, b->count, a->dims);
}

static const char *distance_name(const FeatureNet *net, bool clips) {
    return clips ? net->names.video_distance : net->names.frame_distance;
}

static Err distance_finish(Result *result, const MetricData *data, const MetricData *reference, bool clips) {
    for (int first = 0, end; first < data->n_features; first = end) {
        double sum = 0, least = INFINITY, largest = -INFINITY;
        const char *name = distance_name(data->features[first].net, clips);
        char interval[32] = "";
        for (end = first; end < data->n_features && text_equal(distance_name(data->features[end].net, clips), name);
             end++) {
            double distance;
            TRY(distance_of(&distance, &data->features[end], &reference->features[end], name));
            sum += distance;
            least = fmin(least, distance);
            largest = fmax(largest, distance);
        }
        bool several = end - first > 1;
        if (several) TRY(text_format(interval, sizeof interval, "range of %d seeds", end - first));
        TRY(result_add_metric(result, name, sum / (end - first), "", (int64_t)data->features[first].rows.count,
                              several ? least : NAN, several ? largest : NAN, interval));
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
