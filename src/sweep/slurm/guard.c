#include "sweep/slurm/slurm.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/process.h"
#include "sweep/slurm/queue.h"

#include <unistd.h>

enum { RETURNS = 5, RETURNS_MAX = 1000, NAMED = 8, NUMBER_MAX = 64 };

/* ---- what comes back ---- */

static int returns_allowed(void) {
    const char *text = getenv("SYNVID_GUARD_RETURNS");
    char *end;
    long number = text && *text ? strtol(text, &end, 10) : RETURNS;
    return number >= 0 && number <= RETURNS_MAX ? (int)number : RETURNS;
}

static bool is_in_queue(const TaskRecord *record) {
    return record->state == TASK_QUEUED || record->state == TASK_RUNNING;
}

static bool needs_will_be_met(const bool *wanted, const SweepPlan *plan, const TaskRecord *records, int task) {
    for (int k = 0; k < plan->tasks[task].n_needs; k++) {
        int need = plan->tasks[task].needs[k];
        if (!wanted[need] && records[need].state != TASK_FINISHED && !is_in_queue(&records[need])) return false;
    }
    return true;
}

static bool is_given_up(const TaskRecord *record) {
    return record->lost && record->returns >= returns_allowed();
}

int guard_choose(bool *wanted, const SweepPlan *plan, const TaskRecord *records) {
    int count = 0;
    for (int i = 0; i < plan->n_tasks; i++) { /* needs come earlier */
        wanted[i] = records[i].lost && !is_given_up(&records[i]) && needs_will_be_met(wanted, plan, records, i);
        count += wanted[i];
    }
    return count;
}

static void say_what_stays_away(const SweepPlan *plan, const TaskRecord *records) {
    int named = 0;
    for (int i = 0; i < plan->n_tasks && named < NAMED; i++) {
        bool failed = records[i].state == TASK_FAILED, given_up = is_given_up(&records[i]);
        if (failed)
            log_warn("%s failed with exit code %d: %s", plan->tasks[i].name, records[i].exit_code, records[i].message);
        else if (given_up)
            log_warn("%s was lost again after %d returns: %s", plan->tasks[i].name, records[i].returns,
                     records[i].message);
        named += failed || given_up;
    }
}

Err guard_judge(const bool *wanted, const SweepPlan *plan, const TaskRecord *records) {
    int alive = 0, finished = 0, failed = 0, given_up = 0;
    say_what_stays_away(plan, records);
    for (int i = 0; i < plan->n_tasks; i++) {
        alive += wanted[i] || is_in_queue(&records[i]);
        finished += records[i].state == TASK_FINISHED;
        failed += records[i].state == TASK_FAILED;
        given_up += is_given_up(&records[i]);
    }
    if (alive || finished == plan->n_tasks) return ERR_NONE;
    return RAISE(ERR_INPUT,
                 "sweep %s: the guard gives up: %d of %d tasks are finished, %d failed, %d were lost too often, the "
                 "others need them; mend the cause (`synvid sweep status`) and submit the sweep again",
                 plan->name, finished, plan->n_tasks, failed, given_up);
}

/* ---- one at a time ---- */

Err guard_lock(int *descriptor, const SweepPlan *plan) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    TRY(queue_path(folder, sizeof folder, plan, ""));
    TRY(folder_make(folder));
    TRY(path_join(path, sizeof path, folder, ".lock"));
    LockState state;
    TRY(lock_try(descriptor, &state, path));
    if (state == LOCK_NOT_HERE) log_detail("%s: no locks here; going on without", path);
    if (state != LOCK_BUSY) return ERR_NONE;
    log_info("sweep %s is being submitted or canceled elsewhere: waiting", plan->name);
    return lock_wait(*descriptor, path);
}

/* ---- the guard's job ---- */

Err guard_find(char *job, size_t size, const SweepPlan *plan) {
    char path[PATH_SIZE], state[32], *text;
    size_t length;
    job[0] = 0;
    TRY(queue_path(path, sizeof path, plan, "guard.job"));
    if (!file_exists(path)) return ERR_NONE;
    TRY(file_read(&text, &length, path, NUMBER_MAX));
    (void)snprintf(job, size, "%.*s", (int)strcspn(text, "\n"), text);
    free(text);
    if (!job[0]) return ERR_NONE;
    TRY(queue_job_state(state, sizeof state, job));
    if (!text_equal(state, "PENDING") && !text_equal(state, "RUNNING") && !text_starts(state, "REQUEUE") &&
        !text_equal(state, "CONFIGURING"))
        job[0] = 0;
    return ERR_NONE;
}

static Err cancel(const char *job) {
    const char *const argv[] = {"scancel", job, NULL};
    char *text;
    int code;
    TRY(process_output(&text, &code, argv));
    free(text);
    return code == 0 ? ERR_NONE : RAISE(ERR_IO, "scancel %s: exit code %d", job, code);
}

Err guard_cancel_sweep(int *count, const SweepPlan *plan, const TaskRecord *records) {
    char job[64];
    *count = 0;
    TRY(guard_find(job, sizeof job, plan));
    if (job[0]) TRY(cancel(job));
    for (int i = plan->n_tasks - 1; i >= 0; i--) { /* what waits before what it waits for */
        if (!is_in_queue(&records[i]) || !records[i].job[0]) continue;
        TRY(cancel(records[i].job));
        (*count)++;
    }
    return ERR_NONE;
}
