/* run/folder - runs/<id>/: naming, creation, locking, what is finished.
 *
 * The id is a readable name plus 10 hex digits of the config's digest, so the same experiment finds its own folder
 * again. config.json (resolved; written first), run.json (hosts, ranks, times, exit reason: what may differ between
 * equal runs), curves.jsonl, ckpt/, result.json (finished when it exists). A lock file with host and pid keeps two jobs
 * apart; a lock of a dead process on this host, or of an earlier life of the same batch job, is taken over
 * (run/lock.h). */
#pragma once

#include "base/config/field.h"
#include "base/system/digest.h"
#include "base/text/text.h"
#include "par/run.h"

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

/* What makes two runs the same experiment. */

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
