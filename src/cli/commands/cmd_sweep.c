/* The verbs of a sweep: list, status, show, run, slurm, clean. States are read from files each time; what runs a task
 * is sweep/run and sweep/task, what talks to the queue sweep/slurm. */
#include "base/system/log.h"
#include "base/text/escape.h"
#include "base/text/text.h"
#include "cli/stage/cmd.h"
#include "cli/sweep/sweep.h"
#include "sweep/plan/plan.h"
#include "sweep/plan/vars.h"
#include "sweep/run/run.h"
#include "sweep/slurm/queue.h"
#include "sweep/slurm/slurm.h"
#include "sweep/task/launch.h"
#include "sweep/task/view.h"

#include <unistd.h>

enum { NAME_COLUMNS = 44 };

typedef struct {
    const char *out, *hook, *rehearsal, *core_gflops;
    ArgList vars;
    int64_t parallel, cores, ranks;
    bool all, force, submit, guard, cancel, yes, check, plan, rehearse;
    bool help;
} SweepArgs;

static const Option sweep_options[] = {
    OPTION_TEXT("out", 'o', "DIR", offsetof(SweepArgs, out), "folder of the sweep (default: what the file says)"),
    OPTION_LIST(
        "var", 0, "NAME=VALUE", offsetof(SweepArgs, vars),
        "override a variable of the file; may repeat. A sweep is run, submitted, shown and cleaned with the variables "
        "it was run with before, unless they are given anew"),
    OPTION_INT("ranks", 0, "N", offsetof(SweepArgs, ranks),
               "ranks of every many-rank task (default: what the file says)"),
    OPTION_FLAG("all", 'a', offsetof(SweepArgs, all), "run: all tasks (the default without TASK)"),
    OPTION_INT("parallel", 'j', "N", offsetof(SweepArgs, parallel),
               "run: tasks at once (default: as many as the cores hold)"),
    OPTION_INT("cores", 0, "N", offsetof(SweepArgs, cores), "run: cores to use (default: all this process may use)"),
    OPTION_FLAG("force", 0, offsetof(SweepArgs, force), "run: do finished tasks again"),
    OPTION_FLAG("check", 0, offsetof(SweepArgs, check),
                "run: only look at the inputs of every task, in seconds, and say what is missing"),
    OPTION_FLAG("plan", 0, offsetof(SweepArgs, plan),
                "run: only say what it takes: tasks, core-hours, memory and disk of each stage"),
    OPTION_TEXT("core-gflops", 0, "X", offsetof(SweepArgs, core_gflops),
                "run --plan: what a core computes in a second (default: measured on this machine)"),
    OPTION_FLAG(
        "rehearse", 0, offsetof(SweepArgs, rehearse),
        "the same tasks with networks, counts and epochs made small (--rehearsal full), in a folder of its own"),
    OPTION_TEXT("rehearsal", 0, "NAME", offsetof(SweepArgs, rehearsal),
                "the same by configs/rehearsals/NAME.json: full or quick"),
    OPTION_TEXT("hook", 0, "COMMAND", offsetof(SweepArgs, hook),
                "run: shell command after each task, told by SYNVID_TASK, SYNVID_STATE, ... (default: $SYNVID_HOOK)"),
    OPTION_FLAG("submit", 0, offsetof(SweepArgs, submit), "slurm: submit what was written"),
    OPTION_FLAG(
        "guard", 0, offsetof(SweepArgs, guard),
        "slurm: only what was lost from the queue, not what failed; how the guard job of a submission calls it"),
    OPTION_FLAG("cancel", 0, offsetof(SweepArgs, cancel),
                "slurm: take the sweep out of the queue, the guard first; --submit goes on later"),
    OPTION_FLAG("yes", 'y', offsetof(SweepArgs, yes), "clean: remove, not only list, what all tasks made"),
    OPTION_FLAG("help", 'h', offsetof(SweepArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const sweep_tables[] = {sweep_options, NULL};

static const CommandHelp sweep_help = {
    .name = "sweep",
    .summary = "list, run and submit a grid of tasks described by one file",
    .usage = "sweep list|status|show|run|slurm|clean FILE [TASK] [options]",
    .description =
        "A sweep file (configs/sweeps/*.json) lists tasks: a synvid command each, expanded over axes, with what they\n"
        "need. `run` executes what is missing, side by side as the cores allow; `run FILE TASK` executes one task, by\n"
        "name or number, which is what a job array does; `slurm` writes a script that submits an array a stage, with\n"
        "dependencies, and a small job, the guard, that brings back what is lost from the queue; with --submit it "
        "runs\n"
        "the script. Finished tasks are recognized by a digest of their command, their config files, their inputs and\n"
        "what they made, so the same command again does only what is missing or has changed. `status` shows what is\n"
        "not finished, on which machine it runs, and why it failed.",
    .examples = "  synvid sweep list quickstart\n"
                "  synvid sweep run quickstart --var media=photos --parallel 2\n"
                "  synvid sweep slurm progression --submit      jobs/site.sh says for which cluster\n"
                "  synvid sweep slurm progression --cancel      takes it out of the queue; --submit goes on later\n"
                "  synvid sweep status progression\n"
                "  synvid sweep show quickstart 7               the command of task 7, ready to paste\n",
    .options = sweep_tables,
    .words = "list status show run slurm clean",
};

static Err parse_task(int *task, const SweepPlan *plan, const char *text) {
    char *end;
    *task = sweep_plan_find(plan, text);
    if (*task >= 0) return ERR_NONE; /* a name before a number: names may be numbers */
    long number = strtol(text, &end, 10);
    if (!*text || *end)
        return RAISE(ERR_USAGE, "%s has no task \"%s\"; `synvid sweep list` shows them", plan->name, text);
    if (number < 0 || number >= plan->n_tasks)
        return RAISE(ERR_USAGE, "task %ld: %s has tasks 0 to %d", number, plan->name, plan->n_tasks - 1);
    *task = (int)number;
    return ERR_NONE;
}

/* ---- list and status ---- */

/* What there is to say about a task besides its state: how far it is, where, or what went wrong. */
static void remark(char *out, size_t size, const SweepPlan *plan, const TaskRecord *record, int i) {
    char log[PATH_SIZE], progress[80] = "";
    out[0] = 0;
    if (record->state == TASK_FINISHED || record->state == TASK_MISSING) {
        snprintf(out, size, "%s", record->message);
        return;
    }
    if (sweep_state_path(log, sizeof log, plan, i, "log")) return;
    if (record->state == TASK_RUNNING) {
        view_last_progress(progress, sizeof progress, log);
        snprintf(out, size, "on %s%s%s: %s", record->host, record->job[0] ? ", job " : "", record->job, progress);
        return;
    }
    if (record->state == TASK_FAILED)
        snprintf(out, size, "exit code %d: %s (log: %s)", record->exit_code, record->message, log);
    else
        snprintf(out, size, "%s", record->message);
}

/* Names and messages come from files and from other programs: they are escaped, and fill their columns. */
static void print_task_line(const SweepPlan *plan, const TaskRecord *records, int i) {
    const SweepTask *task = &plan->tasks[i];
    char took[32] = "", text[PATH_SIZE + 600];
    if (records[i].seconds > 0) text_duration(took, sizeof took, records[i].seconds);
    remark(text, sizeof text, plan, &records[i], i);
    Builder lines = {0};
    builder_add(&lines, "%5d  ", i);
    escape_column(&lines, task->name, NAME_COLUMNS);
    builder_add(&lines, " %2dx%-2d  %-9s %9s\n", task->ranks, task->threads, task_state_name(records[i].state), took);
    if (text[0]) builder_add_text(&lines, "       ");
    escape_line(&lines, text);
    if (text[0]) builder_add_text(&lines, "\n");
    if (lines.data) fputs(lines.data, stdout);
    builder_free(&lines);
}

static Err show_list(const SweepPlan *plan, const TaskRecord *records) {
    Builder help = {0};
    escape_line(&help, plan->help);
    printf("%s: %s\n\n%5s  %-44s %-5s  %-9s %9s\n", plan->name, help.data ? help.data : "", "task", "name", "ranks",
           "state", "took");
    builder_free(&help);
    for (int i = 0; i < plan->n_tasks; i++) print_task_line(plan, records, i);
    return ERR_NONE;
}

static Err show_status(const SweepPlan *plan, const TaskRecord *records) {
    int counts[TASK_STATES] = {0};
    char guard[64];
    for (int i = 0; i < plan->n_tasks; i++) {
        counts[records[i].state]++;
        if (records[i].state != TASK_FINISHED) print_task_line(plan, records, i);
    }
    TRY(guard_find(guard, sizeof guard, plan));
    if (guard[0]) printf("guard: job %s brings lost tasks back (%s/sweep/slurm/guard.log)\n", guard, plan->out);
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

/* ---- slurm and clean ---- */

/* *queue_known: NULL: the queue is not asked. */
static Err read_states(TaskRecord *records, bool *queue_known, const SweepPlan *plan) {
    TRY(sweep_state_read(records, plan));
    if (queue_known) TRY(queue_apply(records, queue_known, plan));
    sweep_state_block(records, plan);
    return ERR_NONE;
}

/* Writes the script, remembers the variables, and submits if asked to. `wanted`: the guard's choice; NULL: all that is
 * missing. */
static Err submit(const SweepPlan *plan, const TaskRecord *records, const char *file, const SweepArgs *args,
                  const bool *wanted) {
    char script[PATH_SIZE], guard[64];
    int count;
    TRY(guard_find(guard, sizeof guard, plan));
    SlurmRequest request = {.file = file,
                            .vars = (const char *const *)plan->vars,
                            .n_vars = plan->n_vars,
                            .ranks = (int)args->ranks,
                            .by = wanted ? "guard" : "user",
                            .wanted = wanted,
                            /* one is enough: another only where none is known, or from the guard, whose own job ends */
                            .guard = wanted || !guard[0]};
    TRY(slurm_write(script, sizeof script, &count, plan, records, &request));
    if (!script[0]) {
        log_info("sweep %s: nothing to submit: all %d tasks are finished or in the queue", plan->name, plan->n_tasks);
        return ERR_NONE;
    }
    TRY(vars_remember(plan));
    log_info("sweep %s: %d of %d tasks to submit, by %s", plan->name, count, plan->n_tasks, script);
    printf("%s\n", script);
    if (args->submit) return slurm_submit(script);
    Builder next = {0};
    escape_shell_path(&next, script);
    if (!next.failed) log_info("next: bash %s", next.data);
    builder_free(&next);
    return ERR_NONE;
}

/* What the guard does: see sweep/slurm/slurm.h. */
static Err submit_lost(const SweepPlan *plan, const TaskRecord *records, const char *file, const SweepArgs *args) {
    bool *wanted = calloc((size_t)plan->n_tasks + 1, sizeof *wanted);
    if (!wanted) return RAISE(ERR_MEMORY, "no memory for %d tasks", plan->n_tasks);
    int count = guard_choose(wanted, plan, records);
    log_info("sweep %s: %d lost %s back", plan->name, count, count == 1 ? "task comes" : "tasks come");
    Err err = guard_judge(wanted, plan, records);
    if (!err) err = submit(plan, records, file, args, wanted);
    free(wanted);
    return err;
}

static Err cancel(const SweepPlan *plan, const TaskRecord *records) {
    int count;
    TRY(guard_cancel_sweep(&count, plan, records));
    log_info("sweep %s: %d tasks canceled, and their guard; next: `synvid sweep slurm --submit` goes on", plan->name,
             count);
    return ERR_NONE;
}

/* The queue is asked under the lock: nobody else submits in between. */
static Err slurm(const SweepPlan *plan, TaskRecord *records, const char *file, const SweepArgs *args) {
    int lock = -1;
    bool known = false;
    if (args->cancel && (args->submit || args->guard))
        return RAISE(ERR_USAGE, "sweep slurm: --cancel and --%s were both given", args->submit ? "submit" : "guard");
    TRY(guard_lock(&lock, plan));
    Err err = read_states(records, &known, plan);
    if (!err && !known && (args->guard || args->cancel))
        err = RAISE(ERR_IO, "sweep %s: squeue does not answer, so what is in the queue is not known", plan->name);
    if (!err && args->cancel)
        err = cancel(plan, records);
    else if (!err)
        err = args->guard ? submit_lost(plan, records, file, args) : submit(plan, records, file, args, NULL);
    close(lock);
    return err;
}

/* What `clean` would remove. */
static void print_made(const SweepTask *task, const TaskRecord *record) {
    Builder line = {0};
    escape_column(&line, task->name, NAME_COLUMNS);
    builder_add(&line, " %-9s ", task_state_name(record->state));
    escape_line(&line, record->made);
    printf("%s\n", line.data ? line.data : "");
    builder_free(&line);
}

static Err clean(const SweepPlan *plan, const TaskRecord *records, int task, bool yes) {
    /* a task by name is asked for explicitly: no --yes */
    if (task >= 0) return sweep_clean(plan, task, &records[task]);
    for (int i = 0; i < plan->n_tasks; i++) {
        if (yes)
            TRY(sweep_clean(plan, i, &records[i]));
        else if (records[i].state != TASK_MISSING)
            print_made(&plan->tasks[i], &records[i]);
    }
    if (yes) return vars_forget(plan);
    log_info("next: the same with --yes removes these records, their logs and what they made");
    return ERR_NONE;
}

static Err run(const SweepPlan *plan, int task, const SweepArgs *args) {
    const char *hook = args->hook ? args->hook : getenv("SYNVID_HOOK");
    SweepRunOptions options = {.parallel = (int)args->parallel,
                               .cores = (int)args->cores,
                               .force = args->force,
                               .only = task,
                               .hook = hook && *hook ? hook : NULL};
    if (args->all && task >= 0) return RAISE(ERR_USAGE, "sweep run: --all and a task were both given");
    /* these two only look: no variables are remembered */
    if (args->check) return sweep_check(plan);
    if (args->plan) return sweep_costs_print(plan, args->core_gflops);
    TRY(vars_remember(plan));
    return sweep_run(plan, &options);
}

/* ---- the command ---- */

static const char *const verbs[] = {"list", "status", "show", "run", "slurm", "clean", NULL};

/* Before the plan is read, which may take a while and fail for other reasons. */
static Err check_verb(const char *verb) {
    for (const char *const *known = verbs; *known; known++)
        if (text_equal(*known, verb)) return ERR_NONE;
    const char *nearest = text_nearest(verb, verbs);
    return RAISE(ERR_USAGE, "sweep %s: list, status, show, run, slurm or clean was expected%s%s%s", verb,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static Err dispatch(const ArgList *words, const SweepPlan *plan, TaskRecord *records, int task, const SweepArgs *args) {
    const char *verb = words->items[0];
    bool known, runs = text_equal(verb, "run"); /* thousands of jobs run tasks; they do not all ask the queue */
    TRY(read_states(records, runs ? NULL : &known, plan));
    if (text_equal(verb, "list")) return show_list(plan, records);
    if (text_equal(verb, "status")) return show_status(plan, records);
    if (text_equal(verb, "clean")) return clean(plan, records, task, args->yes);
    if (text_equal(verb, "run")) return run(plan, task, args);
    return task >= 0 ? show_task(plan, records, task)
                     : RAISE(ERR_USAGE, "sweep show: which task? sweep show FILE TASK");
}

/* --ranks is for the commands that can use them. */
static void set_ranks(SweepPlan *plan, int ranks) {
    for (int i = 0; i < plan->n_tasks; i++)
        for (const Command *const *command = commands; *command; command++)
            if ((*command)->many_ranks && text_equal((*command)->help->name, plan->tasks[i].arguments[0]))
                plan->tasks[i].ranks = ranks;
}

/* A rehearsal never shares a folder with what it rehearses. */
static Err read_plan(SweepPlan *plan, const char *file, const SweepArgs *args) {
    const char *name = args->rehearsal ? args->rehearsal : args->rehearse ? "full" : NULL;
    char out[PATH_SIZE];
    TRY(sweep_plan_read(plan, file, args->out, args->vars.items, args->vars.count));
    if (!name) return ERR_NONE;
    if (!args->out) {
        TRY(text_format(out, sizeof out, "%s-rehearsal", plan->out));
        sweep_plan_free(plan);
        TRY(sweep_plan_read(plan, file, out, args->vars.items, args->vars.count));
    }
    Err err = sweep_stage_rehearse(plan, name);
    if (err) sweep_plan_free(plan);
    return err;
}

static Err sweep_main(int argc, char *const *argv) {
    SweepArgs args = {0};
    ArgList rest = {0};
    SweepPlan plan = {0};
    TaskRecord *records = NULL;
    Err err = ERR_NONE;
    int task = -1;
    TRY(args_begin(&args, &rest, &sweep_help, argc, argv));
    if (args.help) return ERR_NONE;
    if (rest.count < 2 || rest.count > 3)
        return RAISE(ERR_USAGE, "usage: synvid %s; see `synvid sweep --help`", sweep_help.usage);
    TRY(check_verb(rest.items[0]));
    if (args.ranks < 0 || args.ranks > 1000000)
        return RAISE(ERR_USAGE, "--ranks: %lld is outside 1 to 1000000", (long long)args.ranks);
    if ((args.rehearse || args.rehearsal) && text_equal(rest.items[0], "slurm"))
        return RAISE(ERR_USAGE, "sweep slurm: a rehearsal runs on one machine; see `synvid sweep run FILE --rehearse`");
    TRY(read_plan(&plan, rest.items[1], &args));
    if (args.ranks) set_ranks(&plan, (int)args.ranks);
    records = calloc((size_t)plan.n_tasks + 1, sizeof *records);
    if (!records) TRY_OR(done, RAISE(ERR_MEMORY, "no memory for %d tasks", plan.n_tasks));
    if (rest.count == 3) TRY_OR(done, parse_task(&task, &plan, rest.items[2]));
    err = text_equal(rest.items[0], "slurm") ? slurm(&plan, records, rest.items[1], &args)
                                             : dispatch(&rest, &plan, records, task, &args);
done:
    free(records);
    sweep_plan_free(&plan);
    return err;
}

const Command cmd_sweep = {.help = &sweep_help, .run = sweep_main};
