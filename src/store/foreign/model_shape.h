/* store/foreign/model_shape - what the tensors of a VideoMAE tell about it. Heads, frame size and clip length they do
 * not. */
#pragma once

#include "base/failure/err.h"
#include "store/checkpoint/checkpoint.h"

#include <stdbool.h>

typedef enum {
    MODEL_PRETRAIN,   /* encoder and decoder */
    MODEL_CLASSIFIER, /* encoder and head, names without "encoder." */
    MODEL_ENCODER,    /* neither decoder nor head */
} ModelKind;

typedef struct {
    ModelKind kind;
    int width, depth, mlp_width, patch_size, tubelet_size, channels;
    int decoder_width, decoder_depth, decoder_mlp_width; /* MODEL_PRETRAIN */
    int n_classes;                                       /* MODEL_CLASSIFIER */
} ModelShape;

/* From tensors under official names. ERR_INPUT, beginning with `what`, names the tensor that is missing or has another
 * number of dimensions; whether the others fit is not looked at. */
CHECKED Err model_shape_read(ModelShape *shape, const WeightSet *weights, const char *what);

/* Config.json of a transformers model folder: what tensors do not tell, and what they must
 * agree with. Keys that are missing are 0, as are all when the file is missing or of another model type. */
typedef enum { HF_UNSAID, HF_NO, HF_YES } HfFlag;

typedef struct {
    bool found; /* a config.json with model_type "videomae" */
    int image_size, num_frames, num_attention_heads, decoder_num_attention_heads;
    int patch_size, tubelet_size, hidden_size, num_hidden_layers, decoder_hidden_size, decoder_num_hidden_layers;
    int intermediate_size, decoder_intermediate_size, num_channels;
    int n_labels;          /* num_labels, or the length of id2label */
    HfFlag mean_pooling;   /* of a classifier; without it another token and another norm are read out */
    HfFlag norm_pix_loss;  /* of a pre-training model: what its decoder predicts */
    char architecture[64]; /* the class that the weights are of, "" */
    double layer_norm_eps;
} HfConfig;

/* `folder`/config.json. ERR_INPUT when it is no JSON, a value is out of range or of another type, or the network is
 * none that is known here: an activation other than the exact GELU, queries and values without biases, norms with an
 * eps so large that 1e-6 in its place shows. */
CHECKED Err hf_config_read(HfConfig *config, const char *folder);
