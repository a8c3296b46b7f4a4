/* Settings for people, from the Field tables alone: all of a kind in columns, or one key with its default, range and
 * option, for every kind that has it. */
#include "cli/inspect/inspect.h"

#include "base/config/config.h"
#include "base/system/file.h"
#include "cli/stage/stage.h"

enum { COLUMNS = 100, KEY_SIZE = 256, DEFAULT_COLUMNS = 12 };

/* ---- walking a table ---- */

/* Calls `visit` for every setting below `fields`, groups included, with its key path. */
typedef void (*Visit)(void *state, const char *path, const Field *field);

static void walk(const Field *fields, const char *prefix, Visit visit, void *state) {
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++) {
        char path[KEY_SIZE];
        field_path(path, sizeof path, prefix, field->key);
        visit(state, path, field);
        if (field->type == FIELD_TYPE_GROUP) walk(field->fields, path, visit, state);
    }
}

static void print_and_free(Builder *out) {
    if (out->data) fputs(out->data, stdout);
    builder_free(out);
}

/* ---- kinds ---- */

void explain_kinds(void) {
    ConfigKind kinds[KINDS_MAX];
    int n = kinds_list(kinds);
    Builder out = {0};
    builder_add_text(&out, "Kinds of configuration (`synvid config explain KIND` lists the settings of one):\n\n");
    for (int i = 0; i < n; i++) {
        builder_add(&out, "  %-12s", kinds[i].name);
        builder_add_wrapped(&out, kinds[i].summary, 14, 14, COLUMNS);
    }
    print_and_free(&out);
}

/* ---- one kind ---- */

typedef struct {
    Builder *out;
    int key_columns;
} Listing;

static void measure_key(void *state, const char *path, const Field *field) {
    Listing *listing = state;
    int width = text_columns(path);
    /* a few long keys must not push all help to the right */
    if (field->type != FIELD_TYPE_GROUP && width > listing->key_columns && width <= 34) listing->key_columns = width;
}

static void list_key(void *state, const char *path, const Field *field) {
    Listing *listing = state;
    int default_column = listing->key_columns + 4, help_column = default_column + DEFAULT_COLUMNS + 2;
    if (field->type == FIELD_TYPE_GROUP) {
        builder_add(listing->out, "\n  %s: ", path);
        builder_add_wrapped(listing->out, field->help, 4 + text_columns(path), 4, COLUMNS);
        return;
    }
    char fallback[160], kind[512], help[1024];
    field_default_text(fallback, sizeof fallback, field);
    field_kind_text(kind, sizeof kind, field);
    /* the names are the range of an enum; ranges of numbers would fill the columns */
    bool telling = field->type == FIELD_TYPE_ENUM;
    snprintf(help, sizeof help, "%s%s%s", field->help, telling ? ": " : "", telling ? kind : "");
    /* what is too wide for its column moves the help to the next line */
    bool spills = text_columns(path) > listing->key_columns || text_columns(fallback) > DEFAULT_COLUMNS;
    builder_add(listing->out, "  %-*s  %-*s%s", listing->key_columns, path, spills ? 0 : DEFAULT_COLUMNS,
                field->flags & FIELD_REQUIRED ? "(required)" : fallback, spills ? "\n" : "  ");
    builder_add_wrapped(listing->out, help, spills ? 0 : help_column, help_column, COLUMNS);
}

/* Which command reads it, where examples are, how to learn more. */
static void add_where(Builder *out, const ConfigKind *kind) {
    char root[PATH_SIZE], folder[PATH_SIZE];
    bool examples = !config_root(root, sizeof root) && !path_join(folder, sizeof folder, root, kind->folder) &&
                    file_is_directory(folder);
    Builder text = {0};
    if (kind->command) builder_add(&text, "Read by `synvid %s --config`. ", kind->command->help->name);
    if (examples) builder_add(&text, "Examples in %s. ", folder);
    builder_add_text(&text, "More on one: `synvid config explain KEY`.");
    if (text.data) builder_add_wrapped(out, text.data, 0, 0, COLUMNS);
    builder_add_text(out, "\n");
    builder_free(&text);
}

