/* Frechet distances between a dataset and the reference on features of one fixed VideoMAE encoder. Named for the
 * features, never "FID" or "FVD", which mean Inception and I3D: values compare only within one encoder. */
#include "analysis/metric.h"
#include "math/linalg.h"

#include <math.h>

static Err distance_finish(Result *result, const MetricData *data, const MetricData *reference, const char *name) {
    const FeatureRows *a = data->features, *b = reference->features;
    double distance;
    if (a->count < 2 || b->count < 2)
        return RAISE(ERR_INPUT, "%s: %zu and %zu samples; at least 2 are needed", name, a->count, b->count);
    TRY(linalg_frechet_samples(&distance, a->rows, a->count, b->rows, b->count, a->dims));
    return result_add_metric(result, name, distance, "", (int64_t)a->count, NAN, NAN, "");
}

static Err frame_distance_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return distance_finish(result, data, reference, "FFD-VideoMAE");
}

static Err video_distance_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return distance_finish(result, data, reference, "FVD-VideoMAE");
}

const Metric frame_distance_metric = {
    .name = "frame_distance",
    .summary = "FD-VideoMAE, frame form: Frechet distance of single frames, each repeated to a clip",
    .input = METRIC_FRAME_FEATURES,
    .needs_reference = true,
    .finish = frame_distance_finish,
};

const Metric video_distance_metric = {
    .name = "video_distance",
    .summary = "FD-VideoMAE, video form: Frechet distance of clips",
    .input = METRIC_CLIP_FEATURES,
    .needs_reference = true,
    .finish = video_distance_finish,
};
