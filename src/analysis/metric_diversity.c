/* Frame diversity: log-determinant of the pooled covariance of frame features, averaged over dimensions.
 *
 * A literal determinant of a thousand eigenvalues below 1 underflows, and is zero for static sets; so eps is added to
 * every eigenvalue. eps = 1e-6 of the mean eigenvalue of the *reference* and the same for every dataset compared with
 * it: an eps from each set's own variance would rescale the sets against one another. Without a reference: 1e-6. */
#include "analysis/metric.h"
#include "math/linalg.h"
#include "math/stats.h"

#include <math.h>

#define DIVERSITY_EPS 1e-6

/* values (dims): eigenvalues of the unbiased covariance of the rows. */
static Err feature_spectrum(double *values, const FeatureRows *features) {
    Err err = ERR_NONE;
    int dims = features->dims;
    size_t square = (size_t)dims * (size_t)dims;
    double *block = calloc(covariance_doubles(dims) + square, sizeof *block);
    if (!block) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", dims);
    Covariance covariance = covariance_view(block, dims);
    double *matrix = block + covariance_doubles(dims);
    TRY_OR(done, covariance_add_rows(&covariance, features->rows, features->count));
    covariance_matrix(matrix, &covariance);
    TRY_OR(done, linalg_eigenvalues(values, matrix, dims));
done:
    free(block);
    return err;
}

static double reference_eps(const double *values, int dims) {
    double trace = 0;
    for (int i = 0; i < dims; i++) trace += fmax(values[i], 0);
    return trace > 0 ? DIVERSITY_EPS * trace / dims : DIVERSITY_EPS;
}

static Err diversity_report(Result *result, const double *values, int dims, double eps, int64_t count) {
    double sum = linalg_logdet(values, dims, eps);
    TRY(result_add_metric(result, "diversity_logdet", sum / dims, "", count, NAN, NAN, ""));
    TRY(result_add_metric(result, "diversity_logdet_sum", sum, "", count, NAN, NAN, ""));
    TRY(result_add_metric(result, "diversity_eps", eps, "", count, NAN, NAN, ""));
    return result_add_metric(result, "effective_rank", linalg_effective_rank(values, dims), "", count, NAN, NAN, "");
}

static Err diversity_finish(Result *result, const MetricData *data, const MetricData *reference) {
    Err err = ERR_NONE;
    const FeatureRows *features = data->features;
    if (features->count < 2) return RAISE(ERR_INPUT, "diversity: %zu frames; at least 2 are needed", features->count);
    double *values = malloc((size_t)features->dims * sizeof *values), eps = DIVERSITY_EPS;
    if (!values) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", features->dims);
    if (reference && reference->features->count >= 2) {
        TRY_OR(done, feature_spectrum(values, reference->features));
        eps = reference_eps(values, features->dims);
    }
    TRY_OR(done, feature_spectrum(values, features));
    TRY_OR(done, diversity_report(result, values, features->dims, eps, (int64_t)features->count));
done:
    free(values);
    return err;
}

const Metric diversity_metric = {
    .name = "diversity",
    .summary = "log-determinant of the covariance of frame features, a dimension; effective rank",
    .input = METRIC_SPREAD_FEATURES,
    .finish = diversity_finish,
};
