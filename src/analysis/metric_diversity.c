/* Frame diversity: log-determinant of the pooled covariance of frame features, averaged over dimensions.
 *
 * A literal determinant of a thousand eigenvalues below 1 underflows, and is zero for static sets; so eps is added to
 * every eigenvalue. eps = 1e-6 of the mean eigenvalue of the *reference* and the same for every dataset compared with
 * it: an eps from each set's own variance would rescale the sets against one another. Without a reference: 1e-6.
 *
 * Beside it: the sum over the TOP largest eigenvalues, which no floor touches; effective rank and participation ratio;
 * and the log-determinant within videos (the covariance of deviations from each video's mean), which collapses for sets
 * that stand still while the pooled one does not. The interval is that of the delete-a-group jackknife (Kott 2001) over
 * GROUPS groups of whole videos: a bootstrap would need hundreds of eigenproblems of thousands of dimensions. */
#include "analysis/metric.h"
#include "math/interval.h"
#include "math/linalg.h"

#include <math.h>

#define DIVERSITY_EPS 1e-6
enum { GROUPS = 10, TOP = 64 };

static Err feature_spectrum(double *values, const FeatureRows *features) {
    return linalg_covariance_eigenvalues(values, features->rows, features->count, features->dims);
}

static double reference_eps(const double *values, int dims) {
    double trace = 0;
    for (int i = 0; i < dims; i++) trace += fmax(values[i], 0);
    return trace > 0 ? DIVERSITY_EPS * trace / dims : DIVERSITY_EPS;
}

/* Rows [begin, end) are those of one group: whole, neighboring videos. */
static void group_rows(size_t *begin, size_t *end, const FeatureRows *all, int per_video, int group) {
    size_t videos = all->count / (size_t)per_video;
    *begin = ((size_t)group * videos + GROUPS - 1) / GROUPS * (size_t)per_video;
    *end = ((size_t)(group + 1) * videos + GROUPS - 1) / GROUPS * (size_t)per_video;
}

/* Spectrum of a copy without rows [begin, end): where rows are few. */
static Err spectrum_without(double *values, const FeatureRows *all, size_t begin, size_t end) {
    size_t dims = (size_t)all->dims, count = all->count - (end - begin);
    float *rest = malloc(count * dims * sizeof *rest);
    if (!rest) return RAISE(ERR_MEMORY, "diversity: no memory for a part of %zu features", all->count);
    memcpy(rest, all->rows, begin * dims * sizeof *rest);
    memcpy(rest + begin * dims, all->rows + end * dims, (all->count - end) * dims * sizeof *rest);
    Err err = linalg_covariance_eigenvalues(values, rest, count, all->dims);
    free(rest);
    return err;
}

/* The covariance of all rows, from which those of a group are taken out: one pass over the rows for all groups. */
typedef struct {
    Covariance all, part, rest;
    double *block;
} Groups;

static Err groups_new(Groups *groups, const FeatureRows *rows) {
    size_t one = covariance_doubles(rows->dims);
    groups->block = calloc(3 * one, sizeof *groups->block);
    if (!groups->block) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", rows->dims);
    groups->all = covariance_view(groups->block, rows->dims);
    groups->part = covariance_view(groups->block + one, rows->dims);
    groups->rest = covariance_view(groups->block + 2 * one, rows->dims);
    return covariance_add_rows(&groups->all, rows->rows, rows->count);
}

static Err spectrum_downdated(double *values, Groups *groups, const FeatureRows *rows, size_t begin, size_t end) {
    size_t one = covariance_doubles(rows->dims);
    memset(groups->part.count, 0, one * sizeof *groups->block);
    memcpy(groups->rest.count, groups->all.count, one * sizeof *groups->block);
    TRY(covariance_add_rows(&groups->part, rows->rows + begin * (size_t)rows->dims, end - begin));
    covariance_remove(&groups->rest, &groups->part);
    return linalg_covariance_spectrum(values, &groups->rest);
}

/* Sum over groups of the squared distances from `value` of the figure without the group. */
static Err jackknife_squares(double *squares, double *values, double value, const FeatureRows *rows, int per_video,
                             double eps) {
    Groups groups = {.block = NULL};
    bool few = rows->count < 2 * (size_t)rows->dims;
    Err err = few ? ERR_NONE : groups_new(&groups, rows);
    *squares = 0;
    for (int group = 0; group < GROUPS && !err; group++) {
        size_t begin, end;
        group_rows(&begin, &end, rows, per_video, group);
        err = few ? spectrum_without(values, rows, begin, end) : spectrum_downdated(values, &groups, rows, begin, end);
        if (!err) *squares += pow(linalg_logdet(values, rows->dims, eps) / rows->dims - value, 2);
    }
    free(groups.block);
    return err;
}

