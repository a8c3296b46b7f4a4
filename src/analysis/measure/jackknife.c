/* Delete-a-group jackknife: who is in which group, and what follows from the replicates. Nothing here knows what figure
 * is computed. */
#include "analysis/measure/jackknife.h"

#include "base/failure/shared_err.h"
#include "math/rng.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

/* Stream of RNG_BOOTSTRAP, whose object tells streams apart. */
enum { STREAM_GROUPS = 2 };

/* ---- who is in which group ---- */

static int compare_numbers(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static size_t units_of(const VideoVectors *vectors) {
    return vectors->count / (size_t)vectors->per_video;
}

static int64_t video_of(const VideoVectors *vectors, size_t unit) {
    return vectors->videos ? vectors->videos[unit] : (int64_t)unit;
}

/* Different videos, ascending; *numbers is the caller's. */
static Err list_videos(int64_t **numbers, int *count, const VideoVectors *vectors) {
    size_t units = units_of(vectors);
    int64_t *list = *numbers = malloc((units + 1) * sizeof *list);
    if (!list) return RAISE(ERR_MEMORY, "groups of %zu videos: no memory", units);
    for (size_t i = 0; i < units; i++) list[i] = video_of(vectors, i);
    qsort(list, units, sizeof *list, compare_numbers);
    *count = 0;
    for (size_t i = 0; i < units; i++)
        if (*count == 0 || list[*count - 1] != list[i]) list[(*count)++] = list[i];
    return ERR_NONE;
}

Err jackknife_group_count(int *groups, const VideoVectors *vectors, int wanted) {
    int64_t *numbers;
    int videos;
    TRY(list_videos(&numbers, &videos, vectors));
    free(numbers);
    *groups = videos < wanted ? videos : wanted;
    if (*groups < JACKKNIFE_GROUPS_MIN) *groups = 0;
    return ERR_NONE;
}

/* Places in `numbers`, by rows in canonical order. */
static void find_places(GroupedRows *out, const int64_t *numbers, const VideoVectors *vectors) {
    for (size_t i = 0; i < out->rows.count; i++) {
        size_t row = (size_t)(out->rows.at[i] - vectors->vectors) / (size_t)vectors->dims;
        int64_t video = video_of(vectors, row / (size_t)vectors->per_video);
        const int64_t *found = bsearch(&video, numbers, (size_t)out->n_videos, sizeof video, compare_numbers);
        out->places[i] = (int)(found - numbers);
    }
}

/* A random order of the items, then item i to group order[i] mod n: groups differ in size by one at most. */
Err jackknife_deal(int *groups, int count, int n_groups, uint64_t seed) {
    uint32_t *order = malloc(((size_t)count + 1) * sizeof *order);
    if (!order) return RAISE(ERR_MEMORY, "%d groups of %d: no memory", n_groups, count);
    Rng rng = rng_stream(seed, RNG_BOOTSTRAP, 0, STREAM_GROUPS);
    rng_permutation(&rng, order, (uint32_t)count);
    for (int i = 0; i < count; i++) groups[i] = n_groups ? (int)(order[i] % (uint32_t)n_groups) : 0;
    free(order);
    return ERR_NONE;
}

/* Videos are dealt, and their vectors follow them. */
static Err deal_videos(GroupedRows *out, int n_groups, uint64_t seed) {
    int *of_videos = malloc(((size_t)out->n_videos + 1) * sizeof *of_videos);
    if (!of_videos) return RAISE(ERR_MEMORY, "groups of %d videos: no memory", out->n_videos);
    Err err = jackknife_deal(of_videos, out->n_videos, n_groups, seed);
    for (size_t i = 0; !err && i < out->rows.count; i++) out->groups[i] = of_videos[out->places[i]];
    free(of_videos);
    return err;
}

Err grouped_rows_new(GroupedRows *out, const VideoVectors *vectors, int n_groups, uint64_t seed) {
    Err err = ERR_NONE;
    int64_t *numbers = NULL;
    *out = (GroupedRows){.groups = NULL};
    TRY_OR(done, rows_canonical(&out->rows, vectors->vectors, vectors->count, vectors->dims));
    out->groups = malloc((2 * vectors->count + 1) * sizeof *out->groups);
    if (!out->groups) TRY_OR(done, RAISE(ERR_MEMORY, "groups of %zu vectors: no memory", vectors->count));
    out->places = out->groups + vectors->count;
    TRY_OR(done, list_videos(&numbers, &out->n_videos, vectors));
    find_places(out, numbers, vectors);
    TRY_OR(done, deal_videos(out, n_groups, seed));
done:
    free(numbers);
    if (err) grouped_rows_free(out);
    return err;
}

void grouped_rows_free(GroupedRows *grouped) {
    rows_free(&grouped->rows);
    free(grouped->groups);
    *grouped = (GroupedRows){.groups = NULL};
}

/* ---- replicates ---- */

/* The formulas of the header, for one figure. replicates[g * stride] is x_g. */
static Jackknifed summarize(double value, const double *replicates, int stride, int n_groups) {
    double mean = 0, squares = 0, groups = n_groups;
    Jackknifed out = {value, {NAN, NAN}, NAN, {NAN, NAN}};
    if (n_groups == 0) return out;
    for (int g = 0; g < n_groups; g++) mean += replicates[g * stride] / groups;
    for (int g = 0; g < n_groups; g++) squares += (replicates[g * stride] - mean) * (replicates[g * stride] - mean);
    double reach = student_quantile_two_sided(0.05, groups - 1) * sqrt(squares * (groups - 1) / groups);
    out.corrected = groups * value - (groups - 1) * mean;
    out.interval = (Interval){value - reach, value + reach};
    out.corrected_interval = (Interval){out.corrected - reach, out.corrected + reach};
    return out;
}

/* values: (1 + n_groups, JACKKNIFE_FIGURES), all samples first. */
/* Replicates are independent; threads are few since each holds matrices. */
static Err compute_replicates(double *values, JackknifeFigures figures, const void *context, int n_groups) {
    SharedErr failure = SHARED_ERR_INIT;
    int threads = omp_get_max_threads() < JACKKNIFE_THREADS_MAX ? omp_get_max_threads() : JACKKNIFE_THREADS_MAX;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int group = -1; group < n_groups; group++) {
        Err err = figures(values + (group + 1) * JACKKNIFE_FIGURES, context, group);
        shared_err_note(&failure, err, group);
    }
    return shared_err_adopt(&failure);
}

Err jackknife(Jackknifed *out, int n_figures, JackknifeFigures figures, const void *context, int n_groups) {
    ASSERT(n_figures <= JACKKNIFE_FIGURES && n_groups <= JACKKNIFE_GROUPS_MAX);
    double values[(1 + JACKKNIFE_GROUPS_MAX) * JACKKNIFE_FIGURES];
    TRY(compute_replicates(values, figures, context, n_groups));
    for (int f = 0; f < n_figures; f++)
        out[f] = summarize(values[f], values + JACKKNIFE_FIGURES + f, JACKKNIFE_FIGURES, n_groups);
    return ERR_NONE;
}
