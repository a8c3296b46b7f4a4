/* Arrays of at most H5_DIMS dimensions and four kinds of numbers. What is read from a file is not believed: kind,
 * shape, place and size are checked against the file before any memory is asked for. */
#include "store/hdf5/h5.h"

/* Deflate makes no more of a byte than this (zlib's documentation); CACHED_TILES_MAX: of a file of ours, far from it.
 */
enum { DEFLATE_GROWTH_MAX = 1032, CACHED_TILES_MAX = 1 << 20 };

static const struct {
    size_t bytes;
    H5T_class_t class;
    const char *text;
} kinds[] = {
    [H5_U8] = {1, H5T_INTEGER, "8-bit unsigned numbers"},
    [H5_I32] = {4, H5T_INTEGER, "32-bit numbers"},
    [H5_I64] = {8, H5T_INTEGER, "64-bit numbers"},
    [H5_F32] = {4, H5T_FLOAT, "32-bit floating-point numbers"},
};

int64_t h5_count(const H5Array *array) {
    int64_t count = 1;
    for (int i = 0; i < array->n_dims; i++) count *= array->dims[i];
    return count;
}

/* On disk always little-endian; HDF5 swaps where the machine is not. */
static hid_t file_type(H5Kind kind) {
    switch (kind) {
    case H5_U8: return H5T_STD_U8LE;
    case H5_I32: return H5T_STD_I32LE;
    case H5_I64: return H5T_STD_I64LE;
    default: return H5T_IEEE_F32LE;
    }
}

static hid_t memory_type(H5Kind kind) {
    switch (kind) {
    case H5_U8: return H5T_NATIVE_UINT8;
    case H5_I32: return H5T_NATIVE_INT32;
    case H5_I64: return H5T_NATIVE_INT64;
    default: return H5T_NATIVE_FLOAT;
    }
}

static hid_t creation_list(const H5Array *array) {
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(list, false);
    H5Pset_fill_time(list, H5D_FILL_TIME_NEVER); /* every element is written once */
    if (array->tile[0] > 0) {
        hsize_t tile[H5_DIMS];
        for (int i = 0; i < array->n_dims; i++) tile[i] = (hsize_t)array->tile[i];
        H5Pset_chunk(list, array->n_dims, tile);
        H5Pset_deflate(list, 1); /* the fastest: flat pictures shrink as much by it, photographs hardly by any */
    } else {
        H5Pset_alloc_time(
            list, H5D_ALLOC_TIME_EARLY); /* a full disk shows at once, and the place is known to readers past HDF5 */
    }
    return list;
}

/* Room in the chunk cache for two layers of tiles, so that a tile that two writes (or reads) share is coded once. */
static hid_t access_list(const H5Array *array) {
    hid_t list = H5Pcreate(H5P_DATASET_ACCESS);
    if (array->tile[0] <= 0) return list;
    size_t bytes = kinds[array->kind].bytes * (size_t)array->tile[0];
    size_t tiles = 2;
    for (int i = 1; i < array->n_dims; i++) {
        bytes *= (size_t)array->tile[i];
        tiles *= (size_t)((array->dims[i] + array->tile[i] - 1) / array->tile[i]);
    }
    if (tiles <= CACHED_TILES_MAX)
        H5Pset_chunk_cache(list, 10 * tiles + 1, bytes * tiles,
                           1.0); /* ten slots a tile keep hash collisions rare (HDF5 user's guide) */
    return list;
}

/* HDF5 forgets why a call failed at its next call: the reason is taken before the lists are closed. */
static Err make_dataset(hid_t *dataset, const H5File *file, const H5Array *array) {
    hsize_t dims[H5_DIMS];
    for (int i = 0; i < array->n_dims; i++) dims[i] = (hsize_t)array->dims[i];
    hid_t space = H5Screate_simple(array->n_dims, dims, NULL);
    hid_t groups = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(groups, 1);
    hid_t creation = creation_list(array), access = access_list(array);
    *dataset = H5Dcreate2(file->id, array->name, file_type(array->kind), space, groups, creation, access);
    Err err = *dataset < 0 ? h5_fail(ERR_IO, file, array->name, "create this array") : ERR_NONE;
    H5Pclose(access);
    H5Pclose(creation);
    H5Pclose(groups);
    H5Sclose(space);
    return err;
}

