/* Configurations without a run: resolved, explained, as a schema for editors, and compared. */
#include "base/config/config.h"
#include "base/config/json.h"
#include "cli/inspect/inspect.h"

#include <cjson/cJSON.h>

typedef struct {
    const char *kind;
    ArgList sets;
    bool help;
} ConfigArgs;

static const Option config_options[] = {
    OPTION_TEXT("kind", 'k', "KIND", offsetof(ConfigArgs, kind),
                "what the file configures (default: told by its folder or its settings)"),
    OPTION_LIST("set", 0, "KEY=VALUE", offsetof(ConfigArgs, sets),
                "show, diff: override one setting; may repeat. Items of a list are added to it, KEY= empties it first"),
    OPTION_FLAG("help", 'h', offsetof(ConfigArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const config_tables[] = {config_options, NULL};

static const CommandHelp config_help = {
    .name = "config",
    .summary = "show resolved configurations; explain settings",
    .usage = "config show FILE | explain [KEY|KIND] | schema KIND | diff FILE FILE [options]",
    .description = "Configurations are JSON files that may extend each other; what they leave out has a default.\n\n"
                   "  show     the complete configuration a file stands for, as a run would record it\n"
                   "  explain  what a setting means, its default and range; all settings of a kind; the kinds\n"
                   "  schema   a JSON schema, for editors that check and complete\n"
                   "  diff     the settings in which two files differ",
    .examples = "  synvid config explain pretrain\n"
                "  synvid config explain mask_ratio\n"
                "  synvid config show configs/variants/moving-circles.json --set objects=50\n"
                "  synvid config diff variants/moving-circles variants/moving-shapes\n",
    .options = config_tables,
    .words = "show explain schema diff",
};

/* By the place of the file, or --kind: only then is known which keys it may have. */
static Err resolve_named(char **text, ConfigKind *kind, const char *name, const ConfigArgs *args) {
    char path[PATH_SIZE];
    TRY(kind_find_config(path, sizeof path, args->kind, name));
    TRY(kind_of_file(kind, path, args->kind));
    return config_resolve(text, kind->fields, path, args->sets.items, args->sets.count);
}

static Err show(const ArgList *rest, const ConfigArgs *args) {
    ConfigKind kind;
    char *text = NULL;
    TRY(args_expect(&config_help, rest, 2, 2));
    TRY(resolve_named(&text, &kind, rest->items[1], args));
    fputs(text, stdout);
    free(text);
    return ERR_NONE;
}

/* One word may be a kind (all its settings), or a key in any of them. */
static Err explain(const ArgList *rest, const ConfigArgs *args) {
    (void)args;
    TRY(args_expect(&config_help, rest, 1, 2));
    if (rest->count == 1) {
        explain_kinds();
        return ERR_NONE;
    }
    ConfigKind kind;
    /* a kind goes before a key of the same name */
    if (kind_find(&kind, rest->items[1])) return explain_key(rest->items[1]);
    explain_kind(&kind);
    return ERR_NONE;
}

static Err schema(const ArgList *rest, const ConfigArgs *args) {
    ConfigKind kind;
    char *text = NULL;
    TRY(args_expect(&config_help, rest, 2, 2));
    (void)args;
    TRY(kind_find(&kind, rest->items[1]));
    cJSON *tree = fields_schema(kind.fields);
    cJSON_AddStringToObject(tree, "$schema", "https://json-schema.org/draft/2020-12/schema");
    cJSON_AddStringToObject(tree, "title", kind.name);
    Err err = tree ? json_print(&text, tree) : RAISE(ERR_MEMORY, "no memory for a schema");
    if (!err) fputs(text, stdout);
    free(text);
    cJSON_Delete(tree);
    return err;
}

static Err diff(const ArgList *rest, const ConfigArgs *args) {
    ConfigKind first, second;
    char *a = NULL, *b = NULL;
    Builder out = {0};
    int count = 0;
    Err err = ERR_NONE;
    TRY(args_expect(&config_help, rest, 3, 3));
    TRY_OR(done, resolve_named(&a, &first, rest->items[1], args));
    TRY_OR(done, resolve_named(&b, &second, rest->items[2], args));
    /* two tables have no keys in common to compare */
    if (first.fields != second.fields)
        TRY_OR(done, RAISE(ERR_USAGE, "%s configures %s and %s configures %s; only one kind can be compared",
                           rest->items[1], first.name, rest->items[2], second.name));
    TRY_OR(done, explain_differences(&out, &count, a, b));
    fputs(count ? out.data : "no difference\n", stdout);
done:
    builder_free(&out);
    free(a);
    free(b);
    return err;
}

/* ---- the command ---- */

static Err config_main(int argc, char *const *argv) {
    static const struct {
        const char *name;
        Err (*run)(const ArgList *rest, const ConfigArgs *args);
    } verbs[] = {{"show", show}, {"explain", explain}, {"schema", schema}, {"diff", diff}};
    ConfigArgs args = {0};
    ArgList rest = {0};
    TRY(args_begin(&args, &rest, &config_help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&config_help, &rest, 1, ARGS_LIST_MAX));
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (text_equal(verbs[i].name, rest.items[0])) return verbs[i].run(&rest, &args);
    return RAISE(ERR_USAGE, "config %s: show, explain, schema or diff was expected", rest.items[0]);
}

const Command cmd_config = {.help = &config_help, .group = COMMAND_LOOKING, .run = config_main};
