/* Two things that have nothing in common but their direction: weights for transformers, and a dataset as one file of
 * virtual arrays. Which of them is told by a dataset.json in the folder. */
#include "cli/stage/cmd.h"

#include "base/config/config.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/text/text.h"
#include "eval/finetune/finetune.h"
#include "eval/finetune/score.h"
#include "eval/import/pretrained.h"
#include "run/folder.h"
#include "store/checkpoint/checkpoint.h"
#include "store/data/dataset.h"
#include "store/foreign/foreign.h"

typedef struct {
    const char *out;
    bool help;
} ExportArgs;

static const Option options[] = {
    OPTION_TEXT("out", 'o', "PATH", offsetof(ExportArgs, out), "folder, or for a dataset the file to write"),
    OPTION_FLAG("help", 'h', offsetof(ExportArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "export",
    .summary = "write a checkpoint for Hugging Face transformers, a dataset as one file for h5py",
    .usage = "export RUN|DATASET --out PATH",
    .description =
        "Takes a run folder of pretrain or finetune (its newest checkpoint) or a checkpoint file, and writes\n"
        "config.json, preprocessor_config.json, model.safetensors and a model card. Of a dataset folder it writes\n"
        "one small HDF5 file whose virtual arrays show all shards as one; the shards stay where they are.",
    .examples = "  synvid export runs/moving-circles-0123456789 --out export/moving-circles\n"
                "  synvid export data/moving-circles --out data/moving-circles/all.h5\n",
    .options = tables,
};

/* The model group of the config that the checkpoint carries. */
static Err read_model(ModelConfig *model, const WeightSet *weights, const char *path) {
    if (!weights->config_text) return RAISE(ERR_INPUT, "%s: carries no config, so its model is unknown", path);
    bool found;
    TRY(config_parse_group(&found, model, model_fields, "model", weights->config_text, path));
    return found ? ERR_NONE : RAISE(ERR_INPUT, "%s: its config has no model", path);
}

/* The run folder of a run, or of a checkpoint RUN/ckpt/step-*.h5. */
static Err run_of(char *out, size_t size, const char *path) {
    char folder[PATH_SIZE];
    if (file_is_directory(path)) return text_copy(out, size, path);
    TRY(path_parent(folder, sizeof folder, path));
    return path_parent(out, size, folder);
}

/* Those of the run's classes.csv; none when there is no such table, or one of another classifier. */
static Err read_classes(ClassList *classes, const WeightSet *weights, const char *path) {
    char run_folder[PATH_SIZE], table[PATH_SIZE];
    const Tensor *head = weights_find(weights, "head.weight");
    *classes = (ClassList){0};
    if (!head) return ERR_NONE;
    /* the table lies beside ckpt/, whatever was named */
    TRY(run_of(run_folder, sizeof run_folder, path));
    TRY(path_join(table, sizeof table, run_folder, "classes.csv"));
    if (!file_exists(table)) {
        log_info("%s: no classes.csv, so classes are called by their numbers", run_folder);
        return ERR_NONE;
    }
    TRY(class_list_read(classes, table));
    if (classes->count == head->dims[0]) return ERR_NONE;
    log_warn("%s: %d classes, the classifier has %d, so they are called by their numbers", table, classes->count,
             head->dims[0]);
    class_list_free(classes);
    return ERR_NONE;
}

static Err export_weights(const WeightSet *weights, const char *path, const char *out) {
    ModelConfig model;
    ClassList classes;
    char size[64], title[PATH_SIZE];
    TRY(read_model(&model, weights, path));
    TRY(model_title(size, sizeof(size), &model));
    TRY(text_format(title, sizeof(title), "%s, %s", path_base(path), size));
    HfModel hf = {.image_size = model.image_size,
                  .n_frames = model.n_frames,
                  .heads = model.heads,
                  .decoder_heads = model.decoder_heads,
                  .title = title};
    TRY(read_classes(&classes, weights, path));
    hf.class_names = (const char *const *)classes.names;
    Err err = hf_export(out, weights, &hf);
    class_list_free(&classes);
    TRY(err);
    log_info("wrote %s: step %lld of %s, weights %s", out, (long long)weights->step, path, weights->digest);
    return ERR_NONE;
}

static Err export_checkpoint(const char *name, const char *out) {
    char path[PATH_SIZE];
    WeightSet weights = {0};
    /* a run folder, a checkpoint, or a name that `finetune --checkpoint` would take */
    TRY(pretrained_find(path, sizeof(path), name));
    TRY(weights_read(&weights, path));
    Err err = export_weights(&weights, path, out);
    weights_free(&weights);
    return err;
}

static Err export_dataset(const char *folder, const char *out) {
    TRY(master_write(out, folder));
    log_info("wrote %s: the shards of %s as one", out, folder);
    return ERR_NONE;
}

static bool is_dataset(const char *path) {
    char manifest[PATH_SIZE];
    return !path_join(manifest, sizeof(manifest), path, "dataset.json") && file_exists(manifest);
}

static Err run(int argc, char *const *argv) {
    ExportArgs args = {0};
    ArgList rest = {0};
    TRY(args_begin(&args, &rest, &help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&help, &rest, 1, 1));
    if (!args.out) return RAISE(ERR_USAGE, "--out PATH is missing: where should the export go?");
    const char *name = rest.items[0];
    Err err = is_dataset(name) ? export_dataset(name, args.out) : export_checkpoint(name, args.out);
    if (!err) printf("%s\n", args.out);
    return err;
}

const Command cmd_export = {.help = &help, .group = COMMAND_PLUMBING, .run = run};