Err h5_array_create(hid_t *dataset, const H5File *file, const H5Array *array) {
    ASSERT(array->n_dims >= 1 && array->n_dims <= H5_DIMS);
    h5_lock();
    Err err = make_dataset(dataset, file, array);
    if (!err) {
        err = h5_put_text(file, array->name, "description", array->description);
        if (!err) err = h5_put_text(file, array->name, "units", array->units);
        /* The attribute of HDF5's dimension-scale convention, which h5py shows as dims[i].label. */
        if (!err) err = h5_put_texts(file, array->name, "DIMENSION_LABELS", array->labels, array->n_dims);
        if (err) H5Dclose(*dataset);
    }
    h5_unlock();
    return err;
}

Err h5_array_put(const H5File *file, const H5Array *array, const void *data) {
    h5_lock();
    hid_t dataset;
    Err err = h5_array_create(&dataset, file, array);
    if (!err) {
        if (h5_count(array) > 0 && H5Dwrite(dataset, memory_type(array->kind), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
            err = h5_fail(ERR_IO, file, array->name, "write");
        H5Dclose(dataset);
    }
    h5_unlock();
    return err;
}

/* Which of our kinds a stored type is; false when none. */
static bool kind_of(H5Kind *kind, hid_t dataset) {
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    size_t bytes = H5Tget_size(type);
    bool is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    H5Tclose(type);
    for (int k = H5_U8; k <= H5_F32; k++) {
        if (kinds[k].class != class || kinds[k].bytes != bytes) continue;
        if (class == H5T_INTEGER && is_signed == (k == H5_U8)) continue;
        *kind = (H5Kind)k;
        return true;
    }
    return false;
}

/* Kind and shape as they are in the file, refused where they are none of ours. */
static Err describe(H5Array *array, const H5File *file, hid_t dataset) {
    if (!kind_of(&array->kind, dataset))
        return RAISE(ERR_INPUT, "%s: %s holds values of a type that this program does not write", file->path,
                     array->name);
    hid_t space = H5Dget_space(dataset);
    array->n_dims = H5Sget_simple_extent_ndims(space);
    hsize_t dims[H5S_MAX_RANK] = {0};
    if (array->n_dims >= 1 && array->n_dims <= H5_DIMS) H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    if (array->n_dims < 1 || array->n_dims > H5_DIMS)
        return RAISE(ERR_INPUT, "%s: %s has %d dimensions, expected 1 to %d", file->path, array->name, array->n_dims,
                     H5_DIMS);
    /* the product of all sizes must fit in 63 bits */
    int64_t bytes = (int64_t)kinds[array->kind].bytes;
    for (int i = 0; i < array->n_dims; i++) {
        array->dims[i] = (int64_t)dims[i];
        if (array->dims[i] < 0 || __builtin_mul_overflow(bytes, array->dims[i], &bytes))
            return RAISE(ERR_INPUT, "%s: %s has an impossible size", file->path, array->name);
    }
    return ERR_NONE;
}

/* Its values must be in this file, as many as its shape says: HDF5 would make up those that are not there, and follow
 * links to any file. A file that is being written is our own. */
static Err check_storage(const H5Array *array, const H5File *file, hid_t dataset) {
    unsigned intent = H5F_ACC_RDWR;
    H5O_info_t of_array = {0}, of_root = {0};
    hid_t creation = H5Dget_create_plist(dataset);
    H5D_layout_t layout = H5Pget_layout(creation);
    int n_outside = layout == H5D_CONTIGUOUS ? H5Pget_external_count(creation) : 0;
    H5Pclose(creation);
    bool known = H5Fget_intent(file->id, &intent) >= 0 && H5Oget_info2(dataset, &of_array, H5O_INFO_BASIC) >= 0 &&
                 H5Oget_info_by_name2(file->id, "/", &of_root, H5O_INFO_BASIC, H5P_DEFAULT) >= 0;
    bool inside = layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED || layout == H5D_COMPACT;
    if (!known || !inside || n_outside || of_array.fileno != of_root.fileno)
        return RAISE(ERR_INPUT, "%s: %s is not stored in this file", file->path, array->name);
    if (intent != H5F_ACC_RDONLY) return ERR_NONE;
    hsize_t in_file = 0, stored = H5Dget_storage_size(dataset);
    uint64_t bytes = (uint64_t)h5_count(array) * kinds[array->kind].bytes;
    if (H5Fget_filesize(file->id, &in_file) >= 0 && stored > in_file) stored = 0; /* a size that cannot be */
    /* a chunked array must have at least what the densest deflate would leave of it */
    if (bytes / (layout == H5D_CHUNKED ? DEFLATE_GROWTH_MAX : 1) <= stored) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: %s should have %llu bytes, %llu are stored", file->path, array->name,
                 (unsigned long long)bytes, (unsigned long long)stored);
}

/* The tile shape decides the cache, so the array is looked at before it is opened for good. */
static void find_tile(H5Array *array, hid_t dataset) {
    hid_t creation = H5Dget_create_plist(dataset);
    hsize_t tile[H5_DIMS];
    if (H5Pget_layout(creation) == H5D_CHUNKED && H5Pget_chunk(creation, H5_DIMS, tile) == array->n_dims)
        for (int i = 0; i < array->n_dims; i++) array->tile[i] = (int64_t)tile[i];
    H5Pclose(creation);
}

static Err reopen_cached(hid_t *dataset, const H5Array *array, const H5File *file) {
    hid_t access = access_list(array);
    H5Dclose(*dataset);
    *dataset = H5Dopen2(file->id, array->name, access);
    H5Pclose(access);
    return *dataset < 0 ? h5_fail(ERR_INPUT, file, array->name, "open this array") : ERR_NONE;
}

Err h5_array_open(hid_t *dataset, H5Array *array, const H5File *file, const char *name) {
    *array = (H5Array){.name = name};
    h5_lock();
    *dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    Err err = *dataset < 0 ? h5_fail(ERR_INPUT, file, name, "find this array") : ERR_NONE;
    if (!err) err = describe(array, file, *dataset);
    if (!err) err = check_storage(array, file, *dataset);
    if (!err) find_tile(array, *dataset);
    if (!err && array->tile[0] > 0) err = reopen_cached(dataset, array, file);
    if (err && *dataset >= 0) H5Dclose(*dataset);
    h5_unlock();
    return err;
}

Err h5_array_flush(const H5File *file, hid_t dataset) {
    h5_lock();
    Err err = H5Dflush(dataset) < 0 ? h5_fail(ERR_IO, file, NULL, "write") : ERR_NONE;
    h5_unlock();
    return err;
}

void h5_array_close(hid_t dataset) {
    if (dataset <= 0) return;
    h5_lock();
    H5Dclose(dataset);
    h5_unlock();
}

/* -1 in `expected`: any size. */
static Err compare_shape(const H5Array *found, const H5Array *expected, const H5File *file) {
    if (found->kind != expected->kind)
        return RAISE(ERR_INPUT, "%s: %s holds %s, expected %s", file->path, found->name, kinds[found->kind].text,
                     kinds[expected->kind].text);
    if (found->n_dims != expected->n_dims)
        return RAISE(ERR_INPUT, "%s: %s has %d dimensions, expected %d", file->path, found->name, found->n_dims,
                     expected->n_dims);
    for (int i = 0; i < found->n_dims; i++)
        if (expected->dims[i] >= 0 && found->dims[i] != expected->dims[i])
            return RAISE(ERR_INPUT, "%s: %s has size %lld in dimension %d, expected %lld", file->path, found->name,
                         (long long)found->dims[i], i, (long long)expected->dims[i]);
    return ERR_NONE;
}

/* The size was checked against the file before: what is asked for here is there to be read. */
static Err read_whole(void **data, hid_t dataset, const H5Array *array, const H5File *file) {
    size_t bytes = (size_t)h5_count(array) * kinds[array->kind].bytes;
    *data = malloc(bytes ? bytes : 1);
    if (!*data) return RAISE(ERR_MEMORY, "%s: no memory for the %zu bytes of %s", file->path, bytes, array->name);
    if (bytes && H5Dread(dataset, memory_type(array->kind), H5S_ALL, H5S_ALL, H5P_DEFAULT, *data) < 0) {
        free(*data);
        *data = NULL;
        return h5_fail(ERR_INPUT, file, array->name, "read");
    }
    return ERR_NONE;
}

Err h5_array_get(void **data, H5Array *expected, const H5File *file) {
    *data = NULL;
    h5_lock();
    hid_t dataset;
    H5Array found;
    Err err = h5_array_open(&dataset, &found, file, expected->name);
    if (!err) {
        err = compare_shape(&found, expected, file);
        if (!err) err = read_whole(data, dataset, &found, file);
        H5Dclose(dataset);
    }
    if (!err) *expected = found;
    h5_unlock();
    return err;
}

/* Dataspaces of a box: in the file selected, in memory dense. */
static void box_spaces(hid_t *in_file, hid_t *in_memory, hid_t dataset, const H5Array *array, const int64_t *start,
                       const int64_t *count) {
    hsize_t from[H5_DIMS], sizes[H5_DIMS];
    for (int i = 0; i < array->n_dims; i++) {
        from[i] = (hsize_t)start[i];
        sizes[i] = (hsize_t)count[i];
    }
    *in_file = H5Dget_space(dataset);
    *in_memory = H5Screate_simple(array->n_dims, sizes, NULL);
    H5Sselect_hyperslab(*in_file, H5S_SELECT_SET, from, NULL, sizes, NULL);
}

/* Exactly one of `from` and `to` is given: what is written, or where what is read goes. */
static Err box_move(const H5File *file, hid_t dataset, const H5Array *array, const int64_t *start, const int64_t *count,
                    const void *from, void *to) {
    h5_lock();
    hid_t in_file, in_memory, type = memory_type(array->kind);
    box_spaces(&in_file, &in_memory, dataset, array, start, count);
    herr_t status = to ? H5Dread(dataset, type, in_memory, in_file, H5P_DEFAULT, to)
                       : H5Dwrite(dataset, type, in_memory, in_file, H5P_DEFAULT, from);
    Err err = ERR_NONE;
    if (status < 0) err = h5_fail(to ? ERR_INPUT : ERR_IO, file, array->name, to ? "read" : "write");
    H5Sclose(in_memory);
    H5Sclose(in_file);
    h5_unlock();
    return err;
}

Err h5_box_write(const H5File *file, hid_t dataset, const H5Array *array, const int64_t *start, const int64_t *count,
                 const void *data) {
    return box_move(file, dataset, array, start, count, data, NULL);
}

Err h5_box_read(const H5File *file, hid_t dataset, const H5Array *array, const int64_t *start, const int64_t *count,
                void *data) {
    return box_move(file, dataset, array, start, count, NULL, data);
}

/* ---- boxes of a range ---- */

/* Elements of one step along dimension `d`. */
static int64_t stride_of(const int64_t *dims, int n_dims, int d) {
    int64_t stride = 1;
    for (int i = d + 1; i < n_dims; i++) stride *= dims[i];
    return stride;
}

int64_t hyperslab_box(int64_t *start, int64_t *count, const int64_t *dims, int n_dims, int64_t at, int64_t end) {
    int64_t rest = at, stride = 1;
    int grow = n_dims - 1; /* the outermost dimension that the box may extend along */
    for (int d = 0; d < n_dims; d++) {
        stride = stride_of(dims, n_dims, d);
        start[d] = rest / stride;
        rest %= stride;
        /* on a boundary of this dimension, and a whole step fits: the box may grow along it */
        if (rest == 0 && stride <= end - at) {
            grow = d;
            break;
        }
    }
    /* as many steps as fit, up to the end of the dimension around it */
    int64_t steps = (end - at) / stride, room = dims[grow] - start[grow];
    if (steps > room) steps = room;
    for (int d = 0; d < n_dims; d++) {
        if (d > grow) start[d] = 0;
        count[d] = d < grow ? 1 : d == grow ? steps : dims[d];
    }
    return steps * stride;
}
