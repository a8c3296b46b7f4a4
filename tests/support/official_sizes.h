/* support/official_sizes - the published VideoMAE models, 16 frames of 224 pixels (modeling_pretrain.py:
 * *_patch16_224). */
#pragma once

#include "nn/layers/model.h"

#define OFFICIAL_SIZE_(width_, depth_, heads_, decoder_width_, decoder_depth_, decoder_heads_)                         \
    ((ModelConfig){.image_size = 224,                                                                                  \
                   .n_frames = 16,                                                                                     \
                   .patch_size = 16,                                                                                   \
                   .tubelet_size = 2,                                                                                  \
                   .width = (width_),                                                                                  \
                   .depth = (depth_),                                                                                  \
                   .heads = (heads_),                                                                                  \
                   .decoder_width = (decoder_width_),                                                                  \
                   .decoder_depth = (decoder_depth_),                                                                  \
                   .decoder_heads = (decoder_heads_),                                                                  \
                   .mlp_ratio = 4})

#define VIT_S OFFICIAL_SIZE_(384, 12, 6, 192, 4, 3)
#define VIT_B OFFICIAL_SIZE_(768, 12, 12, 384, 4, 6)
#define VIT_L OFFICIAL_SIZE_(1024, 24, 16, 512, 12, 8)
#define VIT_H OFFICIAL_SIZE_(1280, 32, 16, 640, 12, 8)
