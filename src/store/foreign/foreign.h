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

#include "base/failure/err.h"
#include "store/checkpoint/checkpoint.h"
#include "store/foreign/weightfile.h"

#include <stdbool.h>

/* model_shape.c: what the tensors of a VideoMAE tell about it. Heads, frame size and clip length they do
 * not. */

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

typedef struct {
    char group[WEIGHT_NAME_SIZE]; /* what stood in front of the names: "model.", or "" */
    const char *naming;           /* "official" or "transformers" */
    int n_passed_over;            /* tensors outside of the group */
    int n_key_biases;             /* dropped */
} ForeignFacts;

/* Whether there is a patch embedding; without one importing would fail. */
bool foreign_has_model(WeightFile *file);
/* Tensors and values, float32, sorted by name; step, seed and digest stay zero, config_text NULL. `group` as above, or
 * NULL: the only one there is. ERR_INPUT naming what is no tensor of a VideoMAE, stands twice, or lacks a part of q, k
 * and v. Free with weights_free. */
CHECKED Err foreign_read(WeightSet *weights, ForeignFacts *facts, WeightFile *file, const char *path,
                         const char *group);

/* hf_export.c: a folder that the transformers library loads as a VideoMAE: config.json,
 * preprocessor_config.json, model.safetensors, and a model card.
 *
 * Names follow transformers 4: q_bias and v_bias of their own, qkv.weight cut into query, key and value. The model kind
 * follows from the tensors: with a decoder VideoMAEForPreTraining, with head.weight VideoMAEForVideoClassification.
 * transformers uses eps 1e-5 in decoder.norm and fc_norm where training used 1e-6; everything else is the same to the
 * last digits (layer_norm_eps is written as 1e-6). */

/* Settings that follow from no tensor. */
typedef struct {
    int image_size, n_frames, heads, decoder_heads;
    const char *const *class_names; /* or NULL: "class 0", ... */
    const char *title;              /* for the card: "moving-circles, ViT-B/16 16x224" */
} HfModel;

/* One rank. The folder is made; existing files are replaced whole. ERR_INPUT naming the tensor that is unknown or has
 * an unexpected shape. */
CHECKED Err hf_export(const char *folder, const WeightSet *weights, const HfModel *model);
