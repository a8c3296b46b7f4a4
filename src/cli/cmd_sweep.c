#include "base/log.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "sweep/launch.h"
#include "sweep/run.h"

typedef struct {
    const char *out;
    ArgList vars;
    int64_t parallel, cores;
    bool force;
    bool help;
} SweepArgs;

static const Option sweep_options[] = {
    OPTION_TEXT("out", 'o', "DIR", offsetof(SweepArgs, out), "folder of the sweep (default: ./<name>)"),
    OPTION_LIST("var", 0, "NAME=VALUE", offsetof(SweepArgs, vars), "override a variable of the file; may repeat"),
    OPTION_INT("parallel", 'j', "N", offsetof(SweepArgs, parallel),
               "run: tasks at once (default: as many as the cores hold)"),
    OPTION_INT("cores", 0, "N", offsetof(SweepArgs, cores), "run: cores to use (default: all this process may use)"),
    OPTION_FLAG("force", 0, offsetof(SweepArgs, force), "run: do finished tasks again"),
    OPTION_FLAG("help", 'h', offsetof(SweepArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const sweep_tables[] = {sweep_options, NULL};

static const CommandHelp sweep_help = {
    .name = "sweep",
    .summary = "list and run a grid of tasks described by one file",
    .usage = "sweep list|show|status|run FILE [TASK] [options]",
    .description =
        "A sweep file (configs/sweeps/*.json) lists tasks: a synvid command each, expanded over axes, with what they\n"
        "need. `run` executes what is missing, side by side as the cores allow; `run FILE TASK` executes one task, by\n"
        "name or number, which is what a job array does. Finished tasks are recognized by a digest of their command,\n"
        "their config files and their needs, so the same command again does only what is missing or has changed.",
    .examples = "  synvid sweep list quickstart\n"
                "  synvid sweep run quickstart --var media=photos --parallel 2\n"
                "  synvid sweep status quickstart\n"
                "  synvid sweep show quickstart 7        the command of task 7, ready to paste",
    .options = sweep_tables,
    .words = "list show status run",
};

static Err parse_task(int *task, const SweepPlan *plan, const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    if (*text && !*end) {
        if (number < 0 || number >= plan->n_tasks)
            return RAISE(ERR_USAGE, "task %ld: %s has tasks 0 to %d", number, plan->name, plan->n_tasks - 1);
        *task = (int)number;
        return ERR_NONE;
    }
    *task = sweep_plan_find(plan, text);
    return *task >= 0 ? ERR_NONE
                      : RAISE(ERR_USAGE, "%s has no task \"%s\"; `synvid sweep list` shows them", plan->name, text);
}

static void print_task_line(const SweepPlan *plan, const TaskRecord *records, int i) {
    const SweepTask *task = &plan->tasks[i];
    char took[32] = "";
    if (records[i].seconds > 0) text_duration(took, sizeof took, records[i].seconds);
    printf("%5d  %-44.44s %2dx%-2d  %-9s %9s\n", i, task->name, task->ranks, task->threads,
           task_state_name(records[i].state), took);
    if (records[i].state == TASK_FAILED)
        printf("       exit code %d: %.80s\n", records[i].exit_code, records[i].message);
}

static Err show_list(const SweepPlan *plan, const TaskRecord *records) {
    printf("%s: %s\n\n%5s  %-44s %-5s  %-9s %9s\n", plan->name, plan->help, "task", "name", "ranks", "state", "took");
    for (int i = 0; i < plan->n_tasks; i++) print_task_line(plan, records, i);
    return ERR_NONE;
}

static Err show_status(const SweepPlan *plan, const TaskRecord *records) {
    int counts[TASK_STATES] = {0};
    for (int i = 0; i < plan->n_tasks; i++) {
        counts[records[i].state]++;
        if (records[i].state != TASK_FINISHED) print_task_line(plan, records, i);
    }
    printf("%s: %d tasks:", plan->name, plan->n_tasks);
    for (TaskState s = TASK_MISSING; s < TASK_STATES; s++)
        if (counts[s]) printf(" %d %s", counts[s], task_state_name(s));
    printf("\n");
    return ERR_NONE;
}

static Err show_task(const SweepPlan *plan, const TaskRecord *records, int task) {
    char *command;
    TRY(task_command(&command, plan, task, records));
    printf("%s\n", command);
    free(command);
    return ERR_NONE;
}

static Err dispatch(const char *verb, const SweepPlan *plan, const TaskRecord *records, int task,
                    const SweepArgs *args) {
    if (text_equal(verb, "list")) return show_list(plan, records);
    if (text_equal(verb, "status")) return show_status(plan, records);
    if (text_equal(verb, "show"))
        return task >= 0 ? show_task(plan, records, task)
                         : RAISE(ERR_USAGE, "sweep show: which task? sweep show FILE TASK");
    SweepRunOptions options = {
        .parallel = (int)args->parallel, .cores = (int)args->cores, .force = args->force, .only = task};
    return sweep_run(plan, &options);
}

static Err check_verb(const char *verb) {
    static const char *const verbs[] = {"list", "show", "status", "run", NULL};
    for (const char *const *known = verbs; *known; known++)
        if (text_equal(*known, verb)) return ERR_NONE;
    const char *nearest = text_nearest(verb, verbs);
    return RAISE(ERR_USAGE, "sweep %s: list, show, status or run was expected%s%s%s", verb,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static Err sweep_main(int argc, char *const *argv) {
    SweepArgs args = {0};
    ArgList rest = {0};
    SweepPlan plan = {0};
    TaskRecord *records = NULL;
    Err err = ERR_NONE;
    int task = -1;
    TRY(args_parse(&args, &rest, sweep_tables, argc, argv));
    if (args.help) {
        args_help(&sweep_help);
        return ERR_NONE;
    }
    if (rest.count < 2 || rest.count > 3)
        return RAISE(ERR_USAGE, "usage: synvid %s; see `synvid sweep --help`", sweep_help.usage);
    TRY(check_verb(rest.items[0]));
    TRY(sweep_plan_read(&plan, rest.items[1], args.out, args.vars.items, args.vars.count));
    records = calloc((size_t)plan.n_tasks + 1, sizeof *records);
    if (!records) TRY_OR(done, RAISE(ERR_MEMORY, "no memory for %d tasks", plan.n_tasks));
    TRY_OR(done, sweep_state_read(records, &plan));
    if (rest.count == 3) TRY_OR(done, parse_task(&task, &plan, rest.items[2]));
    err = dispatch(rest.items[0], &plan, records, task, &args);
done:
    free(records);
    sweep_plan_free(&plan);
    return err;
}

const Command cmd_sweep = {.help = &sweep_help, .run = sweep_main};
