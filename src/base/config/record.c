/* JSON of ours, strictly: a member that is missing, of another type or out of range is named with its file. JSON
 * numbers are doubles, so whole numbers beyond 2^53 (seeds) are written as texts of digits and read from either. */
#include "base/config/record.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

static const size_t file_max = (size_t)1 << 30;
static const double exact_max = 9007199254740992.0; /* 2^53 */

/* A file of ours names its schema and a version: a newer one is refused rather than half understood. */
static Err check_schema(const cJSON *tree, const char *path, const char *schema, int version) {
    char found[NAME_SIZE];
    int64_t found_version;
    const Record record = {.object = tree, .origin = path};
    if (!cJSON_IsObject(tree) || !cJSON_GetObjectItemCaseSensitive(tree, "schema"))
        return RAISE(ERR_INPUT, "%s: JSON, but not a file of ours (no member schema); expected %s", path, schema);
    TRY(record_text(found, sizeof found, record, "schema"));
    if (!text_equal(found, schema)) return RAISE(ERR_INPUT, "%s: is a %s, expected a %s", path, found, schema);
    TRY(record_int(&found_version, record, "schema_version", 1, INT32_MAX));
    if (found_version > version)
        return RAISE(ERR_INPUT, "%s: %s of version %d; this program reads up to %d", path, schema, (int)found_version,
                     version);
    return ERR_NONE;
}

Err record_open(cJSON **tree, const char *path, const char *schema, int version) {
    *tree = NULL;
    TRY(json_read(tree, path, file_max, ERR_INPUT));
    Err err = check_schema(*tree, path, schema, version);
    if (!err) return ERR_NONE;
    cJSON_Delete(*tree);
    *tree = NULL;
    return err;
}

cJSON *record_new(const char *schema, int version) {
    cJSON *tree = cJSON_CreateObject();
    bool complete = tree && record_put_text(tree, "schema", schema) &&
                    record_put_int(tree, "schema_version", version) &&
                    record_put_text(tree, "created_by", "synvid " SYNVID_VERSION);
    if (complete) return tree;
    cJSON_Delete(tree);
    return NULL;
}

Err record_write(cJSON **tree, bool complete, const char *path) {
    char *text = NULL;
    Err err = complete && *tree ? json_print(&text, *tree) : RAISE(ERR_MEMORY, "%s: no memory for its contents", path);
    if (!err) err = file_write_whole(path, text, strlen(text));
    free(text);
    cJSON_Delete(*tree);
    *tree = NULL;
    return err;
}

/* "metrics[3]: " of an entry of a list. */
static const char *place(char out[NAME_SIZE], Record record) {
    if (record.list)
        snprintf(out, NAME_SIZE, "%s[%d]: ", record.list, record.entry);
    else
        out[0] = 0;
    return out;
}

/* `item` NULL: there is none. */
static Err wrong(Record record, const char *key, const char *expected, const cJSON *item) {
    char at[NAME_SIZE], found[JSON_FOUND_SIZE];
    if (!item)
        return RAISE(ERR_INPUT, "%s: %s%s: missing, expected %s", record.origin, place(at, record), key, expected);
    return RAISE(ERR_INPUT, "%s: %s%s: expected %s, found %s", record.origin, place(at, record), key, expected,
                 json_found(found, item));
}

static const cJSON *member(Record record, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(record.object, key);
}

Err record_text(char *out, size_t size, Record record, const char *key) {
    char at[NAME_SIZE];
    const cJSON *item = member(record, key);
    if (!cJSON_IsString(item)) return wrong(record, key, "a text", item);
    if (strlen(item->valuestring) >= size)
        return RAISE(ERR_INPUT, "%s: %s%s: longer than %zu characters", record.origin, place(at, record), key,
                     size - 1);
    return text_copy(out, size, item->valuestring);
}

/* A number, or a text of digits and nothing else. */
static bool whole_number(long long *low, uint64_t *high, const cJSON *item) {
    if (cJSON_IsNumber(item)) {
        double value = item->valuedouble;
        if (value != floor(value) || fabs(value) > exact_max) return false;
        *low = (long long)value;
        *high = value < 0 ? 0 : (uint64_t)value;
        return true;
    }
    if (!cJSON_IsString(item) || !item->valuestring[0] || item->valuestring[strspn(item->valuestring, "0123456789")])
        return false;
    errno = 0;
    *high = strtoumax(item->valuestring, NULL, 10);
    *low = *high > INT64_MAX ? INT64_MAX : (long long)*high;
    return errno == 0;
}

