/* Attributes, lists of texts, and the names in a group. Texts of ours are UTF-8 of variable length, which HDF5
 * allocates by itself when it reads them; those of other programs may be of fixed length. What is handed out is
 * malloc'd in either case. */
#include "store/hdf5/h5.h"

#include "base/text/escape.h"

static hid_t text_type(void) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8); /* h5py then gives str, not bytes */
    return type;
}

static const char *object_path(const char *object) {
    return object ? object : "/";
}

/* Writes an attribute of one value of any type; closes `space`. */
static Err put(const H5File *file, const char *object, const char *name, hid_t space, hid_t file_type,
               hid_t memory_type, const void *value) {
    hid_t attribute =
        H5Acreate_by_name(file->id, object_path(object), name, file_type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool wrote = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    Err err = wrote ? ERR_NONE : h5_fail(ERR_IO, file, name, "write this attribute");
    if (attribute >= 0) H5Aclose(attribute);
    H5Sclose(space);
    return err;
}

/* Texts in our files are said to be UTF-8, so what is not is shown (base/text/escape.h). *owned: NULL where `text` is.
 */
static Err show_bytes(char **owned, const char *text) {
    Builder shown = {0};
    *owned = NULL;
    if (!escape_utf8_changes(text)) return ERR_NONE;
    escape_utf8(&shown, text);
    *owned = shown.data;
    return builder_check(&shown, "a text in HDF5");
}

Err h5_put_text(const H5File *file, const char *object, const char *name, const char *text) {
    char *shown;
    TRY(show_bytes(&shown, text));
    const char *written = shown ? shown : text;
    h5_lock();
    hid_t type = text_type();
    Err err = put(file, object, name, H5Screate(H5S_SCALAR), type, type, &written);
    H5Tclose(type);
    h5_unlock();
    free(shown);
    return err;
}

Err h5_put_texts(const H5File *file, const char *object, const char *name, const char *const *texts, int count) {
    h5_lock();
    hid_t type = text_type(), space = H5Screate_simple(1, &(hsize_t){(hsize_t)count}, NULL);
    Err err = put(file, object, name, space, type, type, texts);
    H5Tclose(type);
    h5_unlock();
    return err;
}

Err h5_put_int(const H5File *file, const char *object, const char *name, int64_t value) {
    h5_lock();
    Err err = put(file, object, name, H5Screate(H5S_SCALAR), H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
    h5_unlock();
    return err;
}

bool h5_has_attribute(const H5File *file, const char *name) {
    h5_lock();
    bool there = H5Aexists(file->id, name) > 0;
    h5_unlock();
    return there;
}

/* Opens a scalar attribute of the wanted class. */
static Err open_scalar(hid_t *attribute, const H5File *file, const char *object, const char *name, H5T_class_t class) {
    *attribute = H5Aopen_by_name(file->id, object_path(object), name, H5P_DEFAULT, H5P_DEFAULT);
    if (*attribute < 0) return h5_fail(ERR_INPUT, file, name, "find this attribute");
    hid_t type = H5Aget_type(*attribute), space = H5Aget_space(*attribute);
    bool fits = H5Tget_class(type) == class && H5Sget_simple_extent_npoints(space) == 1;
    H5Sclose(space);
    H5Tclose(type);
    if (fits) return ERR_NONE;
    H5Aclose(*attribute);
    return RAISE(ERR_INPUT, "%s: attribute %s of %s is not one %s", file->path, name, object_path(object),
                 class == H5T_STRING ? "text" : "whole number");
}

/* Text of ours has variable length; that of other tools may be of fixed length. */
static Err read_text(char **text, hid_t attribute, const H5File *file, const char *name) {
    hid_t stored = H5Aget_type(attribute);
    bool variable = H5Tis_variable_str(stored) > 0;
    /* fixed texts need not end in a zero: one more byte */
    size_t length = variable ? 0 : H5Tget_size(stored);
    char *found = variable ? NULL : calloc(length + 1, 1);
    Err err = ERR_NONE;
    if (!variable && !found) err = RAISE(ERR_MEMORY, "%s: no memory for attribute %s", file->path, name);
    if (!err && H5Aread(attribute, stored, variable ? (void *)&found : (void *)found) < 0)
        err = h5_fail(ERR_INPUT, file, name, "read this attribute");
    H5Tclose(stored);
    if (!err) *text = strdup(found ? found : "");
    if (!err && !*text) err = RAISE(ERR_MEMORY, "%s: no memory for attribute %s", file->path, name);
    /* HDF5 frees what it allocated; its allocator may be another */
    if (variable && found)
        H5free_memory(found);
    else
        free(found);
    return err;
}

Err h5_get_text(char **text, const H5File *file, const char *object, const char *name) {
    *text = NULL;
    h5_lock();
    hid_t attribute;
    Err err = open_scalar(&attribute, file, object, name, H5T_STRING);
    if (!err) {
        err = read_text(text, attribute, file, name);
        H5Aclose(attribute);
    }
    h5_unlock();
    return err;
}

Err h5_get_int(int64_t *value, const H5File *file, const char *object, const char *name) {
    *value = 0;
    h5_lock();
    hid_t attribute;
    Err err = open_scalar(&attribute, file, object, name, H5T_INTEGER);
    if (!err) {
        if (H5Aread(attribute, H5T_NATIVE_INT64, value) < 0)
            err = h5_fail(ERR_INPUT, file, name, "read this attribute");
        H5Aclose(attribute);
    }
    h5_unlock();
    return err;
}

static Err put_list(const H5File *file, const char *name, const char *const *texts, int count, const char *label,
                    const char *description) {
    h5_lock();
    hid_t type = text_type(), space = H5Screate_simple(1, &(hsize_t){(hsize_t)count}, NULL);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, false);
    hid_t dataset = H5Dcreate2(file->id, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    bool wrote = dataset >= 0 && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) >= 0;
    Err err = wrote ? ERR_NONE : h5_fail(ERR_IO, file, name, "write");
    if (dataset >= 0) H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
    if (!err) err = h5_put_text(file, name, "description", description);
    if (!err) err = h5_put_text(file, name, "units", "text");
    if (!err) err = h5_put_texts(file, name, "DIMENSION_LABELS", &label, 1);
    h5_unlock();
    return err;
}

Err h5_texts_put(const H5File *file, const char *name, const char *const *texts, int count, const char *label,
                 const char *description) {
    size_t places = (size_t)count + 1;
    char **owned = calloc(places, sizeof *owned);
    const char **shown = malloc(places * sizeof *shown);
    Err err = owned && shown ? ERR_NONE
                             : RAISE(ERR_MEMORY, "%s: no memory for the %d entries of %s", file->path, count, name);
    for (int i = 0; i < count && !err; i++) {
        err = show_bytes(&owned[i], texts[i]);
        shown[i] = owned[i] ? owned[i] : texts[i];
    }
    if (!err) err = put_list(file, name, shown, count, label, description);
    h5_texts_free(&owned, count);
    free(shown);
    return err;
}

static Err texts_check(hid_t dataset, int count, const H5File *file, const char *name) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    bool variable = H5Tis_variable_str(type) > 0;
    long long found = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    H5Tclose(type);
    if (!variable) return RAISE(ERR_INPUT, "%s: %s is not a list of texts", file->path, name);
    if (found != count) return RAISE(ERR_INPUT, "%s: %s has %lld entries, expected %d", file->path, name, found, count);
    return ERR_NONE;
}

