/* Any HDF5 file for people: the root's attributes, then every array in one or two lines. Large groups (the tensors of a
 * checkpoint) show their first arrays and a sum. Foreign files may hold types that ours do not, so nothing is assumed.
 */
#include "store/hdf5/describe.h"

#include "store/hdf5/h5.h"

enum { COLUMNS = 100, SHOWN_ARRAYS = 16, TEXT_SHOWN = 64 };

bool h5_begins(const void *bytes, size_t length) {
    return length >= H5_SIGNATURE && memcmp(bytes, "\x89HDF\r\n\x1a\n", H5_SIGNATURE) == 0;
}

/* ---- what is in the file ---- */

typedef struct {
    char name[256], type[16], shape[96], labels[96], description[160];
    int64_t bytes; /* on disk */
} ArrayLine;

typedef struct {
    const H5File *file;
    ArrayLine *lines;
    size_t count;
    Err err;
} Listing;

static const char *type_name(hid_t type) {
    size_t bytes = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER: {
        bool sign = H5Tget_sign(type) == H5T_SGN_2;
        return bytes == 1 ? (sign ? "i8" : "u8") : bytes == 4 ? (sign ? "i32" : "u32") : bytes == 8 ? "i64" : "integer";
    }
    case H5T_FLOAT: return bytes == 4 ? "f32" : bytes == 8 ? "f64" : "float";
    case H5T_STRING: return "text";
    default: return "other";
    }
}

static void shape_text(char *out, size_t size, hid_t dataset) {
    hid_t space = H5Dget_space(dataset);
    hsize_t dims[H5S_MAX_RANK];
    int n_dims = H5Sget_simple_extent_dims(space, dims, NULL);
    size_t used = (size_t)snprintf(out, size, "(");
    for (int d = 0; d < n_dims && used < size; d++)
        used += (size_t)snprintf(out + used, size - used, "%s%llu", d ? ", " : "", (unsigned long long)dims[d]);
    if (used < size) snprintf(out + used, size - used, ")");
    H5Sclose(space);
}

