/* analysis/measure/keypca - principal components of the attention keys of many clips together (section 5.5 of the
 * paper), in a stream: sums of any number of clips in one pass, merged in any fixed order.
 *
 * A clip gives (positions, dims) keys: one row a token, in the token order of the model. Components are eigenvectors of
 * the covariance of all rows of all clips, neither whitened nor scaled; each is turned so that its largest entry is
 * positive, or colors would flip from run to run. The share of variance that a token's position alone explains is the
 * variance between the means of positions over the whole: near 1 where a model looks at places, low where it looks at
 * what is seen. */
#pragma once

#include "base/failure/err.h"

enum { KEYPCA_COMPONENTS = 3 };

/* A view of keysums_doubles doubles, which the caller owns and starts at zero. */
typedef struct {
    int positions, dims;
    double *block;
} KeySums;

size_t keysums_doubles(int positions, int dims);
CHECKED Err keysums_add(const KeySums *sums, const float *keys);
void keysums_merge(const KeySums *into, const KeySums *from);

typedef struct {
    int dims;
    double rows;                         /* tokens of all clips */
    double variance[KEYPCA_COMPONENTS];  /* along each component */
    double explained[KEYPCA_COMPONENTS]; /* shares of the total */
    double position_share;               /* NAN when nothing varies */
    double *mean, *axes;                 /* (dims), (components, dims); owned */
} KeyPca;

/* At least two clips. */
CHECKED Err keypca_fit(KeyPca *pca, const KeySums *sums);
void keypca_free(KeyPca *pca);
void keypca_project(double out[KEYPCA_COMPONENTS], const KeyPca *pca, const float *key);
