#include "base/config/config.h"

#include "base/config/field.h"
#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>

/* One --set as a tree that is laid over the configuration.
 *
 * "a.b=1" is {"a": {"b": 1}}. A value is a text for a text, a list of what commas part for a list, JSON for the rest.
 * Items of a list (FIELD_TEXTS) are added to those of the configuration and of earlier --set of the key; "key=" empties
 * it. A text with commas between its items (FIELD_COMMAS) replaces that of the configuration, and is added to when the
 * same key is set again. */

static const char config_command_line[] = "command line"; /* where such values stand, for messages */

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
        /* `at` moves behind the item, and the loop over the comma */
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

static Err config_set_tree(cJSON **tree, const Field *fields, const char *const *sets, int number, const cJSON *under) {
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

enum { CHAIN_MAX = 16, CONFIG_BYTES_MAX = 1 << 20 };
static const char *const command_line = config_command_line;

/* The files being read, outermost first: what "extends" may not name again. */
typedef struct {
    char paths[CHAIN_MAX][PATH_SIZE];
    int depth;
} Chain;

static Err load_file(cJSON **tree, const Field *fields, const char *path, Chain *chain);

/* ---- merging ---- */

/* Moves everything from `over` into `base`; objects are merged, all else is replaced. Frees `over`. */
static void merge(cJSON *base, cJSON *over) {
    while (over->child) {
        cJSON *item = cJSON_DetachItemViaPointer(over, over->child);
        /* of the same key in both the upper one counts, member by member where both are objects */
        cJSON *below = cJSON_GetObjectItemCaseSensitive(base, item->string);
        if (below && cJSON_IsObject(below) && cJSON_IsObject(item)) {
            merge(below, item);
        } else if (below) {
            cJSON_ReplaceItemViaPointer(base, below, item);
        } else {
            /* The item keeps the key it was detached with. */
            cJSON_AddItemToObject(base, item->string, item);
        }
    }
    cJSON_Delete(over);
}

/* ---- extends ---- */

/* The file that `name` means inside the file `origin`: beside it, or known by name. */
static Err find_extended(char *out, size_t size, const char *name, const char *origin) {
    if (origin != command_line && name[0] != '/') {
        char parent[PATH_SIZE], beside[PATH_SIZE];
        TRY(path_parent(parent, sizeof parent, origin));
        TRY(path_join(beside, sizeof beside, parent, name));
        if (file_exists(beside) && !file_is_directory(beside)) return text_copy(out, size, beside);
        TRY(text_format(beside + strlen(beside), sizeof beside - strlen(beside), ".json"));
        if (file_exists(beside)) return text_copy(out, size, beside);
    }
    return err_within(config_find(out, size, NULL, name), "%s: ", origin);
}

/* Files by their real paths: a link must not hide a circle. */
static Err chain_push(Chain *chain, const char *path, const char *origin) {
    char real[PATH_SIZE];
    if (file_absolute(real, sizeof real, path)) TRY(text_copy(real, sizeof real, path));
    for (int i = 0; i < chain->depth; i++)
        if (text_equal(chain->paths[i], real))
            return RAISE(ERR_USAGE, "%s: \"extends\" runs in a circle: %s is already being read", origin, path);
    if (chain->depth == CHAIN_MAX)
        return RAISE(ERR_USAGE, "%s: more than %d files extend each other", origin, CHAIN_MAX);
    return text_copy(chain->paths[chain->depth++], PATH_SIZE, real);
}

static Err load_extended(cJSON **tree, const Field *fields, const char *name, const char *origin, Chain *chain) {
    char path[PATH_SIZE];
    TRY(find_extended(path, sizeof path, name, origin));
    TRY(chain_push(chain, path, origin));
    TRY(load_file(tree, fields, path, chain));
    chain->depth--;
    return ERR_NONE;
}

/* "model": "models/vit_s" means {"extends": "models/vit_s"}. */
static Err spell_out_group(cJSON *object, cJSON *item) {
    cJSON *group = cJSON_CreateObject();
    if (!group || !cJSON_AddStringToObject(group, "extends", item->valuestring)) {
        cJSON_Delete(group);
        return RAISE(ERR_MEMORY, "no memory for a configuration");
    }
    cJSON_ReplaceItemInObjectCaseSensitive(object, item->string, group);
    return ERR_NONE;
}

/* Groups first, then the object itself: a group may extend a file of its own. */
static Err expand(cJSON *object, const Field *fields, const char *origin, Chain *chain) {
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++) {
        cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field->key);
        if (field->type != FIELD_TYPE_GROUP || !item) continue;
        if (cJSON_IsString(item)) TRY(spell_out_group(object, item));
        item = cJSON_GetObjectItemCaseSensitive(object, field->key);
        if (cJSON_IsObject(item)) TRY(expand(item, field->fields, origin, chain));
    }
    cJSON *extends = cJSON_DetachItemFromObjectCaseSensitive(object, "extends");
    if (!extends) return ERR_NONE;
    cJSON *base = NULL;
    Err err = cJSON_IsString(extends) ? load_extended(&base, fields, extends->valuestring, origin, chain)
                                      : RAISE(ERR_USAGE, "%s: \"extends\" must be a text that names a file", origin);
    cJSON_Delete(extends);
    TRY(err);
    /* The object keeps its place in its parent: its own settings move over the base, then all of it moves back. */
    cJSON *own = cJSON_CreateObject();
    if (own) {
        own->child = object->child;
        object->child = NULL;
        merge(base, own);
        object->child = base->child;
        base->child = NULL;
    }
    cJSON_Delete(base);
    return own ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for a configuration");
}

