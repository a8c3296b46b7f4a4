/* Names and lists of checkpoint files: step-%08d.h5, so that names sort as steps do. Partial files have other names
 * and are never listed. */
#include "store/checkpoint/checkpoint.h"

#include "base/system/file.h"
#include "base/text/text.h"
#include "par/agree.h"

#include <dirent.h>
#include <errno.h>

Err checkpoint_path(char *out, size_t size, const char *folder, int64_t step) {
    char name[40];
    TRY(text_format(name, sizeof name, "step-%08lld.h5", (long long)step));
    return path_join(out, size, folder, name);
}

/* The step of "step-00001200.h5", or -1. */
static int64_t step_of(const char *name) {
    if (!text_starts(name, "step-") || name[5] < '0' || name[5] > '9') return -1;
    char *rest;
    errno = 0;
    long long step = strtoll(name + 5, &rest, 10);
    return errno == 0 && text_equal(rest, ".h5") ? step : -1;
}

static int newest_first(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left < right) - (left > right); /* a difference could overflow */
}

/* Other files of the folder are passed over: only names of ours count. */
static Err collect_steps(int64_t **steps, int *count, DIR *open_folder, const char *folder) {
    int capacity = 0;
    for (struct dirent *entry; (entry = readdir(open_folder));) {
        int64_t step = step_of(entry->d_name);
        if (step < 0) continue;
        if (*count == capacity) {
            capacity = 2 * capacity + 16;
            int64_t *grown = realloc(*steps, (size_t)capacity * sizeof *grown);
            if (!grown) return RAISE(ERR_MEMORY, "%s: no memory for a list of checkpoints", folder);
            *steps = grown;
        }
        (*steps)[(*count)++] = step;
    }
    if (*count) qsort(*steps, (size_t)*count, sizeof **steps, newest_first);
    return ERR_NONE;
}

Err checkpoint_list(int64_t **steps, int *count, const char *folder) {
    *steps = NULL;
    *count = 0;
    DIR *open_folder = opendir(folder);
    /* no folder yet: a run that has not written its first checkpoint */
    if (!open_folder && errno == ENOENT) return ERR_NONE;
    if (!open_folder) return RAISE(ERR_IO, "%s: cannot list: %s", folder, strerror(errno));
    Err err = collect_steps(steps, count, open_folder, folder);
    closedir(open_folder);
    return err;
}

/* The newest always stays, whatever was asked for: a run without a checkpoint could not go on. */
static bool is_kept(int64_t step, int place, int keep_last, int64_t keep_every) {
    return place < keep_last || place == 0 || (keep_every > 0 && step % keep_every == 0);
}

static Err prune(const char *folder, int keep_last, int64_t keep_every) {
    int64_t *steps;
    int count;
    TRY(checkpoint_list(&steps, &count, folder));
    Err err = ERR_NONE;
    for (int place = 0; !err && place < count; place++) {
        char path[PATH_SIZE];
        if (is_kept(steps[place], place, keep_last, keep_every)) continue;
        err = checkpoint_path(path, sizeof path, folder, steps[place]);
        if (!err) err = file_remove(path);
    }
    free(steps);
    return err;
}

Err checkpoint_prune_all(const char *folder, int keep_last, int64_t keep_every, const Par *par) {
    return err_agree_all(par->rank == 0 ? prune(folder, keep_last, keep_every) : ERR_NONE, par, "old checkpoints");
}