/* HDF5 allocates each text; ours are malloc'd, and never NULL. */
static Err texts_own(char **texts, int count) {
    bool complete = true;
    for (int i = 0; i < count; i++) {
        char *found = texts[i];
        texts[i] = strdup(found ? found : "");
        complete = complete && texts[i];
        if (found) H5free_memory(found);
    }
    return complete ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for a list of %d texts", count);
}

static Err texts_read(char **texts, hid_t dataset, int count, const H5File *file, const char *name) {
    hid_t type = text_type();
    herr_t status = H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts);
    H5Tclose(type);
    return status < 0 ? h5_fail(ERR_INPUT, file, name, "read") : texts_own(texts, count);
}

Err h5_texts_get(char ***texts, int count, const H5File *file, const char *name) {
    *texts = calloc((size_t)count + 1, sizeof **texts);
    if (!*texts) return RAISE(ERR_MEMORY, "%s: no memory for the %d entries of %s", file->path, count, name);
    h5_lock();
    hid_t dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    Err err = dataset < 0 ? h5_fail(ERR_INPUT, file, name, "find this list") : ERR_NONE;
    if (!err) err = texts_check(dataset, count, file, name);
    if (!err) err = texts_read(*texts, dataset, count, file, name);
    if (dataset >= 0) H5Dclose(dataset);
    h5_unlock();
    if (err) h5_texts_free(texts, count);
    return err;
}

void h5_texts_free(char ***texts, int count) {
    for (int i = 0; *texts && i < count; i++) free((*texts)[i]);
    free(*texts);
    *texts = NULL;
}

/* ---- names in a group ---- */

typedef struct {
    char **names;
    int count, capacity;
} NameList;

/* False: out of memory. HDF5 walks through C callbacks, which cannot raise. */
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

bool h5_exists(const H5File *file, const char *name) {
    h5_lock();
    bool exists = H5Oexists_by_name(file->id, name, H5P_DEFAULT) > 0;
    H5Eclear2(H5E_DEFAULT);
    h5_unlock();
    return exists;
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
