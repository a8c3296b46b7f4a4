/* cJSON reads too much and says too little, so a text is looked over before (depth, zero bytes) and the tree behind
 * (twins, infinite numbers). What is written has one form for one tree: files are compared by their bytes. */
#include "base/config/json.h"

#include "base/system/file.h"
#include "base/system/memory.h"
#include "base/text/escape.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>
#include <math.h>

enum { LINE_COLUMNS = 100 };

/* ---- reading ---- */

static int line_of(const char *text, const char *at) {
    int line = 1;
    for (const char *p = text; p < at; p++) line += *p == '\n';
    return line;
}

/* Recursion in the parser follows the nesting, so it is bounded before parsing. */
static const char *find_too_deep(const char *text, size_t length) {
    int depth = 0;
    bool in_string = false;
    for (const char *p = text; p < text + length; p++) {
        /* a bracket inside of a text is no bracket */
        if (in_string && *p == '\\' && p + 1 < text + length) {
            p++;
        } else if (*p == '"') {
            in_string = !in_string;
        } else if (!in_string && (*p == '{' || *p == '[')) {
            if (++depth > JSON_DEPTH_MAX) return p;
        } else if (!in_string && (*p == '}' || *p == ']')) {
            depth--;
        }
    }
    return NULL;
}

static int by_key(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A key that stands twice in the object, or NULL; sorted first, so that a huge object is no trap. */
static Err find_twin(const char **twin, const cJSON *object) {
    *twin = NULL;
    int count = cJSON_GetArraySize(object), n = 0;
    if (count < 2) return ERR_NONE;
    const char **keys = memory_take((size_t)count * sizeof *keys);
    if (!keys) return RAISE(ERR_MEMORY, "no memory for an object of %d keys", count);
    const cJSON *item;
    cJSON_ArrayForEach(item, object) keys[n++] = item->string;
    qsort(keys, (size_t)count, sizeof *keys, by_key);
    for (int i = 1; i < count && !*twin; i++)
        if (text_equal(keys[i - 1], keys[i])) *twin = keys[i];
    free(keys);
    return ERR_NONE;
}

/* Undoes what escape_json did to texts that are not UTF-8. */
static void restore_bytes(cJSON *tree) {
    if (tree->string) escape_utf8_undo(tree->string);
    if (cJSON_IsString(tree)) escape_utf8_undo(tree->valuestring);
    for (cJSON *item = tree->child; item; item = item->next) restore_bytes(item);
}

static Err check_tree(const cJSON *tree, const char *origin, Err code) {
    if (cJSON_IsNumber(tree) && !isfinite(tree->valuedouble))
        return RAISE(code, "%s: a number is too large for double precision%s%s", origin, tree->string ? ": " : "",
                     tree->string ? tree->string : "");
    const char *twin = NULL;
    if (cJSON_IsObject(tree)) TRY(find_twin(&twin, tree));
    if (twin) return RAISE(code, "%s: the key \"%s\" stands twice in one object; keep one", origin, twin);
    const cJSON *item;
    cJSON_ArrayForEach(item, tree) TRY(check_tree(item, origin, code));
    return ERR_NONE;
}

static Err syntax_error(const char *text, const char *at, const char *origin, Err code) {
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') at++;
    int line = line_of(text, at);
    if (!*at)
        return RAISE(code, "%s: line %d: the JSON ends too early; a closing bracket or quote is missing", origin, line);
    int shown = (int)strcspn(at, "\r\n");
    if (shown > 40) shown = 40;
    return RAISE(code, "%s: line %d: not valid JSON at `%.*s`", origin, line, shown, at);
}

Err json_parse(cJSON **tree, const char *text, size_t length, const char *origin, Err code) {
    *tree = NULL;
    const char *zero = memchr(text, 0, length);
    if (zero) return RAISE(code, "%s: line %d: a zero byte; this is not a text file", origin, line_of(text, zero));
    const char *deep = find_too_deep(text, length);
    if (deep)
        return RAISE(code, "%s: line %d: nested deeper than %d levels", origin, line_of(text, deep), JSON_DEPTH_MAX);

    const char *end = text;
    /* length + 1: with the terminating zero in view, the parser insists that nothing follows the value. */
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, length + 1, &end, true);
    if (!parsed && memory_ran_out()) return err_out_of_memory(origin);
    if (!parsed) return syntax_error(text, end, origin, code);
    Err err = check_tree(parsed, origin, code);
    if (err) {
        cJSON_Delete(parsed);
        return err;
    }
    restore_bytes(parsed);
    *tree = parsed;
    return ERR_NONE;
}

