/* From a plan's task to a child process, and from how it ended to a state. Standard output is the contract: its last
 * line is the path that the task made. Exit codes of ours are believed; above 128, or any other code after we asked
 * it to stop, it was ended from outside. */
#include "sweep/task/launch.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "base/text/escape.h"
#include "sweep/task/internal/key.h"
#include "sweep/task/view.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 << 20, LINE_SIZE = 256, LAUNCHER_ARGUMENTS = 32, KILLS_MAX = 3, STOPS_MAX = 5 };

/* {made:TASK} -> the path that TASK reported. */
static Err fill_made(char **filled, const char *text, const SweepPlan *plan, const TaskRecord *records) {
    Builder out = {0};
    Err err = ERR_NONE;
    builder_add_text(&out, ""); /* an empty argument is a text, too, and not NULL */
    for (const char *at = text; *at && !err;) {
        const char *end = text_starts(at, "{made:") ? strchr(at, '}') : NULL;
        if (!end) {
            builder_add(&out, "%c", *at++);
            continue;
        }
        char name[NAME_SIZE];
        err = text_format(name, sizeof name, "%.*s", (int)(end - at - 6), at + 6);
        int number = err ? -1 : sweep_plan_find(plan, name);
        if (!err && number < 0) err = RAISE(ERR_USAGE, "%s: {made:%s}: no task is called so", plan->name, name);
        if (!err && !records[number].made[0])
            err =
                RAISE(ERR_INPUT, "%s: {made:%s}: that task has not reported a result; run it first", plan->name, name);
        if (!err) builder_add_text(&out, records[number].made);
        at = end + 1;
    }
    if (!err) err = builder_check(&out, plan->name);
    if (err) builder_free(&out);
    *filled = out.data;
    return err;
}

typedef struct {
    char **items;
    int count;
} Argv;

static void argv_free(Argv *argv) {
    for (int i = 0; i < argv->count; i++) free(argv->items[i]);
    free(argv->items);
    *argv = (Argv){0};
}

static Err argv_add(Argv *argv, char *owned) {
    if (!owned) return RAISE(ERR_MEMORY, "no memory for a command line");
    argv->items[argv->count++] = owned;
    return ERR_NONE;
}

static Err own_path(char *out, size_t size) {
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    if (length <= 0) return RAISE(ERR_IO, "cannot find this program's own path: %s", strerror(errno));
    out[length] = 0;
    return ERR_NONE;
}

/* "srun --mpi=pmix -n 4": the words of the launcher, and how many ranks. */
static Err add_launcher(Argv *argv, int ranks) {
    const char *site = getenv("SYNVID_LAUNCH");
    char count[16];
    for (const char *at = site && *site ? site : "mpirun"; *at;) {
        size_t blanks = strspn(at, " \t"), length = strcspn(at + blanks, " \t");
        if (length && argv->count < LAUNCHER_ARGUMENTS - 2) TRY(argv_add(argv, strndup(at + blanks, length)));
        at += blanks + length;
    }
    snprintf(count, sizeof count, "%d", ranks);
    TRY(argv_add(argv, strdup("-n")));
    return argv_add(argv, strdup(count));
}

/* What mpirun is told where the site says nothing: ranks stay on the cores of the task, which may be fewer than ranks.
 * By environment, since options of the same meaning have other names in each launcher, and one that does not know a
 * variable ignores it: Open MPI 4, then 5 and newer; MPICH binds nothing and counts no cores. False: no memory. */
static bool settle_launcher(void) {
    static const char *const settings[][2] = {
        {"OMPI_MCA_hwloc_base_binding_policy", "none"},
        {"OMPI_MCA_rmaps_base_oversubscribe", "1"},
        {"PRTE_MCA_hwloc_default_binding_policy", "none"},
        {"PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"},
    };
    const char *site = getenv("SYNVID_LAUNCH");
    if (site && *site) return true;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (setenv(settings[i][0], settings[i][1], 0)) return false;
    return true;
}

