/* Kernel distances between a dataset and the reference on the features of the fixed encoder: the companions of the
 * Frechet distances for small samples. Not KID, which means Inception. */
#include "analysis/kernel.h"
#include "analysis/metric.h"

static Err kernel_finish(Result *result, const MetricData *data, const MetricData *reference, const char *name) {
    const FeatureRows *a = data->features, *b = reference->features;
    Interval interval;
    double mmd;
    TRY(kernel_mmd(&mmd, &interval, a->rows, a->count, b->rows, b->count, a->dims, data->seed));
    return result_add_metric(result, name, mmd, "", (int64_t)a->count, interval.low, interval.high, "bootstrap 95%");
}

static Err frame_kernel_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return kernel_finish(result, data, reference, "frame_mmd");
}

static Err video_kernel_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return kernel_finish(result, data, reference, "video_mmd");
}

const Metric frame_kernel_metric = {
    .name = "frame_kernel",
    .summary = "kernel distance (unbiased MMD^2, cubic) of single frames",
    .input = METRIC_FRAME_FEATURES,
    .needs_reference = true,
    .finish = frame_kernel_finish,
};

const Metric video_kernel_metric = {
    .name = "video_kernel",
    .summary = "kernel distance (unbiased MMD^2, cubic) of clips",
    .input = METRIC_CLIP_FEATURES,
    .needs_reference = true,
    .finish = video_kernel_finish,
};
