/* The life of a run: name it by what it is made of, open its folder, execute what is not finished, close with the
 * reason. A stage gives functions for the three parts that differ (run/task.h); everything that must not be forgotten
 * is here. */
#include "run/task.h"

#include "base/system/log.h"
#include "base/system/stop.h"
#include "par/agree.h"

/* What run.json says about the end of a run. */
static const char *run_exit_reason(char *out, size_t size, Err err) {
    if (err == ERR_NONE) return "finished";
    (void)snprintf(out, size, "%s: %s", err == ERR_STOPPED ? "stopped" : "error",
                   err == ERR_STOPPED ? stop_reason() : err_message());
    return out;
}

static Err open_folder_all(RunFolder *folder, const Task *task, const Run *run) {
    char digest[DIGEST_SIZE];
    Err err = run_identity(digest, &task->identity, run->seed);
    TRY(err_agree_all(err, &run->par, "naming the run"));
    return runfolder_open_all(folder, task->name[0] ? task->name : task->fallback, digest, run);
}

static Err execute_all(const Task *task, const RunFolder *folder) {
    if (!folder->finished) return task->execute_all(task->state, folder);
    log_info("already finished: %s (--force starts over)", folder->path);
    return task->left_all ? task->left_all(task->state, folder) : ERR_NONE;
}

CHECKED Err run_task_all(const Task *task, const Run *run) {
    RunFolder folder;
    char reason[256];
    /* a dry run opens no folder: nothing is made, nothing is locked */
    if (run->dry_run) return task->plan(task->state);
    TRY(open_folder_all(&folder, task, run));
    Err err = execute_all(task, &folder);
    runfolder_close_all(&folder, run, run_exit_reason(reason, sizeof reason, err));
    /* all that stands on stdout: what a script goes on with */
    if (!err && run->par.rank == 0) printf("%s\n", folder.path);
    return err;
}

static Err conclude(const Conclusion *conclusion, const RunFolder *folder) {
    char path[PATH_SIZE];
    Result *result = calloc(1, sizeof *result);
    if (!result) return RAISE(ERR_MEMORY, "result: no memory");
    /* result.json is the last file of a run: where it lies, the run is finished */
    Err err = conclusion->fill(result, folder, conclusion->state);
    if (!err) err = runfolder_path(path, sizeof path, folder, "result.json");
    if (!err) err = result_write(result, path);
    if (!err && conclusion->say) conclusion->say(result, folder, conclusion->state);
    free(result);
    return err;
}

CHECKED Err run_conclude_all(const Conclusion *conclusion, const RunFolder *folder, const Par *par) {
    return err_agree_all(par->rank == 0 ? conclude(conclusion, folder) : ERR_NONE, par, "writing the result");
}
