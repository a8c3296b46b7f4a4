/* train/identity - what makes two runs the same experiment, and how a model is called in results. */
#pragma once

#include "base/config/field.h"
#include "base/system/digest.h"
#include "nn/layers/model.h"

/* Digest of the identity fields of a config, the seed, and what goes in (digests of datasets and checkpoints, in a
 * fixed order): inputs are told apart by content, never by path. */
CHECKED Err run_identity(char out[DIGEST_SIZE], const void *config, const Field *fields, uint64_t seed,
                         const char *const *inputs, int n_inputs);
/* What run.json says about the end of a run: "finished", "stopped: ..." or "error: ...". */
const char *run_exit_reason(char *out, size_t size, Err err);
/* "ViT-B/16 16x224"; other sizes "ViT-96x4/8 8x40" (width x depth / patch, frames x side). */
CHECKED Err model_title(char *out, size_t size, const ModelConfig *model);
