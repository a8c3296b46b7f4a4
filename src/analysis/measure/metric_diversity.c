/* Frame diversity: log-determinant of the pooled covariance of frame features, averaged over dimensions.
 *
 * A literal determinant of a thousand eigenvalues below 1 underflows, and is zero for static sets; so eps is added to
 * every eigenvalue. eps = 1e-6 of the mean eigenvalue of the *reference* and the same for every dataset compared with
 * it: an eps from each set's own variance would rescale the sets against one another. Without a reference: 1e-6.
 *
 * Beside it: the sum over the TOP largest eigenvalues, which no floor touches; effective rank and participation ratio;
 * and the log-determinant within videos (the covariance of deviations from each video's mean), which collapses for sets
 * that stand still while the pooled one does not. Intervals are the jackknife's over groups of whole videos. */
#include "analysis/measure/metric.h"
#include "base/system/clock.h"
#include "base/system/log.h"
#include "math/linalg.h"

#include <math.h>

#define DIVERSITY_EPS 1e-6
enum { TOP = 64 };

static double reference_eps(const double *values, int dims) {
    double trace = 0;
    for (int i = 0; i < dims; i++) trace += fmax(values[i], 0);
    return trace > 0 ? DIVERSITY_EPS * trace / dims : DIVERSITY_EPS;
}

/* ---- spectra without a group ---- */

/* Where rows are many, the covariance of all of them, from which those of a group are taken out: one pass over the rows
 * for all groups. */
typedef struct {
    GroupedRows grouped;
    Covariance all;
    double *block; /* NULL: rows are few */
    double eps;
} Pool;

static Err pool_new(Pool *pool, const VideoVectors *vectors, int n_groups, uint64_t seed, double eps) {
    *pool = (Pool){.eps = eps};
    TRY(grouped_rows_new(&pool->grouped, vectors, n_groups, seed));
    if (vectors->count < 2 * (size_t)vectors->dims) return ERR_NONE;
    pool->block = calloc(covariance_doubles(vectors->dims), sizeof *pool->block);
    if (!pool->block) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", vectors->dims);
    pool->all = covariance_view(pool->block, vectors->dims);
    return covariance_add_list(&pool->all, &pool->grouped.rows);
}

static void pool_free(Pool *pool) {
    grouped_rows_free(&pool->grouped);
    free(pool->block);
}

static Err spectrum_of_rest(double *values, const Pool *pool, int group) {
    Rows rest;
    TRY(rows_without_group(&rest, &pool->grouped.rows, pool->grouped.groups, group));
    Err err = linalg_covariance_eigenvalues(values, &rest);
    rows_free(&rest);
    return err;
}

static Err spectrum_downdated(double *values, const Pool *pool, int group) {
    Rows left_out;
    int dims = pool->grouped.rows.dims;
    size_t one = covariance_doubles(dims);
    double *block = calloc(2 * one, sizeof *block);
    if (!block) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", dims);
    Covariance rest = covariance_view(block, dims), part = covariance_view(block + one, dims);
    memcpy(block, pool->block, one * sizeof *block);
    Err err = rows_of_group(&left_out, &pool->grouped.rows, pool->grouped.groups, group);
    if (!err) err = covariance_add_list(&part, &left_out);
    if (!err) covariance_remove(&rest, &part);
    if (!err) err = linalg_covariance_spectrum(values, &rest);
    rows_free(&left_out);
    free(block);
    return err;
}

/* ---- figures of a spectrum ---- */

static double participation_ratio(const double *values, int dims) {
    double sum = 0, squares = 0;
    for (int i = 0; i < dims; i++) {
        sum += fmax(values[i], 0);
        squares += values[i] * values[i];
    }
    return squares > 0 ? sum * sum / squares : 0;
}

enum { LOGDET, LOGDET_SUM, TOP_SUM, PARTICIPATION, EFFECTIVE_RANK, N_FIGURES };

static Err pooled_figures(double *figures, const void *context, int group) {
    const Pool *pool = context;
    int dims = pool->grouped.rows.dims, top = dims < TOP ? dims : TOP;
    double *values = malloc((size_t)dims * sizeof *values);
    if (!values) return RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", dims);
    Err err = !pool->block ? spectrum_of_rest(values, pool, group)
              : group < 0  ? linalg_covariance_spectrum(values, &pool->all)
                           : spectrum_downdated(values, pool, group);
    if (!err) {
        figures[LOGDET_SUM] = linalg_logdet(values, dims, pool->eps);
        figures[LOGDET] = figures[LOGDET_SUM] / dims;
        figures[TOP_SUM] = linalg_logdet(values + dims - top, top, pool->eps);
        figures[PARTICIPATION] = participation_ratio(values, dims);
        figures[EFFECTIVE_RANK] = linalg_effective_rank(values, dims);
    }
    free(values);
    return err;
}

