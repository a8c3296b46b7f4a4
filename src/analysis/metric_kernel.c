/* Kernel distances between a dataset and the reference, one for each network: the companions of the Frechet distances
 * for small samples. KID is Inception's, KVD I3D's; others carry their network's name. Of random networks the first
 * seed speaks, since its bootstrap interval is of the samples, not of the seeds. */
#include "analysis/kernel.h"
#include "analysis/metric.h"
#include "base/text.h"

static Err kernel_of(double *mmd, Interval *interval, const FeatureRows *a, const FeatureRows *b, uint64_t seed) {
    Rows x = {.at = NULL}, y = {.at = NULL};
    Err err = rows_canonical(&x, a->rows, a->count, a->dims);
    if (!err) err = rows_canonical(&y, b->rows, b->count, b->dims);
    if (!err) err = kernel_mmd(mmd, interval, &x, &y, seed);
    rows_free(&x);
    rows_free(&y);
    return err;
}

static Err kernel_finish(Result *result, const MetricData *data, const MetricData *reference, bool clips) {
    const char *last = "";
    for (int n = 0; n < data->n_features; n++) {
        const FeatureNet *net = data->features[n].net;
        const FeatureRows *a = &data->features[n].rows, *b = &reference->features[n].rows;
        const char *name = clips ? net->names.video_kernel : net->names.frame_kernel;
        Interval interval;
        double mmd;
        if (text_equal(name, last)) continue;
        TRY(kernel_of(&mmd, &interval, a, b, data->seed));
        TRY(result_add_metric(result, name, mmd, "", (int64_t)a->count, interval.low, interval.high, "bootstrap 95%"));
        last = name;
    }
    return ERR_NONE;
}

static Err frame_kernel_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return kernel_finish(result, data, reference, false);
}

static Err video_kernel_finish(Result *result, const MetricData *data, const MetricData *reference) {
    return kernel_finish(result, data, reference, true);
}

const Metric frame_kernel_metric = {
    .name = "frame_kernel",
    .summary = "kernel distance (unbiased MMD^2, cubic) of single frames: KID, or under its network's name",
    .input = METRIC_FRAME_FEATURES,
    .needs_reference = true,
    .finish = frame_kernel_finish,
};

const Metric video_kernel_metric = {
    .name = "video_kernel",
    .summary = "kernel distance (unbiased MMD^2, cubic) of clips: KVD, or under its network's name",
    .input = METRIC_CLIP_FEATURES,
    .needs_reference = true,
    .finish = video_kernel_finish,
};
