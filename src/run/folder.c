/* The order on opening is what makes a killed run safe to start again: lock, then (with --force) remove, then partial
 * files, then config.json, then run.json. A rank that is not 0 touches no file here; all hear the outcome. */
#include "run/folder.h"

#include "base/config/config.h"
#include "base/config/record.h"
#include "base/failure/fault.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "par/agree.h"
#include "par/spread.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#define RUN_SCHEMA "synvid.run"
enum { RUN_VERSION = 1 };

/* ISO 8601, in UTC: hosts of one run may be in several zones. */
static void utc_now(char *out, size_t size) {
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* cJSON would add a second member of the same key. */
static bool set_text(cJSON *object, const char *key, const char *text) {
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    return record_put_text(object, key, text);
}

static bool is_running(const cJSON *life) {
    return text_equal(record_text_or(life, "exit", ""), "running");
}

/* The log so far; a missing or unreadable one starts anew: nothing else depends on it. */
static cJSON *open_log(const char *path) {
    cJSON *tree = NULL;
    if (file_exists(path) && !record_open(&tree, path, RUN_SCHEMA, RUN_VERSION) &&
        cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree, "lives")))
        return tree;
    cJSON_Delete(tree);
    tree = record_new(RUN_SCHEMA, RUN_VERSION);
    if (tree && cJSON_AddArrayToObject(tree, "lives")) return tree;
    cJSON_Delete(tree);
    return NULL;
}

/* A life is one process (or MPI job) of the run: a run that was stopped and resumed has several. */
static bool add_life(cJSON *lives, const Run *run, const char *hosts) {
    char now[32];
    utc_now(now, sizeof now);
    cJSON *life = cJSON_CreateObject(), *before;
    bool complete = true;
    cJSON_ArrayForEach(before, lives) {
        if (is_running(before)) complete = complete && set_text(before, "exit", "ended without a word");
    }
    return cJSON_AddItemToArray(lives, life) && complete && record_put_text(life, "began", now) &&
           record_put_text(life, "exit", "running") && record_put_text(life, "hosts", hosts) &&
           record_put_int(life, "ranks", run->par.n_ranks) && record_put_int(life, "threads", run->par.threads) &&
           record_put_text(life, "version", SYNVID_VERSION) &&
           record_put_text(life, "command", run->command ? run->command : "");
}

Err runlog_begin(const char *path, const Run *run, const char *hosts) {
    cJSON *tree = open_log(path);
    bool complete = tree && add_life(cJSON_GetObjectItemCaseSensitive(tree, "lives"), run, hosts);
    return record_write(&tree, complete, path);
}

Err runlog_end(const char *path, const char *exit_reason) {
    char now[32];
    utc_now(now, sizeof now);
    cJSON *tree = open_log(path), *life;
    bool complete = tree != NULL;
    cJSON_ArrayForEach(life, cJSON_GetObjectItemCaseSensitive(tree, "lives")) {
        if (is_running(life))
            complete = complete && set_text(life, "exit", exit_reason) && record_put_text(life, "ended", now);
    }
    return record_write(&tree, complete, path);
}