Err record_int(int64_t *out, Record record, const char *key, int64_t low, int64_t high) {
    char at[NAME_SIZE];
    const cJSON *item = member(record, key);
    long long value;
    uint64_t large;
    if (!whole_number(&value, &large, item)) return wrong(record, key, "a whole number", item);
    if (value < low || value > high)
        return RAISE(ERR_INPUT, "%s: %s%s: %lld is outside [%lld, %lld]", record.origin, place(at, record), key, value,
                     (long long)low, (long long)high);
    *out = value;
    return ERR_NONE;
}

Err record_seed(uint64_t *out, Record record, const char *key) {
    const cJSON *item = member(record, key);
    long long value;
    if (!whole_number(&value, out, item) || value < 0) return wrong(record, key, "a whole number from 0 on", item);
    return ERR_NONE;
}

Err record_double(double *out, Record record, const char *key) {
    const cJSON *item = member(record, key);
    if (!cJSON_IsNumber(item) && !cJSON_IsNull(item)) return wrong(record, key, "a number or null", item);
    *out = cJSON_IsNull(item) ? NAN : item->valuedouble;
    return ERR_NONE;
}

const char *record_text_or(const cJSON *object, const char *key, const char *otherwise) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : otherwise;
}

double record_number_or(const cJSON *object, const char *key, double otherwise) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

Err record_maybe_text(const char **out, Record record, const char *key) {
    const cJSON *item = member(record, key);
    if (item && !cJSON_IsString(item)) return wrong(record, key, "a text", item);
    *out = item ? item->valuestring : "";
    return ERR_NONE;
}

Err record_maybe_number(double *out, Record record, const char *key) {
    const cJSON *item = member(record, key);
    if (item && !cJSON_IsNumber(item)) return wrong(record, key, "a number", item);
    *out = item ? item->valuedouble : NAN;
    return ERR_NONE;
}

Err record_maybe_flag(bool *out, Record record, const char *key) {
    const cJSON *item = member(record, key);
    if (item && !cJSON_IsBool(item)) return wrong(record, key, "true or false", item);
    *out = cJSON_IsTrue(item);
    return ERR_NONE;
}

Err record_object(Record *out, Record record, const char *key) {
    const cJSON *item = member(record, key);
    if (!cJSON_IsObject(item)) return wrong(record, key, "an object", item);
    *out = (Record){.object = item, .origin = record.origin};
    return ERR_NONE;
}

Err record_list(const cJSON **list, int *n, Record record, const char *key) {
    *list = member(record, key);
    if (!cJSON_IsArray(*list)) return wrong(record, key, "a list", *list);
    *n = cJSON_GetArraySize(*list);
    return ERR_NONE;
}

Err record_texts(const cJSON **list, int *n, Record record, const char *key) {
    const cJSON *item;
    char place_key[NAME_SIZE];
    int entry = 0;
    TRY(record_list(list, n, record, key));
    cJSON_ArrayForEach(item, *list) {
        snprintf(place_key, sizeof place_key, "%s[%d]", key, entry++);
        if (!cJSON_IsString(item)) return wrong(record, place_key, "a text", item);
    }
    return ERR_NONE;
}

Err record_each(Record record, const char *key, RecordRow *row, void *state) {
    const cJSON *list, *item;
    int n;
    Record entry = {.origin = record.origin, .list = key};
    TRY(record_list(&list, &n, record, key));
    cJSON_ArrayForEach(item, list) {
        if (!cJSON_IsObject(item)) return wrong(entry, "the entry", "an object", item);
        entry.object = item;
        TRY(row(state, entry));
        entry.entry++;
    }
    return ERR_NONE;
}

bool record_put_text(cJSON *object, const char *key, const char *text) {
    return cJSON_AddStringToObject(object, key, text) != NULL;
}

bool record_put_int(cJSON *object, const char *key, int64_t value) {
    ASSERT(fabs((double)value) <= exact_max);
    return cJSON_AddNumberToObject(object, key, (double)value) != NULL;
}

bool record_put_seed(cJSON *object, const char *key, uint64_t value) {
    if ((double)value <= exact_max) return cJSON_AddNumberToObject(object, key, (double)value) != NULL;
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    return record_put_text(object, key, digits);
}

/* JSON has no infinity and no NaN: null, which record_double gives back as NaN. */
bool record_put_double(cJSON *object, const char *key, double value) {
    if (isfinite(value)) return cJSON_AddNumberToObject(object, key, value) != NULL;
    return cJSON_AddNullToObject(object, key) != NULL;
}

bool record_put_json(cJSON *object, const char *key, const char *text) {
    if (!text) return true;
    cJSON *member_tree = cJSON_Parse(text);
    if (member_tree && cJSON_AddItemToObject(object, key, member_tree)) return true;
    cJSON_Delete(member_tree);
    return false;
}
