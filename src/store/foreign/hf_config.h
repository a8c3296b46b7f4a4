/* store/foreign/hf_config - config.json of a transformers model folder: what tensors do not tell, and what they must
 * agree with. Keys that are missing are 0, as are all when the file is missing or of another model type. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

typedef struct {
    bool found; /* a config.json with model_type "videomae" */
    int image_size, num_frames, num_attention_heads, decoder_num_attention_heads;
    int patch_size, tubelet_size, hidden_size, num_hidden_layers, decoder_hidden_size, decoder_num_hidden_layers;
    double layer_norm_eps;
} HfConfig;

/* `folder`/config.json. ERR_INPUT when it is no JSON, a number is out of range, or the network is another than
 * VideoMAE's (an activation other than the exact GELU). */
CHECKED Err hf_config_read(HfConfig *config, const char *folder);
