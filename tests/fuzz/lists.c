#include "fuzz/lists.h"

#include "base/system/file.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[PATH_SIZE];

static int unlink_one(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

static void remove_folder(void) {
    nftw(folder, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* In memory where the system has a place for it: an input is a file or two. */
static void make_folder(void) {
    static const char *const names[] = {"videos/abcdefghijk_000004_000014.mp4", "videos/run/b.avi", "videos/a b.avi"};
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    char path[PATH_SIZE];
    int made = snprintf(folder, sizeof folder, "%s/synvid-fuzz-XXXXXX", base) > 0 && mkdtemp(folder);
    fuzz_promise(made, "there is a place for the inputs");
    atexit(remove_folder);
    made = !path_join(path, sizeof path, folder, "videos/run") && !folder_make(path);
    fuzz_promise(made, "there is a folder for the videos");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) fuzz_list_write(path, names[i], "x", 1);
}

const char *fuzz_list_folder(void) {
    if (!folder[0]) make_folder();
    return folder;
}

const char *fuzz_list_write(char path[PATH_SIZE], const char *name, const void *bytes, size_t size) {
    fuzz_promise(!path_join(path, PATH_SIZE, fuzz_list_folder(), name), "names of inputs are short");
    FILE *file = fopen(path, "wb");
    int whole = file && fwrite(bytes, 1, size, file) == size;
    whole = file && fclose(file) == 0 && whole;
    fuzz_promise(whole, "an input can be written");
    return path;
}

static void check_accepted(const VideoList *list) {
    fuzz_promise(list->count > 0 && list->format != VIDEO_LIST_AUTO, "an accepted list has videos and a kind");
    for (int64_t i = 0; i < list->count; i++) {
        const ListedVideo *video = &list->videos[i];
        fuzz_promise(video->path[0] && video->line > 0, "a video has a name and a line");
        fuzz_promise(video->label >= -1 && video->label < list->classes.count, "a label is one of the classes");
    }
    for (int k = 0; k < list->classes.count; k++) fuzz_promise(list->classes.names[k][0] != 0, "a class has a name");
}

int fuzz_list_read(VideoList *list, const ListRequest *request) {
    VideoList again;
    Err err = video_list_read(list, request);
    fuzz_refused(err);
    if (err) {
        fuzz_promise(strstr(err_message(), fuzz_list_folder()) != NULL, "what is refused names its file");
        fuzz_promise(!list->videos && !list->classes.names, "what is refused leaves nothing");
        return 0;
    }
    check_accepted(list);
    fuzz_promise(!video_list_read(&again, request), "a list is accepted twice");
    fuzz_promise(again.count == list->count && !strcmp(again.digest, list->digest), "a list reads the same twice");
    video_list_free(&again);
    return 1;
}

void fuzz_list_with_classes(const uint8_t *data, size_t size, const char *name, const char *classes, int format) {
    const uint8_t *cut = memchr(data, 0, size);
    size_t first = cut ? (size_t)(cut - data) : size, skip = cut ? first + 1 : size;
    char list_path[PATH_SIZE], classes_path[PATH_SIZE];
    VideoList list;
    fuzz_list_write(list_path, name, data, first);
    fuzz_list_write(classes_path, classes, data + skip, size - skip);
    const ListRequest request = {.path = list_path,
                                 .classes = cut ? classes_path : "",
                                 .videos = fuzz_list_folder(),
                                 .format = format,
                                 .split = 1};
    if (fuzz_list_read(&list, &request)) video_list_free(&list);
}
