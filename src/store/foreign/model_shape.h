/* store/foreign/model_shape - what the tensors of a VideoMAE tell about it. Heads, frame size and clip length they do
 * not. */
#pragma once

#include "store/checkpoint/checkpoint.h"

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
