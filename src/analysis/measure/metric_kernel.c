/* Kernel distances between a dataset and the reference, one for each network: the companions of the Frechet distances
 * for small samples. KID is Inception's, KVD I3D's; others carry their network's name. Of random networks the first
 * seed speaks, since its bootstrap interval is of the samples, not of the seeds. */
#include "analysis/measure/internal/formulas.h"
#include "analysis/measure/metric.h"
#include "base/text/text.h"

#include <math.h>

/* Groups are not asked for: only videos stay together. */
static Err kernel_of(double *mmd, Interval *interval, const MetricData *data, const MetricData *reference, int net) {
    const VideoVectors a = metric_vectors(data, &data->features[net].rows),
                       b = metric_vectors(reference, &reference->features[net].rows);
    GroupedRows x = {.groups = NULL}, y = {.groups = NULL};
    Err err = grouped_rows_new(&x, &a, 0, data->seed);
    if (!err) err = grouped_rows_new(&y, &b, 0, data->seed);
    if (!err) err = kernel_mmd(mmd, interval, &x, &y, data->seed);
    grouped_rows_free(&x);
    grouped_rows_free(&y);
    return err;
}

static Err kernel_finish(Result *result, const MetricData *data, const MetricData *reference, bool clips) {
    const char *last = "";
    for (int n = 0; n < data->n_features; n++) {
        const FeatureNet *net = data->features[n].net;
        const char *name = clips ? net->names.video_kernel : net->names.frame_kernel;
        Interval interval;
        double mmd;
        /* random networks of several seeds have one name and come one after the other */
        if (text_equal(name, last)) continue;
        TRY(kernel_of(&mmd, &interval, data, reference, n));
        TRY(result_add_metric(result, name, mmd, "", (int64_t)data->features[n].rows.count, interval,
                              isnan(interval.low) ? "" : "bootstrap 95%"));
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
