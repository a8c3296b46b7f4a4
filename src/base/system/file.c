/* Files appear whole: written under a partial name, flushed, renamed, and the folder flushed. Every failure says which
 * path and why. Locks are flock's: they die with their process, on all file systems that know them. */
#include "base/system/file.h"

#include "base/system/memory.h"
#include "base/text/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

Err lock_try(int *descriptor, LockState *state, const char *path) {
    *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (*descriptor < 0) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    *state = LOCK_TAKEN;
    /* LOCK_NOT_HERE: a file system without locks, where nobody can be kept out */
    if (flock(*descriptor, LOCK_EX | LOCK_NB)) *state = errno == EWOULDBLOCK ? LOCK_BUSY : LOCK_NOT_HERE;
    return ERR_NONE;
}

Err lock_wait(int descriptor, const char *path) {
    while (flock(descriptor, LOCK_EX))
        if (errno != EINTR) return RAISE(ERR_IO, "%s: cannot lock: %s", path, strerror(errno));
    return ERR_NONE;
}

Err lock_folder(int *descriptor, const char *folder) {
    char lock[PATH_SIZE];
    LockState state;
    TRY(folder_make(folder));
    TRY(path_join(lock, sizeof lock, folder, ".lock"));
    TRY(lock_try(descriptor, &state, lock));
    Err err = state == LOCK_TAKEN ? ERR_NONE : lock_wait(*descriptor, lock);
    if (err) close(*descriptor);
    return err;
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

bool file_is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

Err file_absolute(char *out, size_t size, const char *path) {
    char resolved[PATH_MAX];
    if (!realpath(path, resolved)) return RAISE(ERR_INPUT, "%s: not found", path);
    return text_copy(out, size, resolved);
}

int64_t file_size(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

Err file_read(char **data, size_t *length, const char *path, size_t max_bytes) {
    *data = NULL;
    *length = 0;
    if (file_is_directory(path)) return RAISE(ERR_INPUT, "%s: is a folder, a file was expected", path);
    FILE *file = fopen(path, "rb");
    if (!file) memory_note(errno);
    if (!file) return RAISE(errno == ENOENT ? ERR_INPUT : ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    Err err = ERR_NONE;
    Builder content = {0};
    char piece[65536];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) { /* the size is not asked for: pipes and /proc have none */
        if (content.length + got > max_bytes)
            TRY_OR(done, RAISE(ERR_INPUT, "%s: larger than the %zu bytes such a file may have", path, max_bytes));
        if (content.length + got + 1 > content.capacity) {
            size_t capacity = 2 * (content.length + got) + 1;
            char *grown = memory_resize(content.data, capacity);
            if (!grown) TRY_OR(done, RAISE(ERR_MEMORY, "%s: no memory for %zu bytes", path, capacity));
            content.data = grown;
            content.capacity = capacity;
        }
        memcpy(content.data + content.length, piece, got);
        content.length += got;
    }
    if (ferror(file)) TRY_OR(done, RAISE(ERR_IO, "%s: cannot read: %s", path, strerror(errno)));
    /* always text with a zero behind it, also of an empty file */
    if (!content.data && !(content.data = memory_take(1))) TRY_OR(done, RAISE(ERR_MEMORY, "%s: no memory", path));
    content.data[content.length] = 0;
    *data = content.data;
    *length = content.length;
    content.data = NULL;
done:
    free(content.data);
    fclose(file);
    return err;
}

Err file_partial_name(char *out, size_t size, const char *path) {
    return text_format(out, size, "%s.partial", path);
}

/* Makes a rename or a removal in `path`'s folder survive a crash. Some file systems cannot: that is no failure. */
static void sync_parent(const char *path) {
    char parent[PATH_SIZE];
    if (path_parent(parent, sizeof parent, path)) return;
    int folder = open(parent, O_RDONLY | O_DIRECTORY);
    if (folder < 0) return;
    (void)fsync(folder);
    close(folder);
}

Err file_finish_partial(const char *path) {
    char partial[PATH_SIZE];
    TRY(err_out_of_memory(path));
    TRY(file_partial_name(partial, sizeof partial, path));
    /* the order that survives a crash: contents on the disk, then the name, then the folder */
    int descriptor = open(partial, O_RDONLY);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot open: %s", partial, strerror(errno));
    int synced = fsync(descriptor), reason = errno;
    close(descriptor);
    if (synced) return RAISE(ERR_IO, "%s: cannot flush to disk: %s", partial, strerror(reason));
    if (rename(partial, path)) return RAISE(ERR_IO, "%s: cannot rename to %s: %s", partial, path, strerror(errno));
    sync_parent(path);
    return ERR_NONE;
}

void file_remove_partial(const char *path) {
    char partial[PATH_SIZE];
    if (!file_partial_name(partial, sizeof partial, path)) unlink(partial);
}

static Err write_all(int descriptor, const char *path, const char *data, size_t length) {
    while (length > 0) {
        ssize_t wrote = write(descriptor, data, length);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return RAISE(ERR_IO, "%s: cannot write: %s", path, strerror(errno));
        data += wrote;
        length -= (size_t)wrote;
    }
    return ERR_NONE;
}

Err file_write_whole(const char *path, const void *data, size_t length) {
    char partial[PATH_SIZE];
    TRY(file_partial_name(partial, sizeof partial, path));
    int descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot create: %s", partial, strerror(errno));
    Err err = write_all(descriptor, path, data, length);
    if (close(descriptor) && !err) err = RAISE(ERR_IO, "%s: cannot close: %s", partial, strerror(errno));
    if (!err) err = file_finish_partial(path);
    if (err) unlink(partial);
    return err;
}

Err file_append_line(const char *path, const char *line) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot open for appending: %s", path, strerror(errno));
    Builder text = {0};
    builder_add(&text, "%s\n", line);
    Err err = builder_check(&text, path);
    if (!err) err = write_all(descriptor, path, text.data, text.length);
    builder_free(&text);
    if (close(descriptor) && !err) err = RAISE(ERR_IO, "%s: cannot close: %s", path, strerror(errno));
    return err;
}

Err file_remove(const char *path) {
    if (unlink(path) && errno != ENOENT) return RAISE(ERR_IO, "%s: cannot remove: %s", path, strerror(errno));
    return ERR_NONE;
}

Err folder_make(const char *path) {
    char work[PATH_SIZE];
    TRY(text_copy(work, sizeof work, path));
    for (char *at = work + 1;; at++) {
        bool last = *at == 0;
        if (*at != '/' && !last) continue;
        *at = 0;
        /* from the top down; a folder that is there, or that another rank just made, is fine */
        if (mkdir(work, 0777) && errno != EEXIST)
            return RAISE(ERR_IO, "%s: cannot make this folder: %s", work, strerror(errno));
        if (last) break;
        *at = '/';
    }
    return file_is_directory(path) ? ERR_NONE : RAISE(ERR_IO, "%s: a file stands where a folder is needed", path);
}

Err folder_remove_partials(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) return RAISE(ERR_IO, "%s: cannot open this folder: %s", path, strerror(errno));
    Err err = ERR_NONE;
    for (struct dirent *entry; !err && (entry = readdir(folder));) {
        char full[PATH_SIZE];
        if (!text_ends(entry->d_name, ".partial")) continue;
        err = path_join(full, sizeof full, path, entry->d_name);
        if (!err) err = file_remove(full);
    }
    closedir(folder);
    return err;
}

