/* cli/inspect/explain - in what two configurations differ. */
#include "base/config/config.h"
#include "base/config/json.h"
#include "base/text/escape.h"
#include "cli/inspect/inspect.h"

#include <cjson/cJSON.h>

enum { COLUMNS = 100 };

/* What to do with a setting that differs. */
typedef void (*Visit)(Builder *out, const char *path, const cJSON *a, const cJSON *b);

/* Both trees come from one table, so they have the same keys in the same order. */
static int visit_differences(Builder *out, const cJSON *a, const cJSON *b, const char *path, Visit visit) {
    int count = 0;
    for (const cJSON *x = a->child, *y = b->child; x && y; x = x->next, y = y->next) {
        char inner[256];
        field_path(inner, sizeof inner, path, x->string);
        if (cJSON_IsObject(x)) {
            count += visit_differences(out, x, y, inner, visit);
        } else if (!cJSON_Compare(x, y, true)) {
            visit(out, inner, x, y);
            count++;
        }
    }
    return count;
}

static void add_value(Builder *out, const cJSON *item) {
    char *text = cJSON_PrintUnformatted(item);
    escape_line(out, text ? text : "?");
    cJSON_free(text);
}

/* "key: old -> new" */
static void add_both(Builder *out, const char *path, const cJSON *a, const cJSON *b) {
    builder_add(out, "%s: ", path);
    add_value(out, a);
    builder_add_text(out, " -> ");
    add_value(out, b);
    builder_add_text(out, "\n");
}

/* The value alone: the other one is the default. */
static void add_new(Builder *out, const char *path, const cJSON *a, const cJSON *b) {
    Builder value = {0};
    (void)a;
    add_value(&value, b);
    builder_add(out, "  %-24s ", path);
    int column = 27 > text_columns(path) + 3 ? 27 : text_columns(path) + 3;
    builder_add_wrapped(out, value.data ? value.data : "?", column, 27, COLUMNS);
    builder_free(&value);
}

static Err compare(Builder *out, int *count, const char *a, const char *b, Visit visit) {
    cJSON *first = NULL, *second = NULL;
    Err err = json_parse(&first, a, strlen(a), "a resolved configuration", ERR_INTERNAL);
    if (!err) err = json_parse(&second, b, strlen(b), "a resolved configuration", ERR_INTERNAL);
    if (!err) *count = visit_differences(out, first, second, "", visit);
    cJSON_Delete(first);
    cJSON_Delete(second);
    return err;
}

Err explain_differences(Builder *out, int *count, const char *a, const char *b) {
    return compare(out, count, a, b, add_both);
}

/* As text, like what a file resolves to, so that both are compared in one form. */
static Err defaults_text(char **text, const ConfigKind *kind) {
    void *config = calloc(1, fields_size(kind->fields));
    if (!config) return RAISE(ERR_MEMORY, "no memory for a configuration");
    fields_default(config, kind->fields);
    cJSON *tree = fields_dump(config, kind->fields, false);
    Err err = tree ? json_print(text, tree) : RAISE(ERR_MEMORY, "no memory for a configuration");
    cJSON_Delete(tree);
    free(config);
    return err;
}

Err explain_changes(Builder *out, const ConfigKind *kind, const char *path) {
    char *defaults = NULL, *resolved = NULL;
    int count = 0;
    Err err = defaults_text(&defaults, kind);
    if (!err) err = config_resolve(&resolved, kind->fields, path, NULL, 0);
    if (!err) err = compare(out, &count, defaults, resolved, add_new);
    if (!err && !count) builder_add_text(out, "  all settings have their defaults\n");
    free(defaults);
    free(resolved);
    return err;
}
