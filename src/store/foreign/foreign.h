/* store/foreign/foreign - the tensors of a VideoMAE in a weight file of another program, under our names.
 *
 * Understood: official checkpoints, of pre-training (encoder.*, decoder.*) and of fine-tuning (blocks.*, fc_norm,
 * head), and those of transformers, with or without "videomae." in front. All may stand in a group ("model.",
 * "module.", ...), beside optimizer states, which are passed over. q, k and v may be joined or apart, their biases
 * q_bias and v_bias, query.bias and value.bias, or thirds of one qkv.bias. A bias of the keys is dropped: it adds the
 * same to all scores of a query, which softmax does not see.
 *
 * Whether the tensors make a whole model is not looked at here (store/foreign/model_shape, eval/import/import). One
 * rank. */
#pragma once

#include "store/checkpoint/checkpoint.h"
#include "store/foreign/weightfile.h"

#include <stdbool.h>

typedef struct {
    char group[WEIGHT_NAME_SIZE]; /* what stood in front of the names: "model.", or "" */
    const char *naming;           /* "official" or "transformers" */
    int n_passed_over;            /* tensors outside of the group */
    int n_key_biases;             /* dropped */
} ForeignFacts;

/* Whether there is a patch embedding: then importing is worth a try. */
bool foreign_has_model(WeightFile *file);
/* Tensors and values, float32, sorted by name; step, seed and digest stay zero, config_text NULL. `group` as above, or
 * NULL: the only one there is. ERR_INPUT naming what is no tensor of a VideoMAE, stands twice, or lacks a part of q, k
 * and v. Free with weights_free. */
CHECKED Err foreign_read(WeightSet *weights, ForeignFacts *facts, WeightFile *file, const char *path,
                         const char *group);
