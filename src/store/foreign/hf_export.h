/* store/foreign/hf_export - a folder that the transformers library loads as a VideoMAE: config.json,
 * preprocessor_config.json, model.safetensors, and a model card.
 *
 * Names follow transformers 4: q_bias and v_bias of their own, qkv.weight cut into query, key and value. The model kind
 * follows from the tensors: with a decoder VideoMAEForPreTraining, with head.weight VideoMAEForVideoClassification.
 * transformers uses eps 1e-5 in decoder.norm and fc_norm where training used 1e-6; everything else is the same to the
 * last digits (layer_norm_eps is written as 1e-6). */
#pragma once

#include "store/checkpoint/checkpoint.h"

/* What tensors do not tell. */
typedef struct {
    int image_size, n_frames, heads, decoder_heads;
    const char *const *class_names; /* or NULL: "class 0", ... */
    const char *title;              /* for the card: "moving-circles, ViT-B/16 16x224" */
} HfModel;

/* One rank. The folder is made; existing files are replaced whole. ERR_INPUT naming the tensor that is unknown or has
 * an unexpected shape. */
CHECKED Err hf_export(const char *folder, const WeightSet *weights, const HfModel *model);
