/* cli/inspect/describe - results: what was measured, with its interval, and under which protocol. */
#include "cli/inspect/internal/describe_parts.h"
#include "run/result.h"

#include <math.h>

static void add_metric(Builder *out, const ResultMetric *metric) {
    builder_add(out, "  %-22s %9.5g", metric->name, metric->value);
    if (metric->unit[0]) builder_add(out, " %s", metric->unit);
    if (isfinite(metric->low) && isfinite(metric->high))
        builder_add(out, "  [%.4g, %.4g] %s", metric->low, metric->high, metric->interval);
    if (metric->count > 1) builder_add(out, "  of %lld", (long long)metric->count);
    builder_add_text(out, "\n");
}

Err describe_result(Builder *out, const char *path) {
    Result result;
    TRY(result_read(&result, path));
    describe_head(out, path, "result of %s", result.task);
    if (result.dataset[0]) describe_fact(out, "dataset", "%s", result.dataset);
    if (result.pretraining[0]) describe_fact(out, "pre-training", "%s", result.pretraining);
    if (result.model[0]) describe_fact(out, "model", "%s", result.model);
    describe_fact(out, "seed", "%llu", (unsigned long long)result.seed);
    builder_add_text(out, "\n");
    for (int i = 0; i < result.n_metrics; i++) add_metric(out, &result.metrics[i]);
    builder_add_text(out, "\n");
    describe_fact(out, "protocol", "%s%s", result.protocol,
                  result_is_official(&result) ? "" : ": not comparable with the paper");
    for (int i = 0; i < result.n_deviations; i++) describe_fact(out, i ? "" : "deviations", "%s", result.deviations[i]);
    for (int i = 0; i < result.n_inputs; i++)
        describe_fact(out, result.inputs[i].role, "%s (%s)", result.inputs[i].path, result.inputs[i].digest);
    return ERR_NONE;
}
