/* cli/describe - results: what was measured, with its interval, and under which protocol. */
#include "cli/describe.h"
#include "store/result.h"

#include <math.h>

static void add_metric(Builder *out, const ResultMetric *metric) {
    char interval[96] = "", count[64] = "";
    if (isfinite(metric->low) && isfinite(metric->high))
        snprintf(interval, sizeof interval, " [%.4g, %.4g]%s%s", metric->low, metric->high,
                 metric->interval[0] ? " " : "", metric->interval);
    if (metric->count) snprintf(count, sizeof count, ", from %lld", (long long)metric->count);
    describe_fact(out, metric->name, "%.5g %s%s%s", metric->value, metric->unit, interval, count);
}

Err describe_result(Builder *out, const char *path) {
    Result result;
    TRY(result_read(&result, path));
    builder_add(out, "%s: result of %s\n", path, result.task);
    if (result.dataset[0]) describe_fact(out, "dataset", "%s", result.dataset);
    if (result.pretraining[0]) describe_fact(out, "pre-training", "%s", result.pretraining);
    if (result.model[0]) describe_fact(out, "model", "%s", result.model);
    describe_fact(out, "seed", "%llu", (unsigned long long)result.seed);
    for (int i = 0; i < result.n_metrics; i++) add_metric(out, &result.metrics[i]);
    describe_fact(out, "protocol", "%s",
                  result.paper_protocol ? "the paper's" : "reduced: not comparable with the paper");
    for (int i = 0; i < result.n_deviations; i++) describe_fact(out, i ? "" : "deviations", "%s", result.deviations[i]);
    for (int i = 0; i < result.n_inputs; i++)
        describe_fact(out, result.inputs[i].role, "%s (%s)", result.inputs[i].path, result.inputs[i].digest);
    return ERR_NONE;
}
