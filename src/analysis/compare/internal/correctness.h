/* analysis/compare/correctness - which test videos the runs of one cell of the board got right, from the
 * predictions.csv beside their result.json: one row a seed, in ascending order, videos in the order of the test set.
 * Two cells with the same test set are compared video by video and seed by seed. */
#pragma once

#include "analysis/compare/outcomes.h"
#include "math/interval.h"

enum { CORRECTNESS_PROBLEM = 512 };

typedef struct Correctness {
    int n_seeds;
    int64_t n_videos;
    uint64_t seeds[CROSSED_SEEDS];
    uint8_t *right; /* (n_seeds, n_videos) */
    char test[DIGEST_SIZE];
} Correctness;

/* Of the results that match `key`, which have one seed each. Without a predictions.csv beside every one of them, or
 * with more than CROSSED_SEEDS: none (*hits NULL, no error). ERR_INPUT for files that are broken, do not add up to the
 * accuracy in their result.json, or come from different test sets. The caller frees. */
CHECKED Err correctness_read(Correctness **hits, const Outcomes *outcomes, const OutcomeKey *key);
void correctness_free(Correctness **hits); /* fine with NULL in it */
/* The estimate of top-1 for `key` in percent, with its interval over seeds and test videos where there are hits and
 * several seeds; they are lent to it and owned by *hits. Predictions that cannot be used are told in `problem` (kept
 * when it holds something already) and a warning. */
Estimate correctness_estimate(Correctness **hits, char problem[CORRECTNESS_PROBLEM], const Outcomes *outcomes,
                              const OutcomeKey *key);
/* Of the seeds that all `n` cells have; false when there are none, a cell has no hits (NULL), or test sets differ. */
bool correctness_cross(Crossed *out, const Correctness *const *cells, int n);
