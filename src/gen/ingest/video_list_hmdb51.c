#include "base/system/walk.h"
#include "gen/ingest/internal/video_list_formats.h"

enum { CODE_UNUSED, CODE_TRAIN, CODE_TEST };

/* The bytes of "<class>_test_split<N>.txt" that are the class; 0 when the name is not of that form. */
static size_t class_length(const char *name, int split) {
    char ending[32];
    (void)snprintf(ending, sizeof ending, "_test_split%d.txt", split);
    return text_ends(name, ending) ? strlen(name) - strlen(ending) : 0;
}

/* "<file>.avi <code>". */
static Err read_line(VideoList *list, const char *path, const ListLine *line, int label) {
    int code = -1;
    char video[PATH_SIZE], *file, *word;
    list_path_and_word(&file, &word, line->text);
    if (!word || !*file || !list_number(&code, word, CODE_UNUSED, CODE_TEST))
        return RAISE(ERR_INPUT, "%s:%d: expected a file name and 0, 1 (train) or 2 (test), found \"%.200s\"", path,
                     line->number, word ? word : file);
    if (code != (list->part == LIST_PART_TRAIN ? CODE_TRAIN : CODE_TEST)) {
        list->n_unused++;
        return ERR_NONE;
    }
    TRY(video_list_path(video, list->classes.names[label], file, path, line->number));
    return video_list_add(list, video, label, line->number);
}

static Err read_class(VideoList *list, const char *folder, int label, Digest *digest) {
    char path[PATH_SIZE];
    ListFile file;
    TRY(text_format(path, sizeof path, "%s/%s_test_split%d.txt", folder, list->classes.names[label], list->split));
    TRY(list_file_read(&file, path, LIST_BLANKS, digest));
    Err err = ERR_NONE;
    for (int i = 0; i < file.count && !err; i++) err = read_line(list, path, &file.lines[i], label);
    list_file_free(&file);
    return err;
}

/* The folder's own listing names the classes, unless they were given. */
static Err find_classes(VideoList *list, const char *folder) {
    FileList files = {0};
    TRY(walk_files(&files, folder));
    Err err = ERR_NONE;
    for (size_t i = 0; i < files.count && !err; i++) {
        size_t length = class_length(files.paths[i], list->split);
        if (length && !memchr(files.paths[i], '/', length))
            err = class_names_add(&list->classes, files.paths[i], length);
    }
    file_list_free(&files);
    class_names_sort(&list->classes); /* "a_b" and "a": the files' order is not the names' */
    if (!err && !list->classes.count)
        err = RAISE(ERR_INPUT, "%s: holds no <class>_test_split%d.txt", folder, list->split);
    return err;
}

Err video_list_hmdb51(VideoList *list, const ListRequest *request, Digest *digest) {
    list->part = request->part;
    list->split = request->split;
    if (list->part != LIST_PART_TRAIN && list->part != LIST_PART_TEST)
        return RAISE(ERR_USAGE,
                     "%s: the lists of HMDB51 hold both parts of a split; say which with --part train or "
                     "--part test",
                     request->path);
    TRY(list->split > 1 ? text_format(list->name, sizeof list->name, "hmdb51-split%d", list->split)
                        : text_copy(list->name, sizeof list->name, "hmdb51"));
    if (!list->classes.count) TRY(find_classes(list, request->path));
    for (int label = 0; label < list->classes.count; label++) TRY(read_class(list, request->path, label, digest));
    return ERR_NONE;
}