static Err jackknife(Interval *interval, double value, const FeatureRows *rows, int per_video, double eps) {
    double squares;
    *interval = (Interval){NAN, NAN};
    if (rows->count / (size_t)per_video < 2 * GROUPS) return ERR_NONE;
    double *values = malloc((size_t)rows->dims * sizeof *values);
    if (!values) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", rows->dims);
    Err err = jackknife_squares(&squares, values, value, rows, per_video, eps);
    double reach = student_quantile_two_sided(0.05, GROUPS - 1) * sqrt(squares * (GROUPS - 1) / GROUPS);
    if (!err) *interval = (Interval){value - reach, value + reach};
    free(values);
    return err;
}

/* Every video's mean is taken from its rows. */
static Err within_videos(double *values, const FeatureRows *features, int per_video) {
    size_t dims = (size_t)features->dims;
    FeatureRows centered = {malloc(features->count * dims * sizeof(float)), features->count, features->dims};
    if (!centered.rows) return RAISE(ERR_MEMORY, "diversity of %zu features: no memory", features->count);
    for (size_t first = 0; first < features->count; first += (size_t)per_video)
        for (size_t d = 0; d < dims; d++) {
            double mean = 0;
            for (size_t k = 0; k < (size_t)per_video; k++)
                mean += (double)features->rows[(first + k) * dims + d] / per_video;
            for (size_t k = 0; k < (size_t)per_video; k++)
                centered.rows[(first + k) * dims + d] = (float)((double)features->rows[(first + k) * dims + d] - mean);
        }
    Err err = feature_spectrum(values, &centered);
    free(centered.rows);
    return err;
}

static double participation_ratio(const double *values, int dims) {
    double sum = 0, squares = 0;
    for (int i = 0; i < dims; i++) {
        sum += fmax(values[i], 0);
        squares += values[i] * values[i];
    }
    return squares > 0 ? sum * sum / squares : 0;
}

static Err report_pooled(Result *result, const double *values, const MetricData *data, double eps) {
    const FeatureRows *rows = &data->features->rows;
    int dims = rows->dims, top = dims < TOP ? dims : TOP;
    int64_t count = (int64_t)rows->count;
    double sum = linalg_logdet(values, dims, eps);
    Interval interval;
    TRY(jackknife(&interval, sum / dims, rows, data->per_video, eps));
    TRY(result_add_metric(result, "diversity_logdet", sum / dims, "", count, interval.low, interval.high,
                          isnan(interval.low) ? "" : "jackknife 95%"));
    TRY(result_add_metric(result, "diversity_logdet_sum", sum, "", count, NAN, NAN, ""));
    TRY(result_add_metric(result, "diversity_eps", eps, "", count, NAN, NAN, ""));
    TRY(result_add_metric(result, "diversity_top64", linalg_logdet(values + dims - top, top, eps), "", count, NAN, NAN,
                          ""));
    TRY(result_add_metric(result, "participation_ratio", participation_ratio(values, dims), "", count, NAN, NAN, ""));
    return result_add_metric(result, "effective_rank", linalg_effective_rank(values, dims), "", count, NAN, NAN, "");
}

static Err diversity_finish(Result *result, const MetricData *data, const MetricData *reference) {
    Err err = ERR_NONE;
    const FeatureRows *features = &data->features->rows, *others = reference ? &reference->features->rows : NULL;
    if (features->count < 2) return RAISE(ERR_INPUT, "diversity: %zu frames; at least 2 are needed", features->count);
    double *values = malloc((size_t)features->dims * sizeof *values), eps = DIVERSITY_EPS;
    if (!values) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", features->dims);
    if (others && others->count >= 2) {
        TRY_OR(done, feature_spectrum(values, others));
        eps = reference_eps(values, features->dims);
    }
    TRY_OR(done, feature_spectrum(values, features));
    TRY_OR(done, report_pooled(result, values, data, eps));
    if (data->per_video > 1) {
        TRY_OR(done, within_videos(values, features, data->per_video));
        TRY_OR(done, result_add_metric(result, "diversity_within",
                                       linalg_logdet(values, features->dims, eps) / features->dims, "",
                                       (int64_t)features->count, NAN, NAN, ""));
    }
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
