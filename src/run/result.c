/* A result is written from a struct and read into the same struct, table by table in one order, so that equal results
 * are equal bytes. An official name and deviations exclude each other: result_settle decides, read_protocol checks. */
#include "run/result.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/failure/fault.h"

#include <math.h>
#include <stdarg.h>

#define RESULT_SCHEMA "synvid.result"
enum { RESULT_VERSION = 1 };

Err result_identify(Result *result, const char *task, const char *dataset, const char *pretraining, const char *model,
                    uint64_t seed) {
    result->seed = seed;
    TRY(text_copy(result->task, sizeof result->task, task));
    TRY(text_copy(result->dataset, sizeof result->dataset, dataset));
    TRY(text_copy(result->pretraining, sizeof result->pretraining, pretraining));
    return text_copy(result->model, sizeof result->model, model);
}

Err result_add_metric(Result *result, const char *name, double value, const char *unit, int64_t count,
                      Interval interval, const char *method) {
    if (result->n_metrics == RESULT_METRICS)
        return RAISE(ERR_INTERNAL, "%s: more than %d metrics in one result", name, RESULT_METRICS);
    /* counted last: a metric with a name that is too long is none */
    ResultMetric *metric = &result->metrics[result->n_metrics];
    TRY(text_copy(metric->name, sizeof metric->name, name));
    TRY(text_copy(metric->unit, sizeof metric->unit, unit));
    TRY(text_copy(metric->interval, sizeof metric->interval, method));
    metric->value = value;
    metric->count = count;
    metric->low = interval.low;
    metric->high = interval.high;
    result->n_metrics++;
    return ERR_NONE;
}

Err result_add_number(Result *result, const char *name, double value, const char *unit, int64_t count) {
    return result_add_metric(result, name, value, unit, count, (Interval){NAN, NAN}, "");
}

Err result_add_input(Result *result, const char *role, const char *path, const char *digest) {
    if (result->n_inputs == RESULT_INPUTS)
        return RAISE(ERR_INTERNAL, "%s: more than %d inputs of one result", role, RESULT_INPUTS);
    ResultInput *input = &result->inputs[result->n_inputs];
    TRY(text_copy(input->role, sizeof input->role, role));
    TRY(text_copy(input->path, sizeof input->path, path));
    TRY(text_copy(input->digest, sizeof input->digest, digest));
    result->n_inputs++;
    return ERR_NONE;
}

__attribute__((format(printf, 2, 0))) static Err add_deviation(Result *result, const char *format, va_list arguments) {
    if (result->n_deviations == RESULT_DEVIATIONS)
        return RAISE(ERR_INTERNAL, "more than %d deviations from the paper's protocol in one result",
                     RESULT_DEVIATIONS);
    char *out = result->deviations[result->n_deviations];
    int length = vsnprintf(out, sizeof result->deviations[0], format, arguments);
    if (length < 0 || (size_t)length >= sizeof result->deviations[0])
        return RAISE(ERR_INTERNAL, "deviation \"%s...\" is too long", out);
    result->n_deviations++;
    return ERR_NONE;
}

Err result_add_deviation(Result *result, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Err err = add_deviation(result, format, arguments);
    va_end(arguments);
    return err;
}

Err result_add_shrunk(Result *result, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Err err = add_deviation(result, format, arguments);
    va_end(arguments);
    result->n_shrunk += !err;
    return err;
}

Err result_add_count(Result *result, int64_t found, const char *what, int64_t expected) {
    if (found == expected || !expected) return ERR_NONE;
    if (found < expected)
        return result_add_shrunk(result, "%lld %s instead of %lld", (long long)found, what, (long long)expected);
    return result_add_deviation(result, "%lld %s instead of %lld", (long long)found, what, (long long)expected);
}

Err result_add_lines(Result *result, const char *lines) {
    /* '<' marks a departure that only makes the task smaller */
    for (const char *line = lines; *line;) {
        /* cut to what a deviation holds */
        size_t length = strcspn(line, "\n"), shown = length < 140 ? length : 140;
        if (*line == '<')
            TRY(result_add_shrunk(result, "%.*s", (int)shown - 1, line + 1));
        else
            TRY(result_add_deviation(result, "%.*s", (int)shown, line));
        line += length + (line[length] == '\n');
    }
    return ERR_NONE;
}

