#include "cli/cmd.h"

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "eval/finetune.h"
#include "eval/pretrained.h"
#include "store/checkpoint.h"
#include "store/hf_export.h"
#include "train/identity.h"

#include <cjson/cJSON.h>

typedef struct {
    const char *out;
    bool help;
} ExportArgs;

static const Option options[] = {
    OPTION_TEXT("out", 'o', "DIR", offsetof(ExportArgs, out), "folder to write"),
    OPTION_FLAG("help", 'h', offsetof(ExportArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "export",
    .summary = "write a checkpoint as a folder that Hugging Face transformers loads",
    .usage = "export RUN --out DIR",
    .description =
        "Takes a run folder of pretrain or finetune (its newest checkpoint) or a checkpoint file, and writes\n"
        "config.json, preprocessor_config.json, model.safetensors and a model card.",
    .examples = "  synvid export runs/moving-circles-0123456789 --out export/moving-circles\n",
    .options = tables,
};

/* The model group of the config that the checkpoint carries. */
static Err read_model(ModelConfig *model, const WeightSet *weights, const char *path) {
    if (!weights->config_text) return RAISE(ERR_INPUT, "%s: carries no config, so its model is unknown", path);
    cJSON *tree = NULL;
    fields_default(model, model_fields);
    TRY(json_parse(&tree, weights->config_text, strlen(weights->config_text), path, ERR_INPUT));
    const cJSON *group = cJSON_GetObjectItemCaseSensitive(tree, "model");
    Err err = group ? fields_read(model, model_fields, group, "model")
                    : RAISE(ERR_INPUT, "%s: its config has no model", path);
    cJSON_Delete(tree);
    return err;
}

static Err export_weights(const WeightSet *weights, const char *path, const char *out) {
    ModelConfig model;
    char size[64], title[PATH_SIZE];
    TRY(read_model(&model, weights, path));
    TRY(model_title(size, sizeof(size), &model));
    TRY(text_format(title, sizeof(title), "%s, %s", path_base(path), size));
    HfModel hf = {.image_size = model.image_size,
                  .n_frames = model.n_frames,
                  .heads = model.heads,
                  .decoder_heads = model.decoder_heads,
                  .title = title};
    TRY(hf_export(out, weights, &hf));
    log_info("wrote %s: step %lld of %s, weights %s", out, (long long)weights->step, path, weights->digest);
    return ERR_NONE;
}

static Err run(int argc, char *const *argv) {
    ExportArgs args = {0};
    ArgList rest = {0};
    TRY(args_parse(&args, &rest, tables, argc, argv));
    if (args.help) {
        args_help(&help);
        return ERR_NONE;
    }
    TRY(args_expect(&help, &rest, 1, 1));
    if (!args.out) return RAISE(ERR_USAGE, "--out DIR is missing: where should the folder go?");
    char path[PATH_SIZE];
    WeightSet weights = {0};
    TRY(pretrained_find(path, sizeof(path), rest.items[0]));
    TRY(weights_read(&weights, path));
    Err err = export_weights(&weights, path, args.out);
    weights_free(&weights);
    if (!err) printf("%s\n", args.out);
    return err;
}

const Command cmd_export = {.help = &help, .group = COMMAND_PLUMBING, .run = run};
