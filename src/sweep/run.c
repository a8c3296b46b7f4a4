#include "sweep/run.h"

#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "sweep/launch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

typedef struct {
    pid_t child; /* 0: not running */
    double started_s;
    bool wanted; /* to be run in this call */
} TaskRun;

typedef struct {
    const SweepPlan *plan;
    const SweepRunOptions *options;
    TaskRecord *records;
    TaskRun *runs;
    int cores, busy_cores, n_running, n_done, n_wanted;
    Err failure; /* of the first task that failed */
    bool stopping;
} Sweep;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int usable_cores(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

static int task_cores(const Sweep *sweep, int number) {
    int cores = sweep->plan->tasks[number].ranks * sweep->plan->tasks[number].threads;
    return cores < sweep->cores ? cores : sweep->cores;
}

static bool needs_finished(const Sweep *sweep, int number) {
    const SweepTask *task = &sweep->plan->tasks[number];
    for (int i = 0; i < task->n_needs; i++)
        if (sweep->records[task->needs[i]].state != TASK_FINISHED || sweep->runs[task->needs[i]].wanted) return false;
    return true;
}

static bool can_start(const Sweep *sweep, int number) {
    bool room = sweep->options->parallel == 0 || sweep->n_running < sweep->options->parallel;
    return sweep->runs[number].wanted && sweep->runs[number].child == 0 && room && needs_finished(sweep, number) &&
           sweep->busy_cores + task_cores(sweep, number) <= sweep->cores;
}

static Err start_task(Sweep *sweep, int number) {
    TRY(task_launch(&sweep->runs[number].child, sweep->plan, number, sweep->records));
    sweep->runs[number].started_s = now_s();
    sweep->busy_cores += task_cores(sweep, number);
    sweep->n_running++;
    log_info("[%d/%d] %s: started", sweep->n_done, sweep->n_wanted, sweep->plan->tasks[number].name);
    return ERR_NONE;
}

static Err start_ready_tasks(Sweep *sweep) {
    for (int i = 0; i < sweep->plan->n_tasks; i++)
        if (can_start(sweep, i)) TRY(start_task(sweep, i));
    return ERR_NONE;
}

static void report_end(const Sweep *sweep, int number) {
    const TaskRecord *record = &sweep->records[number];
    const char *name = sweep->plan->tasks[number].name;
    char took[32], log[PATH_SIZE];
    text_duration(took, sizeof took, record->seconds);
    if (record->state == TASK_FINISHED) {
        log_info("[%d/%d] %s: finished in %s", sweep->n_done, sweep->n_wanted, name, took);
        return;
    }
    if (sweep_state_path(log, sizeof log, sweep->plan, number, "log")) log[0] = 0;
    log_info("[%d/%d] %s: %s after %s, exit code %d%s%s (log: %s)", sweep->n_done, sweep->n_wanted, name,
             task_state_name(record->state), took, record->exit_code, record->message[0] ? ": " : "", record->message,
             log);
}

static Err code_of_exit(int exit_code) {
    for (Err code = ERR_NONE; code < ERR_COUNT; code++)
        if (err_exit_code(code) == exit_code) return code;
    return ERR_INTERNAL;
}

static Err end_task(Sweep *sweep, int number, int status) {
    TaskRecord *record = &sweep->records[number];
    TaskRun *run = &sweep->runs[number];
    record->seconds = now_s() - run->started_s;
    run->child = 0;
    run->wanted = false;
    sweep->busy_cores -= task_cores(sweep, number);
    sweep->n_running--;
    sweep->n_done++;
    TRY(task_collect(record, sweep->plan, number, status));
    TRY(sweep_state_write(record, sweep->plan, number));
    report_end(sweep, number);
    if (record->state == TASK_FAILED && !sweep->failure) sweep->failure = code_of_exit(record->exit_code);
    if (record->state == TASK_STOPPED) sweep->stopping = true;
    return ERR_NONE;
}

static Err reap_one(Sweep *sweep) {
    for (int i = 0; i < sweep->plan->n_tasks; i++) {
        int status;
        if (sweep->runs[i].child == 0 || waitpid(sweep->runs[i].child, &status, WNOHANG) <= 0) continue;
        return end_task(sweep, i, status);
    }
    struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    return ERR_NONE;
}

static void ask_children_to_stop(Sweep *sweep) {
    sweep->stopping = true;
    log_info("stopping (%s): asking %d running tasks to checkpoint", stop_reason(), sweep->n_running);
    for (int i = 0; i < sweep->plan->n_tasks; i++)
        if (sweep->runs[i].child > 0) kill(sweep->runs[i].child, SIGUSR1);
}

/* Only after a failure of the sweep itself: nothing of ours may go on unwatched. */
static void end_children(Sweep *sweep) {
    for (int i = 0; i < sweep->plan->n_tasks; i++) {
        if (sweep->runs[i].child <= 0) continue;
        kill(-sweep->runs[i].child, SIGTERM);
        waitpid(sweep->runs[i].child, NULL, 0);
    }
}

static Err run_loop(Sweep *sweep) {
    for (;;) {
        if (!sweep->stopping && stop_requested()) ask_children_to_stop(sweep);
        if (!sweep->stopping) TRY(start_ready_tasks(sweep));
        if (sweep->n_running == 0) return ERR_NONE;
        TRY(reap_one(sweep));
    }
}

static Err choose_tasks(Sweep *sweep) {
    const SweepPlan *plan = sweep->plan;
    int only = sweep->options->only;
    for (int i = 0; i < plan->n_tasks; i++) {
        bool asked = only < 0 || only == i;
        sweep->runs[i].wanted = asked && (sweep->options->force || sweep->records[i].state != TASK_FINISHED);
        sweep->n_wanted += sweep->runs[i].wanted;
    }
    if (only < 0) return ERR_NONE;
    for (int i = 0; i < plan->tasks[only].n_needs; i++) {
        int need = plan->tasks[only].needs[i];
        if (sweep->records[need].state != TASK_FINISHED)
            return RAISE(ERR_INPUT, "%s needs %s, which is %s; run task %d first", plan->tasks[only].name,
                         plan->tasks[need].name, task_state_name(sweep->records[need].state), need);
    }
    return ERR_NONE;
}

static Err outcome(const Sweep *sweep) {
    int blocked = 0;
    for (int i = 0; i < sweep->plan->n_tasks; i++) blocked += sweep->runs[i].wanted;
    if (sweep->failure)
        return RAISE(sweep->failure, "sweep %s: a task failed%s; see `synvid sweep status`", sweep->plan->name,
                     blocked ? " and others that need it could not start" : "");
    if (sweep->stopping) return RAISE(ERR_STOPPED, "sweep %s: stopped; the same command goes on", sweep->plan->name);
    ASSERT(blocked == 0); /* needs are earlier tasks: without a failure everything can start */
    return ERR_NONE;
}

Err sweep_run(const SweepPlan *plan, const SweepRunOptions *options) {
    char folder[PATH_SIZE];
    Sweep sweep = {.plan = plan, .options = options, .cores = options->cores > 0 ? options->cores : usable_cores()};
    TRY(path_join(folder, sizeof folder, plan->out, "sweep"));
    TRY(folder_make(folder));
    sweep.records = calloc((size_t)plan->n_tasks + 1, sizeof *sweep.records);
    sweep.runs = calloc((size_t)plan->n_tasks + 1, sizeof *sweep.runs);
    Err err = sweep.records && sweep.runs ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for %d tasks", plan->n_tasks);
    if (!err) err = sweep_state_read(sweep.records, plan);
    if (!err) err = choose_tasks(&sweep);
    if (!err) {
        stop_install_handlers();
        log_info("sweep %s: %d tasks, %d to do, %d cores, in %s", plan->name, plan->n_tasks, sweep.n_wanted,
                 sweep.cores, plan->out);
        err = run_loop(&sweep);
        if (err) end_children(&sweep);
    }
    if (!err) err = outcome(&sweep);
    free(sweep.records);
    free(sweep.runs);
    return err;
}
