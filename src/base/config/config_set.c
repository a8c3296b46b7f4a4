#include "base/config/config_set.h"

#include "base/config/json.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>

const char config_command_line[] = "command line";

/* ---- the value ---- */

/* Bytes up to the next comma of a list; commas within brackets belong to the item: "a=[1,2],b=3" has two. */
static size_t item_length(const char *at) {
    size_t length = 0;
    for (int depth = 0; at[length] && (at[length] != ',' || depth > 0); length++) {
        depth += at[length] == '[';
        depth -= at[length] == ']';
    }
    return length;
}

/* The items whole, however long: reading checks their length and says so. NULL: out of memory. */
static cJSON *comma_list(const char *value) {
    cJSON *list = cJSON_CreateArray();
    for (const char *at = value; list && *at; at += *at == ',') {
        size_t length = item_length(at);
        char *text = strndup(at, length);
        cJSON *item = text ? cJSON_CreateString(text) : NULL;
        free(text);
        at += length;
        if (item && cJSON_AddItemToArray(list, item)) continue;
        cJSON_Delete(list);
        list = NULL;
    }
    return list;
}

/* A comma list for a list of texts, the text itself for a text; for the rest JSON if it parses, otherwise text, whose
 * type error then shows what was given. */
static cJSON *set_value(const Field *field, const char *value) {
    bool textual = field && (field->type == FIELD_TYPE_TEXT || field->type == FIELD_TYPE_ENUM);
    if (textual && value[0] != '"') return cJSON_CreateString(value);
    if (field && field->type == FIELD_TYPE_TEXTS && value[0] != '[') return comma_list(value);
    cJSON *parsed = NULL;
    if (json_parse(&parsed, value, strlen(value), config_command_line, ERR_USAGE)) return cJSON_CreateString(value);
    return parsed;
}

/* ---- what repeats ---- */

/* The value at "a.b" of a tree, or NULL. */
static const cJSON *find_value(const cJSON *tree, const char *key) {
    while (tree && *key) {
        char name[NAME_SIZE];
        size_t length = strcspn(key, ".");
        if (length >= sizeof name) return NULL;
        memcpy(name, key, length);
        name[length] = 0;
        tree = cJSON_GetObjectItemCaseSensitive(tree, name);
        key += length + (key[length] == '.');
    }
    return tree;
}

/* The items that are there, then those of `list`, which it takes; an empty list empties. NULL: out of memory. */
static cJSON *behind(const cJSON *there, cJSON *list) {
    if (!cJSON_IsArray(there) || !cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0) return list;
    cJSON *whole = cJSON_Duplicate(there, true);
    while (whole && list->child)
        cJSON_AddItemToArray(whole, cJSON_DetachItemViaPointer(list, list->child)); /* takes what is there already */
    cJSON_Delete(list);
    return whole;
}

/* A list that is one text with commas replaces a configuration's or the default, and grows when it is given again. */
static bool add_to_commas(cJSON *text, const cJSON *there) {
    Builder joined = {0};
    if (!cJSON_IsString(text) || !*text->valuestring) return true;
    if (!cJSON_IsString(there) || !*there->valuestring) return true;
    builder_add(&joined, "%s,%s", there->valuestring, text->valuestring);
    bool done = !joined.failed && cJSON_SetValuestring(text, joined.data);
    builder_free(&joined);
    return done;
}

static bool given_before(const char *const *sets, int number, const char *key) {
    size_t length = strlen(key);
    for (int i = 0; i < number; i++)
        if (!strncmp(sets[i], key, length) && sets[i][length] == '=') return true;
    return false;
}

/* NULL: out of memory. */
static cJSON *add_to_what_is_there(cJSON *value, const Field *field, const char *const *sets, int number,
                                   const char *key, const cJSON *under) {
    if (!value || !field) return value;
    if (field->type == FIELD_TYPE_TEXTS) return behind(find_value(under, key), value);
    bool again = field->flags & FIELD_COMMAS && given_before(sets, number, key);
    if (!again || add_to_commas(value, find_value(under, key))) return value;
    cJSON_Delete(value);
    return NULL;
}

/* ---- the whole ---- */

Err config_set_tree(cJSON **tree, const Field *fields, const char *const *sets, int number, const cJSON *under) {
    const char *set = sets[number], *equals = strchr(set, '=');
    char key[PATH_SIZE];
    if (!equals || equals == set)
        return RAISE(ERR_USAGE, "%s: --set %s: expected KEY=VALUE, such as --set train.epochs=10", config_command_line,
                     set);
    TRY(text_format(key, sizeof key, "%.*s", (int)(equals - set), set));
    const Field *field = fields_find(fields, key, NULL);
    cJSON *value = add_to_what_is_there(set_value(field, equals + 1), field, sets, number, key, under);
    while (value) {
        char *dot = strrchr(key, '.');
        cJSON *object = cJSON_CreateObject();
        if (!object || !cJSON_AddItemToObject(object, dot ? dot + 1 : key, value)) {
            cJSON_Delete(object);
            break;
        }
        *tree = value = object;
        if (!dot) return ERR_NONE;
        *dot = 0;
    }
    cJSON_Delete(value);
    *tree = NULL;
    return RAISE(ERR_MEMORY, "no memory for --set %s", set);
}
