/* From foreign weights to a run of ours: where the file is, which architecture its shapes are, whether config.json
 * agrees, whether every tensor is there. Shapes decide everything but head counts, frame size and clip length; where a
 * config says the same thing as a shape, the two must agree. Nothing is written before all of it is known to be right.
 */
#include "eval/import/import.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "eval/import/internal/import_run.h"
#include "nn/models/classifier.h"
#include "nn/models/mae.h"
#include "run/folder.h"
#include "store/foreign/foreign.h"

#include <cjson/cJSON.h>

enum { NAMES_SHOWN = 8 };

const Field import_fields[] = {
    FIELD_TEXT(ImportConfig, name, "how results call the weights", "", .flags = FIELD_REQUIRED),
    FIELD_GROUP(ImportConfig, model, "the network, from the shapes of its tensors", model_fields),
    FIELD_END,
};

/* ---- where the weights are ---- */

/* A folder of transformers holds one of these; the weights of large models come in pieces, which an index names. */
static Err find_in_folder(char *out, const char *folder) {
    static const char *const names[] = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                                        "pytorch_model.bin.index.json", NULL};
    for (int i = 0; names[i]; i++) {
        TRY(path_join(out, PATH_SIZE, folder, names[i]));
        if (file_exists(out)) return ERR_NONE;
    }
    return RAISE(ERR_INPUT, "%s: holds neither model.safetensors nor pytorch_model.bin, nor an index of several",
                 folder);
}

static Err find_weights(char *path, char *folder, const char *from) {
    if (!file_is_directory(from)) {
        TRY(text_copy(path, PATH_SIZE, from));
        return path_parent(folder, PATH_SIZE, from);
    }
    TRY(text_copy(folder, PATH_SIZE, from));
    return find_in_folder(path, from);
}

/* The file's name without its extension; for the usual model.safetensors that of its folder. */
static Err choose_name(char *out, const char *from, const char *asked) {
    char whole[PATH_SIZE];
    if (asked) return text_copy(out, NAME_SIZE, asked);
    TRY(text_copy(whole, sizeof whole, from));
    for (size_t length = strlen(whole); length > 1 && whole[length - 1] == '/';) whole[--length] = 0;
    const char *base = path_base(whole), *extension = file_is_directory(whole) ? "" : path_extension(whole);
    return text_format(out, NAME_SIZE, "%.*s", (int)(strlen(base) - strlen(extension) - (*extension != 0)), base);
}

/* ---- the architecture ---- */

/* Head counts of the published sizes. */
static int published_heads(int width) {
    static const struct {
        int width, heads;
    } known[] = {{192, 3}, {384, 6}, {512, 8}, {640, 8}, {768, 12}, {1024, 16}, {1280, 16}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].width == width) return known[i].heads;
    return 0;
}

/* What was asked for, what the config says, or a usual value with a word about it. */
static Err settle(int *value, int asked, int configured, int usual, const char *what, const char *option) {
    *value = asked ? asked : configured ? configured : usual;
    if (!*value)
        return RAISE(ERR_USAGE, "%s: the tensors do not tell, and no config.json does; give --%s", what, option);
    if (!asked && !configured) log_info("%s: %d, as published models have; --%s says otherwise", what, *value, option);
    return ERR_NONE;
}

/* A setting that the config leaves out (0) agrees with anything. */
static Err agree(const char *key, int configured, int found, const char *path) {
    if (!configured || configured == found) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: config.json says %s %d, the tensors %d", path, key, configured, found);
}

/* Which of the three models it is, and what only one of them has. */
static Err agree_on_kind(const HfConfig *hf, const ModelShape *shape, const char *path) {
    static const char *const names[] = {[MODEL_PRETRAIN] = "VideoMAEForPreTraining",
                                        [MODEL_CLASSIFIER] = "VideoMAEForVideoClassification",
                                        [MODEL_ENCODER] = "VideoMAEModel"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_equal(hf->architecture, names[i]) && i != (size_t)shape->kind)
            return RAISE(ERR_INPUT, "%s: config.json says architectures %s, the tensors are those of %s", path,
                         hf->architecture, names[shape->kind]);
    if (shape->kind == MODEL_PRETRAIN && hf->norm_pix_loss == HF_NO)
        return RAISE(ERR_INPUT, "%s: config.json says norm_pix_loss false; here decoders predict normalized pixels",
                     path);
    if (shape->kind != MODEL_CLASSIFIER) return ERR_NONE;
    if (hf->mean_pooling == HF_NO)
        return RAISE(ERR_INPUT, "%s: config.json says use_mean_pooling false; here classifiers read the mean token",
                     path);
    return agree("num_labels or id2label", hf->n_labels, shape->n_classes, path);
}

