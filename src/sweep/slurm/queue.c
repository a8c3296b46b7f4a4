/* What the batch system knows of a sweep's tasks, joined from three sources: the lines that jobs/submit.sh left tell
 * which job a task was last submitted as, squeue tells which jobs wait or run, and sacct what became of those that are
 * gone. A task's own record outweighs them: finished is finished, whatever the queue says. Where no squeue answers,
 * records are left as they are. */
#include "sweep/slurm/queue.h"

#include "base/system/file.h"
#include "base/system/process.h"

#include <unistd.h>

enum { JOBS_FILE_MAX = 64 << 20, FIELDS = 5 };

Err queue_path(char *out, size_t size, const SweepPlan *plan, const char *name) {
    return text_format(out, size, "%s/sweep/slurm/%s", plan->out, name);
}

/* ---- which job a task was last submitted as ---- */

typedef struct {
    char job[64]; /* "17_3", or "" */
    int returns;  /* by the guard, since the last by a user */
} Submission;

/* The lines "INDEX TASK" of an array's file; a task's name may have blanks. */
static Err read_array(Submission *submissions, const SweepPlan *plan, const char *job, const char *by,
                      const char *path) {
    char *text, *saved;
    size_t length;
    if (!file_exists(path)) return ERR_NONE;
    TRY(file_read(&text, &length, path, JOBS_FILE_MAX));
    for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
        char *name;
        long index = strtol(line, &name, 10);
        int task = name > line && *name == ' ' ? sweep_plan_find(plan, name + 1) : -1;
        if (task < 0) continue;
        (void)snprintf(submissions[task].job, sizeof submissions[task].job, "%s_%ld", job, index);
        /* lines stand in the order of submission: the last one counts, and one by a user counts from 0 again */
        submissions[task].returns = text_equal(by, "guard") ? submissions[task].returns + 1 : 0;
    }
    free(text);
    return ERR_NONE;
}

/* The lines "JOB NAME BY FILE" that jobs/submit.sh leaves; the name is that of the job and has no blanks. */
static Err read_submissions(Submission *submissions, const SweepPlan *plan) {
    char path[PATH_SIZE], *text, *saved;
    size_t length;
    TRY(queue_path(path, sizeof path, plan, "jobs.txt"));
    if (!file_exists(path)) return ERR_NONE;
    TRY(file_read(&text, &length, path, JOBS_FILE_MAX));
    Err err = ERR_NONE;
    for (char *line = strtok_r(text, "\n", &saved); line && !err; line = strtok_r(NULL, "\n", &saved)) {
        char job[32], by[16], array[PATH_SIZE];
        if (sscanf(line, "%31s %*s %15s %1023[^\n]", job, by, array) != 3) continue;
        err = read_array(submissions, plan, job, by, array);
    }
    free(text);
    return err;
}

/* ---- squeue ---- */

typedef struct {
    char job[64], state[32], reason[64], nodes[128];
} Queued;

typedef struct {
    Queued *items;
    int count;
} QueueList;

/* "17|3|PENDING|Dependency|n1": array or job, index, state, reason, nodes. */
static bool parse_queued(Queued *queued, char *line) {
    char *fields[FIELDS];
    for (int i = 0; i < FIELDS; i++) fields[i] = strsep(&line, "|");
    if (!fields[FIELDS - 1]) return false;
    bool single = text_equal(fields[1], "N/A"); /* no element of an array */
    (void)snprintf(queued->job, sizeof queued->job, "%s%s%s", fields[0], single ? "" : "_", single ? "" : fields[1]);
    (void)snprintf(queued->state, sizeof queued->state, "%s", fields[2]);
    (void)snprintf(queued->reason, sizeof queued->reason, "%s", fields[3]);
    (void)snprintf(queued->nodes, sizeof queued->nodes, "%s", fields[4]);
    return true;
}

/* *known false: there is no squeue that answers. */
static Err read_queue(QueueList *list, bool *known) {
    char user[32], *text, *saved;
    int code;
    snprintf(user, sizeof user, "%ld", (long)getuid());
    /* -r: a line for each element of an array; %F: the array's own number, which submit.sh wrote down */
    const char *const argv[] = {"squeue", "-h", "-r", "-u", user, "-o", "%F|%K|%T|%r|%N", NULL};
    *list = (QueueList){0};
    TRY(process_output(&text, &code, argv));
    *known = code == 0;
    size_t lines = 1;
    for (const char *at = text; *at; at++) lines += *at == '\n';
    list->items = calloc(lines, sizeof *list->items);
    Err err = list->items ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for the queue");
    for (char *line = strtok_r(text, "\n", &saved); line && !err && *known; line = strtok_r(NULL, "\n", &saved))
        if (parse_queued(&list->items[list->count], line)) list->count++;
    free(text);
    return err;
}

static const Queued *find_queued(const QueueList *list, const char *job) {
    for (int i = 0; job[0] && i < list->count; i++)
        if (text_equal(list->items[i].job, job)) return &list->items[i];
    return NULL;
}

/* ---- what a job's state means for its task ---- */

