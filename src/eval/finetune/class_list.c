/* Reads back what eval/finetune/score.c writes: the first column of classes.csv. */
#include "eval/finetune/score.h"

#include "base/system/file.h"
#include "base/text/text.h"

enum { CLASSES_MAX = 1 << 20, TABLE_BYTES_MAX = 1 << 28 };

void class_list_free(ClassList *list) {
    for (int i = 0; i < list->count; i++) free(list->names[i]);
    free(list->names);
    *list = (ClassList){0};
}

/* The first field of a row (RFC 4180) into `out`, which has room for the rest of the text; *at moves behind the row. */
static Err read_name(char *out, const char **at, const char *path) {
    bool quoted = **at == '"';
    const char *from = *at + quoted;
    while (*from && (quoted || !strchr(",\r\n", *from))) {
        if (quoted && *from == '"' && *++from != '"') break; /* two of them are one */
        *out++ = *from++;
    }
    *out = 0;
    if (*from != ',') return RAISE(ERR_INPUT, "%s: a row of another form than class,videos,...", path);
    from += strcspn(from, "\n");
    *at = from + (*from == '\n');
    return ERR_NONE;
}

/* An apostrophe before what a spreadsheet would compute, as base/text/escape writes it. */
static const char *without_guard(const char *name) {
    return name[0] == '\'' && name[1] && strchr("=+-@\t\r", name[1]) ? name + 1 : name;
}

/* Grows by one: there are hundreds at most. */
static Err add(ClassList *list, const char *name, const char *path) {
    char **grown = realloc(list->names, (size_t)(list->count + 1) * sizeof *grown);
    if (grown) list->names = grown;
    char *copy = grown ? strdup(without_guard(name)) : NULL;
    if (!copy) return RAISE(ERR_MEMORY, "%s: no memory for the names of classes", path);
    list->names[list->count++] = copy;
    return list->count <= CLASSES_MAX ? ERR_NONE : RAISE(ERR_INPUT, "%s: more than %d classes", path, CLASSES_MAX);
}

/* `name` is scratch as long as the whole text. */
static Err read_rows(ClassList *list, const char *text, char *name, const char *path) {
    static const char head[] = "class,videos,";
    if (!text_starts(text, head)) return RAISE(ERR_INPUT, "%s: no table of classes (it begins otherwise)", path);
    const char *at = text + strcspn(text, "\n");
    at += *at == '\n';
    while (*at) {
        TRY(read_name(name, &at, path));
        TRY(add(list, name, path));
    }
    return ERR_NONE;
}

/* The list is empty after a failure. */
CHECKED Err class_list_read(ClassList *list, const char *path) {
    char *text;
    size_t length;
    *list = (ClassList){0};
    TRY(file_read(&text, &length, path, TABLE_BYTES_MAX));
    char *name = malloc(length + 1);
    Err err = name ? read_rows(list, text, name, path) : RAISE(ERR_MEMORY, "%s: no memory to read it", path);
    free(name);
    free(text);
    if (err) class_list_free(list);
    return err;
}
