/* eval/import/pretrained - encoder weights of a pre-training checkpoint into a classifier.
 *
 * The prefix "encoder." is stripped; encoder.norm is dropped and fc_norm and head start fresh, as in the official code
 * (the classifier has no norm behind its encoder; loading encoder.norm into fc_norm would be another model). */
#pragma once

#include "base/system/digest.h"
#include "base/text/text.h"
#include "nn/layers/model.h"
#include "nn/layers/params.h"

#include <stdint.h>

/* Where the weights came from; zeroed for a random initialization. */
typedef struct {
    char name[NAME_SIZE], path[PATH_SIZE], digest[DIGEST_SIZE];
    int64_t step;
} Pretrained;

/* The run folder meant by `checkpoint`: the path itself, or the only folder "path-<10 hex digits>". ERR_INPUT when
 * there is none or several. Local. */
CHECKED Err pretrained_find(char *out, size_t size, const char *checkpoint);
/* Copies what the checkpoint has over `flat`, laid out as `table` (a classifier's, filled by params_init). ERR_USAGE
 * when the checkpoint was trained with another encoder than `model`, naming both; ERR_INPUT for a missing or misshapen
 * tensor. Local. */
CHECKED Err pretrained_load(float *flat, Pretrained *source, const ParamTable *table, const ModelConfig *model,
                            const char *checkpoint);
