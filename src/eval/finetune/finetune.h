/* eval/finetune/finetune - what a representation is worth: classification on labelled clips.
 *
 * finetune trains everything (settings: the paper's Table 6 and the official code), probe reads out the features of the
 * frozen encoder: a linear head (Table 7), or one of the protocols of eval/readout/internal/readout. Both then test
 * clips x crops of every test video, probabilities averaged over views, and write result.json (top-1 and top-5 with
 * Wilson 95 % intervals), predictions.csv (in test set order, so that two runs can be compared pair by pair),
 * classes.csv and confusion.csv into their run folder. Defaults of the tables are the paper's settings: the protocol of
 * a result is called "paper" when nothing differs from them. */
#pragma once

#include "base/text/text.h"
#include "nn/layers/model.h"
#include "nn/models/classifier.h"
#include "par/run.h"
#include "run/result.h"
#include "train/train_config.h"
#include "video/frames/source.h"

typedef enum { CLASSIFY_CROP_RESIZED, CLASSIFY_CROP_SHIFT, CLASSIFY_CROP_CENTER } ClassifyCrop;

typedef struct {
    char train[PATH_SIZE], test[PATH_SIZE]; /* dataset folders */
    int frame_stride;
    int frames; /* FrameOrder of training and test clips */
    int crop;   /* ClassifyCrop of training clips */
    int shift;  /* crop shift: at most so many pixels of the model's frame */
    bool flip;
    int rand_augment_ops; /* 0: off */
    double rand_augment_magnitude, erasing, mixup, cutmix, label_smoothing;
    int mix_clips; /* clips of a batch that are mixed with each other (eval/finetune/sample) */
    bool augment;  /* probe: as the official one, augmented clips through the network in every epoch */
    int repeat;    /* augmented copies of a clip in a batch */
    int test_clips, test_crops;
} ClassifyData;

typedef enum { PROBE_LINEAR, PROBE_KNN, PROBE_FEW_SHOT, PROBE_ATTENTIVE } ProbeProtocol;

/* What only probe has. */
typedef struct {
    int neighbors; /* knn */
    double temperature;
    char shots[NAME_SIZE]; /* few-shot: clips a class, "1,5,10" */
    int draws;
    int heads, token_grid;    /* attentive */
    char features[PATH_SIZE]; /* folder; "": OUT/features, "none": not kept */
} ReadoutConfig;

typedef struct {
    char name[NAME_SIZE];
    char checkpoint[PATH_SIZE];  /* run folder or file; empty: random initialization */
    char pretraining[NAME_SIZE]; /* how the result calls it; empty: taken from the checkpoint */
    ModelConfig model;           /* when the checkpoint says otherwise, that is an error naming both */
    ClassifyData data;
    TrainConfig train;
    double drop_path, head_dropout, init_scale;
    int protocol; /* ProbeProtocol */
    ReadoutConfig readout;
} FinetuneConfig;

extern const Field finetune_fields[];
extern const Field probe_fields[];

/* Sources are borrowed and labelled, with the same classes. A finished run is reported and left alone; --dry-run prints
 * sizes and returns. */
CHECKED Err finetune_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                             const Run *run);
CHECKED Err probe_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                          const Run *run);

/* ---- finetuned: a finished fine-tuning run, ready to classify: its settings, outcome and last weights ---- */

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
