/* The state machine of a sweep on one machine. One loop: start what can start, wait for one task to end, record it. A
 * task is wanted, running (child > 0) or neither; it can start when all it needs is finished and not wanted again.
 *
 * Records are written before a task starts and when it ends, so that whoever comes after a crash knows what ran. A
 * task that was killed is tried again; one that stopped by itself stops the sweep; one that failed blocks what needs
 * it, and the rest goes on. What a task made is compared by content: only if it changed do those that need it run
 * again. */
#include "sweep/run/run.h"

#include "base/system/clock.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "sweep/slurm/queue.h"
#include "sweep/task/launch.h"
#include "sweep/task/view.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

/* The cores of this machine, lent to the tasks that run side by side.
 *
 * Each task gets cores of its own: what it starts inherits them, so ranks and threads of two tasks never meet on one
 * core, and a task that shares its cores out among its ranks sees only its own. */

typedef struct {
    cpu_set_t usable, lent;
    int count; /* usable ones */
    int first; /* the one of them to lend first */
} CorePool;

/* limit: at most so many; 0: all that this process may use. */
static CorePool core_pool(int limit) {
    CorePool pool = {0};
    CPU_ZERO(&pool.usable);
    CPU_ZERO(&pool.lent);
    if (sched_getaffinity(0, sizeof pool.usable, &pool.usable)) CPU_SET(0, &pool.usable);
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &pool.usable)) continue;
        if (limit > 0 && pool.count == limit)
            CPU_CLR(core, &pool.usable);
        else
            pool.count++;
    }
    return pool;
}

static int nth_core(const cpu_set_t *cores, int n) {
    int core = 0;
    while (!CPU_ISSET(core, cores) || n-- > 0) core++;
    return core;
}

/* Lends n cores (all there are, when the pool is smaller); false when too few are free. */
static bool cores_lend(CorePool *pool, cpu_set_t *lent, int n) {
    if (n > pool->count) n = pool->count;
    CPU_ZERO(lent);
    if (pool->count - CPU_COUNT(&pool->lent) < n) return false;
    for (int at = 0; n > 0; at++) { /* around the usable ones, from the first to be lent */
        int core = nth_core(&pool->usable, (pool->first + at) % pool->count);
        if (CPU_ISSET(core, &pool->lent)) continue;
        CPU_SET(core, lent);
        CPU_SET(core, &pool->lent);
        n--;
    }
    return true;
}

static void cores_return(CorePool *pool, const cpu_set_t *lent) {
    for (int core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, lent)) CPU_CLR(core, &pool->lent);
}

typedef struct {
    pid_t child; /* 0: not running */
    double started_s;
    bool wanted; /* to be run in this call */
    bool asked;  /* to stop */
    cpu_set_t cores;
} TaskRun;

typedef struct {
    const SweepPlan *plan;
    const SweepRunOptions *options;
    TaskRecord *records;
    TaskRun *runs;
    int *running; /* for the view */
    CorePool cores;
    View view;
    int n_running, n_done, n_wanted;
    Err failure; /* of the first task that failed */
    bool stopping;
} Sweep;

static bool needs_finished(const Sweep *sweep, int number) {
    const SweepTask *task = &sweep->plan->tasks[number];
    for (int i = 0; i < task->n_needs; i++)
        if (sweep->records[task->needs[i]].state != TASK_FINISHED || sweep->runs[task->needs[i]].wanted) return false;
    return true;
}

/* Cores are another matter: start_ready_tasks asks for them. */
static bool can_start(const Sweep *sweep, int number) {
    bool room = sweep->options->parallel == 0 || sweep->n_running < sweep->options->parallel;
    return sweep->runs[number].wanted && sweep->runs[number].child == 0 && room && needs_finished(sweep, number);
}

/* The others go on. */
static Err fail_to_start(Sweep *sweep, int number) {
    TaskRecord *record = &sweep->records[number];
    snprintf(record->message, sizeof record->message, "%s", err_message());
    record->state = TASK_FAILED;
    record->exit_code = err_exit_code(ERR_INPUT);
    sweep->runs[number].child = 0;
    sweep->runs[number].wanted = false;
    sweep->n_done++;
    sweep->failure = ERR_INPUT;
    cores_return(&sweep->cores, &sweep->runs[number].cores);
    log_info("[%d/%d] %s: cannot start: %s", sweep->n_done, sweep->n_wanted, sweep->plan->tasks[number].name,
             record->message);
    return sweep_state_write(record, sweep->plan, number);
}

/* The record says so before the task runs: whoever looks, or finds only the record after a crash, knows where it was.
 */
