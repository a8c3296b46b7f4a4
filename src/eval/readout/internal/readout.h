/* eval/readout/internal/readout - what `synvid probe` does with the features of a frozen encoder: one function a
 * protocol. Inside eval/readout/probe.
 *
 *   linear     multinomial logistic regression (eval/readout/linear_head): the paper's probe.
 *   knn        the vote of the nearest training videos by cosine similarity, weighted exp(similarity / temperature)
 *              (Wu et al. 2018, as DINO evaluates with it).
 *   few-shot   linear heads trained on a few clips a class, several draws of them.
 *   attentive  one cross-attention of a learned query to all tokens, then a linear head (nn/layers/attentive). */
#pragma once

#include "base/failure/err.h"
#include "eval/finetune/classification.h"
#include "eval/finetune/forward.h"
#include "store/data/featurecache.h"
#include "train/train_config.h"
#include <stdint.h>

/* ---- linear_head: multinomial logistic regression on fixed features by AdamW, the trained part of a linear probe ----
 */

/* Small enough that every rank trains the same head on all features with the same arithmetic, so nothing is exchanged
 * and all ranks hold the same bits. */

typedef struct {
    int64_t n_rows;
    int D, K;
    const float *features; /* (n_rows, D) standardized */
    const int *labels;     /* (n_rows) */
} LabelledRows;

typedef struct {
    float *weight, *bias; /* (K, D), (K): first weights in, trained weights out */
} LinearHead;

/* config->epochs passes in the order of train/batch, batches of min(config->batch, n_rows); targets smoothed as in
 * fine-tuning. *loss: mean over the last epoch. Raises ERR_DIVERGED on a loss that is not finite. */
CHECKED Err linear_head_train(LinearHead *head, double *loss, const LabelledRows *rows, const TrainConfig *config,
                              double label_smoothing, uint64_t seed);

/* The features of a frozen encoder, of every view of every video, kept in a folder for the next
 * time.
 *
 * Frozen weights without augmentation say the same about a video every time, so a read-out costs one forward pass over
 * its videos, and a second read-out of the same encoder costs none. */
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

typedef struct {
    Classification *c;
    FeatureTable train, test; /* normalized (features_normalize) */
} Readout;

typedef Err ReadoutRun(Readout *readout);
ReadoutRun readout_linear_all, readout_knn_all, readout_few_shot_all, readout_attentive_all;

/* The linear probe as the official code runs it, without kept features: augmented clips go through the network in
 * training mode in every epoch (drop path, dropout), and the head's BatchNorm takes the statistics of a leaf, as the
 * official code's those of a process. Testing wants running statistics (momentum 0.1): they are replayed from the last
 * steps, averaged over the leaves of a step. With run->dry_run it prints its plan. */
CHECKED Err readout_augmented_all(Classification *c);

/* A head on standardized features becomes the same head on features as they were. */
void readout_fold(LinearHead *head, const Standard *standard, int K);
/* probabilities (n_videos, K): the softmax of each view, averaged over views; `test` holds one token a view. */
CHECKED Err readout_probabilities(float *probabilities, const LinearHead *head, const FeatureTable *test, int K);
/* The standardized mean over the views of each video: (n_videos, D), malloc'd. */
CHECKED Err readout_video_means(float **means, const FeatureTable *features);

/* "1,5,10" into counts; ERR_USAGE naming the key unless they are 1 to READOUT_SHOTS_MAX rising whole numbers. */
enum { READOUT_SHOTS_MAX = 16 };
CHECKED Err readout_parse_shots(int shots[READOUT_SHOTS_MAX], int *count, const char *text);
/* Chooses `shots` videos of every class by (seed, draw), in class order: picks (n_classes * shots). ERR_USAGE naming a
 * class that has fewer. */
CHECKED Err readout_draw_shots(int64_t *picks, const int *labels, int64_t n_videos, int n_classes, int shots, int draw,
                               uint64_t seed);

/* Votes of the nearest: probabilities (n_queries, K) from unit vectors; of equally near the one that comes first. */
typedef struct {
    const float *keys; /* (n_keys, D) */
    const int *labels; /* (n_keys) */
    int64_t n_keys;
    int D, K, neighbors; /* all keys when there are fewer */
    double temperature;
} Neighbors;
CHECKED Err readout_vote(float *probabilities, const float *queries, int64_t n_queries, const Neighbors *neighbors);