/* What a result is made from passes its deviations on: a figure is as official as its least official part. */
Err result_inherit(Result *result, const Result *from, const char *how) {
    if (result_is_official(from)) return ERR_NONE;
    for (int i = 0; i < from->n_deviations; i++)
        TRY(result_is_rehearsal(from) ? result_add_shrunk(result, "%s: %.130s", how, from->deviations[i])
                                      : result_add_deviation(result, "%s: %.130s", how, from->deviations[i]));
    if (from->n_deviations > 0) return ERR_NONE;
    return result_add_deviation(result, "%s: reduced, of which nothing more is known", how);
}

/* Official: no deviation. Rehearsal: nothing but deviations that make the task smaller. Else reduced. */
Err result_settle(Result *result, const char *name, bool rehearsal) {
    bool official = result->n_deviations == 0, shrunk = rehearsal && result->n_shrunk == result->n_deviations;
    return text_copy(result->protocol, sizeof result->protocol,
                     official ? name
                     : shrunk ? PROTOCOL_REHEARSAL
                              : PROTOCOL_REDUCED);
}

bool result_is_rehearsal(const Result *result) {
    return text_equal(result->protocol, PROTOCOL_REHEARSAL);
}

bool result_is_official(const Result *result) {
    return result->protocol[0] && !text_equal(result->protocol, PROTOCOL_REDUCED) && !result_is_rehearsal(result);
}

const ResultMetric *result_metric(const Result *result, const char *name) {
    for (int i = 0; i < result->n_metrics; i++)
        if (text_equal(result->metrics[i].name, name)) return &result->metrics[i];
    return NULL;
}

static bool put_identity(cJSON *tree, const Result *result) {
    cJSON *identity = cJSON_AddObjectToObject(tree, "identity");
    return identity && record_put_text(identity, "task", result->task) &&
           record_put_text(identity, "dataset", result->dataset) &&
           record_put_text(identity, "pretraining", result->pretraining) &&
           record_put_text(identity, "model", result->model) && record_put_seed(identity, "seed", result->seed);
}

static bool put_protocol(cJSON *tree, const Result *result) {
    cJSON *protocol = cJSON_AddObjectToObject(tree, "protocol");
    bool complete = protocol &&
                    record_put_text(protocol, "name", result->protocol[0] ? result->protocol : PROTOCOL_REDUCED);
    cJSON *list = complete ? cJSON_AddArrayToObject(protocol, "deviations") : NULL;
    complete = list != NULL;
    for (int i = 0; complete && i < result->n_deviations; i++)
        complete = cJSON_AddItemToArray(list, cJSON_CreateString(result->deviations[i]));
    return complete;
}

/* An interval only where there is one: its members are missing otherwise, not null. */
static bool put_metric(cJSON *list, const ResultMetric *metric) {
    cJSON *row = cJSON_CreateObject();
    bool complete = cJSON_AddItemToArray(list, row) && record_put_text(row, "name", metric->name) &&
                    record_put_double(row, "value", metric->value) && record_put_text(row, "unit", metric->unit) &&
                    record_put_int(row, "count", metric->count);
    if (!complete || (isnan(metric->low) && isnan(metric->high))) return complete;
    return record_put_double(row, "low", metric->low) && record_put_double(row, "high", metric->high) &&
           record_put_text(row, "interval", metric->interval);
}

static bool put_lists(cJSON *tree, const Result *result) {
    cJSON *metrics = cJSON_AddArrayToObject(tree, "metrics");
    bool complete = metrics != NULL;
    for (int i = 0; complete && i < result->n_metrics; i++) complete = put_metric(metrics, &result->metrics[i]);
    cJSON *inputs = cJSON_AddArrayToObject(tree, "inputs");
    complete = complete && inputs;
    for (int i = 0; complete && i < result->n_inputs; i++) {
        cJSON *row = cJSON_CreateObject();
        complete = cJSON_AddItemToArray(inputs, row) && record_put_text(row, "role", result->inputs[i].role) &&
                   record_put_text(row, "path", result->inputs[i].path) &&
                   record_put_text(row, "digest", result->inputs[i].digest);
    }
    return complete;
}

