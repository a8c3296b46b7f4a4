/* train/masked_clips - clips of pre-training as a step wants them: cropped pixels and tube masks of a micro-batch.
 *
 * Frames, crop and mask of a sample are drawn from (seed, sample), the number of the clip among all clips of all
 * epochs; so they do not depend on batches, ranks, threads or who loads them. */
#pragma once

#include "train/pretrain.h"

typedef struct {
    uint8_t *clips;  /* (B, T, H, W, 3) */
    uint8_t *masked; /* (B, N), 1 = hidden */
    /* For loading. */
    Frames read, cropped;
    int *numbers; /* (T) frames of the clip at hand */
} MaskedClips;

/* Room for config->train.micro_batch clips. */
CHECKED Err masked_clips_new(MaskedClips **clips, const PretrainConfig *config);
void masked_clips_free(MaskedClips *clips); /* fine with NULL */
/* Bytes of clips and masks. */
size_t masked_clips_bytes(const PretrainConfig *config);

/* Clip `index` of an epoch as number k of the micro-batch. */
CHECKED Err masked_clips_load(MaskedClips *clips, int k, const PretrainConfig *config, const ClipSource *source,
                              uint64_t seed, int64_t epoch, int64_t index, uint64_t sample);
