/* A model folder of transformers: model.safetensors, config.json, preprocessor_config.json and a card. config.json is
 * written last: without it the library takes the folder for none. */
#include "store/foreign/foreign.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/escape.h"
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <cjson/cJSON.h>

/* ---- tensors ---- */

/* Row blocks of qkv.weight are views into the same data. */
static Err add_tensor(Tensor *out, const Tensor *official, int part, int n_parts) {
    *out = *official;
    TRY(hf_name(out->name, sizeof(out->name), official->name, part));
    if (official->dims[0] % n_parts)
        return RAISE(ERR_INPUT, "export: %s: %d rows are not queries, keys and values", official->name,
                     official->dims[0]);
    out->dims[0] /= n_parts;
    out->data = official->data + (size_t)part * tensor_count(out);
    return ERR_NONE;
}

static Err write_tensors(const char *folder, const WeightSet *weights) {
    char path[PATH_SIZE];
    TRY(path_join(path, sizeof(path), folder, "model.safetensors"));
    Tensor *tensors = calloc(3 * (size_t)weights->n_tensors, sizeof(*tensors));
    if (!tensors) return RAISE(ERR_MEMORY, "export: no memory for the list of tensors");
    Err err = ERR_NONE;
    int count = 0;
    for (int i = 0; i < weights->n_tensors && !err; i++) {
        int n_parts = text_ends(weights->tensors[i].name, ".attn.qkv.weight") ? NAME_PARTS : 1;
        for (int part = 0; part < n_parts && !err; part++)
            err = add_tensor(&tensors[count++], &weights->tensors[i], part, n_parts);
    }
    if (!err) err = safetensors_write(path, tensors, count);
    free(tensors);
    return err;
}

/* ---- configurations ---- */

/* Both directions, as the library wants them; classes without names are numbered. */
static void add_labels(cJSON *config, int n_classes, const char *const *names) {
    cJSON *id2label = cJSON_AddObjectToObject(config, "id2label");
    cJSON *label2id = cJSON_AddObjectToObject(config, "label2id");
    for (int k = 0; k < n_classes; k++) {
        char id[16], name[32];
        (void)snprintf(id, sizeof(id), "%d", k);
        (void)snprintf(name, sizeof(name), "class %d", k);
        cJSON_AddStringToObject(id2label, id, names ? names[k] : name);
        cJSON_AddNumberToObject(label2id, names ? names[k] : name, k);
    }
}

static cJSON *config_tree(const ModelShape *shape, const HfModel *model) {
    cJSON *config = cJSON_CreateObject();
    const char *architecture = shape->kind == MODEL_CLASSIFIER ? "VideoMAEForVideoClassification"
                                                               : "VideoMAEForPreTraining";
    cJSON_AddItemToObject(config, "architectures", cJSON_CreateStringArray(&architecture, 1));
    cJSON_AddStringToObject(config, "model_type", "videomae");
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"image_size", model->image_size},
        {"patch_size", shape->patch_size},
        {"num_channels", 3},
        {"num_frames", model->n_frames},
        {"tubelet_size", shape->tubelet_size},
        {"hidden_size", shape->width},
        {"num_hidden_layers", shape->depth},
        {"num_attention_heads", model->heads},
        {"intermediate_size", shape->mlp_width},
        {"hidden_dropout_prob", 0},
        {"attention_probs_dropout_prob", 0},
        /* plays no part in a trained model; transformers writes it as well */
        {"initializer_range", 0.02},
        {"layer_norm_eps", 1e-6},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        cJSON_AddNumberToObject(config, numbers[i].key, numbers[i].value);
    cJSON_AddStringToObject(config, "hidden_act", "gelu");
    cJSON_AddBoolToObject(config, "qkv_bias", true);
    cJSON_AddBoolToObject(config, "use_mean_pooling", shape->kind == MODEL_CLASSIFIER);
    cJSON_AddStringToObject(config, "torch_dtype", "float32");
    if (shape->kind == MODEL_CLASSIFIER) {
        add_labels(config, shape->n_classes, model->class_names);
        return config;
    }
    cJSON_AddNumberToObject(config, "decoder_hidden_size", shape->decoder_width);
    cJSON_AddNumberToObject(config, "decoder_num_hidden_layers", shape->decoder_depth);
    cJSON_AddNumberToObject(config, "decoder_num_attention_heads", model->decoder_heads);
    cJSON_AddNumberToObject(config, "decoder_intermediate_size", shape->decoder_mlp_width);
    cJSON_AddBoolToObject(config, "norm_pix_loss", true);
    return config;
}

