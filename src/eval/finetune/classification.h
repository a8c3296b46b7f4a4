/* eval/finetune/classification - what fine-tuning and probing share: the network with its first weights, the run
 * folder, and the way from final weights to result.json. */
#pragma once

#include "eval/finetune/finetune.h"
#include "eval/import/pretrained.h"
#include "nn/models/classifier.h"
#include "run/folder.h"
#include "run/result.h"
#include "train/prefetch.h"

/* Results without a checkpoint call their pre-training so. */
#define RANDOM_INITIALIZATION "random-initialization"

/* Borrowed; filled by the task. */
typedef struct {
    const char *task; /* "finetune" */
    const FinetuneConfig *config;
    const Field *fields;
    const ClipSource *train, *test;
    const Run *run;
    bool frozen; /* nothing goes back through the encoder: its activations are not kept */
} ClassificationTask;

typedef struct {
    ClassificationTask task;
    Classifier *network;
    float *initial; /* flat first weights: the checkpoint's encoder, fresh head; the same on every rank */
    Pretrained pretrained;
    const RunFolder *folder; /* set by the execute_all of the work */
} Classification;

/* Checks sources and model, builds the network, loads the checkpoint (rank 0 reads). */
CHECKED Err classification_open_all(Classification *c, const ClassificationTask *task);
void classification_free(Classification *c);
/* Leaves of augmented training clips; a place is a SampleBatch. `c` is borrowed. */
LeafLoader classification_loader(Classification *c);
/* The parts of a Task (run/task.h) that differ; run as one whose folder and identity follow from `c`. */
typedef struct {
    Err (*plan)(void *state);
    Err (*execute_all)(void *state, const RunFolder *folder);
    void *state;
} ClassificationWork;
CHECKED Err classification_run_all(const Classification *c, const ClassificationWork *work);
/* Writes the result: identity, protocol, inputs, and what `fill` adds to it (metrics) and to the folder (tables).
 * `fill` runs on rank 0. `final` and `special` as below. */
typedef Err ClassificationFill(Result *result, const char *folder, void *state);
CHECKED Err classification_write_all(const Classification *c, ClassificationFill *fill, void *state, const char *final,
                                     const char *special);
/* The same with the accuracy and tables of these probabilities (videos, K) of the test videos. */
CHECKED Err classification_conclude_all(const Classification *c, const float *probabilities, const int *labels,
                                        const char *final, const char *special);
/* Tests the weights and writes the result and its tables. `final` may be NULL: digest of the final weights. `special`
 * may be NULL: a deviation that follows from the method rather than a setting. */
CHECKED Err classification_finish_all(Classification *c, const float *params, const char *final, const char *special);