/* "frame, y, x, channel", from the attribute that h5py shows as dims labels. */
static void labels_text(char *out, size_t size, hid_t dataset) {
    enum { MOST = 8 };
    char *labels[MOST] = {NULL};
    out[0] = 0;
    if (H5Aexists(dataset, "DIMENSION_LABELS") <= 0) return;
    hid_t attribute = H5Aopen(dataset, "DIMENSION_LABELS", H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    size_t used = 0;
    if (H5Tis_variable_str(type) > 0 && n <= MOST && H5Aread(attribute, type, labels) >= 0) {
        for (hssize_t d = 0; d < n; d++) {
            if (used < size)
                used += (size_t)snprintf(out + used, size - used, "%s%s", d ? ", " : "", labels[d] ? labels[d] : "?");
            if (labels[d]) H5free_memory(labels[d]);
        }
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
}

static void description_text(char *out, size_t size, const H5File *file, const char *name, hid_t dataset) {
    char *text = NULL;
    out[0] = 0;
    if (H5Aexists(dataset, "description") <= 0 || h5_get_text(&text, file, name, "description")) return;
    snprintf(out, size, "%s", text);
    free(text);
}

static Err add_array(Listing *listing, const char *name) {
    ArrayLine *grown = realloc(listing->lines, (listing->count + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "%s: no memory for its contents", listing->file->path);
    listing->lines = grown;
    hid_t dataset = H5Dopen2(listing->file->id, name, H5P_DEFAULT);
    if (dataset < 0) return h5_fail(ERR_INPUT, listing->file, name, "open");
    ArrayLine *line = &listing->lines[listing->count++];
    hid_t type = H5Dget_type(dataset);
    snprintf(line->name, sizeof line->name, "/%s", name);
    snprintf(line->type, sizeof line->type, "%s", type_name(type));
    shape_text(line->shape, sizeof line->shape, dataset);
    labels_text(line->labels, sizeof line->labels, dataset);
    description_text(line->description, sizeof line->description, listing->file, name, dataset);
    line->bytes = (int64_t)H5Dget_storage_size(dataset);
    H5Tclose(type);
    H5Dclose(dataset);
    return ERR_NONE;
}

static herr_t visit(hid_t object, const char *name, const H5O_info_t *info, void *listing_) {
    (void)object;
    Listing *listing = listing_;
    if (info->type != H5O_TYPE_DATASET) return 0;
    listing->err = add_array(listing, name);
    return listing->err ? 1 : 0;
}

/* ---- in words ---- */

/* Length of "/model/" in "/model/encoder.norm.weight". */
static size_t group_length(const char *name) {
    const char *slash = strrchr(name, '/');
    return (size_t)(slash - name) + 1;
}

/* Behind the last line of the same group: names come sorted, so groups lie together. */
static size_t group_end(const Listing *listing, size_t begin) {
    size_t length = group_length(listing->lines[begin].name), end = begin + 1;
    while (end < listing->count && group_length(listing->lines[end].name) == length &&
           !strncmp(listing->lines[end].name, listing->lines[begin].name, length))
        end++;
    return end;
}

static void add_line(Builder *out, const ArrayLine *line) {
    char size[32], facts[512];
    /* facts beside a short name, below a long one */
    int column = text_columns(line->name) <= 24 ? 27 : 0;
    builder_add(out, column ? "  %-24s " : "  %s\n", line->name);
    snprintf(facts, sizeof facts, "%s %s%s%s, %s%s%s", line->type, line->shape, line->labels[0] ? " of " : "",
             line->labels, text_bytes(size, sizeof size, (double)line->bytes), line->description[0] ? ": " : "",
             line->description);
    builder_add_wrapped(out, facts, column, 27, COLUMNS);
}

static void add_lines(Builder *out, const Listing *listing) {
    for (size_t begin = 0; begin < listing->count;) {
        size_t end = group_end(listing, begin), shown = end - begin > SHOWN_ARRAYS + 1 ? SHOWN_ARRAYS / 2 : end - begin;
        for (size_t i = begin; i < begin + shown; i++) add_line(out, &listing->lines[i]);
        if (begin + shown < end) {
            double bytes = 0;
            char size[32];
            for (size_t i = begin; i < end; i++) bytes += (double)listing->lines[i].bytes;
            builder_add(out, "  %.*s... %zu arrays in all, %s\n", (int)group_length(listing->lines[begin].name),
                        listing->lines[begin].name, end - begin, text_bytes(size, sizeof size, bytes));
        }
        begin = end;
    }
}

static herr_t add_attribute(hid_t root, const char *name, const H5A_info_t *info, void *out_and_file[]) {
    (void)root;
    (void)info;
    Builder *out = out_and_file[0];
    const H5File *file = out_and_file[1];
    char *text = NULL;
    int64_t number;
    if (!h5_get_text(&text, file, NULL, name)) {
        size_t length = strlen(text);
        if (length <= TEXT_SHOWN && !strchr(text, '\n'))
            builder_add(out, "  %-14s %s\n", name, text);
        else
            builder_add(out, "  %-14s (%zu characters)\n", name, length);
    } else if (!h5_get_int(&number, file, NULL, name)) {
        builder_add(out, "  %-14s %lld\n", name, (long long)number);
    } else {
        builder_add(out, "  %-14s (of another type)\n", name);
    }
    free(text);
    return 0;
}

static herr_t visit_attribute(hid_t root, const char *name, const H5A_info_t *info, void *state) {
    return add_attribute(root, name, info, state);
}

static Err open_foreign(H5File *file, const char *path) {
    char schema[NAME_SIZE];
    int version;
    *file = (H5File){0};
    TRY(h5_schema(schema, sizeof schema, &version, path)); /* says what is wrong with a file that does not open */
    TRY(text_copy(file->path, sizeof file->path, path));
    file->id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    return file->id < 0 ? h5_fail(ERR_INPUT, file, NULL, "open") : ERR_NONE;
}

Err h5_describe(Builder *out, const char *path) {
    H5File file;
    h5_lock();
    Err err = open_foreign(&file, path);
    Listing listing = {.file = &file};
    void *state[] = {out, &file};
    if (!err) H5Aiterate2(file.id, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, state);
    if (!err && H5Ovisit(file.id, H5_INDEX_NAME, H5_ITER_INC, visit, &listing) < 0 && !listing.err)
        listing.err = h5_fail(ERR_INPUT, &file, NULL, "list");
    if (!err) err = listing.err;
    if (!err) add_lines(out, &listing);
    free(listing.lines);
    h5_abandon(&file);
    h5_unlock();
    return err;
}

Err h5_root_text(char **text, const char *path, const char *name) {
    H5File file;
    *text = NULL;
    h5_lock();
    Err err = open_foreign(&file, path);
    if (!err && h5_has_attribute(&file, name)) err = h5_get_text(text, &file, NULL, name);
    h5_abandon(&file);
    h5_unlock();
    return err;
}
