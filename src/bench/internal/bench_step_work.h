/* bench/internal/bench_step_work - what one rank computes in a measured step: pre-training or fine-tuning on live
 * videos. */
#pragma once

#include "base/system/team.h"
#include "bench/bench.h"
#include "nn/layers/model.h"
#include "nn/layers/params.h"

typedef struct StepWork StepWork;

struct StepWork {
    int clips;    /* a step of this rank */
    double flops; /* of the matrix products for them, forward and backward */
    const ParamTable *params;
    void *state;
    CHECKED Err (*load)(StepWork *work);
    /* Adds into *loss and grads (NULL: forward only); on the clips loaded last. */
    void (*compute)(StepWork *work, const float *params, float *grads, double *loss);
    /* NULL: nothing to do. After every change of the parameters. */
    void (*params_changed)(StepWork *work, const float *params);
    /* The loss of the same clips, each computed alone. */
    double (*loss_one_by_one)(StepWork *work, const float *params);
    void (*free)(StepWork *work);
};

/* Side of the videos that a model's clips are cut from: as large as the paper's, or as the small models'. */
static inline const char *bench_video_size(const ModelConfig *model) {
    return model->image_size >= 128 ? "size=256" : "size=64";
}

/* A row of the tables. mask 0: fine-tuning. */
typedef struct {
    const char *name;
    ModelConfig model;
    double mask;
    int clips;
} StepCase;

/* Returns how many. */
int bench_step_cases(const StepCase **cases);
/* The work of a case, computed by a team or, NULL, by one thread. */
CHECKED Err bench_step_work_new(StepWork *work, const StepCase *c, Precision precision, Team *team);

/* What a team gains on one leaf: forward and backward pass by args->team threads over one thread's, by the clock, in
 * pairs next to each other, and by CPU time (one thread's over the team's longest chain of parts, which neighbors on
 * the machine disturb less), after the gradients of both were found equal bit for bit; calls of the team a step, the
 * cost of an empty one, and the share of a step that the leader waits for others. Local. */
CHECKED Err bench_step_team(const BenchArgs *args);

/* One leaf of `clips` clips. */
CHECKED Err pretrain_work_new(StepWork *work, const ModelConfig *model, double mask_ratio, int clips,
                              Precision precision, Team *team);
/* One leaf of clips / 2 clips in two augmentations each, with the paper's augmentation, mixing and dropping. */
CHECKED Err finetune_work_new(StepWork *work, const ModelConfig *model, int clips, Precision precision, Team *team);
