/* store/foreign/weightfile: zip archives. torch.save and TorchScript put a pickle into NAME/data.pkl and every storage
 * into NAME/data/KEY; NumPy's savez puts each array into NAME.npy. */
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <string.h>
#include <zip.h>

enum { PICKLE_BYTES_MAX = 64 << 20, COMPRESSED_MAX = 1 << 30, DEFLATE_GROWTH_MAX = 1032, MEMBERS_MAX = 200000 };

typedef struct {
    zip_t *zip;
    char prefix[PATH_SIZE]; /* of a torch archive: "NAME/" */
    bool torch, script;
    char *pickle_text;
} Archive;

static bool recognizes(const unsigned char *data, size_t length) {
    return length > 4 && memcmp(data, "PK\x03\x04", 4) == 0;
}

static Err open_archive(Archive *archive, const WeightFile *file) {
    zip_error_t error;
    zip_error_init(&error);
    /* the mapped file as it lies; 0: it stays ours */
    zip_source_t *source = zip_source_buffer_create(file->data, file->length, 0, &error);
    archive->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    Err err = archive->zip ? ERR_NONE
                           : RAISE(ERR_INPUT, "%s: a damaged zip archive: %s", file->name, zip_error_strerror(&error));
    if (source && !archive->zip) zip_source_free(source);
    zip_error_fini(&error);
    return err;
}

/* The size of a member after unpacking, when it is one that can be. */
static Err member_size(uint64_t *size, const WeightFile *file, zip_int64_t member) {
    const Archive *archive = file->state;
    zip_stat_t stat;
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_NAME;
    if (member < 0 || zip_stat_index(archive->zip, (zip_uint64_t)member, 0, &stat) || (stat.valid & needed) != needed)
        return RAISE(ERR_INPUT, "%s: a damaged zip archive: member %lld", file->name, (long long)member);
    /* an archive that promises more than deflate can give is a bomb */
    if (stat.comp_size > file->length || stat.size / DEFLATE_GROWTH_MAX > stat.comp_size)
        return RAISE(ERR_INPUT, "%s: %.80s: %llu bytes cannot unpack to %llu", file->name, stat.name,
                     (unsigned long long)stat.comp_size, (unsigned long long)stat.size);
    if (stat.size > COMPRESSED_MAX && stat.size > stat.comp_size)
        return RAISE(ERR_INPUT, "%s: %.80s: compressed members may unpack to %d bytes, not %llu; store it plainly",
                     file->name, stat.name, COMPRESSED_MAX, (unsigned long long)stat.size);
    *size = stat.size;
    return ERR_NONE;
}

/* The first `length` bytes of a member. */
static Err member_read(void *out, uint64_t length, const WeightFile *file, zip_int64_t member) {
    const Archive *archive = file->state;
    zip_file_t *stream = zip_fopen_index(archive->zip, (zip_uint64_t)member, 0);
    zip_int64_t got = stream ? zip_fread(stream, out, length) : -1;
    if (stream) zip_fclose(stream);
    return got == (zip_int64_t)length ? ERR_NONE
                                      : RAISE(ERR_INPUT, "%s: a damaged zip archive: member %lld cannot be unpacked",
                                              file->name, (long long)member);
}

/* ---- torch ---- */

static zip_int64_t find_member(const Archive *archive, const char *name) {
    char path[PATH_SIZE + 64];
    int length = snprintf(path, sizeof path, "%s%s", archive->prefix, name);
    return length < (int)sizeof path ? zip_name_locate(archive->zip, path, 0) : -1;
}

static Err locate_storage(WeightEntry *entry, WeightFile *file, const TorchStorage *storage) {
    char name[80];
    uint64_t size = 0;
    if (storage->key_length > 40) return RAISE(ERR_INPUT, "%s: %s: impossible storage", file->name, entry->name);
    snprintf(name, sizeof name, "data/%.*s", (int)storage->key_length, storage->key);
    entry->place = find_member(file->state, name);
    if (entry->place < 0)
        return RAISE(ERR_INPUT, "%s: %s: its storage %s is not in the archive", file->name, entry->name, name);
    TRY(member_size(&size, file, entry->place));
    if ((uint64_t)storage->elements > size / dtype_size(storage->dtype))
        return RAISE(ERR_INPUT, "%s: %s: its storage has %llu bytes, %lld values were announced", file->name,
                     entry->name, (unsigned long long)size, (long long)storage->elements);
    entry->storage_elements = storage->elements;
    return ERR_NONE;
}

static Err check_byte_order(const WeightFile *file) {
    char order[8] = "";
    uint64_t size = 0;
    zip_int64_t member = find_member(file->state, "byteorder");
    if (member < 0) return ERR_NONE; /* written before 2.1 */
    TRY(member_size(&size, file, member));
    TRY(member_read(order, size < sizeof order - 1 ? size : sizeof order - 1, file, member));
    return text_equal(order, "big") ? RAISE(ERR_INPUT, "%s: written on a big-endian machine", file->name) : ERR_NONE;
}

