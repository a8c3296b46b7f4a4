/* A stage's options are made of three tables: its shortcuts, whose help and values follow from the Field table, what
 * all stages have, and what many ranks need. --videos 500 is --set videos=500, so nothing is checked twice. */
#include "cli/stage/stage.h"

static const Option shared_options[] = {
    {.name = "config",
     .letter = 'c',
     .value = "FILE",
     .kind = OPTION_IS_TEXT,
     .offset = offsetof(StageArgs, config),
     .group = "Run",
     .help = "settings as JSON: a file, or a name below configs/"},
    OPTION_LIST("set", 0, "KEY=VALUE", offsetof(StageArgs, sets),
                "override one setting, such as train.epochs=10; may repeat. Items of a list are added to it, KEY= "
                "empties it first"),
    OPTION_TEXT("out", 'o', "DIR", offsetof(StageArgs, out), "where the output goes"),
    OPTION_TEXT("rehearsal", 0, "NAME", offsetof(StageArgs, rehearsal),
                "make sizes and counts smaller as configs/rehearsals/NAME.json says; the result is called a rehearsal"),
    OPTION_INT("seed", 's', "N", offsetof(StageArgs, seed), "of every random number (default 1)"),
    OPTION_FLAG("dry-run", 'n', offsetof(StageArgs, dry_run),
                "say what would be done, how much memory and disk it takes"),
    OPTION_FLAG("resume", 0, offsetof(StageArgs, resume), "go on where an earlier run stopped (the default)"),
    OPTION_FLAG("force", 0, offsetof(StageArgs, force), "start over: what is there already is replaced"),
    OPTION_COUNT_UP("verbose", 'v', offsetof(StageArgs, verbose), "say more"),
    OPTION_FLAG("quiet", 'q', offsetof(StageArgs, quiet), "say nothing but warnings and errors"),
    OPTION_FLAG("help", 'h', offsetof(StageArgs, help), "show this help"),
    OPTION_END,
};

/* Of stages that run on many ranks. */
static const Option rank_options[] = {
    {.name = "threads",
     .letter = 't',
     .value = "N",
     .kind = OPTION_IS_INT,
     .offset = offsetof(StageArgs, threads),
     .group = "Ranks and time",
     .help = "threads of each rank (default: the cores, shared by the ranks)"},
    OPTION_TEXT("progress", 0, "auto|bar|lines|none", offsetof(StageArgs, progress), "how progress is shown"),
    OPTION_TEXT("time-budget", 0, "DURATION", offsetof(StageArgs, time_budget),
                "stop at the next safe point after this long (90s, 45min, 2h30m) with exit code 75; the same command "
                "goes on from there"),
    OPTION_TEXT("hang-timeout", 0, "DURATION", offsetof(StageArgs, hang_timeout),
                "give up when ranks have waited this long for each other (default 30min)"),
    OPTION_END,
};

/* ---- shortcuts as options ---- */

/* What --help shows behind an option. */
static void value_word(char *out, size_t size, const StageShortcut *shortcut, const Field *field) {
    enum { SHORT = 24 };
    const char *word = shortcut->value;
    if (!word && field->type == FIELD_TYPE_ENUM) word = strlen(field->text) <= SHORT ? field->text : "NAME";
    if (!word && field->type == FIELD_TYPE_BOOL) word = "true|false";
    if (!word && field->type == FIELD_TYPE_RANGE) word = "[LOW,HIGH]";
    if (!word && (field->type == FIELD_TYPE_INT || field->type == FIELD_TYPE_INT64)) word = "N";
    if (!word && (field->type == FIELD_TYPE_FLOAT || field->type == FIELD_TYPE_DOUBLE)) word = "X";
    snprintf(out, size, "%s", word ? word : "TEXT");
}

/* Long lists of names do not fit behind the option: they are told in its help. */
static void help_line(char *out, size_t size, const Field *field) {
    char fallback[160], kind[256] = "";
    field_default_text(fallback, sizeof fallback, field);
    if (field->type == FIELD_TYPE_ENUM && strlen(field->text) > 24) {
        kind[0] = ':';
        kind[1] = ' ';
        field_kind_text(kind + 2, sizeof kind - 2, field);
    }
    const char *more = field->type == FIELD_TYPE_TEXTS
                           ? "; may repeat, adds to those of the configuration, \"\" empties"
                       : field->flags & FIELD_COMMAS ? "; may repeat"
                                                     : "";
    if (*fallback)
        snprintf(out, size, "%s%s%s (default %s)", field->help, kind, more, fallback);
    else
        snprintf(out, size, "%s%s%s", field->help, kind, more);
}

static void add_shortcut(StageHelp *storage, int i, const Stage *stage) {
    const StageShortcut *shortcut = &stage->shortcuts[i];
    const Field *field = fields_find(stage->fields, shortcut->key, NULL);
    ASSERT(field && i < STAGE_SHORTCUTS_MAX);
    value_word(storage->value[i], sizeof storage->value[i], shortcut, field);
    help_line(storage->help[i], sizeof storage->help[i], field);
    storage->rows[i] = (Option){.name = shortcut->option,
                                .letter = shortcut->letter,
                                .value = storage->value[i],
                                .help = storage->help[i],
                                .group = i == 0 ? storage->heading : NULL,
                                /* all that was given is kept; add_shortcuts takes the last of a single value */
                                .kind = OPTION_IS_LIST,
                                .offset = offsetof(StageArgs, shortcuts) + (size_t)i * sizeof(ArgList)};
}

