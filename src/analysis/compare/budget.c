#include "analysis/compare/internal/budget.h"

#include "base/config/json.h"
#include "nn/layers/model.h"

#include <cjson/cJSON.h>
#include <math.h>

static const size_t config_bytes_max = (size_t)1 << 20;

static double number_at(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

static void read_budget(Outcome *outcome, const cJSON *config) {
    const ResultMetric *steps = result_metric(&outcome->result, "steps");
    const cJSON *group = cJSON_GetObjectItemCaseSensitive(config, "model");
    double batch = number_at(cJSON_GetObjectItemCaseSensitive(config, "train"), "batch"),
           mask_ratio = number_at(config, "mask_ratio");
    ModelConfig model;
    if (!steps || isnan(batch)) return;
    outcome->clips = steps->value * batch;
    fields_default(&model, model_fields);
    if (group && !isnan(mask_ratio) && !fields_read(&model, model_fields, group, "model"))
        outcome->flops = outcome->clips * model_pretrain_flops(&model, mask_ratio);
}

static Err find_own(Outcome *outcome) {
    char path[PATH_SIZE];
    cJSON *config;
    TRY(path_join(path, sizeof path, outcome->folder, "config.json"));
    if (json_read(&config, path, config_bytes_max, ERR_INPUT)) return ERR_NONE;
    read_budget(outcome, config);
    cJSON_Delete(config);
    return ERR_NONE;
}

/* The result that ended with these weights, NULL: not among them. */
static const Outcome *find_maker(const Outcomes *outcomes, const char *digest) {
    for (int i = 0; i < outcomes->count; i++) {
        const ResultInput *final = outcomes_input(&outcomes->items[i].result, "final weights");
        if (final && text_equal(final->digest, digest)) return &outcomes->items[i];
    }
    return NULL;
}

/* From what the result started with, given in the input `role`. */
static void inherit(Outcome *outcome, const Outcomes *outcomes, const char *role) {
    const ResultInput *weights = outcomes_input(&outcome->result, role);
    const Outcome *maker = weights ? find_maker(outcomes, weights->digest) : NULL;
    if (!maker) return;
    outcome->clips = maker->clips;
    outcome->flops = maker->flops;
}

static bool starts_from_nothing(const Result *result) {
    bool trained = text_equal(result->task, "finetune") || text_equal(result->task, "probe");
    return trained && !outcomes_input(result, "checkpoint") && outcomes_input(result, "test");
}

Err budget_find(Outcomes *outcomes) {
    for (int i = 0; i < outcomes->count; i++) {
        Outcome *outcome = &outcomes->items[i];
        if (text_equal(outcome->result.task, "pretrain")) TRY(find_own(outcome));
        if (starts_from_nothing(&outcome->result)) outcome->clips = outcome->flops = 0;
    }
    for (int i = 0; i < outcomes->count; i++) inherit(&outcomes->items[i], outcomes, "checkpoint");
    /* Tests under corruption start from fine-tunings, which know theirs by now. */
    for (int i = 0; i < outcomes->count; i++) inherit(&outcomes->items[i], outcomes, "weights");
    return ERR_NONE;
}