CHECKED Err run_identity(char out[DIGEST_SIZE], const RunIdentity *identity, uint64_t seed) {
    char settings[DIGEST_SIZE];
    Digest *digest = NULL;
    TRY(config_digest(settings, identity->config, identity->fields));
    TRY(digest_new(&digest));
    digest_add_text(digest, settings);
    if (!identity->seed_last)
        digest_add(digest, &seed, sizeof(seed)); /* two orders: those under which existing folders were named */
    for (int i = 0; i < identity->n_inputs; i++) digest_add_text(digest, identity->inputs[i]);
    if (identity->seed_last) digest_add(digest, &seed, sizeof(seed));
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

enum { ID_DIGITS = 10, HOST_SIZE = 64 };

Err runfolder_path(char *out, size_t size, const RunFolder *folder, const char *name) {
    return path_join(out, size, folder->path, name);
}

/* What is ours in a run folder: everything but the lock, which --force holds while it deletes. */
static bool is_contents(const char *name) {
    return !text_equal(name, ".") && !text_equal(name, "..") && !text_equal(name, ".lock");
}

static Err remove_contents(const char *path) {
    DIR *open_folder = opendir(path);
    if (!open_folder) return RAISE(ERR_IO, "%s: cannot list: %s", path, strerror(errno));
    Err err = ERR_NONE;
    for (struct dirent *entry; !err && (entry = readdir(open_folder));) {
        char inside[PATH_SIZE];
        if (!is_contents(entry->d_name)) continue;
        err = path_join(inside, sizeof inside, path, entry->d_name);
        /* Links are removed, not followed; some file systems do not tell types. */
        bool is_folder = !err &&
                         (entry->d_type == DT_DIR || (entry->d_type == DT_UNKNOWN && file_is_directory(inside)));
        if (is_folder) err = remove_contents(inside);
        if (!err && (is_folder ? rmdir(inside) : unlink(inside)))
            err = RAISE(ERR_IO, "%s: cannot remove: %s", inside, strerror(errno));
    }
    closedir(open_folder);
    return err;
}

/* The resolved config comes first: a folder that holds anything says what it is about. */
static Err write_config(const RunFolder *folder, const Run *run) {
    char path[PATH_SIZE];
    const char *text = run->config_text ? run->config_text : "{}\n";
    TRY(runfolder_path(path, sizeof path, folder, "config.json"));
    return file_write_whole(path, text, strlen(text));
}

static Err begin_life(RunFolder *folder, const Run *run, const char *hosts) {
    char path[PATH_SIZE];
    if (run->force) TRY(remove_contents(folder->path));
    TRY(folder_remove_partials(folder->path));
    TRY(runfolder_path(path, sizeof path, folder, "result.json"));
    folder->finished = file_exists(path);
    /* a finished run stays as it is, whatever is asked for now */
    if (!folder->finished) TRY(write_config(folder, run));
    TRY(runfolder_path(path, sizeof path, folder, "run.json"));
    return runlog_begin(path, run, hosts);
}

static Err open_on_rank_0(RunFolder *folder, const Run *run, const char *hosts) {
    TRY(folder_make(folder->path));
    TRY(runlock_take(&folder->lock_fd, folder->path));
    Err err = begin_life(folder, run, hosts);
    if (err) runlock_release(&folder->lock_fd);
    return err;
}

static Err name_folder(RunFolder *folder, const char *name, const char *config_digest, const char *parent) {
    if (!parent || !parent[0]) return RAISE(ERR_USAGE, "--out: name the folder that holds the runs");
    char fitting[sizeof folder->id - ID_DIGITS - 1];
    if (!name[0] || strchr(name, '/')) return RAISE(ERR_USAGE, "name: \"%s\" cannot name a folder", name);
    if (name[0] == '.')
        return RAISE(ERR_USAGE, "name: \"%s\" would name a hidden folder, which `status` and `report` pass over", name);
    text_fit(fitting, sizeof fitting, name);
    TRY(text_format(folder->id, sizeof folder->id, "%s-%.*s", fitting, ID_DIGITS, config_digest));
    return path_join(folder->path, sizeof folder->path, parent, folder->id);
}

/* "node1 node2": each host once, in rank order. */
static Err list_hosts_all(char **hosts, const Par *par) {
    char mine[HOST_SIZE] = "unknown";
    void *names = NULL;
    size_t bytes;
    Builder list = {0};
    (void)gethostname(mine, sizeof mine - 1);
    TRY(gather_bytes_all(&names, &bytes, mine, sizeof mine, par));
    for (size_t at = 0; at < bytes; at += HOST_SIZE) {
        const char *host = (const char *)names + at;
        bool known = false;
        for (size_t before = 0; before < at; before += HOST_SIZE)
            known = known || text_equal((const char *)names + before, host);
        if (!known) builder_add(&list, "%s%s", at ? " " : "", host);
    }
    free(names);
    *hosts = list.data;
    return err_agree_all(builder_check(&list, "the host names"), par, "host names");
}

Err runfolder_open_all(RunFolder *folder, const char *name, const char *config_digest, const Run *run) {
    char *hosts = NULL;
    *folder = (RunFolder){.lock_fd = -1};
    Err err = name_folder(folder, name, config_digest, run->out);
    if (!err && fault_hit("runfolder.lock")) err = RAISE(ERR_IO, "%s: injected fault", folder->path);
    TRY(err_agree_all(err, &run->par, "the run folder"));
    err = list_hosts_all(&hosts, &run->par);
    if (!err && run->par.rank == 0) err = open_on_rank_0(folder, run, hosts);
    free(hosts);
    err = err_agree_all(err, &run->par, "the run folder");
    if (err) runlock_release(&folder->lock_fd);
    /* only rank 0 has looked */
    folder->finished = agree_rank0_all(folder->finished, &run->par, "whether the run is finished");
    return err;
}

static Err end_life(const RunFolder *folder, const char *exit_reason) {
    char path[PATH_SIZE];
    TRY(runfolder_path(path, sizeof path, folder, "run.json"));
    return runlog_end(path, exit_reason);
}

void runfolder_close_all(RunFolder *folder, const Run *run, const char *exit_reason) {
    if (run->par.rank == 0 && folder->lock_fd >= 0) {
        char message[2048]; /* the caller's failure must survive ours */
        (void)snprintf(message, sizeof message, "%s", err_message());
        bool agreed = err_is_agreed();
        if (end_life(folder, exit_reason)) {
            log_warn("%s", err_message());
            if (agreed)
                err_adopt_agreed(ERR_IO, message);
            else
                err_adopt(ERR_IO, message);
        }
    }
    runlock_release(&folder->lock_fd);
}
