/* What the readers of all formats fill: the list of videos, and the names of classes, which also come from a file of
 * their own. */
#include "gen/ingest/internal/video_list_formats.h"

/* ---- names of formats and parts ---- */

static const char *const format_names[] = {"auto", "ucf101", "hmdb51", "kinetics", "videomae"};
static const char *const part_names[] = {"auto", "train", "test", "val"};

const char *list_format_name(int format) {
    return format_names[format];
}

const char *list_part_name(int part) {
    return part_names[part];
}

ListPart list_part_of_name(const char *path) {
    for (int part = LIST_PART_TRAIN; part <= LIST_PART_VAL; part++)
        if (text_starts(path_base(path), part_names[part])) return (ListPart)part;
    return LIST_PART_AUTO;
}

/* ---- names of classes ---- */

CHECKED Err class_names_add(ClassNames *classes, const char *name, size_t length) {
    char **grown = classes->names;
    size_t room = classes->count ? 2 * (size_t)classes->count : 1;
    if ((classes->count & (classes->count - 1)) == 0) /* full whenever the count is a power of two */
        grown = realloc(classes->names, room * sizeof *grown);
    if (grown) classes->names = grown;
    char *copy = grown ? strndup(name, length) : NULL;
    if (!copy) return RAISE(ERR_MEMORY, "no memory for %d class names", classes->count + 1);
    grown[classes->count++] = copy;
    return ERR_NONE;
}

int class_names_find(const ClassNames *classes, const char *name, size_t length) {
    for (int i = classes->count - 1; i >= 0; i--)
        if (!strncmp(classes->names[i], name, length) && !classes->names[i][length]) return i;
    return -1;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void class_names_sort(ClassNames *classes) {
    if (classes->count) qsort(classes->names, (size_t)classes->count, sizeof *classes->names, by_bytes);
}

void class_names_free(ClassNames *classes) {
    for (int i = 0; i < classes->count; i++) free(classes->names[i]);
    free(classes->names);
    *classes = (ClassNames){0};
}

/* ---- the list ---- */

CHECKED Err video_list_add(VideoList *list, const char *path, int label, int line) {
    if ((list->count & (list->count - 1)) == 0) { /* full whenever the count is a power of two */
        size_t room = list->count ? 2 * (size_t)list->count : 1;
        ListedVideo *grown = realloc(list->videos, room * sizeof *grown);
        if (!grown) return RAISE(ERR_MEMORY, "no memory for a list of %zu videos", room);
        list->videos = grown;
    }
    char *copy = strdup(path);
    if (!copy) return RAISE(ERR_MEMORY, "no memory for a list of %lld videos", (long long)list->count);
    list->videos[list->count++] = (ListedVideo){copy, label, line};
    return ERR_NONE;
}

CHECKED Err video_list_path(char out[PATH_SIZE], const char *folder, const char *file, const char *path, int line) {
    size_t length = strlen(folder) + 1 + strlen(file);
    if (length >= PATH_SIZE)
        return RAISE(ERR_INPUT, "%s:%d: a path of %zu bytes, at most %d are read", path, line, length, PATH_SIZE - 1);
    return path_join(out, PATH_SIZE, folder, file);
}

CHECKED Err video_list_add_class(ClassNames *classes, const char *name, const char *path, int line) {
    enum { LONGEST = 255 };
    size_t length = strlen(name);
    if (length == 0) return RAISE(ERR_INPUT, "%s:%d: the name of a class is empty", path, line);
    if (length > LONGEST)
        return RAISE(ERR_INPUT, "%s:%d: the name of a class has %zu bytes, at most %d are read: \"%.40s...\"", path,
                     line, length, LONGEST, name);
    return class_names_add(classes, name, length);
}

void video_list_free(VideoList *list) {
    for (int64_t i = 0; i < list->count; i++) free(list->videos[i].path);
    free(list->videos);
    class_names_free(&list->classes);
    *list = (VideoList){0};
}

/* ---- a file of classes ---- */

/* The number in front of the name, or -1. */
static int leading_number(const char *text) {
    size_t digits = strspn(text, "0123456789");
    bool is_number = digits > 0 && digits < 8 && text[digits] && strchr(LIST_BLANKS, text[digits]);
    return is_number ? (int)strtol(text, NULL, 10) : -1;
}

static bool all_numbered_from(const ListFile *file, int first) {
    for (int i = 0; i < file->count; i++)
        if (leading_number(file->lines[i].text) != first + i) return false;
    return true;
}

CHECKED Err video_list_read_classes(VideoList *list, const char *path, Digest *digest) {
    ListFile file;
    TRY(err_within(list_file_read(&file, path, "", digest), "classes: "));
    bool numbered = all_numbered_from(&file, 0) || all_numbered_from(&file, 1);
    Err err = file.count ? ERR_NONE : RAISE(ERR_INPUT, "%s: names no classes", path);
    for (int i = 0; i < file.count && !err; i++) {
        char *name = file.lines[i].text;
        if (numbered) name += strcspn(name, LIST_BLANKS);
        list_fields(&name, 1, name, ""); /* one field, quoted if it holds commas */
        if (class_names_find(&list->classes, name, strlen(name)) >= 0)
            err = RAISE(ERR_INPUT, "%s:%d: class %.200s was named before", path, file.lines[i].number, name);
        if (!err) err = video_list_add_class(&list->classes, name, path, file.lines[i].number);
    }
    list_file_free(&file);
    return err;
}
