/* analysis/measure/analyze_plan - what `analyze --dry-run` says: samples, bytes read and kept, memory a rank, time.
 *
 * Reading and pixel figures are timed on a few samples of the dataset; networks, distances and spectra are counted in
 * FLOPs of a core of ESTIMATE_CORE_FLOPS (base/system/estimate). Nothing that a cache may hold is taken off. */
#pragma once

#include "analysis/measure/internal/feature_set.h"
#include "analysis/measure/internal/frame_sampling.h"
#include "analysis/measure/internal/metric_inputs.h"

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
