/* eval/readout/features - the features of a frozen encoder, of every view of every video, kept in a folder for the next
 * time.
 *
 * Frozen weights without augmentation say the same about a video every time, so a read-out costs one forward pass over
 * its videos, and a second read-out of the same encoder costs none. */
#pragma once

#include "eval/finetune/forward.h"
#include "store/data/featurecache.h"

typedef struct {
    Forward forward;
    const char *weights; /* digest of the encoder's weights */
    const char *folder;  /* where features are kept; "": nowhere */
} FeatureRequest;

/* The same on every rank. A file that is there and was made from the same things is read instead. */
CHECKED Err features_get_all(FeatureTable *features, const FeatureRequest *request, const Run *run);

/* x -> (x - mean) * scale, per dimension; start from {0}. */
typedef struct {
    int D;
    float *mean, *scale; /* (D) */
} Standard;

/* LayerNorm without weights, which is fc_norm as it stays in a frozen model: weight 1, bias 0. Over rows of D. */
void features_normalize(FeatureTable *features);
/* Mean 0 and deviation 1 over n rows of D: the official head's BatchNorm without affine, with the statistics of the
 * whole set, so that they depend on no worker count. */
CHECKED Err standard_fit(Standard *standard, const float *rows, int64_t n, int D);
void standard_apply(float *rows, const Standard *standard, int64_t n);
void standard_free(Standard *standard);
