#include "nn/layers/model.h"

#include "base/text/text.h"

const Field model_fields[] = {
    FIELD_INT(ModelConfig, image_size, "side of a frame, pixels", 224, 8, 1024),
    FIELD_INT(ModelConfig, n_frames, "frames a clip", 16, 2, 128),
    FIELD_INT(ModelConfig, patch_size, "side of a patch, pixels", 16, 2, 64),
    FIELD_INT(ModelConfig, tubelet_size, "frames a token covers", 2, 1, 16),
    FIELD_INT(ModelConfig, width, "width of the encoder", 768, 8, 8192),
    FIELD_INT(ModelConfig, depth, "blocks of the encoder", 12, 1, 128),
    FIELD_INT(ModelConfig, heads, "attention heads of the encoder", 12, 1, 128),
    FIELD_INT(ModelConfig, decoder_width, "width of the decoder", 384, 8, 8192),
    FIELD_INT(ModelConfig, decoder_depth, "blocks of the decoder", 4, 1, 128),
    FIELD_INT(ModelConfig, decoder_heads, "attention heads of the decoder", 6, 1, 128),
    FIELD_INT(ModelConfig, mlp_ratio, "hidden width of the MLP over the width of its block", 4, 1, 16),
    /* How gradients are computed, not what they are: equal bits either way, so not part of a run's identity. */
    {FIELD_AT_(ModelConfig, recompute),
     .help = "keep only block inputs and recompute the rest in the backward pass: less memory, a third more time",
     .type = FIELD_TYPE_BOOL, .max = 1, .flags = FIELD_COSMETIC},
    FIELD_END,
};

/* Names both keys, since either may be the one to change. */
static Err divides(const char *whole_key, int whole, const char *part_key, int part) {
    if (part > 0 && whole > 0 && whole % part == 0) return ERR_NONE;
    return RAISE(ERR_USAGE, "model.%s: %d is not a positive multiple of model.%s %d; change one of them", whole_key,
                 whole, part_key, part);
}

Err model_check(const ModelConfig *model) {
    TRY(divides("image_size", model->image_size, "patch_size", model->patch_size));
    TRY(divides("n_frames", model->n_frames, "tubelet_size", model->tubelet_size));
    TRY(divides("width", model->width, "heads", model->heads));
    TRY(divides("decoder_width", model->decoder_width, "decoder_heads", model->decoder_heads));
    return ERR_NONE;
}

/* A block on `tokens` tokens, forward: four projections, the MLP, scores and weighted values. */
static double block_flops(double tokens, double width, double mlp_ratio) {
    return 2 * tokens * width * width * (4 + 2 * mlp_ratio) + 4 * tokens * tokens * width;
}

/* The patch embedding has no input gradient, so its step is 2 products; everything else takes 3. */
double model_pretrain_flops(const ModelConfig *model, double mask_ratio) {
    int slots = model->n_frames / model->tubelet_size;
    double tokens = model_tokens(model);
    double masked = slots * (double)(int)(mask_ratio * (model_tokens(model) / slots));
    double visible = tokens - masked, values = model_patch_values(model);
    double embed = 2 * visible * values * model->width;
    double rest = model->depth * block_flops(visible, model->width, model->mlp_ratio);
    rest += 2 * visible * model->width * model->decoder_width;
    rest += model->decoder_depth * block_flops(tokens, model->decoder_width, model->mlp_ratio);
    rest += 2 * masked * model->decoder_width * values;
    return 2 * embed + 3 * rest;
}

double model_finetune_flops(const ModelConfig *model, int n_classes) {
    double tokens = model_tokens(model);
    double embed = 2 * tokens * model_patch_values(model) * model->width;
    double rest = model->depth * block_flops(tokens, model->width, model->mlp_ratio) + 2.0 * model->width * n_classes;
    return 2 * embed + 3 * rest;
}

/* The sizes of the official code, by name. */
static const struct {
    const char *letter;
    int width, depth, heads;
} known_sizes[] = {{"S", 384, 12, 6}, {"B", 768, 12, 12}, {"L", 1024, 24, 16}, {"H", 1280, 32, 16}};

CHECKED Err model_title(char *out, size_t size, const ModelConfig *m) {
    for (size_t i = 0; i < sizeof(known_sizes) / sizeof(known_sizes[0]); i++)
        if (m->width == known_sizes[i].width && m->depth == known_sizes[i].depth && m->heads == known_sizes[i].heads)
            return text_format(out, size, "ViT-%s/%d %dx%d", known_sizes[i].letter, m->patch_size, m->n_frames,
                               m->image_size);
    return text_format(out, size, "ViT-%dx%d/%d %dx%d", m->width, m->depth, m->patch_size, m->n_frames, m->image_size);
}
