/* eval/readout/internal/readout - what `synvid probe` does with the features of a frozen encoder: one function a
 * protocol. Inside eval/readout/probe.
 *
 *   linear     multinomial logistic regression (eval/readout/linear_head): the paper's probe.
 *   knn        the vote of the nearest training videos by cosine similarity, weighted exp(similarity / temperature)
 *              (Wu et al. 2018, as DINO evaluates with it).
 *   few-shot   linear heads trained on a few clips a class, several draws of them.
 *   attentive  one cross-attention of a learned query to all tokens, then a linear head (nn/layers/attentive). */
#pragma once

#include "eval/finetune/classification.h"
#include "eval/readout/internal/features.h"
#include "eval/readout/internal/linear_head.h"

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
