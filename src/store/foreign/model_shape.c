#include "store/foreign/model_shape.h"

#include "base/text/text.h"

static Err find_dims(const Tensor **out, const WeightSet *weights, const char *prefix, const char *rest, int n_dims,
                     const char *what) {
    char name[TENSOR_NAME_SIZE];
    TRY(text_format(name, sizeof(name), "%s%s", prefix, rest));
    *out = weights_find(weights, name);
    if (!*out) return RAISE(ERR_INPUT, "%s: there is no tensor %s", what, name);
    if ((*out)->n_dims != n_dims)
        return RAISE(ERR_INPUT, "%s: %s has %d dimensions, expected %d", what, name, (*out)->n_dims, n_dims);
    return ERR_NONE;
}

static int count_blocks(const WeightSet *weights, const char *prefix) {
    char name[TENSOR_NAME_SIZE];
    for (int depth = 0;; depth++)
        if (text_format(name, sizeof(name), "%sblocks.%d.norm1.weight", prefix, depth) || !weights_find(weights, name))
            return depth;
}

static Err read_decoder(ModelShape *shape, const WeightSet *weights, const char *what) {
    const Tensor *fc1, *to_decoder;
    TRY(find_dims(&to_decoder, weights, "", "encoder_to_decoder.weight", 2, what));
    TRY(find_dims(&fc1, weights, "", "decoder.blocks.0.mlp.fc1.weight", 2, what));
    shape->decoder_width = to_decoder->dims[0];
    shape->decoder_mlp_width = fc1->dims[0];
    shape->decoder_depth = count_blocks(weights, "decoder.");
    return ERR_NONE;
}

static ModelKind kind_of(const WeightSet *weights) {
    if (weights_find(weights, "head.weight") || weights_find(weights, "patch_embed.proj.weight"))
        return MODEL_CLASSIFIER;
    for (int t = 0; t < weights->n_tensors; t++)
        if (text_starts(weights->tensors[t].name, "decoder.") || text_starts(weights->tensors[t].name, "encoder_to_"))
            return MODEL_PRETRAIN;
    return MODEL_ENCODER;
}

CHECKED Err model_shape_read(ModelShape *shape, const WeightSet *weights, const char *what) {
    const Tensor *patch, *fc1, *head;
    *shape = (ModelShape){.kind = kind_of(weights)};
    const char *prefix = shape->kind == MODEL_CLASSIFIER ? "" : "encoder.";
    TRY(find_dims(&patch, weights, prefix, "patch_embed.proj.weight", 5, what));
    TRY(find_dims(&fc1, weights, prefix, "blocks.0.mlp.fc1.weight", 2, what));
    shape->width = patch->dims[0];
    shape->channels = patch->dims[1];
    shape->tubelet_size = patch->dims[2];
    shape->patch_size = patch->dims[3];
    shape->mlp_width = fc1->dims[0];
    shape->depth = count_blocks(weights, prefix);
    if (shape->kind == MODEL_PRETRAIN) TRY(read_decoder(shape, weights, what));
    if (shape->kind != MODEL_CLASSIFIER) return ERR_NONE;
    TRY(find_dims(&head, weights, "", "head.weight", 2, what));
    shape->n_classes = head->dims[0];
    return ERR_NONE;
}