static const char *reason_text(const char *reason) {
    static const char *const meanings[][2] = {{"Dependency", "waits for what it needs"},
                                              {"Resources", "waits for free nodes"},
                                              {"Priority", "waits for its turn"},
                                              {"BeginTime", "starts again soon"},
                                              {"JobArrayTaskLimit", "waits: array limit"},
                                              {"None", "just submitted"},
                                              {"Cleaning", "about to go back into the queue"}};
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (text_equal(meanings[i][0], reason)) return meanings[i][1];
    return reason;
}

/* Other states, such as COMPLETED while SLURM clears up, say nothing that the record does not. */
static void apply_queued(TaskRecord *record, const Queued *queued) {
    bool never = text_equal(queued->reason, "DependencyNeverSatisfied");
    if (never) return; /* it will not start: what the record says stands */
    bool waits = text_equal(queued->state, "PENDING") || text_starts(queued->state, "REQUEUE");
    bool runs = text_equal(queued->state, "RUNNING") || text_equal(queued->state, "COMPLETING") ||
                text_equal(queued->state, "CONFIGURING");
    if (!waits && !runs && !text_equal(queued->state, "SUSPENDED")) return;
    record->state = runs ? TASK_RUNNING : TASK_QUEUED;
    (void)snprintf(record->job, sizeof record->job, "%s", queued->job);
    if (runs) (void)snprintf(record->host, sizeof record->host, "%.*s", (int)sizeof record->host - 1, queued->nodes);
    (void)snprintf(record->message, sizeof record->message, "job %s %s", queued->job,
                   waits ? reason_text(queued->reason) : queued->nodes);
}

/* What accounting says became of a job: "CANCELLED by 0", "NODE_FAIL", or "" where nothing is known. */
static Err ask_accounting(char *out, size_t size, const char *job) {
    const char *const argv[] = {"sacct", "-n", "-X", "-P", "-j", job, "-o", "State", NULL};
    char *text;
    int code;
    TRY(process_output(&text, &code, argv));
    (void)snprintf(out, size, "%.*s", code == 0 ? (int)strcspn(text, "\n") : 0, text);
    free(text);
    return ERR_NONE;
}

/* Only for tasks that are neither finished nor failed by their own account. */
static Err apply_gone(TaskRecord *record, const char *job) {
    char fate[64];
    TRY(ask_accounting(fate, sizeof fate, job));
    if (record->state == TASK_RUNNING) record->state = TASK_STOPPED;
    (void)snprintf(record->message, sizeof record->message, "job %s left the queue %s%s", job,
                   fate[0] ? "as " : "without a word (canceled, or killed)", fate);
    return ERR_NONE;
}

/* A task that ended by its own account under its last job is not lost, and neither is one that was changed since. */
static bool is_lost(const TaskRecord *record, const Submission *submission) {
    bool never_began = !text_equal(record->job, submission->job);
    bool undone = record->state == TASK_MISSING || record->state == TASK_STOPPED ||
                  (record->state == TASK_CHANGED && never_began);
    return submission->job[0] && undone;
}

static Err apply(TaskRecord *records, const SweepPlan *plan, int task, const Submission *submission,
                 const QueueList *list) {
    TaskRecord *record = &records[task];
    record->returns = submission->returns;
    if (record->state == TASK_FINISHED) return ERR_NONE;
    /* a requeued job has its old number; a task that runs may be in a job that was submitted by hand */
    const Queued *queued = find_queued(list, submission->job);
    if (!queued && record->state == TASK_RUNNING) queued = find_queued(list, record->job);
    if (queued) {
        apply_queued(record, queued);
        record->lost = is_lost(record, submission); /* one that can never start */
        return ERR_NONE;
    }
    /* between the reading of the record and that of the queue a job may have ended, and said so in the record */
    TRY(sweep_state_reread(records, plan, task));
    bool own_process = record->state == TASK_RUNNING && !record->job[0];
    const char *job = record->state == TASK_RUNNING ? record->job : submission->job;
    bool speaks_for_itself = record->state == TASK_FINISHED || record->state == TASK_FAILED ||
                             record->state == TASK_CHANGED;
    if (!own_process && !speaks_for_itself && job[0]) TRY(apply_gone(record, job));
    record->lost = is_lost(record, submission);
    return ERR_NONE;
}

Err queue_apply(TaskRecord *records, bool *known, const SweepPlan *plan) {
    bool interesting = false;
    QueueList list = {0};
    *known = true;
    Submission *submissions = calloc((size_t)plan->n_tasks + 1, sizeof *submissions);
    if (!submissions) return RAISE(ERR_MEMORY, "no memory for %d tasks", plan->n_tasks);
    Err err = read_submissions(submissions, plan);
    for (int i = 0; i < plan->n_tasks; i++) interesting |= submissions[i].job[0] || records[i].job[0];
    /* a sweep that never was in a queue does not ask for one: most machines have none */
    if (!err && interesting) err = read_queue(&list, known);
    for (int i = 0; i < plan->n_tasks && !err && interesting && *known; i++)
        err = apply(records, plan, i, &submissions[i], &list);
    free(list.items);
    free(submissions);
    return err;
}

Err queue_job_state(char *out, size_t size, const char *job) {
    const char *const argv[] = {"squeue", "-h", "-j", job, "-o", "%T", NULL};
    char *text;
    int code;
    TRY(process_output(&text, &code, argv));
    (void)snprintf(out, size, "%.*s", code == 0 ? (int)strcspn(text, "\n") : 0, text);
    free(text);
    return ERR_NONE;
}
