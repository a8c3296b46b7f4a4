/* base/config/field - reading and checking: every message names the key path, what was found and what is allowed. */
#include "base/config/field.h"
#include "base/config/json.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>
#include <math.h>

enum { KEY_PATH_SIZE = 256 };

static Err wrong_type(const char *path, const char *expected, const cJSON *item) {
    char found[JSON_FOUND_SIZE];
    return RAISE(ERR_USAGE, "%s%sexpected %s, found %s", path, *path ? ": " : "", expected, json_found(found, item));
}

static Err check_limits(double value, const Field *field, const char *path) {
    /* a row of the table without limits has min >= max */
    if (field->min >= field->max || (value >= field->min && value <= field->max)) return ERR_NONE;
    char found[32], low[32], high[32];
    return RAISE(ERR_USAGE, "%s: %s is outside [%s, %s]", path, json_number(found, sizeof found, value),
                 json_number(low, sizeof low, field->min), json_number(high, sizeof high, field->max));
}

static Err check_whole(double value, const Field *field, const char *path) {
    const double exact = 9007199254740992.0; /* 2^53: from here a JSON number may not be the one that was written */
    const double limit = field->type == FIELD_TYPE_INT64 ? exact : 2147483647.0;
    char found[32];
    json_number(found, sizeof found, value);
    if (value != floor(value)) return RAISE(ERR_USAGE, "%s: %s is not a whole number", path, found);
    if (fabs(value) > limit) return RAISE(ERR_USAGE, "%s: %s is too large for this setting", path, found);
    return ERR_NONE;
}

static Err read_number(void *at, const Field *field, const cJSON *item, const char *path) {
    bool whole = field->type == FIELD_TYPE_INT || field->type == FIELD_TYPE_INT64;
    if (!cJSON_IsNumber(item)) return wrong_type(path, whole ? "a whole number" : "a number", item);
    double value = item->valuedouble;
    if (!isfinite(value)) return RAISE(ERR_USAGE, "%s: the number is not finite", path);
    TRY(check_limits(value, field, path));
    if (whole) TRY(check_whole(value, field, path));
    if (!at) return ERR_NONE;
    if (field->type == FIELD_TYPE_INT) *(int *)at = (int)value;
    if (field->type == FIELD_TYPE_INT64) *(int64_t *)at = (int64_t)value;
    if (field->type == FIELD_TYPE_FLOAT) *(float *)at = (float)value;
    if (field->type == FIELD_TYPE_DOUBLE) *(double *)at = value;
    return ERR_NONE;
}

static Err read_bool(void *at, const cJSON *item, const char *path) {
    if (!cJSON_IsBool(item)) return wrong_type(path, "true or false", item);
    if (at) *(bool *)at = cJSON_IsTrue(item);
    return ERR_NONE;
}

static Err read_text(void *at, const Field *field, const cJSON *item, const char *path) {
    if (!cJSON_IsString(item)) return wrong_type(path, "a text", item);
    if (strlen(item->valuestring) >= field->size)
        return RAISE(ERR_USAGE, "%s: a text of %zu bytes, at most %zu fit", path, strlen(item->valuestring),
                     field->size - 1);
    return at ? text_copy(at, field->size, item->valuestring) : ERR_NONE;
}

/* In the configuration a name, in memory its number. */
static Err read_enum(void *at, const Field *field, const cJSON *item, const char *path) {
    enum { MOST = 64 };
    char names[MOST][NAME_SIZE], all[512];
    const char *list[MOST + 1];
    if (!cJSON_IsString(item)) return wrong_type(path, field_kind_text(all, sizeof all, field), item);
    int n = 0;
    for (; n < MOST && field_enum_name(names[n], NAME_SIZE, field, n); n++) {
        list[n] = names[n];
        if (!text_equal(names[n], item->valuestring)) continue;
        if (at) *(int *)at = n;
        return ERR_NONE;
    }
    list[n] = NULL;
    const char *nearest = text_nearest(item->valuestring, list);
    return RAISE(ERR_USAGE, "%s: \"%.60s\" is none of %s%s%s%s", path, item->valuestring,
                 field_kind_text(all, sizeof all, field), nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                 nearest ? "\"?" : "");
}