static Err agree_with_config(const HfConfig *hf, const ModelShape *shape, const char *path) {
    TRY(agree("hidden_size", hf->hidden_size, shape->width, path));
    TRY(agree("num_hidden_layers", hf->num_hidden_layers, shape->depth, path));
    TRY(agree("patch_size", hf->patch_size, shape->patch_size, path));
    TRY(agree("tubelet_size", hf->tubelet_size, shape->tubelet_size, path));
    TRY(agree("intermediate_size", hf->intermediate_size, shape->mlp_width, path));
    TRY(agree("num_channels", hf->num_channels, shape->channels, path));
    TRY(agree_on_kind(hf, shape, path));
    if (shape->kind != MODEL_PRETRAIN) return ERR_NONE;
    TRY(agree("decoder_hidden_size", hf->decoder_hidden_size, shape->decoder_width, path));
    TRY(agree("decoder_intermediate_size", hf->decoder_intermediate_size, shape->decoder_mlp_width, path));
    return agree("decoder_num_hidden_layers", hf->decoder_num_hidden_layers, shape->decoder_depth, path);
}

/* Through the table of settings, whose ranges then hold. */
static Err check_ranges(const ModelConfig *model, const char *path) {
    ModelConfig read;
    cJSON *tree = fields_dump(model, model_fields, false);
    if (!tree) return RAISE(ERR_MEMORY, "%s: no memory for its configuration", path);
    fields_default(&read, model_fields);
    Err err = fields_read(&read, model_fields, tree, "model");
    cJSON_Delete(tree);
    if (!err) err = model_check(model);
    return err_within(err, "%s: ", path);
}

/* Settings in our words. What no source tells and no published model suggests is asked for. */
static Err infer_model(ModelConfig *model, const ModelShape *shape, const HfConfig *hf, const ImportOptions *options,
                       const char *path) {
    fields_default(model, model_fields);
    TRY(agree_with_config(hf, shape, path));
    model->patch_size = shape->patch_size;
    model->tubelet_size = shape->tubelet_size;
    model->width = shape->width;
    model->depth = shape->depth;
    model->mlp_ratio = shape->width ? shape->mlp_width / shape->width : 0;
    TRY(settle(&model->image_size, options->image_size, hf->image_size, 224, "frame size", "image-size"));
    TRY(settle(&model->n_frames, options->n_frames, hf->num_frames, 16, "frames a clip", "frames"));
    TRY(settle(&model->heads, options->heads, hf->num_attention_heads, published_heads(shape->width), "attention heads",
               "heads"));
    if (shape->kind == MODEL_PRETRAIN) {
        model->decoder_width = shape->decoder_width;
        model->decoder_depth = shape->decoder_depth;
        TRY(settle(&model->decoder_heads, options->decoder_heads, hf->decoder_num_attention_heads,
                   published_heads(shape->decoder_width), "attention heads of the decoder", "decoder-heads"));
    }
    if (hf->layer_norm_eps > 0 && hf->layer_norm_eps != 1e-6)
        log_info("config.json says layer_norm_eps %g; here it is 1e-6, as in the official code: outputs agree to about "
                 "1e-5",
                 hf->layer_norm_eps);
    return check_ranges(model, path);
}

/* ---- completeness ---- */

/* A short list for one message. */
typedef struct {
    Builder text;
    int count;
} Names;

static void names_add(Names *names, const char *name, const char *more) {
    if (names->count++ < NAMES_SHOWN)
        builder_add(&names->text, "%s%s%s", names->count > 1 ? ", " : "", name, more);
    else if (names->count == NAMES_SHOWN + 1)
        builder_add_text(&names->text, ", ...");
}