/* The library's own default would be mean and deviation 0.5. */
static cJSON *preprocessor_tree(const HfModel *model) {
    static const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
    cJSON *config = cJSON_CreateObject();
    cJSON_AddStringToObject(config, "image_processor_type", "VideoMAEImageProcessor");
    cJSON_AddBoolToObject(config, "do_resize", true);
    cJSON_AddNumberToObject(cJSON_AddObjectToObject(config, "size"), "shortest_edge", model->image_size);
    cJSON_AddNumberToObject(config, "resample", 2); /* bilinear */
    cJSON_AddBoolToObject(config, "do_center_crop", true);
    cJSON *crop = cJSON_AddObjectToObject(config, "crop_size");
    cJSON_AddNumberToObject(crop, "height", model->image_size);
    cJSON_AddNumberToObject(crop, "width", model->image_size);
    cJSON_AddBoolToObject(config, "do_rescale", true);
    cJSON_AddNumberToObject(config, "rescale_factor", 1.0 / 255);
    cJSON_AddBoolToObject(config, "do_normalize", true);
    cJSON_AddItemToObject(config, "image_mean", cJSON_CreateDoubleArray(mean, 3));
    cJSON_AddItemToObject(config, "image_std", cJSON_CreateDoubleArray(deviation, 3));
    return config;
}

/* Takes the tree. */
static Err write_tree(const char *folder, const char *name, cJSON *tree) {
    char path[PATH_SIZE], *text = NULL;
    Err err = path_join(path, sizeof(path), folder, name);
    if (!err) err = json_print(&text, tree);
    if (!err) err = file_write_whole(path, text, strlen(text));
    free(text);
    cJSON_Delete(tree);
    return err;
}

static Err write_card(const char *folder, const ModelShape *shape, const WeightSet *weights, const HfModel *model) {
    char path[PATH_SIZE];
    Builder card = {0};
    builder_add_text(&card, "---\nlibrary_name: transformers\npipeline_tag: video-classification\n---\n\n# ");
    escape_markdown(&card, model->title);
    builder_add_text(&card, "\n\n");
    builder_add(&card, "A VideoMAE trained by synvid, %s.\n\n",
                shape->kind == MODEL_CLASSIFIER ? "fine-tuned for classification"
                                                : "pre-trained (encoder and decoder)");
    builder_add(&card, "- steps: %lld, seed %llu\n- weights digest: %s (XXH3-128 of all tensors)\n",
                (long long)weights->step, (unsigned long long)weights->seed, weights->digest);
    builder_add(&card, "- input: %d frames of %d x %d, RGB, normalized as in preprocessor_config.json\n",
                model->n_frames, model->image_size, model->image_size);
    builder_add(&card, "\nLoad with `transformers.%s.from_pretrained(\"this folder\")` (transformers 4).\n",
                shape->kind == MODEL_CLASSIFIER ? "VideoMAEForVideoClassification" : "VideoMAEForPreTraining");
    Err err = builder_check(&card, "model card");
    if (!err) err = path_join(path, sizeof(path), folder, "README.md");
    if (!err) err = file_write_whole(path, card.data, card.length);
    builder_free(&card);
    return err;
}

CHECKED Err hf_export(const char *folder, const WeightSet *weights, const HfModel *model) {
    ModelShape shape;
    TRY(model_shape_read(&shape, weights, "export"));
    if (shape.kind == MODEL_ENCODER)
        return RAISE(ERR_INPUT,
                     "export: the checkpoint has neither a decoder nor a head: transformers has no such model");
    TRY(folder_make(folder));
    TRY(write_tensors(folder, weights));
    TRY(write_tree(folder, "preprocessor_config.json", preprocessor_tree(model)));
    TRY(write_card(folder, &shape, weights, model));
    return write_tree(folder, "config.json", config_tree(&shape, model));
}