/* The launcher where there are ranks, this very program, the task's words. */
static Err argv_build(Argv *argv, const SweepPlan *plan, int number, const TaskRecord *records) {
    const SweepTask *task = &plan->tasks[number];
    char self[PATH_SIZE];
    TRY(own_path(self, sizeof self));
    argv->items = calloc((size_t)task->n_arguments + LAUNCHER_ARGUMENTS + 2, sizeof *argv->items);
    if (!argv->items) return RAISE(ERR_MEMORY, "no memory for a command line");
    if (task->ranks > 1) TRY(add_launcher(argv, task->ranks));
    TRY(argv_add(argv, strdup(self)));
    for (int i = 0; i < task->n_arguments; i++) {
        char *filled;
        TRY(fill_made(&filled, task->arguments[i], plan, records));
        TRY(argv_add(argv, filled));
    }
    return ERR_NONE;
}

/* In the child: nothing here may return. */
_Noreturn static void run_child(const Argv *argv, const char *out_path, const char *log_path, int threads,
                                const cpu_set_t *cores) {
    /* a group of its own, so that all of it can be ended; and it ends with us */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (cores) (void)sched_setaffinity(0, sizeof *cores, cores); /* without it the task runs, only less apart */
    int in = open("/dev/null", O_RDONLY), out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    char count[16];
    snprintf(count, sizeof count, "%d", threads);
    /* out < 0 || log < 0 || nothing after fork may allocate or log: only these, and exec */
    if (in < 0 || out < 0 || log < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(log, 2) < 0 ||
        setenv("OMP_NUM_THREADS", count, 1) || !settle_launcher())
        _exit(err_exit_code(ERR_IO));
    execvp(argv->items[0], argv->items);
    dprintf(2, "synvid sweep: error: cannot start %s: %s\n", argv->items[0], strerror(errno));
    _exit(127);
}

Err task_launch(pid_t *child, const SweepPlan *plan, int number, const TaskRecord *records, const cpu_set_t *cores) {
    char out_path[PATH_SIZE], log_path[PATH_SIZE];
    Argv argv = {0};
    Err err = ERR_NONE;
    TRY(sweep_state_path(out_path, sizeof out_path, plan, number, "out"));
    TRY(sweep_state_path(log_path, sizeof log_path, plan, number, "log"));
    TRY_OR(done, argv_build(&argv, plan, number, records));
    fflush(NULL); /* what we have said stands before what the task says */
    *child = fork();
    if (*child < 0)
        TRY_OR(done, RAISE(ERR_IO, "%s: cannot start a process: %s", plan->tasks[number].name, strerror(errno)));
    if (*child == 0) run_child(&argv, out_path, log_path, plan->tasks[number].threads, cores);
done:
    argv_free(&argv);
    return err;
}

static Err add_arguments(Builder *line, const SweepPlan *plan, int number, const TaskRecord *records) {
    const SweepTask *task = &plan->tasks[number];
    for (int i = 0; i < task->n_arguments; i++) {
        char *filled = NULL;
        if (fill_made(&filled, task->arguments[i], plan, records)) /* not made yet: show the placeholder */
            filled = strdup(task->arguments[i]);
        if (!filled) return RAISE(ERR_MEMORY, "%s: no memory", task->name);
        builder_add_text(line, " ");
        escape_shell(line, filled);
        free(filled);
    }
    return builder_check(line, task->name);
}

Err task_command(char **text, const SweepPlan *plan, int number, const TaskRecord *records) {
    Builder line = {0};
    if (plan->tasks[number].ranks > 1) builder_add(&line, "mpirun -n %d ", plan->tasks[number].ranks);
    builder_add_text(&line, "synvid");
    Err err = add_arguments(&line, plan, number, records);
    if (err) builder_free(&line);
    *text = line.data;
    return err;
}

Err task_command_here(char **text, const SweepPlan *plan, int number, const TaskRecord *records) {
    Builder line = {0};
    char self[PATH_SIZE];
    TRY(own_path(self, sizeof self));
    escape_shell(&line, self);
    Err err = add_arguments(&line, plan, number, records);
    if (err) builder_free(&line);
    *text = line.data;
    return err;
}

/* The last line of `text` that `wanted` accepts, without its newline. The last one is the cause: a rank's error comes
 * before the launcher's complaints, which `wanted` tells apart. */
