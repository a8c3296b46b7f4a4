/* eval/finetune/forward - a classifier over a whole source, across ranks and threads, the same bits for any number of
 * them.
 *
 * Videos are shared out in contiguous blocks; a video's views go through the network in groups of `batch`, in order, by
 * one team of threads, which leaves no trace in the bits (base/system/team), so no rounding depends on who computes
 * what. Results arrive on every rank in source order. */
#pragma once

#include "eval/clips/views.h"
#include "nn/models/classifier.h"
#include "par/run.h"
#include "store/journal/journal.h"

typedef struct {
    const Classifier *network;
    const float *params;
    ViewPlan views;
    int batch;          /* views at a time */
    int n_classes;      /* of the network */
    int team;           /* threads that share a video; 0: one, or more where there are fewer videos than threads */
    int token_grid;     /* of features: 0: the mean over all tokens; else over blocks of them (eval/clips/tokens) */
    const char *what;   /* for progress: "test videos" */
    bool stoppable;     /* a stop request ends it with ERR_STOPPED; otherwise it runs to its end */
    Journal *journal;   /* keeps every video and knows those of earlier lives; NULL: none. Owned by the caller */
    Progress *progress; /* of several passes together, counted in videos; NULL: one of its own */
} Forward;

/* Begins a progress that this many videos finish, to be shared by passes. */
CHECKED Err forward_progress_all(Progress **progress, const Forward *forward, int64_t videos, const Run *run);
/* *probabilities (count, K): softmax of each view first, then the mean over views. *labels (count). Both malloc'd, on
 * every rank. */
CHECKED Err forward_probabilities_all(float **probabilities, int **labels, const Forward *forward, const Run *run);
/* *features (count, views, tokens, D): means over tokens, or over blocks of tokens, before fc_norm. */
CHECKED Err forward_features_all(float **features, int **labels, const Forward *forward, const Run *run);
