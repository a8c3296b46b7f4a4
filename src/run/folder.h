/* run/folder - runs/<id>/: its name, creation and lock, and whether it is finished.
 *
 * The id is a readable name plus 10 hex digits of the config's digest, so the same experiment finds its own folder
 * again. The folder holds config.json (resolved; written first), run.json (hosts, ranks, times, exit reason: what may
 * differ between equal runs), curves.jsonl, ckpt/ and result.json (written last: the run is finished when it exists).
 *
 * A lock file with host and pid keeps two jobs apart. A lock of a dead process on this host, or of an earlier life of
 * the same batch job, is taken over (below). */
#pragma once

#include "base/config/field.h"
#include "base/failure/err.h"
#include "base/system/digest.h"
#include "base/text/text.h"
#include "par/run.h"

#include <stdbool.h>

typedef struct {
    char path[PATH_SIZE], id[NAME_SIZE];
    bool finished; /* result.json exists */
    int lock_fd;
} RunFolder;

/* run->out is the parent ("runs/") and `name` the readable part; all ranks hear the outcome. With run->force the old
 * folder's contents are deleted. After a failure there is nothing to close. A folder in use is ERR_USAGE. */
CHECKED Err runfolder_open_all(RunFolder *folder, const char *name, const char *config_digest, const Run *run);
/* Completes run.json with `exit_reason` ("finished", "stopped: time budget", "error: ...") and unlocks. Leaves the
 * recorded error message as it is. */
void runfolder_close_all(RunFolder *folder, const Run *run, const char *exit_reason);
CHECKED Err runfolder_path(char *out, size_t size, const RunFolder *folder, const char *name);

/* Two runs with the same identity are the same experiment. */

/* Digest of the identity fields of a config, the seed, and what goes in (digests of datasets and checkpoints, in a
 * fixed order): inputs are told apart by content, never by path. Measurements put the seed behind the inputs. */
typedef struct {
    const void *config;
    const Field *fields;
    const char *const *inputs;
    int n_inputs;
    bool seed_last;
} RunIdentity;

CHECKED Err run_identity(char out[DIGEST_SIZE], const RunIdentity *identity, uint64_t seed);

/* Run.json: what may differ between equal runs. One entry a life of the run: when, where, how it ended.
 *
 * An entry is written when a life begins, with exit "running", and completed when it ends; one that was killed keeps
 * saying so, and the next life marks it "ended without a word". */

/* `hosts` are names separated by spaces. One rank. */
CHECKED Err runlog_begin(const char *path, const Run *run, const char *hosts);
CHECKED Err runlog_end(const char *path, const char *exit_reason);

/* lock.c: one job at a time in a run folder.
 *
 * The file .lock holds "host pid job" while a job runs. A lock is dead, and taken over, when its process is gone from
 * this host, or when it was taken by an earlier life of the same batch job (SLURM_JOB_ID: requeued after a crash, maybe
 * on another host). A lock of another host is believed. */

/* *descriptor stays open, and the lock held, until runlock_release. ERR_USAGE names the holder. */
CHECKED Err runlock_take(int *descriptor, const char *folder);
/* Whether a job works in the folder, as far as this machine can tell. Leaves the lock alone. */
bool runlock_is_held(const char *folder);
/* A negative descriptor is allowed. */
void runlock_release(int *descriptor);

/* status.c: how a run folder stands, from its files alone, without disturbing the run. Local. */

typedef enum { RUN_FINISHED, RUN_RUNNING, RUN_STOPPED, RUN_FAILED, RUN_DIED, RUN_STATES } RunState;

typedef struct {
    RunState state;
    char note[256];      /* how the last life ended: "stopped: SIGUSR1", "error: ..."; "" while it runs */
    char host[128];      /* of the last life; several are separated by blanks */
    int64_t step, total; /* of training; 0: nothing logged yet */
    double loss;         /* NAN: none */
    double clips_per_s;  /* of the last logged steps; 0: unknown */
    double seconds_left; /* at that rate; NAN: unknown */
    double silent_s;     /* since the last logged step */
    int64_t checkpoint;  /* step of the newest, -1: none */
    double checkpoint_age_s;
} RunStatus;

/* ERR_INPUT when `folder` holds no run.json, or one that is not ours. */
CHECKED Err runstatus_read(RunStatus *status, const char *folder);
bool runstatus_is_run(const char *folder);
const char *runstatus_name(RunState state);