static void last_line(char *out, size_t size, char *text, bool (*wanted)(const char *line)) {
    char *saved;
    for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved))
        if (wanted(line)) snprintf(out, size, "%s", line);
}

static bool is_any(const char *line) {
    return *line != 0;
}
/* Ours: launchers have things to say afterwards, too. */
static bool is_error(const char *line) {
    return text_starts(line, "synvid ") && strstr(line, ": error: ");
}
static bool is_any_error(const char *line) {
    return strstr(line, "error:") != NULL;
}
/* Open MPI's, whose advice after it runs over ten lines. */
static bool refuses_root(const char *line) {
    return strstr(line, "attempt to run as root") != NULL;
}
static bool has_words(const char *line) {
    return strpbrk(line, "abcdefghijklmnopqrstuvwxyz") != NULL;
}

static Err read_last_line(char *out, size_t size, const SweepPlan *plan, int number, const char *extension,
                          bool (*wanted)(const char *line)) {
    char path[PATH_SIZE], *text;
    size_t length;
    out[0] = 0;
    TRY(sweep_state_path(path, sizeof path, plan, number, extension));
    if (!file_exists(path)) return ERR_NONE;
    TRY(file_read(&text, &length, path, OUTPUT_MAX));
    last_line(out, size, text, wanted);
    free(text);
    return ERR_NONE;
}

static Err collect_finished(TaskRecord *record, const SweepPlan *plan, int number) {
    record->state = TASK_FINISHED;
    record->kills = record->stops = 0;
    record->place[0] = 0;
    TRY(read_last_line(record->made, sizeof record->made, plan, number, "out", is_any));
    if (!file_exists(record->made)) record->made[0] = 0; /* a command that prints text instead of a path */
    return content_digest(record->content, record->made);
}

/* What it said at its end, and its last line of progress without rates and times. */
static Err find_place(char *out, size_t size, bool *tells, const TaskRecord *record, const SweepPlan *plan,
                      int number) {
    char log[PATH_SIZE], line[LINE_SIZE];
    TRY(sweep_state_path(log, sizeof log, plan, number, "log"));
    view_last_progress(line, sizeof line, log);
    *tells = view_is_progress(line);
    snprintf(out, size, "%.*s%s%.80s", *tells ? (int)strcspn(line, "(") : 0, line, *tells ? "; " : "", record->message);
    return ERR_NONE;
}

/* A task that stops where it stopped before does not get on. One that says nothing of its progress cannot be judged,
 * unless it was stopped before it could even listen. */
static Err collect_stopped(TaskRecord *record, const SweepPlan *plan, int number) {
    char place[sizeof record->place];
    bool tells;
    TRY(find_place(place, sizeof place, &tells, record, plan, number));
    bool judged = tells || record->exit_code != err_exit_code(ERR_STOPPED);
    record->stops = judged && text_equal(place, record->place) ? record->stops + 1 : judged;
    memcpy(record->place, place, sizeof place);
    record->state = TASK_STOPPED;
    record->kills = 0;
    if (record->stops < STOPS_MAX) return ERR_NONE;
    record->state = TASK_FAILED;
    record->exit_code = err_exit_code(ERR_USAGE); /* with that of a stop the job would requeue itself */
    snprintf(record->message, sizeof record->message,
             "stopped %d times in a row at the same place: it needs more time at once (docs/slurm.md): %s",
             record->stops, place);
    record->stops = 0;
    return ERR_NONE;
}

/* Memory that ran out once may do so again: a task is tried again, but not for ever. */
static Err collect_killed(TaskRecord *record) {
    record->kills++;
    record->state = record->kills < KILLS_MAX ? TASK_STOPPED : TASK_FAILED;
    snprintf(record->message, sizeof record->message, "ended by signal %d, time %d of %d", record->exit_code - 128,
             record->kills, KILLS_MAX);
    return ERR_NONE;
}

/* Our own error line says most; then anybody's; then that Open MPI wants no root; then whatever was said last, such as
 * a shell's "Killed". */
