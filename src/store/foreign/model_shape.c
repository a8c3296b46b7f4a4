/* What a model is, from the shapes of its tensors alone; and what they do not tell, from the config.json of a model
 * folder of transformers. A key that is there must be understood: a model that differs in what nobody looks at gives
 * wrong figures. */
#include "store/foreign/foreign.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>

/* The largest that files have; up to here outputs agree to about 1e-5 (docs/interchange.md). */
static const double EPS_MAX = 1e-5;
enum { CONFIG_BYTES_MAX = 1 << 24, SIZE_LIMIT = 1 << 20 };

static Err read_size(int *value, const cJSON *tree, const char *key, const char *path) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);
    if (!item || cJSON_IsNull(item)) return ERR_NONE;
    if (!cJSON_IsNumber(item) || item->valuedouble < 1 || item->valuedouble > SIZE_LIMIT ||
        item->valuedouble != item->valueint)
        return RAISE(ERR_INPUT, "%s: %s: a whole number from 1 to %d expected", path, key, SIZE_LIMIT);
    *value = item->valueint;
    return ERR_NONE;
}

/* Three values: a key that is missing says nothing, which is not false. */
static Err read_flag(HfFlag *flag, const cJSON *tree, const char *key, const char *path) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);
    if (!item || cJSON_IsNull(item)) return ERR_NONE;
    if (!cJSON_IsBool(item)) return RAISE(ERR_INPUT, "%s: %s: true or false expected", path, key);
    *flag = cJSON_IsTrue(item) ? HF_YES : HF_NO;
    return ERR_NONE;
}

/* What no tensor tells, and only one answer to is known here. */
static Err read_network(HfConfig *config, const cJSON *tree, const char *path) {
    const cJSON *activation = cJSON_GetObjectItemCaseSensitive(tree, "hidden_act");
    const cJSON *eps = cJSON_GetObjectItemCaseSensitive(tree, "layer_norm_eps");
    HfFlag biases = HF_UNSAID;
    if (activation && !(cJSON_IsString(activation) && text_equal(activation->valuestring, "gelu")))
        return RAISE(ERR_INPUT, "%s: hidden_act: \"%.40s\", only \"gelu\" is known here", path,
                     cJSON_IsString(activation) ? activation->valuestring : "(no text)");
    TRY(read_flag(&biases, tree, "qkv_bias", path));
    if (biases == HF_NO) return RAISE(ERR_INPUT, "%s: qkv_bias: false; here queries and values have biases", path);
    if (eps && !(cJSON_IsNumber(eps) && eps->valuedouble >= 0 && eps->valuedouble <= EPS_MAX))
        return RAISE(ERR_INPUT, "%s: layer_norm_eps: a number from 0 to %g expected, for here it is 1e-6", path,
                     EPS_MAX);
    config->layer_norm_eps = eps ? eps->valuedouble : 0;
    return ERR_NONE;
}

/* Either key tells the number of classes; where both stand they must agree. */
static Err read_labels(HfConfig *config, const cJSON *tree, const char *path) {
    const cJSON *labels = cJSON_GetObjectItemCaseSensitive(tree, "id2label");
    TRY(read_size(&config->n_labels, tree, "num_labels", path));
    if (!labels || cJSON_IsNull(labels)) return ERR_NONE;
    if (!cJSON_IsObject(labels)) return RAISE(ERR_INPUT, "%s: id2label: an object expected", path);
    if (config->n_labels && config->n_labels != cJSON_GetArraySize(labels))
        return RAISE(ERR_INPUT, "%s: num_labels is %d, and id2label has %d", path, config->n_labels,
                     cJSON_GetArraySize(labels));
    config->n_labels = cJSON_GetArraySize(labels);
    return ERR_NONE;
}

static Err read_architecture(HfConfig *config, const cJSON *tree) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "architectures"), *first = cJSON_GetArrayItem(list, 0);
    bool known = cJSON_GetArraySize(list) == 1 && cJSON_IsString(first) &&
                 strlen(first->valuestring) < sizeof config->architecture;
    return known ? text_copy(config->architecture, sizeof config->architecture, first->valuestring) : ERR_NONE;
}

static Err read_tree(HfConfig *config, const cJSON *tree, const char *path) {
    const struct {
        const char *key;
        int *value;
    } sizes[] = {
        {"image_size", &config->image_size},
        {"num_frames", &config->num_frames},
        {"num_attention_heads", &config->num_attention_heads},
        {"decoder_num_attention_heads", &config->decoder_num_attention_heads},
        {"patch_size", &config->patch_size},
        {"tubelet_size", &config->tubelet_size},
        {"hidden_size", &config->hidden_size},
        {"num_hidden_layers", &config->num_hidden_layers},
        {"decoder_hidden_size", &config->decoder_hidden_size},
        {"decoder_num_hidden_layers", &config->decoder_num_hidden_layers},
        {"intermediate_size", &config->intermediate_size},
        {"decoder_intermediate_size", &config->decoder_intermediate_size},
        {"num_channels", &config->num_channels},
    };
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(tree, "model_type");
    /* the folder of another model: all its keys are left alone */
    config->found = cJSON_IsString(type) && text_equal(type->valuestring, "videomae");
    if (!config->found) return ERR_NONE;
    TRY(read_network(config, tree, path));
    TRY(read_labels(config, tree, path));
    TRY(read_architecture(config, tree));
    TRY(read_flag(&config->mean_pooling, tree, "use_mean_pooling", path));
    TRY(read_flag(&config->norm_pix_loss, tree, "norm_pix_loss", path));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) TRY(read_size(sizes[i].value, tree, sizes[i].key, path));
    return ERR_NONE;
}

CHECKED Err hf_config_read(HfConfig *config, const char *folder) {
    char path[PATH_SIZE];
    cJSON *tree = NULL;
    *config = (HfConfig){0};
    TRY(path_join(path, sizeof path, folder, "config.json"));
    if (!file_exists(path)) return ERR_NONE;
    TRY(json_read(&tree, path, CONFIG_BYTES_MAX, ERR_INPUT));
    Err err = read_tree(config, tree, path);
    cJSON_Delete(tree);
    return err;
}

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

/* Blocks are numbered without gaps: the first that is missing ends them. */
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

/* By names alone: a classifier has no prefix before patch_embed, and what has a decoder comes from pretraining. */
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
    /* patch_embed is a convolution: (width, channels, frames, y, x) */
    shape->width = patch->dims[0];
    shape->channels = patch->dims[1];
    shape->tubelet_size = patch->dims[2];
    shape->patch_size = patch->dims[3];
    shape->mlp_width = fc1->dims[0];
    shape->depth = count_blocks(weights, prefix);
    if (shape->kind == MODEL_PRETRAIN) TRY(read_decoder(shape, weights, what));
    if (shape->kind != MODEL_CLASSIFIER) return ERR_NONE;
    TRY(find_dims(&head, weights, "", "head.weight", 2, what));
    shape->n_classes = head->dims[0]; /* (class, width) */
    return ERR_NONE;
}
