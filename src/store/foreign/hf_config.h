/* store/foreign/hf_config - config.json of a transformers model folder: what tensors do not tell, and what they must
 * agree with. Keys that are missing are 0, as are all when the file is missing or of another model type. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

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