void explain_kind(const ConfigKind *kind) {
    Builder out = {0};
    builder_add(&out, "%s: ", kind->name);
    builder_add_wrapped(&out, kind->summary, text_columns(kind->name) + 2, 4, COLUMNS);
    add_where(&out, kind);
    Listing listing = {&out, 3};
    walk(kind->fields, "", measure_key, &listing);
    builder_add(&out, "  %-*s  %-*s  meaning\n", listing.key_columns, "key", DEFAULT_COLUMNS, "default");
    walk(kind->fields, "", list_key, &listing);
    print_and_free(&out);
}

/* ---- one key ---- */

typedef struct {
    const char *wanted;
    const ConfigKind *kind;
    Builder *out;
    int found;
} Search;

static const char *shortcut_of(const ConfigKind *kind, const char *path) {
    const StageShortcut *shortcut = kind->command ? kind->command->stage->shortcuts : NULL;
    for (; shortcut && shortcut->option; shortcut++)
        if (text_equal(shortcut->key, path)) return shortcut->option;
    return NULL;
}

static void add_value_lines(Builder *out, const Field *field) {
    char kind[512], fallback[160];
    builder_add_text(out, "  value    ");
    builder_add_wrapped(out, field_kind_text(kind, sizeof kind, field), 11, 11, COLUMNS);
    if (field->type == FIELD_TYPE_GROUP) return;
    field_default_text(fallback, sizeof fallback, field);
    bool required = field->flags & FIELD_REQUIRED;
    builder_add(out, "  default  %s\n", required ? "none: it must be given" : *fallback ? fallback : "empty");
    if (field->flags & FIELD_COSMETIC) builder_add_text(out, "  identity no: a run keeps its name when this changes\n");
}

static void explain_match(void *state, const char *path, const Field *field) {
    Search *search = state;
    /* the whole path or its last part: mask_ratio finds train.mask_ratio */
    size_t tail = strlen(path) - strlen(field->key);
    if (!text_equal(path, search->wanted) && !text_equal(path + tail, search->wanted)) return;
    Builder *out = search->out;
    const char *option = shortcut_of(search->kind, path);
    builder_add(out, "%s%s.%s\n", search->found++ ? "\n" : "", search->kind->name, path);
    builder_add_text(out, "  meaning  ");
    builder_add_wrapped(out, field->help, 11, 11, COLUMNS);
    add_value_lines(out, field);
    if (search->kind->command)
        builder_add(out, "  set by   synvid %s --set %s=...%s%s\n", search->kind->command->help->name, path,
                    option ? " or --" : "", option ? option : "");
    if (field->type == FIELD_TYPE_GROUP) walk(field->fields, path, list_key, &(Listing){out, 30});
}

typedef struct {
    const char **names;
    int n, most;
} Names;

static void collect_name(void *state, const char *path, const Field *field) {
    (void)path;
    Names *names = state;
    if (names->n < names->most) names->names[names->n++] = field->key;
}

static Err unknown_key(const ConfigKind *kinds, int n_kinds, const char *key) {
    enum { MOST = 1024 };
    const char *list[MOST + 1];
    Names names = {list, 0, MOST};
    for (int i = 0; i < n_kinds; i++) walk(kinds[i].fields, "", collect_name, &names);
    list[names.n] = NULL;
    const char *last = strrchr(key, '.'), *nearest = text_nearest(last ? last + 1 : key, list);
    return RAISE(ERR_USAGE, "no setting and no kind of configuration \"%.80s\"%s%s%s", key,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

Err explain_key(const char *key) {
    ConfigKind kinds[KINDS_MAX];
    int n = kinds_list(kinds);
    Builder out = {0};
    Search search = {.wanted = key, .out = &out};
    for (int i = 0; i < n; i++) {
        size_t length = strlen(kinds[i].name);
        /* "pretrain.mask_ratio" asks for the key of one kind */
        bool here = !strncmp(key, kinds[i].name, length) && key[length] == '.';
        search.kind = &kinds[i];
        search.wanted = here ? key + length + 1 : key;
        walk(kinds[i].fields, "", explain_match, &search);
    }
    print_and_free(&out);
    return search.found ? ERR_NONE : unknown_key(kinds, n, key);
}