Err folder_free_bytes(uint64_t *bytes, const char *path) {
    char existing[PATH_SIZE];
    TRY(text_copy(existing, sizeof existing, path));
    /* the file system is that of the nearest folder there is */
    while (!file_exists(existing)) {
        char parent[PATH_SIZE];
        TRY(path_parent(parent, sizeof parent, existing));
        if (text_equal(parent, existing)) break;
        TRY(text_copy(existing, sizeof existing, parent));
    }
    struct statvfs info;
    if (statvfs(existing, &info)) return RAISE(ERR_IO, "%s: cannot ask for free space: %s", existing, strerror(errno));
    *bytes = (uint64_t)info.f_bavail * info.f_frsize;
    return ERR_NONE;
}

Err folder_check_room(const char *path, uint64_t needed, const char *hint) {
    char have[32], need[32];
    uint64_t room;
    TRY(folder_free_bytes(&room, path));
    if (room >= needed) return ERR_NONE;
    return RAISE(ERR_IO, "%s: needs %s, the disk has %s free (No space left on device)%s", path,
                 text_bytes(need, sizeof need, (double)needed), text_bytes(have, sizeof have, (double)room), hint);
}

static Err list_add(FileList *list, const char *path) {
    char **grown = realloc(list->paths, (list->count + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "no memory for a list of %zu files", list->count + 1);
    list->paths = grown;
    list->paths[list->count] = strdup(path);
    if (!list->paths[list->count]) return RAISE(ERR_MEMORY, "no memory for a list of %zu files", list->count + 1);
    list->count++;
    return ERR_NONE;
}

/* `below` is relative to `root`, "" at the top. Links to folders are not followed: callers remove what they find. */
static Err walk(FileList *list, const char *root, const char *below) {
    char here[PATH_SIZE];
    TRY(path_join(here, sizeof here, root, *below ? below : "."));
    DIR *folder = opendir(here);
    if (!folder)
        return RAISE(errno == ENOENT ? ERR_INPUT : ERR_IO, "%s: cannot open this folder: %s", here, strerror(errno));
    Err err = ERR_NONE;
    for (struct dirent *entry; !err && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        char relative[PATH_SIZE], full[PATH_SIZE];
        struct stat info, link;
        err = path_join(relative, sizeof relative, below, entry->d_name);
        if (!err) err = path_join(full, sizeof full, root, relative);
        /* what has gone in the meantime is not there */
        if (err || stat(full, &info) || lstat(full, &link)) continue;
        if (S_ISDIR(info.st_mode) && !S_ISLNK(link.st_mode)) err = walk(list, root, relative);
        if (!err && S_ISREG(info.st_mode)) err = list_add(list, relative);
    }
    closedir(folder);
    return err;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

Err file_list_walk(FileList *list, const char *folder) {
    *list = (FileList){0};
    if (!file_exists(folder)) return RAISE(ERR_INPUT, "%s: no such folder", folder);
    if (!file_is_directory(folder)) return RAISE(ERR_INPUT, "%s: is a file, a folder was expected", folder);
    Err err = walk(list, folder, "");
    if (err) file_list_free(list);
    if (list->count)
        qsort(list->paths, list->count, sizeof *list->paths, by_bytes); /* the order of a directory is none */
    return err;
}

void file_list_free(FileList *list) {
    for (size_t i = 0; i < list->count; i++) free(list->paths[i]);
    free(list->paths);
    *list = (FileList){0};
}
