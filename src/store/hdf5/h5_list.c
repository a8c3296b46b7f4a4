/* What is in a group of a file of store/hdf5/h5. */
#include "store/hdf5/h5.h"

typedef struct {
    char **names;
    int count, capacity;
} NameList;

static bool list_grow(NameList *list) {
    if (list->count < list->capacity) return true;
    int capacity = 2 * list->capacity + 16;
    char **grown = realloc(list->names, (size_t)capacity * sizeof *grown);
    if (!grown) return false;
    list->names = grown;
    list->capacity = capacity;
    return true;
}

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *list_) {
    (void)group;
    (void)info;
    NameList *list = list_;
    char *copy = list_grow(list) ? strdup(name) : NULL;
    if (!copy) return 1; /* ends the walk; out of memory */
    list->names[list->count++] = copy;
    return 0;
}

/* 1: out of memory, negative: HDF5 failed. */
static herr_t walk_group(NameList *list, hid_t file, const char *group) {
    return H5Literate_by_name(file, group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, list, H5P_DEFAULT);
}

Err h5_list(char ***names, int *count, const H5File *file, const char *group) {
    NameList list = {0};
    *names = NULL;
    *count = 0;
    if (!h5_exists(file, group)) return ERR_NONE;
    h5_lock();
    herr_t status = walk_group(&list, file->id, group);
    Err err = status < 0 ? h5_fail(ERR_INPUT, file, group, "list") : ERR_NONE;
    if (status > 0) err = RAISE(ERR_MEMORY, "%s: no memory for the names in %s", file->path, group);
    h5_unlock();
    if (err)
        h5_texts_free(&list.names, list.count);
    else {
        *names = list.names;
        *count = list.count;
    }
    return err;
}