static Err add_pooled(Result *result, const Pool *pool, int n_groups) {
    static const char *const names[N_FIGURES] = {"diversity_logdet", "diversity_logdet_sum", "diversity_top64",
                                                 "participation_ratio", "effective_rank"};
    Jackknifed figures[N_FIGURES];
    int64_t count = (int64_t)pool->grouped.rows.count;
    double start = clock_wall_s();
    TRY(jackknife(figures, N_FIGURES, pooled_figures, pool, n_groups));
    log_info("diversity: %d spectra of %lld vectors, %.1f s", 1 + n_groups, (long long)count, clock_wall_s() - start);
    for (int f = 0; f < N_FIGURES; f++) TRY(metric_add_jackknifed(result, names[f], "", count, &figures[f]));
    return result_add_number(result, "diversity_eps", pool->eps, "", count);
}

/* ---- within videos ---- */

/* Every row of the pool less the mean of its video, and that video's place. */
typedef struct {
    float *deviations; /* (count, dims) */
    int64_t *videos;   /* (count) */
} Within;

static void take_means(const Within *within, double *means, const GroupedRows *grouped) {
    size_t dims = (size_t)grouped->rows.dims;
    double *counts = means + (size_t)grouped->n_videos * dims;
    for (size_t i = 0; i < grouped->rows.count; i++) {
        size_t video = (size_t)grouped->places[i];
        counts[video] += 1;
        for (size_t d = 0; d < dims; d++) means[video * dims + d] += (double)grouped->rows.at[i][d];
    }
    for (size_t i = 0; i < grouped->rows.count; i++) {
        size_t video = (size_t)grouped->places[i];
        within->videos[i] = grouped->places[i];
        for (size_t d = 0; d < dims; d++)
            within->deviations[i * dims + d] =
                (float)((double)grouped->rows.at[i][d] - means[video * dims + d] / counts[video]);
    }
}

static Err within_new(Within *within, const GroupedRows *grouped) {
    size_t dims = (size_t)grouped->rows.dims;
    within->deviations = malloc(grouped->rows.count * dims * sizeof *within->deviations);
    within->videos = malloc(grouped->rows.count * sizeof *within->videos);
    double *means = calloc((size_t)grouped->n_videos * (dims + 1), sizeof *means);
    bool whole = within->deviations && within->videos && means;
    if (whole) take_means(within, means, grouped);
    free(means);
    return whole ? ERR_NONE : RAISE(ERR_MEMORY, "diversity within %d videos: no memory", grouped->n_videos);
}

static Err within_logdet(double *figure, const void *context, int group) {
    double figures[N_FIGURES];
    TRY(pooled_figures(figures, context, group));
    *figure = figures[LOGDET];
    return ERR_NONE;
}

static Err add_within(Result *result, const Pool *pool, int n_groups, uint64_t seed) {
    Err err = ERR_NONE;
    const Rows *rows = &pool->grouped.rows;
    Within within = {NULL, NULL};
    Pool deviations = {.block = NULL};
    Jackknifed figure;
    TRY_OR(done, within_new(&within, &pool->grouped));
    const VideoVectors vectors = {within.deviations, rows->count, rows->dims, 1, within.videos};
    TRY_OR(done, pool_new(&deviations, &vectors, n_groups, seed, pool->eps));
    TRY_OR(done, jackknife(&figure, 1, within_logdet, &deviations, n_groups));
    TRY_OR(done, metric_add_jackknifed(result, "diversity_within", "", (int64_t)rows->count, &figure));
done:
    pool_free(&deviations);
    free(within.deviations);
    free(within.videos);
    return err;
}

/* ---- the metric ---- */

static Err choose_eps(double *eps, const MetricData *reference) {
    Rows rows;
    *eps = DIVERSITY_EPS;
    if (!reference || reference->features->rows.count < 2) return ERR_NONE;
    const FeatureRows *features = &reference->features->rows;
    TRY(rows_canonical(&rows, features->rows, features->count, features->dims));
    double *values = malloc((size_t)features->dims * sizeof *values);
    Err err = values ? linalg_covariance_eigenvalues(values, &rows)
                     : RAISE(ERR_MEMORY, "diversity in %d dimensions: no memory", features->dims);
    if (!err) *eps = reference_eps(values, features->dims);
    free(values);
    rows_free(&rows);
    return err;
}

static Err diversity_finish(Result *result, const MetricData *data, const MetricData *reference) {
    Err err = ERR_NONE;
    Pool pool = {.block = NULL};
    VideoVectors vectors = metric_vectors(data, &data->features->rows);
    int n_groups;
    double eps;
    if (vectors.count < 2) return RAISE(ERR_INPUT, "diversity: %zu frames; at least 2 are needed", vectors.count);
    TRY(choose_eps(&eps, reference));
    TRY(jackknife_group_count(&n_groups, &vectors, data->groups));
    TRY_OR(done, pool_new(&pool, &vectors, n_groups, data->seed, eps));
    TRY_OR(done, add_pooled(result, &pool, n_groups));
    if (vectors.per_video > 1) TRY_OR(done, add_within(result, &pool, n_groups, data->seed));
done:
    pool_free(&pool);
    return err;
}

const Metric diversity_metric = {
    .name = "diversity",
    .summary = "log-determinant of the covariance of frame features, a dimension; effective rank",
    .input = METRIC_SPREAD_FEATURES,
    .finish = diversity_finish,
};
