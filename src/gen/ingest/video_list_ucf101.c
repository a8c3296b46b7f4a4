#include "gen/ingest/internal/video_list_formats.h"

/* "trainlist02.txt": 2; 0 when there is no number. */
static int split_of_name(const char *path) {
    const char *base = path_base(path);
    const char *digits = base + strcspn(base, "0123456789");
    return (int)strtol(digits, NULL, 10);
}

/* "<Class>/<file>.avi" or "<Class>/<file>.avi <id>": the folder says the class. A file's own name must not be asked:
 * HandstandPushups holds v_HandStandPushups_... */
static Err read_line(VideoList *list, const char *path, const ListLine *line) {
    int id = 0;
    char *video, *word;
    list_path_and_word(&video, &word, line->text);
    if (word && !list_number(&id, word, 1, 1 << 20))
        return RAISE(ERR_INPUT, "%s:%d: \"%.200s\" is no class number; expected <Class>/<file>.avi and a number from 1",
                     path, line->number, word);
    const char *slash = strchr(video, '/');
    if (!slash) return RAISE(ERR_INPUT, "%s:%d: %.200s: expected <Class>/<file>.avi", path, line->number, video);
    int label = class_names_find(&list->classes, video, (size_t)(slash - video));
    if (label < 0)
        return RAISE(ERR_INPUT, "%s:%d: %.*s is none of the %d classes", path, line->number,
                     slash - video > 200 ? 200 : (int)(slash - video), video, list->classes.count);
    if (word && id != label + 1)
        return RAISE(ERR_INPUT, "%s:%d: %s has number %d here, but %d among the classes", path, line->number,
                     list->classes.names[label], id, label + 1);
    return video_list_add(list, video, label, line->number);
}

static Err read_class_index(VideoList *list, const char *list_path, Digest *digest) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    TRY(path_parent(folder, sizeof folder, list_path));
    TRY(path_join(path, sizeof path, folder, "classInd.txt"));
    return err_within(video_list_read_classes(list, path, digest),
                      "the order of the classes (name another file with --classes): ");
}

Err video_list_ucf101(VideoList *list, const ListRequest *request, Digest *digest) {
    ListFile file;
    list->part = list_part_of_name(request->path);
    list->split = split_of_name(request->path);
    if (!list->classes.count) TRY(read_class_index(list, request->path, digest));
    TRY(list_file_read(&file, request->path, LIST_BLANKS, digest));
    Err err = list->split > 1 ? text_format(list->name, sizeof list->name, "ucf101-split%d", list->split)
                              : text_copy(list->name, sizeof list->name, "ucf101");
    for (int i = 0; i < file.count && !err; i++) err = read_line(list, request->path, &file.lines[i]);
    list_file_free(&file);
    return err;
}
