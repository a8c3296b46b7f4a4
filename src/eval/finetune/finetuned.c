/* A finished fine-tuning, read back. Rank 0 reads and checks; the struct, the network and the weights are then the same
 * on all ranks. */
#include "eval/finetune/finetune.h"

#include "base/config/config.h"
#include "base/system/file.h"
#include "eval/import/pretrained.h"
#include "par/agree.h"
#include "par/spread.h"
#include "store/checkpoint/checkpoint.h"

/* ---- rank 0 ---- */

static Err read_outcome(Finetuned *tuned) {
    char path[PATH_SIZE];
    TRY(path_join(path, sizeof path, tuned->path, "result.json"));
    if (!file_exists(path))
        return RAISE(ERR_INPUT, "checkpoint: %s has no result.json: give the folder of a finished fine-tuning",
                     tuned->path);
    TRY(result_read(&tuned->result, path));
    if (text_equal(tuned->result.task, "finetune")) return ERR_NONE;
    return RAISE(ERR_INPUT, "checkpoint: %s is a %s; only fine-tuned runs keep a classifier (`synvid finetune`)",
                 tuned->path, tuned->result.task);
}

static Err read_settings(Finetuned *tuned) {
    enum { LARGEST = 1 << 20 };
    char path[PATH_SIZE], *text;
    size_t length;
    TRY(path_join(path, sizeof path, tuned->path, "config.json"));
    TRY(file_read(&text, &length, path, LARGEST));
    Err err = config_parse(&tuned->config, finetune_fields, text, path);
    free(text);
    return err;
}

/* By name, every tensor of the network that the settings describe. */
static Err copy_weights(Finetuned *tuned, const WeightSet *weights) {
    const ParamTable *table = classifier_params(tuned->network);
    for (int i = 0; i < table->n_rows; i++) {
        const Param *row = &table->rows[i];
        const Tensor *tensor = weights_find(weights, row->name);
        if (!tensor) return RAISE(ERR_INPUT, "%s: no tensor %s", tuned->path, row->name);
        if (tensor_count(tensor) != row->count)
            return RAISE(ERR_INPUT, "%s: %s has %zu values, its settings expect %zu", tuned->path, row->name,
                         tensor_count(tensor), row->count);
        memcpy(tuned->params + row->offset, tensor->data, row->count * sizeof(float));
    }
    return ERR_NONE;
}

/* The number of classes is nowhere in the settings: it is that of the head. */
static Err read_shape(Finetuned *tuned, const WeightSet *weights) {
    const Tensor *head = weights_find(weights, "head.bias");
    if (!head) return RAISE(ERR_INPUT, "%s: its checkpoint has no classifier (no tensor head.bias)", tuned->path);
    tuned->n_classes = (int)tensor_count(head);
    memcpy(tuned->digest, weights->digest, sizeof tuned->digest);
    return ERR_NONE;
}

static Err read_run(Finetuned *tuned, WeightSet *weights, const char *run) {
    TRY(pretrained_find(tuned->path, sizeof tuned->path, run));
    TRY(read_outcome(tuned));
    TRY(read_settings(tuned));
    TRY(weights_read(weights, tuned->path));
    return read_shape(tuned, weights);
}

/* ---- everybody ---- */

static Err make_network(Finetuned *tuned) {
    TRY(model_check(&tuned->config.model));
    TRY(classifier_new(&tuned->network, &tuned->config.model, tuned->n_classes, 0, 0));
    tuned->params = malloc(classifier_params(tuned->network)->total * sizeof(float));
    return tuned->params ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory for the weights", tuned->path);
}

/* The struct first: the others build the network from its settings. */
static Err share_all(Finetuned *tuned, const WeightSet *weights, const Par *par) {
    TRY(spread_bytes_all(tuned, sizeof *tuned, par));
    Err err = make_network(tuned);
    if (!err && par->rank == 0) err = copy_weights(tuned, weights);
    TRY(err_agree_all(err, par, "the fine-tuned weights"));
    return spread_bytes_all(tuned->params, classifier_params(tuned->network)->total * sizeof(float), par);
}

CHECKED Err finetuned_open_all(Finetuned *tuned, const char *run, const Par *par) {
    WeightSet weights = {0};
    memset(tuned, 0, sizeof *tuned);
    Err err = par->rank == 0 ? read_run(tuned, &weights, run) : ERR_NONE;
    err = (Err)agree_rank0_all(err, par, "the fine-tuned run");
    if (!err) err = share_all(tuned, &weights, par);
    weights_free(&weights);
    return err;
}

void finetuned_free(Finetuned *tuned) {
    classifier_free(&tuned->network);
    free(tuned->params);
    tuned->params = NULL;
}
