/* What follows from a Field table: defaults, the size of the struct, dumps, identities, and words for people. A row
 * knows type, offset and limits, so one function a type does for all structs of the program. */
#include "base/config/field.h"

#include "base/config/json.h"
#include "base/system/memory.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>

const char *field_path(char *out, size_t size, const char *path, const char *key) {
    snprintf(out, size, "%s%s%s", path, *path ? "." : "", key);
    return out;
}

/* `text` is "first|second|third"; the value is the number of the name. */
bool field_enum_name(char *out, size_t size, const Field *field, int i) {
    const char *name = field->text;
    for (; i > 0; i--) {
        name = strchr(name, '|');
        if (!name) return false;
        name++;
    }
    snprintf(out, size, "%.*s", (int)strcspn(name, "|"), name);
    return true;
}

/* ---- defaults ---- */

static void default_one(void *at, const Field *field) {
    switch (field->type) {
    case FIELD_TYPE_BOOL: *(bool *)at = field->fallback != 0; break;
    case FIELD_TYPE_ENUM:
    case FIELD_TYPE_INT: *(int *)at = (int)field->fallback; break;
    case FIELD_TYPE_INT64: *(int64_t *)at = (int64_t)field->fallback; break;
    case FIELD_TYPE_FLOAT: *(float *)at = (float)field->fallback; break;
    case FIELD_TYPE_DOUBLE: *(double *)at = field->fallback; break;
    case FIELD_TYPE_RANGE: *(Range *)at = (Range){field->fallback, field->fallback_high}; break;
    case FIELD_TYPE_TEXT: snprintf(at, field->size, "%s", field->text ? field->text : ""); break;
    case FIELD_TYPE_GROUP: fields_default(at, field->fields); break;
    case FIELD_TYPE_TEXTS: memset(at, 0, field->size); break;
    case FIELD_TYPE_END: break;
    }
}

void fields_default(void *config, const Field *fields) {
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++)
        default_one((char *)config + field->offset, field);
}

/* Up to the end of the last member that the table knows. */
size_t fields_size(const Field *fields) {
    size_t size = 0;
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++)
        if (field->offset + field->size > size) size = field->offset + field->size;
    return size;
}

/* ---- finding ---- */

static const char *nearest_key(const Field *fields, const char *word) {
    enum { MOST = 256 };
    const char *names[MOST];
    int n = 0;
    for (const Field *field = fields; field->type != FIELD_TYPE_END && n < MOST - 1; field++) names[n++] = field->key;
    names[n] = NULL;
    return text_nearest(word, names);
}

const Field *fields_find(const Field *fields, const char *key_path, const char **nearest) {
    if (nearest) *nearest = NULL;
    char key[NAME_SIZE];
    size_t length = strcspn(key_path, ".");
    snprintf(key, sizeof key, "%.*s", (int)length, key_path);
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++) {
        if (!text_equal(field->key, key)) continue;
        if (!key_path[length]) return field;
        if (field->type == FIELD_TYPE_GROUP) return fields_find(field->fields, key_path + length + 1, nearest);
        return NULL;
    }
    if (nearest) *nearest = nearest_key(fields, key);
    return NULL;
}

/* ---- dumping ---- */

/* The shortest decimal that is this float, so that 0.1f is dumped as 0.1 and reads back to the same bits. */
static double shortest_decimal(float value) {
    char text[32];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    return strtod(text, NULL);
}

static cJSON *dump_texts(const TextList *list) {
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; array && i < list->count; i++) cJSON_AddItemToArray(array, cJSON_CreateString(list->items[i]));
    return array;
}

static cJSON *dump_range(const Range *range) {
    double ends[] = {range->low, range->high};
    return cJSON_CreateDoubleArray(ends, 2);
}

static cJSON *dump_one(const void *at, const Field *field, bool identity_only) {
    char name[NAME_SIZE];
    switch (field->type) {
    case FIELD_TYPE_BOOL: return cJSON_CreateBool(*(const bool *)at);
    case FIELD_TYPE_INT: return cJSON_CreateNumber(*(const int *)at);
    case FIELD_TYPE_INT64: return cJSON_CreateNumber((double)*(const int64_t *)at);
    case FIELD_TYPE_FLOAT: return cJSON_CreateNumber(shortest_decimal(*(const float *)at));
    case FIELD_TYPE_DOUBLE: return cJSON_CreateNumber(*(const double *)at);
    case FIELD_TYPE_TEXT: return cJSON_CreateString(at);
    case FIELD_TYPE_ENUM:
        ASSERT(field_enum_name(name, sizeof name, field, *(const int *)at));
        return cJSON_CreateString(name);
    case FIELD_TYPE_RANGE: return dump_range(at);
    case FIELD_TYPE_GROUP: return fields_dump(at, field->fields, identity_only);
    case FIELD_TYPE_TEXTS: return dump_texts(at);
    case FIELD_TYPE_END: break;
    }
    return NULL;
}

