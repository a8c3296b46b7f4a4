/* What is known of a task comes from its record, judged anew on every reading: a process that is gone has stopped; a
 * task whose key is another than that of the record has changed, as has one whose outcome was altered or whose needs
 * were made again with other contents. Needs are earlier tasks, so one pass in their order decides all. */
#include "sweep/task/state.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/system/file.h"
#include "sweep/task/internal/key.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_MAX = 1 << 20 };

const char *task_state_name(TaskState state) {
    static const char *const names[] = {"to do",   "changed", "finished", "failed",
                                        "stopped", "running", "queued",   "blocked"};
    return names[state];
}

Err sweep_state_path(char *out, size_t size, const SweepPlan *plan, int task, const char *extension) {
    return text_format(out, size, "%s/sweep/%s.%s", plan->out, plan->tasks[task].name, extension);
}

static void host_name(char *out, size_t size) {
    out[size - 1] = 0; /* a name that is cut may come without its zero */
    if (gethostname(out, size - 1)) snprintf(out, size, "unknown");
}

void sweep_state_begin(TaskRecord *record) {
    const char *job = getenv("SLURM_JOB_ID"), *array = getenv("SLURM_ARRAY_JOB_ID"),
               *index = getenv("SLURM_ARRAY_TASK_ID");
    host_name(record->host, sizeof record->host);
    record->pid = (long)getpid();
    record->started = (double)time(NULL);
    record->message[0] = 0;
    if (array && index)
        snprintf(record->job, sizeof record->job, "%s_%s", array, index);
    else
        snprintf(record->job, sizeof record->job, "%s", job ? job : "");
}

/* ---- reading ---- */

static void copy_text(char *out, size_t size, const cJSON *root, const char *key) {
    snprintf(out, size, "%s", record_text_or(root, key, ""));
}

static double number_of(const cJSON *root, const char *key) {
    return record_number_or(root, key, 0);
}

/* Whether a process of this host that is to run the task is gone. */
static bool runner_is_gone(const TaskRecord *record) {
    char here[sizeof record->host];
    host_name(here, sizeof here);
    if (record->state != TASK_RUNNING || !text_equal(record->host, here)) return false;
    return record->pid <= 0 || (kill((pid_t)record->pid, 0) != 0 && errno == ESRCH);
}

/* `key` is that of the record; record->key is today's. */
static Err judge(TaskRecord *record, const char *key) {
    char content[DIGEST_SIZE];
    if (record->state == TASK_RUNNING) return ERR_NONE;
    bool changed = !text_equal(key, record->key);
    if (record->state == TASK_FINISHED && !changed) {
        TRY(content_digest(content, record->made));
        changed = !text_equal(content, record->content);
        if (changed) snprintf(record->message, sizeof record->message, "what it made is gone or altered");
    }
    if (changed) record->state = TASK_CHANGED;
    return ERR_NONE;
}

/* The record as it stands, and its own key; both stay as they are where there is none. */
static Err load_record(TaskRecord *record, char key[DIGEST_SIZE], const SweepPlan *plan, int task) {
    char path[PATH_SIZE], state[32];
    cJSON *root;
    TRY(sweep_state_path(path, sizeof path, plan, task, "json"));
    if (!file_exists(path)) return ERR_NONE;
    if (json_read(&root, path, RECORD_MAX, ERR_INPUT)) return ERR_NONE; /* not ours: the task is done again */
    copy_text(key, DIGEST_SIZE, root, "key");
    copy_text(state, sizeof state, root, "state");
    copy_text(record->made, sizeof record->made, root, "made");
    copy_text(record->content, sizeof record->content, root, "content");
    copy_text(record->inputs, sizeof record->inputs, root, "inputs");
    copy_text(record->place, sizeof record->place, root, "place");
    copy_text(record->host, sizeof record->host, root, "host");
    copy_text(record->job, sizeof record->job, root, "job");
    if (record->job[strspn(record->job, "0123456789_")]) record->job[0] = 0; /* it goes into scripts */
    copy_text(record->message, sizeof record->message, root, "message");
    record->exit_code = (int)number_of(root, "exit_code");
    record->kills = (int)number_of(root, "kills");
    record->stops = (int)number_of(root, "stops");
    record->pid = (long)number_of(root, "pid");
    record->seconds = number_of(root, "seconds");
    record->started = number_of(root, "started");
    cJSON_Delete(root);
    /* queued and blocked are never written: they are found out */
    for (TaskState s = TASK_MISSING; s < TASK_QUEUED; s++)
        if (text_equal(state, task_state_name(s))) record->state = s;
    return ERR_NONE;
}

static Err read_record(TaskRecord *record, const SweepPlan *plan, int task) {
    char key[DIGEST_SIZE]; /* without a record nothing has changed */
    memcpy(key, record->key, DIGEST_SIZE);
    TRY(load_record(record, key, plan, task));
    if (runner_is_gone(record)) {
        /* it may have ended, and said so, since its record was read */
        TRY(load_record(record, key, plan, task));
        if (record->state == TASK_RUNNING) {
            record->state = TASK_STOPPED;
            snprintf(record->message, sizeof record->message,
                     "its process ended without a word (killed, or the machine went)");
            return ERR_NONE;
        }
    }
    return judge(record, key);
}

