#include "analysis/metric.h"

const Metric *const metrics[] = {
#define X(name) &name,
    METRIC_LIST(X)
#undef X
        NULL,
};
