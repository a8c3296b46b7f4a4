/* submit.sh is text for people and bash: what is asked of SLURM is written down before anything is submitted. Sizes
 * of an array come, in this order, from the sweep file, from tasks of the stage that ran, from a dry run, or from
 * another array of the stage. */
#include "sweep/slurm/slurm.h"

#include "base/config/config.h"
#include "base/system/estimate.h"
#include "base/system/file.h"
#include "base/system/process.h"
#include "base/text/escape.h"
#include "sweep/slurm/internal/batch.h"
#include "sweep/slurm/queue.h"
#include "sweep/task/launch.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NUMBERS_MAX = 9999 };

/* ---- how much a task takes ---- */

static bool needs_are_made(const SweepPlan *plan, const TaskRecord *records, int task) {
    for (int k = 0; k < plan->tasks[task].n_needs; k++)
        if (records[plan->tasks[task].needs[k]].state != TASK_FINISHED) return false;
    return true;
}

/* The task's own command with --dry-run. */
static Err ask_dry_run(double *core_hours, double *rank_gb, const SweepPlan *plan, const TaskRecord *records,
                       int task) {
    char *command, *text, *dry = NULL;
    int code;
    double bytes, seconds;
    TRY(task_command_here(&command, plan, task, records));
    if (asprintf(&dry, "%s --dry-run --threads %d", command, plan->tasks[task].threads) < 0) dry = NULL;
    free(command);
    if (!dry) return RAISE(ERR_MEMORY, "no memory for a command");
    const char *const argv[] = {"bash", "-c", dry, NULL};
    Err err = process_output(&text, &code, argv);
    free(dry);
    TRY(err);
    if (code == 0 && estimate_find(&bytes, &seconds, text)) {
        *core_hours = seconds / 3600;
        *rank_gb = bytes / 1e9;
    }
    free(text);
    return ERR_NONE;
}

/* The longest that a task of this stage took before, in core-hours of what the task asks for now. */
static double hours_before(const SweepPlan *plan, const TaskRecord *records, int task) {
    double longest = 0;
    for (int i = 0; i < plan->n_tasks; i++) {
        double hours = records[i].seconds / 3600 * plan->tasks[i].ranks * plan->tasks[i].threads;
        bool counts = records[i].state == TASK_FINISHED && text_equal(plan->tasks[i].stage, plan->tasks[task].stage);
        if (counts && hours > longest) longest = hours;
    }
    return longest;
}

static Err size_array(BatchArray *array, const SweepPlan *plan, const TaskRecord *records) {
    int task = array->tasks[0];
    const SweepTask *first = &plan->tasks[task];
    if (needs_are_made(plan, records, task)) TRY(ask_dry_run(&array->core_hours, &array->rank_gb, plan, records, task));
    double before = hours_before(plan, records, task);
    if (before > 0) array->core_hours = before;
    if (first->hours > 0) array->core_hours = first->hours * first->ranks * first->threads;
    if (first->memory_gb > 0) array->rank_gb = first->memory_gb;
    return ERR_NONE;
}

/* What is unknown of an array is taken from another of its stage: tasks of a stage are alike. */
static void borrow_sizes(Batch *batch) {
    for (int a = 0; a < batch->n_arrays; a++)
        for (int other = 0; other < batch->n_arrays; other++) {
            BatchArray *to = &batch->arrays[a];
            const BatchArray *from = &batch->arrays[other];
            if (!text_equal(to->stage, from->stage)) continue;
            if (to->core_hours == 0) to->core_hours = from->core_hours;
            if (to->rank_gb == 0) to->rank_gb = from->rank_gb;
        }
}

/* ---- the files ---- */

/* SLURM takes a backslash in a log's name as "no patterns", and jobs.txt is read by lines. */
static Err check_out(const SweepPlan *plan) {
    if (!strpbrk(plan->out, "\\\n\r")) return ERR_NONE;
    return RAISE(ERR_USAGE,
                 "sweep slurm: --out %s: SLURM cannot write logs into a folder whose name has a backslash or "
                 "a line break; use another folder",
                 plan->out);
}

/* OUT/sweep/slurm/<number>, the first that was not submitted. */
static Err make_folder(char *folder, size_t size, const SweepPlan *plan) {
    for (int number = 1; number <= NUMBERS_MAX; number++) {
        char name[32], submitted[PATH_SIZE];
        TRY(text_format(name, sizeof name, "%04d", number));
        TRY(queue_path(folder, size, plan, name));
        TRY(path_join(submitted, sizeof submitted, folder, "submitted"));
        if (!file_exists(submitted)) return folder_make(folder);
    }
    return RAISE(ERR_IO, "%s/sweep/slurm: %d submissions are there; remove old ones", plan->out, NUMBERS_MAX);
}

