/* The folder that an import leaves: written under a partial name, renamed when it is whole, taken away when it failed.
 * What a training run would have written is written here in the same order, the result last. */
#include "eval/import/internal/import_run.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "run/folder.h"
#include "run/task.h"
#include "store/checkpoint/checkpoint.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <unistd.h>

/* Of all tensors together. */
static int64_t count_values(const WeightSet *weights) {
    int64_t total = 0;
    for (int t = 0; t < weights->n_tensors; t++) total += (int64_t)tensor_count(&weights->tensors[t]);
    return total;
}

/* All keys with their values, as a training writes them. */
static Err config_text(char **text, const ImportConfig *config) {
    cJSON *tree = fields_dump(config, import_fields, false);
    if (!tree) return RAISE(ERR_MEMORY, "no memory for a configuration");
    Err err = json_print(text, tree);
    cJSON_Delete(tree);
    return err;
}

static Err write_config(const char *folder, const char *text) {
    char path[PATH_SIZE];
    TRY(path_join(path, sizeof path, folder, "config.json"));
    return file_write_whole(path, text, strlen(text));
}

/* One rank holds all values: the slice is the whole. */
static Err write_checkpoint(const char *folder, const WeightSet *weights, const char *text) {
    const Par alone = par_serial(1);
    char path[PATH_SIZE];
    CheckpointState state = {.config_text = text};
    CheckpointSlice slice = {.tensors = weights->tensors,
                             .n_tensors = weights->n_tensors,
                             .end = count_values(weights),
                             .params = weights->storage};
    TRY(path_join(path, sizeof path, folder, "ckpt"));
    return checkpoint_write_all(path, &slice, &state, &alone);
}

/* A life that begins and ends at once. */
static Err write_log(const char *folder, const char *command) {
    char path[PATH_SIZE], host[256] = "";
    Run run = {.par = par_serial(1), .command = command};
    (void)gethostname(host, sizeof host - 1);
    TRY(path_join(path, sizeof path, folder, "run.json"));
    TRY(runlog_begin(path, &run, host));
    return runlog_end(path, "finished");
}

typedef struct {
    const ImportConfig *config;
    const ImportOrigin *origin;
} Imported;

/* Written last; the digest is that of the checkpoint as it is read back. */
static Err fill_result(Result *result, const RunFolder *folder, void *state) {
    const ImportConfig *config = ((Imported *)state)->config;
    const ImportOrigin *origin = ((Imported *)state)->origin;
    char digest[DIGEST_SIZE], path[PATH_SIZE], checkpoints[PATH_SIZE], model[sizeof result->model];
    WeightSet written;
    TRY(path_join(checkpoints, sizeof checkpoints, folder->path, "ckpt"));
    TRY(checkpoint_path(path, sizeof path, checkpoints, 0));
    TRY(weights_read(&written, path));
    memcpy(digest, written.digest, sizeof digest);
    int64_t parameters = count_values(&written);
    weights_free(&written);
    TRY(model_title(model, sizeof model, &config->model));
    TRY(result_identify(result, "import", "", config->name, model, 0));
    if (origin->trained_by)
        TRY(text_copy(result->protocol, sizeof result->protocol, origin->trained_by));
    else
        TRY(result_add_deviation(result, "trained by another program (%s)", origin->kind));
    TRY(result_add_number(result, "parameters", (double)parameters, "", 1));
    TRY(result_add_input(result, "weights", origin->path, digest));
    log_info("%s: %s, %lld parameters, weights %s", origin->path, result->model, (long long)parameters, digest);
    return ERR_NONE;
}

static Err write_result(const char *path, const ImportConfig *config, const ImportOrigin *origin) {
    const Par alone = par_serial(1);
    Imported imported = {config, origin};
    RunFolder folder = {0};
    TRY(text_copy(folder.path, sizeof folder.path, path));
    return run_conclude_all(&(Conclusion){fill_result, NULL, &imported}, &folder, &alone);
}

/* In the order of a training: settings, weights, log, result. */
static Err write_contents(const char *folder, const WeightSet *weights, const ImportConfig *config,
                          const ImportOrigin *origin) {
    char *text = NULL;
    TRY(folder_make(folder));
    TRY(config_text(&text, config));
    Err err = write_config(folder, text);
    if (!err) err = write_checkpoint(folder, weights, text);
    if (!err) err = write_log(folder, origin->command);
    if (!err) err = write_result(folder, config, origin);
    free(text);
    return err;
}

/* What write_contents may have left. */
static void discard(const char *folder) {
    static const char *const names[] = {"config.json", "run.json", "result.json", "ckpt/step-00000000.h5"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!path_join(path, sizeof path, folder, names[i])) (void)unlink(path);
    if (!path_join(path, sizeof path, folder, "ckpt")) (void)rmdir(path);
    (void)rmdir(folder);
}

/* A slash at the end would make the partial name a file inside the folder. */
CHECKED Err import_write_run(const char *run_folder, const WeightSet *weights, const ImportConfig *config,
                             const ImportOrigin *origin) {
    char partial[PATH_SIZE], trimmed[PATH_SIZE];
    TRY(text_copy(trimmed, sizeof trimmed, run_folder));
    for (size_t length = strlen(trimmed); length > 1 && trimmed[length - 1] == '/';) trimmed[--length] = 0;
    TRY(file_partial_name(partial, sizeof partial, trimmed));
    Err err = write_contents(partial, weights, config, origin);
    if (!err) err = file_finish_partial(trimmed);
    if (err) discard(partial);
    return err;
}
