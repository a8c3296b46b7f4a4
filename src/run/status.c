/* Everything here is read from files that another process may be writing: whole lines only, no lock taken, and what
 * is not there is not an error. The state is decided from run.json's last life, the lock, and result.json, in this
 * order. */
#include "run/folder.h"

#include "base/config/record.h"
#include "base/system/file.h"
#include "store/checkpoint/checkpoint.h"

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAIL = 4096 };

const char *runstatus_name(RunState state) {
    static const char *const names[] = {"finished", "running", "stopped", "failed", "died"};
    return names[state];
}

bool runstatus_is_run(const char *folder) {
    char path[PATH_SIZE];
    return !path_join(path, sizeof path, folder, "run.json") && file_exists(path);
}

/* By the file's own time: a clock of another host may differ by some seconds, which is no matter here. */
static double age_s(const char *path) {
    struct stat status;
    struct timespec now;
    if (stat(path, &status)) return NAN;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)(now.tv_sec - status.st_mtim.tv_sec) + 1e-9 * (double)(now.tv_nsec - status.st_mtim.tv_nsec);
}

/* The last whole line of a file that grows, as JSON; NULL when there is none. */
static cJSON *read_last_point(const char *path) {
    char tail[TAIL + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return NULL;
    /* only the tail: curves grow to many megabytes, and status looks again and again */
    off_t end = lseek(file, 0, SEEK_END);
    ssize_t length = pread(file, tail, TAIL, end > TAIL ? end - TAIL : 0);
    close(file);
    while (length > 0 && tail[length - 1] != '\n') length--; /* a line that is being written */
    if (length <= 0) return NULL;
    tail[length - 1] = 0;
    const char *line = strrchr(tail, '\n');
    return cJSON_Parse(line ? line + 1 : tail);
}

/* 0 also for what cannot be a count of steps. */
static int64_t step_of(const cJSON *object, const char *key) {
    double number = record_number_or(object, key, 0);
    return number >= 0 && number < 9e15 ? (int64_t)number : 0;
}

static Err read_training(RunStatus *status, const char *folder) {
    char path[PATH_SIZE];
    TRY(path_join(path, sizeof path, folder, "curves.jsonl"));
    cJSON *point = read_last_point(path);
    status->loss = record_number_or(point, "loss", NAN);
    status->step = step_of(point, "step");
    cJSON_Delete(point);
    TRY(path_join(path, sizeof path, folder, "timings.jsonl"));
    cJSON *timing = read_last_point(path);
    double steps_per_s = record_number_or(timing, "steps_per_s", 0);
    status->total = step_of(timing, "total");
    status->clips_per_s = record_number_or(timing, "clips_per_s", 0);
    /* timings are written regularly, so their age is how long the run has been silent */
    status->silent_s = age_s(path);
    status->seconds_left = steps_per_s > 0 ? (double)(status->total - status->step) / steps_per_s : NAN;
    cJSON_Delete(timing);
    return ERR_NONE;
}

static Err read_checkpoints(RunStatus *status, const char *folder) {
    char checkpoints[PATH_SIZE], newest[PATH_SIZE];
    int64_t *steps = NULL;
    int count = 0;
    status->checkpoint = -1;
    TRY(path_join(checkpoints, sizeof checkpoints, folder, "ckpt"));
    TRY(checkpoint_list(&steps, &count, checkpoints));
    /* newest first */
    if (count) status->checkpoint = steps[0];
    free(steps);
    if (status->checkpoint < 0) return ERR_NONE;
    TRY(checkpoint_path(newest, sizeof newest, checkpoints, status->checkpoint));
    status->checkpoint_age_s = age_s(newest);
    return ERR_NONE;
}

static Err read_last_life(RunStatus *status, const char *folder) {
    char path[PATH_SIZE], *exit = status->note;
    cJSON *tree = NULL;
    const cJSON *lives;
    int count;
    TRY(path_join(path, sizeof path, folder, "run.json"));
    Err err = record_open(&tree, path, "synvid.run", 1);
    if (!err) err = record_list(&lives, &count, (Record){.object = tree, .origin = path}, "lives");
    if (!err && count == 0) err = RAISE(ERR_INPUT, "%s: no life is recorded", path);
    if (!err) {
        /* the last life, which is the present one if any */
        Record life = {cJSON_GetArrayItem(lives, count - 1), path, "lives", count - 1};
        err = record_text(status->note, sizeof status->note, life, "exit");
        if (!err) err = record_text(status->host, sizeof status->host, life, "hosts");
    }
    cJSON_Delete(tree);
    TRY(err);
    /* a life that says it runs but holds no lock was killed */
    if (text_equal(exit, "running"))
        status->state = runlock_is_held(folder) ? RUN_RUNNING : RUN_DIED;
    else
        status->state = text_starts(exit, "error") ? RUN_FAILED : RUN_STOPPED;
    if (status->state == RUN_RUNNING) exit[0] = 0;
    if (status->state == RUN_DIED) (void)snprintf(exit, sizeof status->note, "ended without a word");
    return ERR_NONE;
}

Err runstatus_read(RunStatus *status, const char *folder) {
    char result[PATH_SIZE];
    *status = (RunStatus){0};
    TRY(read_last_life(status, folder));
    TRY(path_join(result, sizeof result, folder, "result.json"));
    if (file_exists(result) && status->state != RUN_RUNNING) {
        status->state = RUN_FINISHED;
        status->note[0] = 0;
    }
    TRY(read_training(status, folder));
    return read_checkpoints(status, folder);
}