static Err list_torch(WeightFile *file, zip_int64_t member) {
    Archive *archive = file->state;
    uint64_t size = 0;
    size_t used = 0;
    Pickle *pickle = NULL;
    TRY(check_byte_order(file));
    TRY(member_size(&size, file, member));
    if (size > PICKLE_BYTES_MAX)
        return RAISE(ERR_INPUT, "%s: a pickle of %llu bytes", file->name, (unsigned long long)size);
    archive->pickle_text = malloc(size + 1);
    if (!archive->pickle_text) return RAISE(ERR_MEMORY, "%s: no memory for its pickle", file->name);
    TRY(member_read(archive->pickle_text, size, file, member));
    TRY(pickle_parse(&pickle, &used, archive->pickle_text, size, file->name));
    Err err = weightfile_add_torch(file, pickle_root(pickle), locate_storage);
    pickle_free(&pickle);
    archive->script = find_member(archive, "constants.pkl") >= 0;
    return err;
}

/* ---- npz ---- */

/* The header of an array tells its shape; values are unpacked when they are asked for. */
static Err add_array(WeightFile *file, zip_int64_t member, const char *name) {
    enum { HEADER_ROOM = 1 << 16 };
    WeightEntry entry = {.place = member};
    uint64_t size = 0;
    size_t begin = 0;
    TRY(weightfile_name(&entry, file, name, strlen(name) - strlen(".npy")));
    TRY(member_size(&size, file, member));
    uint64_t length = size < HEADER_ROOM ? size : HEADER_ROOM;
    unsigned char *head = malloc(length + 1);
    if (!head) return RAISE(ERR_MEMORY, "%s: no memory for a header", file->name);
    Err err = member_read(head, length, file, member);
    if (!err) err = weightfile_npy_header(&entry, &begin, head, length, name);
    free(head);
    if (err) return err;
    /* The storage is the whole member, header and all: the header is a whole number of elements (NumPy aligns it). */
    int64_t element = (int64_t)dtype_size(entry.dtype);
    if ((int64_t)begin % element) return RAISE(ERR_INPUT, "%s: %s: its values are not aligned", file->name, name);
    entry.offset = (int64_t)begin / element;
    entry.storage_elements = (int64_t)size / element;
    return weightfile_add(file, &entry);
}

/* ---- the archive ---- */

static Err list_members(WeightFile *file, Archive *archive) {
    file->state = archive;
    TRY(open_archive(archive, file));
    zip_int64_t n_members = zip_get_num_entries(archive->zip, 0);
    if (n_members > MEMBERS_MAX) return RAISE(ERR_INPUT, "%s: more than %d members", file->name, MEMBERS_MAX);
    int n_arrays = 0;
    for (zip_int64_t i = 0; i < n_members; i++) {
        const char *name = zip_get_name(archive->zip, (zip_uint64_t)i, 0);
        if (!name) continue;
        if (text_ends(name, "/data.pkl")) {
            archive->torch = true;
            size_t length = strlen(name) - strlen("data.pkl");
            if (length >= sizeof archive->prefix)
                return RAISE(ERR_INPUT, "%s: %.60s...: a name of %zu bytes", file->name, name, length);
            memcpy(archive->prefix, name, length); /* the rest is zero */
            return list_torch(file, i);            /* an archive has one pickle: whatever else lies in it is its data */
        }
        if (!text_ends(name, ".npy")) continue;
        TRY(add_array(file, i, name));
        n_arrays++;
    }
    return n_arrays
               ? ERR_NONE
               : RAISE(ERR_INPUT, "%s: a zip archive with neither torch's data.pkl nor NumPy's arrays", file->name);
}

static Err list(WeightFile *file) {
    Archive *archive = calloc(1, sizeof *archive);
    if (!archive) return RAISE(ERR_MEMORY, "%s: no memory to open it", file->name);
    return list_members(file, archive);
}

static Err storage(const unsigned char **bytes, void **owned, WeightFile *file, const WeightEntry *entry) {
    uint64_t length = (uint64_t)entry->storage_elements * dtype_size(entry->dtype);
    *owned = malloc(length + 1);
    if (!*owned)
        return RAISE(ERR_MEMORY, "%s: %s: no memory for %llu bytes", file->name, entry->name,
                     (unsigned long long)length);
    *bytes = *owned;
    Err err = member_read(*owned, length, file, entry->place);
    if (err) free(*owned);
    return err;
}

static void close_archive(WeightFile *file) {
    Archive *archive = file->state;
    if (!archive) return;
    if (archive->zip) zip_discard(archive->zip);
    free(archive->pickle_text);
    free(archive);
}

static const char *kind(const WeightFile *file) {
    const Archive *archive = file->state;
    return archive->script ? "TorchScript" : archive->torch ? "torch zip" : "npz";
}

const WeightFormat weightfile_zip = {
    .recognizes = recognizes, .list = list, .storage = storage, .close = close_archive, .kind = kind};
