/* analysis/measure/jackknife - how sure a figure of feature vectors is, where one value of it costs an eigenproblem.
 *
 * The delete-a-group jackknife (Kott 2001): samples are dealt out at random to G groups, whole videos together, and the
 * figure is computed again without each group in turn. The G replicates x_g and their mean m give the standard error
 * (Efron & Stein 1981)
 *     s^2 = (G-1)/G sum (x_g - m)^2,
 * the interval x -+ t s with Student's t of G-1 degrees, and the estimate without the part of the bias that falls as
 * 1/n (Quenouille 1956), G x - (G-1) m. A figure of two independent samples leaves out a group of both at once: their
 * variances add in the replicates as they do in the figure.
 *
 * Why not the bootstrap: it would need hundreds of eigenproblems of thousands of dimensions instead of ten, and a
 * resample with replacement holds only 63 % of the samples, which moves a figure as biased by n as a Frechet distance
 * or a log-determinant off the one it should surround. Leaving out a tenth moves it by a ninth of its bias, the same
 * for all replicates.
 *
 * Which group a video is in depends on its number and the seed alone, not on where it stands among the samples. */
#pragma once

#include "base/failure/err.h"
#include "math/interval.h"
#include "math/stats.h"

#include <stdint.h>

/* With fewer videos than groups each video is a group; with fewer than GROUPS_MIN there is no interval. */
enum { JACKKNIFE_GROUPS = 10, JACKKNIFE_GROUPS_MIN = 3, JACKKNIFE_GROUPS_MAX = 100, JACKKNIFE_FIGURES = 8 };
/* Replicates at a time: each holds a few matrices. */
enum { JACKKNIFE_THREADS_MAX = 4 };

/* Feature vectors (count, dims) in drawing order, the first `per_video` of the first video, and so on. videos: the
 * number of each (count / per_video), repeats allowed; NULL: all different. Borrowed. */
typedef struct {
    const float *vectors;
    size_t count;
    int dims, per_video;
    const int64_t *videos;
} VideoVectors;

/* The number of groups for these samples when `wanted` groups are asked for; 0: too few videos. */
CHECKED Err jackknife_group_count(int *groups, const VideoVectors *vectors, int wanted);

/* Vectors in canonical order with what is known of each. Owned: free with grouped_rows_free. */
typedef struct {
    Rows rows;
    int *groups; /* (rows.count) from 0 */
    int *places; /* (rows.count) of its video among n_videos, ascending by number */
    int n_videos;
} GroupedRows;

/* groups (count): items 0 to count - 1 in random order, dealt out in turn. */
CHECKED Err jackknife_deal(int *groups, int count, int n_groups, uint64_t seed);

CHECKED Err grouped_rows_new(GroupedRows *out, const VideoVectors *vectors, int n_groups, uint64_t seed);
void grouped_rows_free(GroupedRows *grouped);

/* Figures without one group; group -1: of all samples. May be called by several threads. */
typedef Err (*JackknifeFigures)(double *figures, const void *context, int group);

typedef struct {
    double value;
    Interval interval; /* around the value; NAN bounds without groups */
    double corrected;  /* without bias of order 1/n; NAN without groups */
    Interval corrected_interval;
} Jackknifed;

/* n_figures <= JACKKNIFE_FIGURES results. n_groups 0: values only. */
CHECKED Err jackknife(Jackknifed *out, int n_figures, JackknifeFigures figures, const void *context, int n_groups);