const CommandHelp *stage_help(StageHelp *storage, const Stage *stage) {
    int n = 0;
    snprintf(storage->heading, sizeof storage->heading, "Settings (all of them: synvid config explain %s)",
             stage->help->name);
    for (; stage->shortcuts && stage->shortcuts[n].option; n++) add_shortcut(storage, n, stage);
    storage->rows[n] = (Option)OPTION_END;
    storage->tables[0] = storage->rows;
    storage->tables[1] = shared_options;
    storage->tables[2] = stage->one_rank ? NULL : rank_options;
    storage->tables[3] = NULL;
    storage->whole = *stage->help;
    storage->whole.options = storage->tables;
    return &storage->whole;
}

const CommandHelp *command_help(StageHelp *storage, const Command *command) {
    return command->stage ? stage_help(storage, command->stage) : command->help;
}

/* ---- parsing ---- */

/* Durations are parsed to be refused early, and again when they are used. */
static Err check(const StageArgs *args, const Stage *stage) {
    const char *name = stage->help->name;
    if (args->seed < 0) return RAISE(ERR_USAGE, "--seed: %lld is negative", (long long)args->seed);
    if (args->threads < 0 || args->threads > 1024)
        return RAISE(ERR_USAGE, "--threads: %lld is outside [0, 1024]", (long long)args->threads);
    if (args->resume && args->force) return RAISE(ERR_USAGE, "--resume and --force exclude each other");
    if (stage->needs_out && !args->out && !args->dry_run)
        return RAISE(ERR_USAGE, "--out DIR is missing: where should the output go? See `synvid %s --help`", name);
    ProgressMode mode;
    double seconds;
    if (args->time_budget) TRY(err_within(text_parse_duration(&seconds, args->time_budget), "--time-budget: "));
    if (args->hang_timeout) TRY(err_within(text_parse_duration(&seconds, args->hang_timeout), "--hang-timeout: "));
    return stage_args_progress(&mode, args);
}

Err stage_args_parse(StageArgs *args, const Stage *stage, int argc, char *const *argv) {
    *args = (StageArgs){.seed = 1};
    StageHelp *storage = calloc(1, sizeof *storage);
    if (!storage) return RAISE(ERR_MEMORY, "no memory for the command line");
    ArgList rest = {0};
    const CommandHelp *help = stage_help(storage, stage);
    Err err = args_parse(args, &rest, help->options, argc, argv);
    if (!err && !args->help) err = args_expect(stage->help, &rest, 0, 0);
    free(storage);
    if (!err && !args->help) err = check(args, stage);
    return err;
}

Err stage_args_progress(ProgressMode *mode, const StageArgs *args) {
    static const char *const names[] = {"auto", "bar", "lines", "none", NULL};
    *mode = args->quiet ? PROGRESS_NONE : PROGRESS_AUTO;
    if (!args->progress) return ERR_NONE;
    for (int i = 0; names[i]; i++) {
        if (!text_equal(names[i], args->progress)) continue;
        *mode = (ProgressMode)i;
        return ERR_NONE;
    }
    return RAISE(ERR_USAGE, "--progress: \"%.40s\" is none of auto | bar | lines | none", args->progress);
}

/* ---- overrides ---- */

/* "key=value", or a whole --set. */
static Err sets_add(char **sets, int *n_sets, const char *key, const char *value) {
    char *set = NULL;
    int length = value ? asprintf(&set, "%s=%s", key, value) : asprintf(&set, "%s", key);
    if (length < 0) return RAISE(ERR_MEMORY, "no memory for the command line");
    sets[(*n_sets)++] = set;
    return ERR_NONE;
}

static bool is_list(const Stage *stage, const char *key) {
    const Field *field = fields_find(stage->fields, key, NULL);
    return field->type == FIELD_TYPE_TEXTS || field->flags & FIELD_COMMAS;
}

static Err add_shortcuts(char **sets, int *n_sets, const StageArgs *args, const Stage *stage) {
    for (int i = 0; stage->shortcuts && stage->shortcuts[i].option; i++) {
        const char *key = stage->shortcuts[i].key;
        const ArgList *given = &args->shortcuts[i];
        /* a list takes all that was given; of a single value the last one counts */
        for (int k = is_list(stage, key) || !given->count ? 0 : given->count - 1; k < given->count; k++)
            TRY(sets_add(sets, n_sets, key, given->items[k]));
    }
    return ERR_NONE;
}

Err stage_args_sets(char ***sets, int *n_sets, const StageArgs *args, const Stage *stage) {
    size_t room = (size_t)args->sets.count;
    /* as if all were lists */
    for (int i = 0; i < STAGE_SHORTCUTS_MAX; i++) room += (size_t)args->shortcuts[i].count;
    *n_sets = 0;
    *sets = calloc(room + 1, sizeof **sets);
    if (!*sets) return RAISE(ERR_MEMORY, "no memory for the command line");
    Err err = ERR_NONE;
    /* --set first: a shortcut goes before it */
    for (int i = 0; i < args->sets.count && !err; i++) err = sets_add(*sets, n_sets, args->sets.items[i], NULL);
    if (!err) err = add_shortcuts(*sets, n_sets, args, stage);
    if (err) stage_args_sets_free(*sets, *n_sets);
    return err;
}

void stage_args_sets_free(char **sets, int n_sets) {
    for (int i = 0; i < n_sets; i++) free(sets[i]);
    free(sets);
}