static Err start_task(Sweep *sweep, int number) {
    TaskRecord *record = &sweep->records[number];
    TaskRun *run = &sweep->runs[number];
    record->state = TASK_RUNNING;
    sweep_state_begin(record);
    TRY(sweep_state_inputs(record->inputs, sweep->plan, number, sweep->records));
    TRY(sweep_state_write(record, sweep->plan, number));
    if (task_launch(&run->child, sweep->plan, number, sweep->records, &run->cores)) return fail_to_start(sweep, number);
    run->started_s = clock_wall_s();
    sweep->n_running++;
    view_clear(&sweep->view);
    log_info("[%d/%d] %s: started", sweep->n_done, sweep->n_wanted, sweep->plan->tasks[number].name);
    return ERR_NONE;
}

/* In file order, and none overtakes one that waits for cores: a big task is not starved by small ones. */
static Err start_ready_tasks(Sweep *sweep) {
    for (int i = 0; i < sweep->plan->n_tasks; i++) {
        if (!can_start(sweep, i)) continue;
        const SweepTask *task = &sweep->plan->tasks[i];
        if (!cores_lend(&sweep->cores, &sweep->runs[i].cores, task->ranks * task->threads)) return ERR_NONE;
        TRY(start_task(sweep, i));
    }
    return ERR_NONE;
}

/* One line a task, behind which the view of the running ones goes on. */
static void report_end(Sweep *sweep, int number) {
    const TaskRecord *record = &sweep->records[number];
    const char *name = sweep->plan->tasks[number].name;
    char took[32], log[PATH_SIZE];
    text_duration(took, sizeof took, record->seconds);
    view_clear(&sweep->view);
    if (record->state == TASK_FINISHED) {
        log_info("[%d/%d] %s: finished in %s", sweep->n_done, sweep->n_wanted, name, took);
        return;
    }
    if (sweep_state_path(log, sizeof log, sweep->plan, number, "log")) log[0] = 0;
    log_info("[%d/%d] %s: %s after %s, exit code %d%s%s (log: %s)", sweep->n_done, sweep->n_wanted, name,
             task_state_name(record->state), took, record->exit_code, record->message[0] ? ": " : "", record->message,
             log);
}

/* The sweep ends with the exit code of the first task that failed; one that no program of ours gives is a bug. */
static Err code_of_exit(int exit_code) {
    for (Err code = ERR_NONE; code < ERR_COUNT; code++)
        if (err_exit_code(code) == exit_code) return code;
    return ERR_INTERNAL;
}

/* What a finished task made may differ from what those that need it have read. */
static Err want_changed_dependents(Sweep *sweep, int number) {
    const SweepPlan *plan = sweep->plan;
    /* one task that was asked for by number is all that is run */
    for (int i = number + 1; i < plan->n_tasks && sweep->options->only < 0; i++) {
        char inputs[DIGEST_SIZE];
        bool needs = false;
        for (int k = 0; k < plan->tasks[i].n_needs; k++) needs |= plan->tasks[i].needs[k] == number;
        if (!needs || sweep->runs[i].wanted || !needs_finished(sweep, i)) continue;
        TRY(sweep_state_inputs(inputs, plan, i, sweep->records));
        if (text_equal(inputs, sweep->records[i].inputs)) continue;
        sweep->runs[i].wanted = true;
        sweep->n_wanted++;
    }
    return ERR_NONE;
}

static Err end_task(Sweep *sweep, int number, int status) {
    TaskRecord *record = &sweep->records[number];
    TaskRun *run = &sweep->runs[number];
    record->seconds = clock_wall_s() - run->started_s;
    run->child = 0;
    cores_return(&sweep->cores, &run->cores);
    sweep->n_running--;
    TRY(task_collect(record, sweep->plan, number, status, run->asked));
    /* ended by a signal that was not ours: once more, as often as task_collect allows */
    bool again = record->state == TASK_STOPPED && record->kills > 0 && !sweep->stopping;
    run->wanted = again;
    sweep->n_done += !again;
    TRY(sweep_state_write(record, sweep->plan, number));
    report_end(sweep, number);
    if (again) return ERR_NONE;
    if (record->state == TASK_FAILED && !sweep->failure) sweep->failure = code_of_exit(record->exit_code);
    if (record->state == TASK_STOPPED) sweep->stopping = true;
    if (sweep->options->hook) task_hook(sweep->options->hook, sweep->plan, number, sweep->records);
    return record->state == TASK_FINISHED ? want_changed_dependents(sweep, number) : ERR_NONE;
}

static void show_running(Sweep *sweep) {
    int count = 0;
    for (int i = 0; i < sweep->plan->n_tasks; i++)
        if (sweep->runs[i].child > 0) sweep->running[count++] = i;
    ViewState state = {sweep->running, count, sweep->n_done, sweep->n_wanted};
    view_show(&sweep->view, sweep->plan, &state, clock_wall_s());
}

/* Polls: children end, the view moves, and a stop request may come, and no single call waits for all three. */
static Err reap_one(Sweep *sweep) {
    for (int i = 0; i < sweep->plan->n_tasks; i++) {
        int status;
        /* waitpid || only our own children are waited for: a library may have others */
        if (sweep->runs[i].child == 0 || waitpid(sweep->runs[i].child, &status, WNOHANG) <= 0) continue;
        return end_task(sweep, i, status);
    }
    show_running(sweep);
    struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    return ERR_NONE;
}