/* Each file is checked by itself, before it is merged: a message names the file that is wrong. */
static Err expand_and_check(cJSON *tree, const Field *fields, const char *origin, Chain *chain) {
    if (cJSON_IsObject(tree)) TRY(expand(tree, fields, origin, chain));
    return err_within(fields_read(NULL, fields, tree, ""), "%s: ", origin);
}

static Err load_file(cJSON **tree, const Field *fields, const char *path, Chain *chain) {
    TRY(json_read(tree, path, CONFIG_BYTES_MAX, ERR_USAGE));
    Err err = expand_and_check(*tree, fields, path, chain);
    if (err) {
        cJSON_Delete(*tree);
        *tree = NULL;
    }
    return err;
}

/* ---- --set ---- */

static Err apply_set(cJSON *tree, const Field *fields, const char *const *sets, int number) {
    cJSON *over = NULL;
    Chain *chain = calloc(1, sizeof *chain);
    if (!chain) return RAISE(ERR_MEMORY, "no memory for --set %s", sets[number]);
    Err err = config_set_tree(&over, fields, sets, number, tree);
    if (!err) err = expand_and_check(over, fields, command_line, chain);
    if (err)
        cJSON_Delete(over);
    else
        merge(tree, over);
    free(chain);
    return err;
}

/* ---- the whole ---- */

static Err load_tree(cJSON **tree, const Field *fields, const char *path) {
    *tree = NULL;
    if (!path) {
        *tree = cJSON_CreateObject();
        return *tree ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for a configuration");
    }
    Chain *chain = calloc(1, sizeof *chain);
    if (!chain) return RAISE(ERR_MEMORY, "%s: no memory to read it", path);
    Err err = chain_push(chain, path, path);
    if (!err) err = load_file(tree, fields, path, chain);
    free(chain);
    return err;
}

/* Defaults below the tree, all in the order of the table. */
static Err print_resolved(char **text, const Field *fields, const cJSON *tree) {
    void *config = calloc(1, fields_size(fields));
    if (!config) return RAISE(ERR_MEMORY, "no memory for a configuration");
    fields_default(config, fields);
    Err err = fields_read(config, fields, tree, "");
    cJSON *dump = err ? NULL : fields_dump(config, fields, false);
    if (!err) err = dump ? json_print(text, dump) : RAISE(ERR_MEMORY, "no memory for a configuration");
    cJSON_Delete(dump);
    free(config);
    return err;
}

Err config_resolve(char **text, const Field *fields, const char *path, const char *const *sets, int n_sets) {
    *text = NULL;
    cJSON *tree = NULL;
    TRY(load_tree(&tree, fields, path));
    Err err = ERR_NONE;
    /* in the order of the command line: a later one sees what an earlier one has set */
    for (int i = 0; i < n_sets && !err; i++) err = apply_set(tree, fields, sets, i);
    if (!err) err = err_within(fields_require(fields, tree, ""), "%s: ", path ? path : command_line);
    if (!err) err = print_resolved(text, fields, tree);
    cJSON_Delete(tree);
    return err;
}

Err config_parse(void *config, const Field *fields, const char *text, const char *origin) {
    cJSON *tree = NULL;
    TRY(json_parse(&tree, text, strlen(text), origin, ERR_USAGE));
    fields_default(config, fields);
    Err err = err_within(fields_read(config, fields, tree, ""), "%s: ", origin);
    cJSON_Delete(tree);
    return err;
}

Err config_parse_group(bool *found, void *config, const Field *fields, const char *key, const char *text,
                       const char *origin) {
    cJSON *tree = NULL;
    fields_default(config, fields);
    TRY(json_parse(&tree, text, strlen(text), origin, ERR_INPUT));
    const cJSON *group = cJSON_GetObjectItemCaseSensitive(tree, key);
    *found = group != NULL;
    Err err = group ? fields_read(config, fields, group, key) : ERR_NONE;
    cJSON_Delete(tree);
    return err;
}

Err config_load(void *config, const Field *fields, const char *path, const char *const *sets, int n_sets) {
    char *text = NULL;
    TRY(config_resolve(&text, fields, path, sets, n_sets));
    Err err = config_parse(config, fields, text, path ? path : config_command_line);
    free(text);
    return err;
}

Err config_digest(char out[DIGEST_SIZE], const void *config, const Field *fields) {
    /* unformatted text of the fields that decide a result: equal configs, equal digests */
    cJSON *identity = fields_identity(config, fields);
    char *text = identity ? cJSON_PrintUnformatted(identity) : NULL;
    cJSON_Delete(identity);
    if (!text) return RAISE(ERR_MEMORY, "no memory to identify a configuration");
    digest_of(out, text, strlen(text));
    cJSON_free(text);
    return ERR_NONE;
}
