/* train/trainer - steps across ranks and threads, bit-identical on any power-of-two rank count.
 *
 * A global batch is a fixed sequence of n_micro micro-batches. Each is computed by one thread (single-threaded BLAS);
 * gradients are summed in a fixed binary tree over the micro-batch index: inside a rank over its aligned block, across
 * ranks by exchanging with rank xor 1, 2, 4, ... as a reduce-scatter; each rank updates its slice of parameters and
 * moments; then parameters are all-gathered. reduce = mpi (any rank count) uses MPI_Allreduce and promises a tolerance.
 *
 * The task supplies arithmetic only; the trainer owns parameters, moments, gradients, schedule, checkpoints, curves,
 * stop requests, and divergence detection (a non-finite loss ends with ERR_DIVERGED, the last checkpoint kept). */
#pragma once

#include "base/field.h"
#include "nn/params.h"
#include "par/run.h"
#include "store/runfolder.h"

typedef struct {
    int epochs;
    int batch;       /* clips a step over all ranks */
    int micro_batch; /* clips a gradient leaf; batch / micro_batch must be a power of two times... see trainer.c */
    double base_lr, min_lr; /* per 256 clips */
    double warmup_epochs;
    double weight_decay, beta1, beta2, eps, layer_decay;
    int reduce;                /* auto | tree | mpi */
    double checkpoint_minutes; /* and at the end, and on a stop request */
    int64_t checkpoint_steps;  /* 0: by time only */
    int keep_last;
    int64_t keep_every;
    int64_t log_steps;
} TrainConfig;

extern const Field train_fields[];

typedef struct TrainTask TrainTask;
struct TrainTask {
    const char *name;
    const ParamTable *params;
    int64_t clips_per_epoch;
    uint64_t seed;
    float head_scale;      /* init_scale of a fresh head */
    const float *lr_scale; /* per row, or NULL */
    void *state;
    double flops_per_clip; /* for the rate report, 0: unknown */
    /* Data of micro-batch `micro` of global step `step`, then loss and gradient: adds both (see nn/mae). Called by one
     * thread per micro-batch; `thread` selects scratch. The clips of a step follow from (seed, epoch permutation, step)
     * alone. */
    CHECKED Err (*micro_batch)(TrainTask *task, int thread, int64_t step, int micro, int n_micro, const float *params,
                               float *grads, double *loss);
    /* May be NULL. After every epoch, all ranks, same parameters everywhere. */
    CHECKED Err (*epoch_end_all)(TrainTask *task, int64_t epoch, const float *params, const Run *run,
                                 const RunFolder *folder);
};

/* Starts from `initial` (flat; NULL: params_init) unless a checkpoint is found. On return *final_params (malloc'd flat
 * vector, all ranks) is the trained model; ERR_STOPPED after a checkpoint on request. */
CHECKED Err trainer_run_all(float **final_params, TrainTask *task, const TrainConfig *config, const float *initial,
                            const Run *run, const RunFolder *folder);
/* Bytes a rank will use, for --dry-run. */
size_t trainer_rank_bytes(const TrainTask *task, const TrainConfig *config, int n_ranks, int threads);
