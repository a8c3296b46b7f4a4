/* A task is a command line, and a stage command can be parsed without being run: so its settings are known, down to the
 * last default, before the task starts. */
#include "cli/sweep/sweep.h"

#include "base/config/config.h"
#include "base/system/file.h"
#include "cli/stage/stage.h"

const Stage *sweep_stage_of(const SweepTask *task) {
    for (const Command *const *command = commands; *command; command++) {
        const CommandHelp *help = (*command)->stage ? (*command)->stage->help : (*command)->help;
        if (text_equal(help->name, task->arguments[0])) return (*command)->stage;
    }
    return NULL;
}

static Err resolve(char **text, const StageArgs *args, const Stage *stage) {
    char *original = NULL;
    TRY(stage_settings(text, args, stage));
    if (!args->rehearsal) return ERR_NONE;
    Err err = rehearse(text, &original, args->rehearsal, stage->help->name, stage->fields);
    free(original);
    return err;
}

CHECKED Err sweep_stage_config(void **config, char **text, const SweepTask *task) {
    const Stage *stage = sweep_stage_of(task);
    StageArgs args;
    char *resolved = NULL;
    ASSERT(stage);
    TRY(stage_args_parse(&args, stage, task->n_arguments - 1, task->arguments + 1));
    TRY(resolve(&resolved, &args, stage));
    *config = calloc(1, stage->config_size);
    Err err = *config ? config_parse(*config, stage->fields, resolved, "settings")
                      : RAISE(ERR_MEMORY, "%s: no memory for its settings", task->name);
    if (err || !text)
        free(resolved);
    else
        *text = resolved;
    if (err) {
        free(*config);
        *config = NULL;
    }
    return err;
}

/* The task owns its words. */
static Err add_argument(SweepTask *task, const char *text) {
    char **grown = realloc(task->arguments, (size_t)(task->n_arguments + 1) * sizeof *grown);
    if (grown) task->arguments = grown;
    char *copy = grown ? strdup(text) : NULL;
    if (!copy) return RAISE(ERR_MEMORY, "%s: no memory", task->name);
    task->arguments[task->n_arguments++] = copy;
    return ERR_NONE;
}

/* A sweep about lengths of training, say, has nothing to rehearse where all of them are made one. */
static Err overlay_of(char out[NAME_SIZE], const SweepPlan *plan, const char *name) {
    char root[PATH_SIZE], path[PATH_SIZE];
    TRY(config_root(root, sizeof root));
    TRY(text_format(path, sizeof path, "%s/rehearsals/%s-%s.json", root, name, plan->name));
    return text_format(out, NAME_SIZE, "%s%s%s", name, file_exists(path) ? "-" : "",
                       file_exists(path) ? plan->name : "");
}

/* An option more for each task: its command line, and so its digest, tells a rehearsal apart. */
CHECKED Err sweep_stage_rehearse(SweepPlan *plan, const char *asked) {
    char name[NAME_SIZE];
    TRY(overlay_of(name, plan, asked));
    for (int i = 0; i < plan->n_tasks; i++) {
        if (!sweep_stage_of(&plan->tasks[i])) continue;
        TRY(add_argument(&plan->tasks[i], "--rehearsal"));
        TRY(add_argument(&plan->tasks[i], name));
    }
    return ERR_NONE;
}