static void ask_children_to_stop(Sweep *sweep) {
    sweep->stopping = true;
    view_clear(&sweep->view);
    log_info("stopping (%s): asking %d running tasks to checkpoint", stop_reason(), sweep->n_running);
    for (int i = 0; i < sweep->plan->n_tasks; i++)
        if (sweep->runs[i].child > 0) sweep->runs[i].asked = kill(sweep->runs[i].child, SIGUSR1) == 0;
}

/* Only after a failure of the sweep itself: nothing of ours may go on unwatched. */
static void end_children(Sweep *sweep) {
    for (int i = 0; i < sweep->plan->n_tasks; i++) {
        if (sweep->runs[i].child <= 0) continue;
        /* its process group: a launcher's ranks go with it */
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

/* An earlier life of the same batch job is dead, wherever it was. */
static bool is_elsewhere(const TaskRecord *record) {
    TaskRecord here = *record;
    sweep_state_begin(&here);
    bool same_job = here.job[0] && text_equal(here.job, record->job);
    return record->state == TASK_RUNNING && !same_job;
}

/* A task asked for by number does not bring its needs along. */
static Err check_only(const Sweep *sweep, int only) {
    const SweepPlan *plan = sweep->plan;
    for (int i = 0; i < plan->tasks[only].n_needs; i++) {
        int need = plan->tasks[only].needs[i];
        if (sweep->records[need].state != TASK_FINISHED)
            return RAISE(ERR_INPUT, "%s needs %s, which is %s; run task %d first", plan->tasks[only].name,
                         plan->tasks[need].name, task_state_name(sweep->records[need].state), need);
    }
    return ERR_NONE;
}

/* Whether a job that a record says runs still does is for the batch system to say. */
static Err ask_for_running_jobs(Sweep *sweep) {
    bool ask = false, known;
    for (int i = 0; i < sweep->plan->n_tasks; i++)
        ask |= is_elsewhere(&sweep->records[i]) && sweep->records[i].job[0] &&
               (sweep->options->only < 0 || sweep->options->only == i);
    return ask ? queue_apply(sweep->records, &known, sweep->plan) : ERR_NONE;
}

static Err choose_tasks(Sweep *sweep) {
    const SweepPlan *plan = sweep->plan;
    int only = sweep->options->only;
    TRY(ask_for_running_jobs(sweep));
    for (int i = 0; i < plan->n_tasks; i++) {
        const TaskRecord *record = &sweep->records[i];
        bool asked = only < 0 || only == i;
        if (asked && is_elsewhere(record))
            return RAISE(ERR_USAGE,
                         "%s: %s is being run by process %ld on %s%s%s; wait for it, or remove %s/sweep/%s.json",
                         plan->name, plan->tasks[i].name, record->pid, record->host, record->job[0] ? ", job " : "",
                         record->job, plan->out, plan->tasks[i].name);
        sweep->runs[i].wanted = asked && (sweep->options->force || record->state != TASK_FINISHED);
        sweep->n_wanted += sweep->runs[i].wanted;
    }
    if (only < 0) return ERR_NONE;
    /* Commands for one task each may run side by side, and know nothing of each other. */
    const SweepTask *task = &sweep->plan->tasks[only];
    sweep->cores.first = only * task->ranks * task->threads % sweep->cores.count;
    return check_only(sweep, only);
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
    Sweep sweep = {.plan = plan, .options = options, .cores = core_pool(options->cores), .view = view_open()};
    TRY(path_join(folder, sizeof folder, plan->out, "sweep"));
    TRY(folder_make(folder));
    sweep.records = calloc((size_t)plan->n_tasks + 1, sizeof *sweep.records);
    sweep.runs = calloc((size_t)plan->n_tasks + 1, sizeof *sweep.runs);
    sweep.running = calloc((size_t)plan->n_tasks + 1, sizeof *sweep.running);
    Err err = sweep.records && sweep.runs && sweep.running ? ERR_NONE
                                                           : RAISE(ERR_MEMORY, "no memory for %d tasks", plan->n_tasks);
    if (!err) err = sweep_state_read(sweep.records, plan);
    if (!err) err = choose_tasks(&sweep);
    if (!err) {
        stop_install_handlers();
        log_info("sweep %s: %d tasks, %d to do, %d cores, in %s", plan->name, plan->n_tasks, sweep.n_wanted,
                 sweep.cores.count, plan->out);
        err = run_loop(&sweep);
        view_clear(&sweep.view);
        if (err) end_children(&sweep);
    }
    if (!err) err = outcome(&sweep);
    free(sweep.records);
    free(sweep.runs);
    free(sweep.running);
    return err;
}