Err json_read(cJSON **tree, const char *path, size_t max_bytes, Err code) {
    *tree = NULL;
    if (!file_exists(path)) return RAISE(code, "%s: no such file", path);
    if (file_is_directory(path)) return RAISE(code, "%s: expected a JSON file, found a folder", path);
    char *text = NULL;
    size_t length = 0;
    TRY(file_read(&text, &length, path, max_bytes));
    Err err = json_parse(tree, text, length, path, code);
    free(text);
    return err;
}

/* ---- writing ---- */

const char *json_number(char *out, size_t size, double value) {
    if (value == floor(value) && fabs(value) <= 9007199254740992.0) {
        /* no "-0" */
        snprintf(out, size, "%.0f", value == 0 ? 0.0 : value);
        return out;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    return out;
}

const char *json_value(char *out, size_t size, const cJSON *value, const char *otherwise) {
    if (cJSON_IsNumber(value)) return json_number(out, size, value->valuedouble);
    if (cJSON_IsBool(value)) return cJSON_IsTrue(value) ? "true" : "false";
    return cJSON_IsString(value) ? value->valuestring : otherwise;
}

const char *json_found(char out[JSON_FOUND_SIZE], const cJSON *value) {
    char number[32];
    if (cJSON_IsString(value))
        snprintf(out, JSON_FOUND_SIZE, "the text \"%.60s\"", value->valuestring);
    else if (cJSON_IsArray(value))
        snprintf(out, JSON_FOUND_SIZE, "a list of %d", cJSON_GetArraySize(value));
    else
        snprintf(out, JSON_FOUND_SIZE, "%s",
                 json_value(number, sizeof number, value, cJSON_IsObject(value) ? "an object {...}" : "null"));
    return out;
}

static void add_string(Builder *out, const char *string) {
    builder_add_text(out, "\"");
    escape_json(out, string);
    builder_add_text(out, "\"");
}

/* What JSON has no word for (NaN, infinities) becomes null. */
static void add_scalar(Builder *out, const cJSON *item) {
    char number[32];
    if (cJSON_IsString(item))
        add_string(out, item->valuestring);
    else if (cJSON_IsNumber(item) && isfinite(item->valuedouble))
        builder_add_text(out, json_number(number, sizeof number, item->valuedouble));
    else if (cJSON_IsBool(item))
        builder_add_text(out, cJSON_IsTrue(item) ? "true" : "false");
    else
        builder_add_text(out, "null");
}

static void add_line_start(Builder *out, int level) {
    builder_add(out, "\n%*s", 2 * level, "");
}

static bool is_container(const cJSON *item) {
    return cJSON_IsObject(item) || cJSON_IsArray(item);
}

/* A list of plain values that fits the line. */
static bool add_short_list(Builder *out, const cJSON *list) {
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        if (is_container(item)) return false;
    }
    Builder line = {0};
    cJSON_ArrayForEach(item, list) {
        builder_add_text(&line, item == list->child ? "[" : ", ");
        add_scalar(&line, item);
    }
    bool fits = !line.failed && line.length <= LINE_COLUMNS - 30;
    if (fits) builder_add(out, "%s]", line.data);
    builder_free(&line);
    return fits;
}

static void add_value(Builder *out, const cJSON *tree, int level) {
    if (!is_container(tree)) {
        add_scalar(out, tree);
        return;
    }
    bool object = cJSON_IsObject(tree);
    if (!tree->child) {
        builder_add_text(out, object ? "{}" : "[]");
        return;
    }
    if (!object && add_short_list(out, tree)) return;
    builder_add_text(out, object ? "{" : "[");
    const cJSON *item;
    cJSON_ArrayForEach(item, tree) {
        add_line_start(out, level + 1);
        if (object) {
            add_string(out, item->string);
            builder_add_text(out, ": ");
        }
        add_value(out, item, level + 1);
        if (item->next) builder_add_text(out, ",");
    }
    add_line_start(out, level);
    builder_add_text(out, object ? "}" : "]");
}

Err json_print(char **text, const cJSON *tree) {
    *text = NULL;
    Builder out = {0};
    add_value(&out, tree, 0);
    builder_add_text(&out, "\n");
    Err err = builder_check(&out, "JSON text");
    if (err)
        builder_free(&out);
    else
        *text = out.data;
    return err;
}