static void shape_text(char *out, size_t size, const int *dims, int n_dims) {
    size_t used = 0;
    for (int d = 0; d < n_dims && used < size; d++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", d ? "x" : "", dims[d]);
    if (n_dims == 0) snprintf(out, size, "one value");
}

/* A bare encoder has no decoder to be missing. */
static bool is_wanted(const Param *row, ModelKind kind) {
    return kind != MODEL_ENCODER || text_starts(row->name, "encoder.");
}

/* problems: missing, of another shape, unknown. */
static void compare(Names problems[3], const ParamTable *table, ModelKind kind, const WeightSet *weights) {
    char found[64], expected[64], both[160];
    for (int i = 0; i < table->n_rows; i++) {
        const Param *row = &table->rows[i];
        if (!is_wanted(row, kind)) continue;
        const Tensor *tensor = weights_find(weights, row->name);
        if (!tensor) {
            names_add(&problems[0], row->name, "");
        } else if (tensor->n_dims != row->n_dims ||
                   memcmp(tensor->dims, row->dims, (size_t)row->n_dims * sizeof *row->dims)) {
            shape_text(found, sizeof found, tensor->dims, tensor->n_dims);
            shape_text(expected, sizeof expected, row->dims, row->n_dims);
            snprintf(both, sizeof both, " (%s, expected %s)", found, expected);
            names_add(&problems[1], row->name, both);
        }
    }
    for (int t = 0; t < weights->n_tensors; t++) {
        const Param *row = params_find(table, weights->tensors[t].name);
        if (!row || !is_wanted(row, kind)) names_add(&problems[2], weights->tensors[t].name, "");
    }
}

static Err check_complete(const ParamTable *table, ModelKind kind, const WeightSet *weights, const char *path) {
    static const char *const titles[3] = {"missing: ", "of another shape: ", "no part of this model: "};
    Names problems[3] = {0};
    Builder all = {0};
    compare(problems, table, kind, weights);
    int count = 0;
    for (int p = 0; p < 3; p++) {
        if (problems[p].count)
            builder_add(&all, "%s%s%s", count ? "; " : "", titles[p],
                        problems[p].text.data ? problems[p].text.data : "");
        count += problems[p].count;
        builder_free(&problems[p].text);
    }
    Err err = builder_check(&all, "a list of tensors");
    if (!err && count) err = RAISE(ERR_INPUT, "%s: %d tensors are wrong: %s", path, count, all.data);
    builder_free(&all);
    return err;
}

/* Against the table of the network itself: there is no second list of names. The mask ratio has no part in it. */
static Err check_tensors(const ModelConfig *model, const ModelShape *shape, const WeightSet *weights,
                         const char *path) {
    Mae *mae = NULL;
    Classifier *classifier = NULL;
    Err err = shape->kind == MODEL_CLASSIFIER ? classifier_new(&classifier, model, shape->n_classes, 0, 0)
                                              : mae_new(&mae, model, 0.75);
    if (!err)
        err = check_complete(classifier ? classifier_params(classifier) : mae_params(mae), shape->kind, weights, path);
    mae_free(&mae);
    classifier_free(&classifier);
    return err;
}

/* ---- the whole ---- */

static void tell_facts(const ForeignFacts *facts, const char *path) {
    if (facts->group[0]) log_info("%s: the model is in the group \"%s\"", path, facts->group);
    if (facts->n_passed_over) log_info("%s: %d tensors outside of it are passed over", path, facts->n_passed_over);
    if (facts->n_key_biases)
        log_info("%s: %d biases of keys are dropped, which changes nothing: softmax does not see them", path,
                 facts->n_key_biases);
}

static Err read_model(WeightSet *weights, ImportConfig *config, ImportOrigin *origin, const ImportOptions *options,
                      const char *folder) {
    WeightFile *file;
    ForeignFacts facts;
    ModelShape shape;
    HfConfig hf;
    TRY(hf_config_read(&hf, folder));
    TRY(weightfile_open(&file, origin->path));
    Err err = foreign_read(weights, &facts, file, origin->path, options->group);
    if (!err) err = text_format(origin->kind, sizeof origin->kind, "%s, %s names", weightfile_kind(file), facts.naming);
    weightfile_close(&file);
    if (err) return err;
    tell_facts(&facts, origin->path);
    TRY(model_shape_read(&shape, weights, origin->path));
    TRY(infer_model(&config->model, &shape, &hf, options, origin->path));
    return check_tensors(&config->model, &shape, weights, origin->path);
}

CHECKED Err import_weights(const char *from, const char *run_folder, const ImportOptions *options) {
    char folder[PATH_SIZE];
    ImportConfig config = {0};
    ImportOrigin origin = {.command = options->command, .trained_by = options->trained_by};
    WeightSet weights = {0};
    if (file_exists(run_folder))
        return RAISE(ERR_USAGE, "%s: is there already; name another run folder, or remove this one", run_folder);
    TRY(find_weights(origin.path, folder, from));
    TRY(choose_name(config.name, from, options->name));
    Err err = read_model(&weights, &config, &origin, options, folder);
    if (!err) err = import_write_run(run_folder, &weights, &config, &origin);
    weights_free(&weights);
    return err;
}
