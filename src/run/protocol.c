#include "run/protocol.h"

#include "base/config/json.h"

#include <cjson/cJSON.h>

static const char *const no_deviations[] = {"train.micro_batch", "train.reduce", NULL};

typedef struct {
    Result *result;
    int left_out;
} Comparison;

static bool decides_rounding_only(const char *key) {
    for (size_t i = 0; no_deviations[i]; i++)
        if (text_equal(key, no_deviations[i])) return true;
    return false;
}

static const char *value_text(char *out, size_t size, const cJSON *value) {
    if (cJSON_IsNumber(value)) return json_number(out, size, value->valuedouble);
    if (cJSON_IsBool(value)) return cJSON_IsTrue(value) ? "true" : "false";
    return cJSON_IsString(value) ? value->valuestring : "another value";
}

/* One place of the list stays free for the count of the rest. */
static Err add(Comparison *comparison, const char *path, const cJSON *value, const cJSON *paper) {
    if (comparison->result->n_deviations >= RESULT_DEVIATIONS - 1) {
        comparison->left_out++;
        return ERR_NONE;
    }
    char found[32], expected[32];
    return result_add_deviation(comparison->result, "%s %.40s instead of %.40s", path,
                                value_text(found, sizeof(found), value), value_text(expected, sizeof(expected), paper));
}

/* Both trees come from the same table, so they have the same keys. */
static Err compare(Comparison *comparison, const char *path, const cJSON *values, const cJSON *paper) {
    const cJSON *value;
    cJSON_ArrayForEach(value, values) {
        char key[256];
        const cJSON *expected = cJSON_GetObjectItemCaseSensitive(paper, value->string);
        field_path(key, sizeof(key), path, value->string);
        if (cJSON_IsObject(value))
            TRY(compare(comparison, key, value, expected));
        else if (!decides_rounding_only(key) && !cJSON_Compare(value, expected, true))
            TRY(add(comparison, key, value, expected));
    }
    return ERR_NONE;
}

static Err compare_dumps(Comparison *comparison, const void *config, void *paper, const Field *fields) {
    fields_default(paper, fields);
    cJSON *values = fields_dump(config, fields, true), *expected = fields_dump(paper, fields, true);
    Err err = values && expected ? compare(comparison, "", values, expected)
                                 : RAISE(ERR_MEMORY, "comparing with the paper's protocol: no memory");
    cJSON_Delete(values);
    cJSON_Delete(expected);
    return err;
}

CHECKED Err protocol_compare(Result *result, const void *config, size_t config_size, const Field *fields) {
    Comparison comparison = {.result = result};
    void *paper = calloc(1, config_size);
    if (!paper) return RAISE(ERR_MEMORY, "comparing with the paper's protocol: no memory");
    Err err = compare_dumps(&comparison, config, paper, fields);
    if (!err && comparison.left_out) err = result_add_deviation(result, "and %d more settings", comparison.left_out);
    result->paper_protocol = result->n_deviations == 0;
    free(paper);
    return err;
}