/* Every member of a group has its default. */
static bool group_default(const void *at, const Field *field) {
    void *defaults = memory_take(field->size); /* remembers a failure, since the group would then be there too much */
    if (!defaults) return false;
    memset(defaults, 0, field->size);
    fields_default(defaults, field->fields);
    cJSON *set = fields_dump(at, field->fields, true), *unset = fields_dump(defaults, field->fields, true);
    bool same = set && unset && cJSON_Compare(set, unset, true);
    cJSON_Delete(set), cJSON_Delete(unset);
    free(defaults);
    return same;
}

/* Only enums and groups have been quiet so far. */
static bool quiet_default(const void *at, const Field *field) {
    if (!(field->flags & FIELD_QUIET)) return false;
    if (field->type == FIELD_TYPE_GROUP) return group_default(at, field);
    return field->type == FIELD_TYPE_ENUM && *(const int *)at == (int)field->fallback;
}

/* FIELD_COSMETIC never counts; FIELD_QUIET counts only when it is not at its default, so that a setting may be added
 * later without a new name for every old run. */
cJSON *fields_identity(const void *config, const Field *fields) {
    cJSON *object = fields_dump(config, fields, true);
    for (const Field *field = fields; object && field->type != FIELD_TYPE_END; field++) {
        const char *at = (const char *)config + field->offset;
        if (field->flags & FIELD_COSMETIC) continue;
        if (quiet_default(at, field)) {
            cJSON_DeleteItemFromObjectCaseSensitive(object, field->key);
            continue;
        }
        if (field->type != FIELD_TYPE_GROUP) continue;
        cJSON *group = fields_identity(at, field->fields);
        if (group && cJSON_ReplaceItemInObjectCaseSensitive(object, field->key, group)) continue;
        cJSON_Delete(group);
        cJSON_Delete(object);
        object = NULL;
    }
    return object;
}

cJSON *fields_dump(const void *config, const Field *fields, bool identity_only) {
    cJSON *object = cJSON_CreateObject();
    for (const Field *field = fields; object && field->type != FIELD_TYPE_END; field++) {
        if (identity_only && (field->flags & FIELD_COSMETIC)) continue;
        if (field->type == FIELD_TYPE_GROUP && quiet_default((const char *)config + field->offset, field)) continue;
        cJSON *item = dump_one((const char *)config + field->offset, field, identity_only);
        if (item && cJSON_AddItemToObject(object, field->key, item)) continue;
        cJSON_Delete(item);
        cJSON_Delete(object);
        object = NULL;
    }
    return object;
}

/* ---- for people ---- */

static const char *enum_names_text(char *out, size_t size, const Field *field) {
    size_t used = 0;
    char name[NAME_SIZE];
    out[0] = 0;
    for (int i = 0; field_enum_name(name, sizeof name, field, i) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " | " : "", name);
    return out;
}

static const char *number_kind_text(char *out, size_t size, const Field *field, const char *noun) {
    char low[32], high[32];
    if (field->min >= field->max)
        snprintf(out, size, "%s", noun);
    else
        snprintf(out, size, "%s from %s to %s", noun, json_number(low, sizeof low, field->min),
                 json_number(high, sizeof high, field->max));
    return out;
}

const char *field_kind_text(char *out, size_t size, const Field *field) {
    switch (field->type) {
    case FIELD_TYPE_BOOL: snprintf(out, size, "true or false"); break;
    case FIELD_TYPE_INT:
    case FIELD_TYPE_INT64: return number_kind_text(out, size, field, "whole number");
    case FIELD_TYPE_FLOAT:
    case FIELD_TYPE_DOUBLE: return number_kind_text(out, size, field, "number");
    case FIELD_TYPE_RANGE: return number_kind_text(out, size, field, "[low, high], numbers");
    case FIELD_TYPE_TEXT: snprintf(out, size, "text of at most %zu bytes", field->size - 1); break;
    case FIELD_TYPE_ENUM: return enum_names_text(out, size, field);
    case FIELD_TYPE_GROUP: snprintf(out, size, "group of settings"); break;
    case FIELD_TYPE_TEXTS: snprintf(out, size, "list of at most %d texts", TEXT_LIST_MAX); break;
    case FIELD_TYPE_END: out[0] = 0; break;
    }
    return out;
}

const char *field_default_text(char *out, size_t size, const Field *field) {
    char low[32], high[32];
    out[0] = 0;
    if (field->flags & FIELD_REQUIRED) return out;
    switch (field->type) {
    case FIELD_TYPE_BOOL: snprintf(out, size, "%s", field->fallback != 0 ? "true" : "false"); break;
    case FIELD_TYPE_INT:
    case FIELD_TYPE_INT64:
    case FIELD_TYPE_FLOAT:
    case FIELD_TYPE_DOUBLE: json_number(out, size, field->fallback); break;
    case FIELD_TYPE_RANGE:
        snprintf(out, size, "[%s, %s]", json_number(low, sizeof low, field->fallback),
                 json_number(high, sizeof high, field->fallback_high));
        break;
    case FIELD_TYPE_TEXT: snprintf(out, size, "%s", field->text ? field->text : ""); break;
    case FIELD_TYPE_ENUM: field_enum_name(out, size, field, (int)field->fallback); break;
    case FIELD_TYPE_GROUP:
    case FIELD_TYPE_TEXTS:
    case FIELD_TYPE_END: break;
    }
    return out;
}
