/* run/task - the life of a run from its plan to its exit reason, the same for every stage.
 *
 * A stage that leaves a run folder describes itself as a Task. run_task_all then does, in this order:
 *   --dry-run   calls `plan` and nothing else: no folder, no other rank
 *   name        the folder is <folder>-<digest of the identity>; it is opened and locked
 *   finished?   a folder with a result is reported and left alone (`left_all` may clean up)
 *   execute     `execute_all` does the work and ends with run_conclude_all, which writes result.json last
 *   close       run.json gets the exit reason: "finished", "stopped: ..." or "error: ..."; the lock is released
 *   say         rank 0 prints the folder's path on stdout
 * A function without _all in its name runs on one rank, or alike on all ranks, and communicates with nobody. */
#pragma once

#include "run/folder.h"
#include "run/result.h"

typedef struct {
    const char *name;     /* of the folder, as configured; "": `fallback` */
    const char *fallback; /* such as "robust-ucf101-moving-circles" */
    RunIdentity identity;
    Err (*plan)(void *state); /* prints sizes */
    Err (*execute_all)(void *state, const RunFolder *folder);
    Err (*left_all)(void *state, const RunFolder *folder); /* may be NULL */
    void *state;
} Task;

CHECKED Err run_task_all(const Task *task, const Run *run);

/* How a result comes about: rank 0 fills it (and may write tables beside it), it is written as result.json, and rank 0
 * says it. */
typedef struct {
    Err (*fill)(Result *result, const RunFolder *folder, void *state);
    void (*say)(const Result *result, const RunFolder *folder, void *state); /* may be NULL */
    void *state;
} Conclusion;

CHECKED Err run_conclude_all(const Conclusion *conclusion, const RunFolder *folder, const Par *par);