static Err read_range(void *at, const Field *field, const cJSON *item, const char *path) {
    const cJSON *low = cJSON_GetArrayItem(item, 0), *high = cJSON_GetArrayItem(item, 1);
    if (cJSON_GetArraySize(item) != 2 || !cJSON_IsNumber(low) || !cJSON_IsNumber(high))
        return wrong_type(path, "[low, high], two numbers", item);
    TRY(check_limits(low->valuedouble, field, path));
    TRY(check_limits(high->valuedouble, field, path));
    char a[32], b[32];
    if (!(low->valuedouble <= high->valuedouble))
        return RAISE(ERR_USAGE, "%s: the low end %s is above the high end %s", path,
                     json_number(a, sizeof a, low->valuedouble), json_number(b, sizeof b, high->valuedouble));
    if (at) *(Range *)at = (Range){low->valuedouble, high->valuedouble};
    return ERR_NONE;
}

static Err read_texts(TextList *at, const cJSON *item, const char *path) {
    if (!cJSON_IsArray(item)) return wrong_type(path, "a list of texts", item);
    if (cJSON_GetArraySize(item) > TEXT_LIST_MAX)
        return RAISE(ERR_USAGE, "%s: a list of %d, at most %d fit", path, cJSON_GetArraySize(item), TEXT_LIST_MAX);
    if (at) *at = (TextList){0};
    const cJSON *element;
    cJSON_ArrayForEach(element, item) {
        if (!cJSON_IsString(element)) return wrong_type(path, "a list of texts", element);
        if (strlen(element->valuestring) >= sizeof at->items[0])
            return RAISE(ERR_USAGE, "%s: a text of %zu bytes, at most %zu fit", path, strlen(element->valuestring),
                         sizeof at->items[0] - 1);
        if (at) TRY(text_copy(at->items[at->count++], sizeof at->items[0], element->valuestring));
    }
    return ERR_NONE;
}

static Err read_one(void *at, const Field *field, const cJSON *item, const char *path) {
    switch (field->type) {
    case FIELD_TYPE_BOOL: return read_bool(at, item, path);
    case FIELD_TYPE_INT:
    case FIELD_TYPE_INT64:
    case FIELD_TYPE_FLOAT:
    case FIELD_TYPE_DOUBLE: return read_number(at, field, item, path);
    case FIELD_TYPE_TEXT: return read_text(at, field, item, path);
    case FIELD_TYPE_ENUM: return read_enum(at, field, item, path);
    case FIELD_TYPE_RANGE: return read_range(at, field, item, path);
    case FIELD_TYPE_GROUP: return fields_read(at, field->fields, item, path);
    case FIELD_TYPE_TEXTS: return read_texts(at, item, path);
    case FIELD_TYPE_END: break;
    }
    return ERR_NONE;
}

static Err unknown_key(const Field *fields, const char *key, const char *path) {
    const char *nearest = NULL;
    char hint[NAME_SIZE + 32] = "", place[KEY_PATH_SIZE + 16] = "";
    (void)fields_find(fields, key, &nearest);
    if (nearest) snprintf(hint, sizeof hint, "; did you mean \"%s\"?", nearest);
    if (*path) snprintf(place, sizeof place, " in \"%s\"", path);
    return RAISE(ERR_USAGE, "unknown key \"%.60s\"%s%s", key, place, hint);
}

static const Field *find_here(const Field *fields, const char *key) {
    for (; fields->type != FIELD_TYPE_END; fields++)
        if (text_equal(fields->key, key)) return fields;
    return NULL;
}

/* Without a config only checks. Keys that are not given keep what stands there: defaults, or a file that was extended.
 */
Err fields_read(void *config, const Field *fields, const cJSON *object, const char *path) {
    if (!cJSON_IsObject(object)) return wrong_type(path, "an object {...}", object);
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        char inner[KEY_PATH_SIZE];
        const Field *field = find_here(fields, item->string);
        if (!field) return unknown_key(fields, item->string, path);
        void *at = config ? (char *)config + field->offset : NULL;
        TRY(read_one(at, field, item, field_path(inner, sizeof inner, path, field->key)));
    }
    return ERR_NONE;
}

/* Apart from reading, since a key may be given by any of several files and --set. */
Err fields_require(const Field *fields, const cJSON *object, const char *path) {
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++) {
        char inner[KEY_PATH_SIZE];
        field_path(inner, sizeof inner, path, field->key);
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field->key);
        if ((field->flags & FIELD_REQUIRED) && !item)
            return RAISE(ERR_USAGE, "%s is not given (%s); add it to the configuration or say --set %s=...", inner,
                         field->help, inner);
        if (field->type == FIELD_TYPE_GROUP) TRY(fields_require(field->fields, item, inner));
    }
    return ERR_NONE;
}
