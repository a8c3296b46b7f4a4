#include "sweep/run/run.h"

#include "base/system/file.h"
#include "base/system/log.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 16 };

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    (void)place;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

/* Links are removed, not followed. */
static Err remove_tree(const char *path) {
    if (nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0) return ERR_NONE;
    return RAISE(ERR_IO, "%s: cannot remove: %s", path, strerror(errno));
}

/* A report prints its page; the folder around it is what was made. */
static Err made_path(char *out, size_t size, const char *made) {
    if (!text_ends(made, "/index.html")) return text_copy(out, size, made);
    return path_parent(out, size, made);
}

static bool is_inside(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return text_starts(path, folder) && path[length] == '/' && path[length + 1] && !strstr(path, "/../");
}

static bool holds_nothing_else(const char *folder, const char *name) {
    DIR *dir = opendir(folder);
    if (!dir) return false;
    bool alone = true;
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        alone = alone &&
                (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") || text_equal(entry->d_name, name));
    closedir(dir);
    return alone;
}

/* Read-outs share features that they keep beside their runs; with the last run these go too. */
static Err remove_kept_features(const SweepPlan *plan, const char *made) {
    char folder[PATH_SIZE], features[PATH_SIZE];
    TRY(path_parent(folder, sizeof folder, made));
    TRY(path_join(features, sizeof features, folder, "features"));
    if (!is_inside(features, plan->out) || !file_exists(features) || !holds_nothing_else(folder, "features"))
        return ERR_NONE;
    log_info("removing %s", features);
    return remove_tree(features);
}

static Err remove_made(const SweepPlan *plan, const TaskRecord *record) {
    char path[PATH_SIZE], beside[PATH_SIZE];
    if (!record->made[0]) return ERR_NONE;
    TRY(made_path(path, sizeof path, record->made));
    /* only what lies in the sweep's folder: a task may have reported any path */
    if (!is_inside(path, plan->out) || !file_exists(path)) return ERR_NONE;
    log_info("removing %s", path);
    TRY(remove_tree(path));
    TRY(text_format(beside, sizeof beside, "%s.json", path)); /* what a pool says of itself */
    if (file_exists(beside)) TRY(file_remove(beside));
    return remove_kept_features(plan, path);
}

Err sweep_clean(const SweepPlan *plan, int task, const TaskRecord *record) {
    static const char *const kinds[] = {"json", "log", "out"};
    if (record->state == TASK_RUNNING || record->state == TASK_QUEUED)
        return RAISE(ERR_USAGE, "%s is %s; stop it first", plan->tasks[task].name, task_state_name(record->state));
    TRY(remove_made(plan, record));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char path[PATH_SIZE];
        TRY(sweep_state_path(path, sizeof path, plan, task, kinds[i]));
        if (file_exists(path)) TRY(file_remove(path));
    }
    return ERR_NONE;
}
