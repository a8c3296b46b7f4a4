/* Users fill folders with links, so links are followed and circles are found by device and inode of the folders
 * above. Whatever is passed over is listed with a reason. Everything is sorted by bytes: the order of a directory is
 * not one. */
#include "base/system/walk.h"

#include "base/system/log.h"
#include "base/text/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folders from the top one to here: what a link must not lead back to. */
typedef struct Above {
    const struct Above *above;
    dev_t device;
    ino_t inode;
} Above;

/* Takes over a malloc'd text, or the lack of one. Room doubles: it is full whenever the count is a power of two. */
static Err add_text(FileList *list, char *text) {
    char **grown = list->paths;
    if (text && (list->count & (list->count - 1)) == 0)
        grown = realloc(list->paths, (list->count ? 2 * list->count : 1) * sizeof *grown);
    if (grown) list->paths = grown;
    if (grown && text) {
        grown[list->count++] = text;
        return ERR_NONE;
    }
    free(text);
    return RAISE(ERR_MEMORY, "no memory for a list of %zu files", list->count + 1);
}

static Err add_name(FileList *list, const char *name) {
    return add_text(list, strdup(name));
}

/* Name and reason travel as one text until both are sorted. */
static Err add_lost(Walk *walk, const char *name, const char *reason) {
    size_t length = strlen(name), whole = length + strlen(reason) + 2;
    char *both = malloc(whole);
    if (both) memcpy(both, name, length + 1);
    if (both) memcpy(both + length + 1, reason, whole - length - 1);
    return add_text(&walk->lost, both);
}

static Err lose(Walk *walk, const char *name, const char *why, const char *detail) {
    char reason[256];
    (void)snprintf(reason, sizeof reason, "%s%.200s", why, detail);
    return add_lost(walk, name, reason);
}

/* A link to a folder above this one would be walked for ever; one to a folder beside it is read twice, as asked for. */
static const Above *find_above(const Above *above, const struct stat *info) {
    while (above && (above->device != info->st_dev || above->inode != info->st_ino)) above = above->above;
    return above;
}

static const char *kind_of(mode_t mode) {
    return S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

static Err lose_link(Walk *walk, const char *full, const char *name) {
    char target[PATH_SIZE];
    int code = errno;
    ssize_t length = readlink(full, target, sizeof target - 1);
    if (length < 0) return lose(walk, name, "cannot be looked at: ", strerror(code));
    target[length] = '\0';
    return lose(walk, name, code == ELOOP ? "a link that leads in circles: " : "a link to what is not there: ", target);
}

static Err enter(Walk *walk, const char *full, const char *name, const Above *above);

static Err take_entry(Walk *walk, const char *here, const char *below, const char *entry, const Above *above) {
    char full[PATH_SIZE], name[PATH_SIZE];
    struct stat info;
    /* a path that is too long is lost, not an end of the walk */
    if (strlen(here) + strlen(entry) + 2 > sizeof full)
        return lose(walk, *below ? below : entry, "holds a path of more bytes than can be read: ", entry);
    TRY(path_join(full, sizeof full, here, entry));
    TRY(path_join(name, sizeof name, below, entry));
    /* stat follows links, so a link counts as what it leads to */
    if (stat(full, &info)) return lose_link(walk, full, name);
    if (S_ISREG(info.st_mode)) return add_name(&walk->files, name);
    if (!S_ISDIR(info.st_mode)) return lose(walk, name, kind_of(info.st_mode), ", neither a file nor a folder");
    if (find_above(above, &info)) return add_name(&walk->loops, name);
    const Above next = {above, info.st_dev, info.st_ino};
    TRY(add_name(&walk->folders, name));
    return enter(walk, full, name, &next);
}

static Err enter(Walk *walk, const char *full, const char *name, const Above *above) {
    DIR *folder = opendir(full);
    if (!folder && *name) return lose(walk, name, "a folder that cannot be opened: ", strerror(errno));
    if (!folder) return RAISE(ERR_IO, "%s: cannot open this folder: %s", full, strerror(errno));
    Err err = ERR_NONE;
    for (const struct dirent *entry; !err && (entry = readdir(folder));) {
        if (entry->d_name[0] != '.')
            err = take_entry(walk, full, name, entry->d_name, above);
        else
            walk->n_hidden += !text_equal(entry->d_name, ".") && !text_equal(entry->d_name, "..");
    }
    closedir(folder);
    return err;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(FileList *list) {
    if (list->count) qsort(list->paths, list->count, sizeof *list->paths, by_bytes);
}

/* The reasons stand behind the names, after their zero bytes. */
static Err sort_all(Walk *walk) {
    sort(&walk->files);
    sort(&walk->folders);
    sort(&walk->loops);
    sort(&walk->lost);
    walk->reasons = calloc(walk->lost.count + 1, sizeof *walk->reasons);
    if (!walk->reasons) return RAISE(ERR_MEMORY, "no memory for a list of files");
    for (size_t i = 0; i < walk->lost.count; i++)
        walk->reasons[i] = walk->lost.paths[i] + strlen(walk->lost.paths[i]) + 1;
    return ERR_NONE;
}

Err walk_folder(Walk *walk, const char *folder) {
    struct stat info;
    *walk = (Walk){0};
    if (stat(folder, &info)) return RAISE(ERR_INPUT, "%s: no such folder", folder);
    if (!S_ISDIR(info.st_mode)) return RAISE(ERR_INPUT, "%s: is a file, a folder was expected", folder);
    const Above top = {NULL, info.st_dev, info.st_ino};
    Err err = enter(walk, folder, "", &top);
    if (!err) err = sort_all(walk);
    if (err) walk_free(walk);
    return err;
}

void walk_free(Walk *walk) {
    file_list_free(&walk->files);
    file_list_free(&walk->folders);
    file_list_free(&walk->loops);
    file_list_free(&walk->lost);
    free(walk->reasons);
    *walk = (Walk){0};
}

Err walk_files(FileList *files, const char *folder) {
    Walk walk;
    *files = (FileList){0};
    TRY(walk_folder(&walk, folder));
    for (size_t i = 0; i < walk.lost.count; i++)
        log_warn("%s: passed over %s: %s", folder, walk.lost.paths[i], walk.reasons[i]);
    for (size_t i = 0; i < walk.loops.count; i++) log_warn("%s: " WALK_LOOP, folder, walk.loops.paths[i]);
    *files = walk.files;
    walk.files = (FileList){0};
    walk_free(&walk);
    return ERR_NONE;
}
