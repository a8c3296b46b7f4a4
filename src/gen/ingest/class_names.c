#include "gen/ingest/internal/class_names.h"

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
