#include "gen/ingest/internal/video_list_formats.h"

#include <limits.h>

enum { CLASSES_MAX = 1 << 16 };

/* "path label": what data frames call their columns. The official reader wants no header and would read a video. */
static bool is_header(const char *word) {
    static const char *const names[] = {"label", "labels", "class", "class_id", "class_index", "target", "category"};
    for (size_t i = 0; word && i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(word, names[i])) return true;
    return false;
}

/* "<path> <label>": quoted, or the last blank separates, so that paths may hold blanks. */
static Err read_line(VideoList *list, int *largest, const char *path, const ListLine *line, bool is_first) {
    int label = 0;
    char *video, *word;
    list_path_and_word(&video, &word, line->text);
    if (is_first && is_header(word)) return ERR_NONE;
    if (!word || !*video || !list_number(&label, word, 0, INT_MAX))
        return RAISE(ERR_INPUT, "%s:%d: expected a path, a blank and a label from 0, found \"%.200s\"", path,
                     line->number, word ? word : video);
    if (label >= CLASSES_MAX)
        return RAISE(ERR_INPUT, "%s:%d: label %d; at most %d classes are read", path, line->number, label, CLASSES_MAX);
    if (label > *largest) *largest = label;
    return video_list_add(list, video, label, line->number);
}

static Err number_classes(ClassNames *classes, int count) {
    for (int k = 0; k < count; k++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", k);
        TRY(class_names_add(classes, name, strlen(name)));
    }
    return ERR_NONE;
}

Err video_list_videomae(VideoList *list, const ListRequest *request, Digest *digest) {
    ListFile file;
    int largest = -1;
    list->part = list_part_of_name(request->path);
    TRY(list_file_read(&file, request->path, LIST_BLANKS, digest));
    Err err = ERR_NONE;
    for (int i = 0; i < file.count && !err; i++) err = read_line(list, &largest, request->path, &file.lines[i], i == 0);
    list_file_free(&file);
    if (!err && !list->classes.count) err = number_classes(&list->classes, largest + 1);
    return err;
}