/* A finished task whose needs have other contents now than when it read them. */
static Err compare_inputs(TaskRecord *record, const SweepPlan *plan, int task, const TaskRecord *records) {
    char now[DIGEST_SIZE];
    if (record->state != TASK_FINISHED) return ERR_NONE;
    /* a need that is to be made again decides nothing yet: its contents may come out the same */
    for (int i = 0; i < plan->tasks[task].n_needs; i++)
        if (records[plan->tasks[task].needs[i]].state != TASK_FINISHED) return ERR_NONE;
    TRY(sweep_state_inputs(now, plan, task, records));
    if (text_equal(now, record->inputs)) return ERR_NONE;
    record->state = TASK_CHANGED;
    snprintf(record->message, sizeof record->message, "what it needs was made again with other contents");
    return ERR_NONE;
}

Err sweep_state_inputs(char out[DIGEST_SIZE], const SweepPlan *plan, int task, const TaskRecord *records) {
    Digest *digest;
    TRY(digest_new(&digest));
    for (int i = 0; i < plan->tasks[task].n_needs; i++)
        digest_add_text(digest, records[plan->tasks[task].needs[i]].content);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

Err sweep_state_read(TaskRecord *records, const SweepPlan *plan) {
    char(*keys)[DIGEST_SIZE] = calloc((size_t)plan->n_tasks + 1, sizeof *keys);
    if (!keys) return RAISE(ERR_MEMORY, "no memory for %d tasks", plan->n_tasks);
    Err err = ERR_NONE;
    for (int i = 0; i < plan->n_tasks && !err; i++) {
        records[i] = (TaskRecord){0};
        /* a key covers those of the task's needs, which are earlier */
        err = task_key(keys[i], plan, i, (const char(*)[DIGEST_SIZE])keys);
        memcpy(records[i].key, keys[i], DIGEST_SIZE);
        if (!err) err = read_record(&records[i], plan, i);
        if (!err) err = compare_inputs(&records[i], plan, i, records);
    }
    free(keys);
    return err;
}

Err sweep_state_reread(TaskRecord *records, const SweepPlan *plan, int task) {
    TaskRecord now = {.returns = records[task].returns};
    memcpy(now.key, records[task].key, DIGEST_SIZE);
    TRY(read_record(&now, plan, task));
    records[task] = now;
    return compare_inputs(&records[task], plan, task, records);
}

/* Needs are earlier tasks, so one pass reaches those that are blocked by blocked ones. */
void sweep_state_block(TaskRecord *records, const SweepPlan *plan) {
    for (int i = 0; i < plan->n_tasks; i++) {
        const SweepTask *task = &plan->tasks[i];
        if (records[i].state != TASK_MISSING && records[i].state != TASK_CHANGED) continue;
        for (int k = 0; k < task->n_needs; k++) {
            TaskState need = records[task->needs[k]].state;
            if (need != TASK_FAILED && need != TASK_BLOCKED) continue;
            records[i].state = TASK_BLOCKED;
            snprintf(records[i].message, sizeof records[i].message, "needs %s, which %s",
                     plan->tasks[task->needs[k]].name, need == TASK_FAILED ? "failed" : "is blocked");
            break;
        }
    }
}

/* ---- writing ---- */

Err sweep_state_write(const TaskRecord *record, const SweepPlan *plan, int task) {
    char path[PATH_SIZE];
    TRY(sweep_state_path(path, sizeof path, plan, task, "json"));
    const struct {
        const char *key, *text;
    } texts[] = {{"schema", "synvid.sweep_task"},
                 {"task", plan->tasks[task].name},
                 {"key", record->key},
                 {"state", task_state_name(record->state)},
                 {"made", record->made},
                 {"content", record->content},
                 {"inputs", record->inputs},
                 {"place", record->place},
                 {"host", record->host},
                 {"job", record->job},
                 {"message", record->message}};
    const struct {
        const char *key;
        double number;
    } numbers[] = {{"schema_version", 2},       {"exit_code", record->exit_code}, {"kills", record->kills},
                   {"stops", record->stops},    {"pid", (double)record->pid},     {"seconds", record->seconds},
                   {"started", record->started}};
    cJSON *root = cJSON_CreateObject();
    bool complete = root != NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        complete = complete && cJSON_AddStringToObject(root, texts[i].key, texts[i].text);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        complete = complete && cJSON_AddNumberToObject(root, numbers[i].key, numbers[i].number);
    char *text = NULL;
    Err err = complete ? json_print(&text, root) : RAISE(ERR_MEMORY, "%s: no memory", path);
    if (!err) err = file_write_whole(path, text, strlen(text));
    cJSON_Delete(root);
    free(text);
    return err;
}
