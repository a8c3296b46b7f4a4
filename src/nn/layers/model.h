/* nn/layers/model - the shape of a VideoMAE, and the two networks built on it (nn/models/mae: pre-training,
 * nn/models/classifier).
 *
 * Letters: B clips, T frames, H W pixels, P patch side, S tubelet length, N tokens, V visible tokens, D width, E
 * decoder width, A heads, L layers, K classes. Token index = (t*(H/P) + y)*(W/P) + x. Facts: Tong et al. 2022 and its
 * official code. */
#pragma once

#include "base/config/field.h"

typedef struct {
    int image_size, n_frames, patch_size, tubelet_size;
    int width, depth, heads;
    int decoder_width, decoder_depth, decoder_heads;
    int mlp_ratio;
    bool recompute; /* keep only block inputs, recompute the rest in the backward pass */
} ModelConfig;

extern const Field model_fields[]; /* defaults: ViT-B/16, 16 frames of 224 */

/* Named reasons when sizes do not divide. */
CHECKED Err model_check(const ModelConfig *model);
static inline int model_tokens(const ModelConfig *m) {
    return (m->n_frames / m->tubelet_size) * (m->image_size / m->patch_size) * (m->image_size / m->patch_size);
}
static inline int model_patch_values(const ModelConfig *m) {
    return 3 * m->tubelet_size * m->patch_size * m->patch_size;
}
/* Matrix-product FLOPs a clip, 2 per multiply-add, forward and backward (videomae facts, section 6). */
double model_pretrain_flops(const ModelConfig *model, double mask_ratio);
double model_finetune_flops(const ModelConfig *model, int n_classes);
/* "ViT-B/16 16x224"; other sizes "ViT-96x4/8 8x40" (width x depth / patch, frames x side). */
CHECKED Err model_title(char *out, size_t size, const ModelConfig *model);

/* What the operands of a network's products are. Sums, parameters, their gradients, the residual stream, norms, softmax
 * and the loss are floats either way. */
typedef enum {
    PRECISION_FLOAT32,
    PRECISION_BFLOAT16 /* mixed precision: operands rounded to bfloat16; see nn/kernels/bf16.h */
} Precision;