static Err write_tasks(char *path, size_t size, const char *folder, int number, const BatchArray *array,
                       const Batch *batch, const SweepPlan *plan) {
    Builder text = {0};
    char stage[NAME_SIZE];
    escape_file_name(stage, sizeof stage, array->stage);
    TRY(text_format(path, size, "%s/%d-%s.tasks", folder, number + 1, stage));
    for (int i = 0; i < array->n_tasks; i++)
        builder_add(&text, "%d %s\n", batch->index[array->tasks[i]], plan->tasks[array->tasks[i]].name);
    Err err = builder_check(&text, path);
    if (!err) err = file_write_whole(path, text.data, text.length);
    builder_free(&text);
    return err;
}

static int compare_ints(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

/* "0-3,5" */
static Err add_indices(Builder *text, const BatchArray *array, const Batch *batch) {
    int *sorted = malloc((size_t)array->n_tasks * sizeof *sorted);
    if (!sorted) return RAISE(ERR_MEMORY, "no memory for indices");
    for (int i = 0; i < array->n_tasks; i++) sorted[i] = batch->index[array->tasks[i]];
    qsort(sorted, (size_t)array->n_tasks, sizeof *sorted, compare_ints);
    for (int i = 0; i < array->n_tasks;) {
        int end = i;
        while (end + 1 < array->n_tasks && sorted[end + 1] == sorted[end] + 1) end++;
        builder_add(text, "%s%d", i ? "," : "", sorted[i]);
        if (end > i) builder_add(text, "-%d", sorted[end]);
        i = end + 1;
    }
    free(sorted);
    return ERR_NONE;
}

static Err add_submit(Builder *text, int number, const BatchArray *array, const Batch *batch, const SweepPlan *plan,
                      const char *tasks) {
    const SweepTask *first = &plan->tasks[array->tasks[0]];
    Builder job = {0};
    builder_add_text(text, "submit ");
    escape_shell(text, array->stage);
    builder_add_text(text, " --array ");
    TRY(add_indices(text, array, batch));
    escape_slurm_job(&job, array->stage);
    if (job.data && !text_equal(job.data, array->stage)) builder_add(text, " --job %s", job.data);
    text->failed = text->failed || job.failed;
    builder_free(&job);
    builder_add(text, " --ranks %d --threads %d", first->ranks, first->threads);
    if (first->nodes) builder_add(text, " --nodes %d", first->nodes);
    if (array->core_hours > 0) builder_add(text, " --core-hours %.4g", array->core_hours);
    if (array->rank_gb > 0) builder_add(text, " --rank-gb %.3g", array->rank_gb);
    if (array->dependency[0]) builder_add(text, " \\\n    --after \"%s\"", array->dependency);
    builder_add(text, " \\\n    --tasks ");
    escape_shell(text, tasks);
    builder_add(text, "\njob_%d=$job\n", number + 1);
    return ERR_NONE;
}

/* The folder of job scripts stands beside that of configurations. */
static Err add_head(Builder *text, const SweepPlan *plan, const SlurmRequest *request) {
    char here[PATH_SIZE], self[PATH_SIZE], configs[PATH_SIZE], share[PATH_SIZE], jobs[PATH_SIZE], log[PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0 || !getcwd(here, sizeof here)) return RAISE(ERR_IO, "cannot find this place: %s", strerror(errno));
    self[length] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    TRY(config_root(configs, sizeof configs));
    if (configs[0] != '/') {
        TRY(path_join(share, sizeof share, here, configs));
        TRY(text_copy(configs, sizeof configs, share));
    }
    TRY(path_parent(share, sizeof share, configs));
    TRY(path_join(jobs, sizeof jobs, share, "jobs"));
    TRY(queue_path(log, sizeof log, plan, ""));
    builder_add_text(text, "#!/usr/bin/env bash\n# Submits what is missing of the sweep \"");
    escape_line(text, plan->name);
    builder_add_text(text, "\", an array a stage. Written by `synvid sweep slurm`; run it with bash,\n# or let `synvid "
                           "sweep slurm --submit` run it. Sizes are estimates of one task; "
                           "jobs/site.sh turns them into limits.\n"
                           "set -euo pipefail\ncd ");
    escape_shell(text, here);
    builder_add_text(text, "\nexport PATH=");
    escape_shell(text, self);
    builder_add_text(text, ":$PATH\njobs=${SYNVID_JOBS:-");
    escape_shell(text, jobs);
    builder_add_text(text, "}\nlogs=");
    escape_shell(text, log);
    builder_add_text(text, "\nsweep=(");
    escape_shell_path(text, request->file);
    builder_add_text(text, text_starts(plan->out, "--") ? " --out=" : " --out ");
    escape_shell(text, plan->out);
    for (int i = 0; i < request->n_vars; i++) {
        builder_add_text(text, " --var ");
        escape_shell(text, request->vars[i]);
    }
    if (request->ranks) builder_add(text, " --ranks %d", request->ranks);
    builder_add(text, ")\nby=%s\n. \"$jobs/submit.sh\"\n\n", request->by);
    return ERR_NONE;
}

/* A folder whose arrays are in the queue is not used again. */
static void add_mark(Builder *text, const char *folder) {
    builder_add_text(text, "date > ");
    escape_shell(text, folder);
    builder_add_text(text, "/submitted\n");
}

/* Any of the jobs that are in the queue after this submission. */
static void add_guard(Builder *text, const Batch *batch, const SweepPlan *plan, const TaskRecord *records) {
    const char *between = "";
    builder_add_text(text, "guard \"");
    for (int t = 0; t < plan->n_tasks; t++) {
        bool here = records[t].state == TASK_QUEUED || records[t].state == TASK_RUNNING;
        if (!here || !records[t].job[0]) continue;
        builder_add(text, "%safterany:%s", between, records[t].job);
        between = "?";
    }
    for (int a = 0; a < batch->n_arrays; a++)
        for (int i = 0; i < batch->arrays[a].n_tasks; i++) {
            /* "?" between them: as soon as any of them has ended */
            builder_add(text, "%safterany:${job_%d}_%d", between, a + 1, batch->index[batch->arrays[a].tasks[i]]);
            between = "?";
        }
    builder_add_text(text, "\"\n");
}

static Err write_script(char *script, size_t size, const Batch *batch, const SweepPlan *plan, const TaskRecord *records,
                        const SlurmRequest *request) {
    char folder[PATH_SIZE], tasks[PATH_SIZE];
    Builder text = {0};
    TRY(make_folder(folder, sizeof folder, plan));
    TRY(path_join(script, size, folder, "submit.sh"));
    Err err = add_head(&text, plan, request);
    if (!err && batch->n_arrays) add_mark(&text, folder);
    for (int a = 0; a < batch->n_arrays && !err; a++) {
        err = write_tasks(tasks, sizeof tasks, folder, a, &batch->arrays[a], batch, plan);
        if (!err) err = add_submit(&text, a, &batch->arrays[a], batch, plan, tasks);
    }
    if (!err) add_guard(&text, batch, plan, records);
    if (!err) err = builder_check(&text, script);
    if (!err) err = file_write_whole(script, text.data, text.length);
    builder_free(&text);
    if (!err && chmod(script, 0755)) err = RAISE(ERR_IO, "%s: cannot make it executable: %s", script, strerror(errno));
    return err;
}

Err slurm_write(char *script, size_t size, int *n_tasks, const SweepPlan *plan, const TaskRecord *records,
                const SlurmRequest *request) {
    Batch batch;
    bool queue_alive = false;
    script[0] = 0;
    *n_tasks = 0;
    TRY(check_out(plan));
    TRY(batch_plan(&batch, plan, records, request->wanted));
    for (int t = 0; t < plan->n_tasks; t++)
        queue_alive |= records[t].state == TASK_QUEUED || (records[t].state == TASK_RUNNING && records[t].job[0]);
    Err err = ERR_NONE;
    for (int a = 0; a < batch.n_arrays && !err; a++) {
        *n_tasks += batch.arrays[a].n_tasks;
        err = size_array(&batch.arrays[a], plan, records);
    }
    borrow_sizes(&batch);
    if (!err && (batch.n_arrays || (request->guard && queue_alive)))
        err = write_script(script, size, &batch, plan, records, request);
    batch_free(&batch);
    return err;
}

Err slurm_submit(const char *script) {
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execlp("bash", "bash", script, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return RAISE(ERR_IO, "%s: cannot run: %s", script, strerror(errno));
    if (status == 0) return ERR_NONE;
    return RAISE(ERR_IO,
                 "%s: submitting failed (see above); what was submitted is in the queue, the same command goes on",
                 script);
}
