/* eval/finetune/finetuned - a finished fine-tuning run, ready to classify: its settings, outcome and last weights. */
#pragma once

#include "eval/finetune/finetune.h"
#include "nn/models/classifier.h"
#include "run/result.h"

typedef struct {
    char path[PATH_SIZE];     /* of the run folder */
    char digest[DIGEST_SIZE]; /* of the weights */
    int n_classes;
    FinetuneConfig config;
    Result result;
    Classifier *network;
    float *params; /* flat, laid out as classifier_params(network); the same on every rank */
} Finetuned;       /* large: not for the stack */

/* `run` is a run folder, or its name without the digest. Rank 0 reads. ERR_INPUT when there is none, when it is not
 * finished, is no fine-tuning, or its checkpoint does not fit its settings. */
CHECKED Err finetuned_open_all(Finetuned *tuned, const char *run, const Par *par);
void finetuned_free(Finetuned *tuned);