/* Members in a fixed order: equal results are equal files. */
static cJSON *result_tree(bool *complete, const Result *result) {
    cJSON *tree = record_new(RESULT_SCHEMA, RESULT_VERSION);
    *complete = tree && put_identity(tree, result) && put_protocol(tree, result) && put_lists(tree, result);
    return tree;
}

Err result_text(char **text, const Result *result) {
    bool complete;
    cJSON *tree = result_tree(&complete, result);
    Err err = complete ? json_print(text, tree) : RAISE(ERR_MEMORY, "result: no memory");
    cJSON_Delete(tree);
    return err;
}

Err result_write(const Result *result, const char *path) {
    if (fault_hit("result.write")) return RAISE(ERR_IO, "%s: injected fault", path);
    bool complete;
    cJSON *tree = result_tree(&complete, result);
    return record_write(&tree, complete, path);
}

static Err read_identity(Result *result, Record record) {
    Record identity;
    TRY(record_object(&identity, record, "identity"));
    TRY(record_text(result->task, sizeof result->task, identity, "task"));
    TRY(record_text(result->dataset, sizeof result->dataset, identity, "dataset"));
    TRY(record_text(result->pretraining, sizeof result->pretraining, identity, "pretraining"));
    TRY(record_text(result->model, sizeof result->model, identity, "model"));
    return record_seed(&result->seed, identity, "seed");
}

static Err read_protocol(Result *result, Record record) {
    Record protocol;
    const cJSON *list, *entry;
    int n;
    TRY(record_object(&protocol, record, "protocol"));
    TRY(record_text(result->protocol, sizeof result->protocol, protocol, "name"));
    TRY(record_texts(&list, &n, protocol, "deviations"));
    cJSON_ArrayForEach(entry, list) TRY(result_add_deviation(result, "%s", entry->valuestring));
    if (!result->protocol[0]) return RAISE(ERR_INPUT, "%s: protocol.name is empty", record.origin);
    if (result_is_official(result) && result->n_deviations > 0)
        return RAISE(ERR_INPUT, "%s: protocol.name: \"%s\", but the result lists %d deviations; expected %s",
                     record.origin, result->protocol, result->n_deviations, PROTOCOL_REDUCED);
    return ERR_NONE;
}

static Err read_metric(void *result, Record row) {
    ResultMetric metric = {.low = NAN, .high = NAN};
    TRY(record_text(metric.name, sizeof metric.name, row, "name"));
    TRY(record_double(&metric.value, row, "value"));
    TRY(record_text(metric.unit, sizeof metric.unit, row, "unit"));
    TRY(record_int(&metric.count, row, "count", 0, INT64_C(1) << 53));
    /* without the member: a number without an interval */
    if (cJSON_GetObjectItemCaseSensitive(row.object, "interval")) {
        TRY(record_double(&metric.low, row, "low"));
        TRY(record_double(&metric.high, row, "high"));
        TRY(record_text(metric.interval, sizeof metric.interval, row, "interval"));
    }
    return result_add_metric(result, metric.name, metric.value, metric.unit, metric.count,
                             (Interval){metric.low, metric.high}, metric.interval);
}

static Err read_input(void *result, Record row) {
    ResultInput input;
    TRY(record_text(input.role, sizeof input.role, row, "role"));
    TRY(record_text(input.path, sizeof input.path, row, "path"));
    TRY(record_text(input.digest, sizeof input.digest, row, "digest"));
    return result_add_input(result, input.role, input.path, input.digest);
}

static Err read_members(Result *result, Record record) {
    TRY(read_identity(result, record));
    TRY(read_protocol(result, record));
    TRY(record_each(record, "metrics", read_metric, result));
    return record_each(record, "inputs", read_input, result);
}

Err result_read(Result *result, const char *path) {
    cJSON *tree;
    memset(result, 0, sizeof *result);
    TRY(record_open(&tree, path, RESULT_SCHEMA, RESULT_VERSION));
    Err err = read_members(result, (Record){.object = tree, .origin = path});
    cJSON_Delete(tree);
    /* A list that is longer than ours is a fault of the file here, not of the program. */
    return err == ERR_INTERNAL ? err_within(ERR_INPUT, "%s: ", path) : err;
}
