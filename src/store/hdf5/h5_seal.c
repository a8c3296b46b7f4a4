/* The end of a file of store/hdf5/h5: sealed, and then under its final name. */
#include "base/system/file.h"
#include "store/hdf5/h5.h"
#include "store/hdf5/internal/seal.h"

typedef struct {
    const H5File *file;
    SealRange *ranges;
    int count, capacity;
    Err err;
} Places;

/* A stretch of the file that holds numbers; arrays without any have no place. */
static Err add_place(Places *places, haddr_t begin, hsize_t bytes) {
    if (begin == HADDR_UNDEF || bytes == 0) return ERR_NONE;
    if (places->count == places->capacity) {
        int capacity = 2 * places->capacity + 64;
        SealRange *grown = realloc(places->ranges, (size_t)capacity * sizeof *grown);
        if (!grown) return RAISE(ERR_MEMORY, "%s: no memory for its seal", places->file->path);
        places->ranges = grown;
        places->capacity = capacity;
    }
    places->ranges[places->count++] = (SealRange){begin, begin + bytes};
    return ERR_NONE;
}

/* compressed arrays: each tile has a place of its own */
static Err add_tiles(Places *places, hid_t dataset) {
    hsize_t n_tiles = 0, bytes, at[H5S_MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    bool known = H5Dget_num_chunks(dataset, space, &n_tiles) >= 0;
    Err err = ERR_NONE;
    for (hsize_t i = 0; known && !err && i < n_tiles; i++) {
        haddr_t begin = HADDR_UNDEF;
        unsigned filters;
        known = H5Dget_chunk_info(dataset, space, i, at, &filters, &begin, &bytes) >= 0;
        if (known) err = add_place(places, begin, bytes);
    }
    H5Sclose(space);
    return err || known ? err : h5_fail(ERR_IO, places->file, NULL, "find the tiles of an array");
}

/* Texts are places in a heap, which hold the file together: they are part of the seal. */
static bool holds_numbers(hid_t dataset) {
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    H5Tclose(type);
    return class == H5T_INTEGER || class == H5T_FLOAT;
}

static Err add_array(Places *places, hid_t dataset) {
    if (!holds_numbers(dataset)) return ERR_NONE;
    hid_t creation = H5Dget_create_plist(dataset);
    H5D_layout_t layout = H5Pget_layout(creation);
    H5Pclose(creation);
    if (layout == H5D_CHUNKED) return add_tiles(places, dataset);
    return layout == H5D_CONTIGUOUS ? add_place(places, H5Dget_offset(dataset), H5Dget_storage_size(dataset))
                                    : ERR_NONE;
}

/* Positive ends the walk. */
static herr_t visit(hid_t root, const char *name, const H5O_info_t *info, void *state) {
    Places *places = state;
    if (info->type != H5O_TYPE_DATASET) return 0;
    hid_t dataset = H5Dopen2(root, name, H5P_DEFAULT);
    places->err = dataset < 0 ? h5_fail(ERR_IO, places->file, name, "open") : add_array(places, dataset);
    if (dataset >= 0) H5Dclose(dataset);
    return places->err ? 1 : 0;
}

static Err find_places(Places *places, const char *path) {
    H5File file;
    TRY(h5_open_partial(&file, path));
    places->file = &file;
    h5_lock();
    if (H5Ovisit(file.id, H5_INDEX_NAME, H5_ITER_INC, visit, places) < 0 && !places->err)
        places->err = h5_fail(ERR_IO, &file, NULL, "list for its seal");
    h5_unlock();
    h5_abandon(&file);
    return places->err;
}

Err h5_finish(const char *path) {
    char partial[PATH_SIZE];
    Places places = {0};
    Err err = file_partial_name(partial, sizeof partial, path);
    if (!err) err = find_places(&places, path);
    if (!err) err = seal_write(partial, places.ranges, places.count);
    free(places.ranges);
    return err ? err : file_finish_partial(path);
}