static Err find_message(TaskRecord *record, const SweepPlan *plan, int number) {
    bool (*const wanted[])(const char *line) = {is_error, is_any_error, refuses_root, has_words};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted && !record->message[0]; i++)
        TRY(read_last_line(record->message, sizeof record->message, plan, number, "log", wanted[i]));
    if (refuses_root(record->message))
        snprintf(record->message, sizeof record->message,
                 "mpirun does not run as root unasked: use another account, or in a container set "
                 "OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
    return ERR_NONE;
}

static bool is_ours(int exit_code) {
    for (Err code = ERR_NONE; code < ERR_COUNT; code++)
        if (err_exit_code(code) == exit_code) return true;
    return false;
}

/* MPICH's mpiexec ends with the number of the signal that ended a rank, others with 128 more. Those below SIGBUS are
 * exit codes of ours. */
static void name_signal(TaskRecord *record, const SweepPlan *plan, int number) {
    bool signal = record->exit_code >= SIGBUS && record->exit_code <= SIGTERM;
    if (signal && plan->tasks[number].ranks > 1) record->exit_code += 128;
}

/* srun ends with 0 when the node of its ranks fails: success is what the task itself says, on stdout. */
static Err end_of_launcher(TaskRecord *record, const SweepPlan *plan, int number) {
    char said[PATH_SIZE];
    if (record->exit_code != 0 || plan->tasks[number].ranks == 1) return ERR_NONE;
    TRY(read_last_line(said, sizeof said, plan, number, "out", is_any));
    if (said[0]) return ERR_NONE;
    record->exit_code = 128 + SIGKILL;
    log_info("%s: its launcher reported success for ranks that said nothing", plan->tasks[number].name);
    return ERR_NONE;
}

Err task_collect(TaskRecord *record, const SweepPlan *plan, int number, int status, bool asked) {
    record->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    record->made[0] = record->content[0] = record->message[0] = 0;
    TRY(end_of_launcher(record, plan, number));
    name_signal(record, plan, number);
    if (record->exit_code == 0) return collect_finished(record, plan, number);
    record->state = TASK_FAILED; /* unless it turns out to have been stopped or killed */
    TRY(find_message(record, plan, number));
    bool stopped = record->exit_code == err_exit_code(ERR_STOPPED);
    if (stopped || (asked && !is_ours(record->exit_code))) return collect_stopped(record, plan, number);
    return record->exit_code > 128 ? collect_killed(record) : ERR_NONE;
}

/* ---- the hook ---- */

static int stage_left(const SweepPlan *plan, int number, const TaskRecord *records) {
    int left = 0;
    for (int i = 0; i < plan->n_tasks; i++)
        left += text_equal(plan->tasks[i].stage, plan->tasks[number].stage) && records[i].state != TASK_FINISHED;
    return left;
}

/* In the child. The hook learns everything through its environment, so that no name is ever part of a shell's line. */
_Noreturn static void run_hook(const char *command, const SweepPlan *plan, int number, const TaskRecord *records) {
    const TaskRecord *record = &records[number];
    char log[PATH_SIZE] = "", code[16], left[16];
    if (sweep_state_path(log, sizeof log, plan, number, "log")) log[0] = 0;
    snprintf(code, sizeof code, "%d", record->exit_code);
    snprintf(left, sizeof left, "%d", stage_left(plan, number, records));
    const char *const variables[][2] = {{"SYNVID_SWEEP", plan->name},
                                        {"SYNVID_TASK", plan->tasks[number].name},
                                        {"SYNVID_STAGE", plan->tasks[number].stage},
                                        {"SYNVID_STATE", task_state_name(record->state)},
                                        {"SYNVID_EXIT_CODE", code},
                                        {"SYNVID_MADE", record->made},
                                        {"SYNVID_LOG", log},
                                        {"SYNVID_STAGE_LEFT", left}};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) (void)setenv(variables[i][0], variables[i][1], 1);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

void task_hook(const char *command, const SweepPlan *plan, int number, const TaskRecord *records) {
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) run_hook(command, plan, number, records);
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        log_warn("the hook failed after %s: %s", plan->tasks[number].name, command);
}
