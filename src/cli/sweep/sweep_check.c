/* What would fail after hours is looked for in seconds: every task's settings are resolved, and what it reads from
 * outside must be there. Inputs that other tasks make are no matter of this check. */
#include "cli/sweep/sweep.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "gen/ingest/ingest_list.h"

typedef struct {
    const SweepPlan *plan;
    int n_inputs, n_bad; /* looked at; tasks with something missing */
    char **seen;         /* inputs that were said to be missing */
    int n_seen;
} SweepCheck;

/* Options whose value is a file or folder that a task reads. */
static bool is_input(const char *option) {
    static const char *const names[] = {"--input",     "--list",      "--classes",    "--dataset", "--real", "--pool",
                                        "--train",     "--test",      "--encoder",    "--i3d",     "--runs", "--data",
                                        "--reference", "--inception", "--checkpoint", NULL};
    for (int i = 0; names[i]; i++)
        if (text_equal(names[i], option)) return true;
    return false;
}

/* Neither made by a task nor below the sweep's own folder. */
static bool is_outside(const char *path, const SweepPlan *plan) {
    size_t length = strlen(plan->out);
    bool below = !strncmp(path, plan->out, length) && (path[length] == '/' || !path[length]);
    return !strstr(path, "{made:") && !below;
}

static bool is_there(const char *path) {
    return file_exists(path) || file_is_directory(path);
}

static Err say(SweepCheck *check, const SweepTask *task, const char *what) {
    printf("%-36s %s\n", task->name, what);
    check->n_bad++;
    return ERR_NONE;
}

/* Says a missing path once; the tasks behind it are counted. */
static Err look_at(SweepCheck *check, const SweepTask *task, const char *option, const char *path, bool *bad) {
    char line[PATH_SIZE + 64];
    check->n_inputs++;
    if (is_there(path)) return ERR_NONE;
    *bad = true;
    for (int i = 0; i < check->n_seen; i++) /* a dataset that is missing is missing to many tasks */
        if (text_equal(check->seen[i], path)) return ERR_NONE;
    char **grown = realloc(check->seen, (size_t)(check->n_seen + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "checking a sweep: no memory");
    check->seen = grown;
    if (!(grown[check->n_seen] = strdup(path))) return RAISE(ERR_MEMORY, "checking a sweep: no memory");
    check->n_seen++;
    (void)snprintf(line, sizeof line, "missing: %s%s%s", option, option[0] ? " " : "", path);
    return say(check, task, line);
}

static Err look_at_paths(SweepCheck *check, const SweepTask *task, bool *bad) {
    const char *const *words = (const char *const *)task->arguments;
    for (int i = 1; i < task->n_arguments; i++) {
        /* `import` names its file without an option */
        bool first_word = i == 1 && text_equal(words[0], "import");
        bool value = i > 1 && is_input(words[i - 1]);
        if ((first_word || value) && is_outside(words[i], check->plan))
            TRY(look_at(check, task, first_word ? "" : words[i - 1], words[i], bad));
    }
    return ERR_NONE;
}

/* Every video of the list, or every file of the folder. */
static Err look_at_files(SweepCheck *check, const SweepTask *task, const IngestConfig *config, bool *bad) {
    const Par alone = par_serial(1);
    char line[512];
    IngestList list;
    /* the list is read as the command would read it, every file looked for, none opened */
    if (ingest_list_all(&list, config, 1, &alone)) {
        *bad = true;
        (void)snprintf(line, sizeof line, "%.500s", err_message());
        return say(check, task, line);
    }
    int64_t missing = ingest_list_missing(&list), first = 0;
    while (missing && first < list.count && list.bytes[first] >= 0) first++;
    /* as many as the command itself would put up with */
    if ((double)missing > config->max_bad * (double)list.count) {
        *bad = true;
        (void)snprintf(line, sizeof line, "missing: %lld of %lld videos of the list, the first %.300s",
                       (long long)missing, (long long)list.count, list.names[first]);
        TRY(say(check, task, line));
    } else {
        printf("%-36s %lld files", task->name, (long long)(list.count - missing));
        if (list.classes.count) printf(" of %d classes", list.classes.count);
        if (missing) printf(", %lld of the list missing, which is tolerated (max_bad)", (long long)missing);
        printf("\n");
    }
    ingest_list_free(&list);
    return ERR_NONE;
}

static Err check_task(SweepCheck *check, const SweepTask *task) {
    const Stage *stage = sweep_stage_of(task);
    void *config = NULL;
    bool bad = false;
    if (stage && sweep_stage_config(&config, NULL, task)) {
        char line[512];
        (void)snprintf(line, sizeof line, "%.500s", err_message());
        return say(check, task, line);
    }
    Err err = look_at_paths(check, task, &bad);
    if (!err && !bad && stage && text_equal(task->arguments[0], "ingest"))
        err = look_at_files(check, task, config, &bad);
    free(config);
    return err;
}

CHECKED Err sweep_check(const SweepPlan *plan) {
    SweepCheck check = {.plan = plan};
    Err err = ERR_NONE;
    for (int i = 0; i < plan->n_tasks && !err; i++) err = check_task(&check, &plan->tasks[i]);
    for (int i = 0; i < check.n_seen; i++) free(check.seen[i]);
    free(check.seen);
    if (err) return err;
    if (check.n_bad)
        return RAISE(ERR_INPUT,
                     "sweep %s: %d of its inputs are missing or wrong; see above, and `--var` to say where "
                     "they are",
                     plan->name, check.n_bad);
    log_info("sweep %s: %d tasks, %d inputs from outside, all there", plan->name, plan->n_tasks, check.n_inputs);
    return ERR_NONE;
}
