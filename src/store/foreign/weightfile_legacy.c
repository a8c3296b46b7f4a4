/* store/foreign/weightfile: what torch.save wrote before 1.6. Five pickles (a magic number, the protocol version, facts
 * of the system, the object, the list of storage keys), then for each key in that order a count and the raw elements.
 */
#include "store/foreign/internal/weightfile_formats.h"

#include <string.h>

enum { LEADING_PICKLES = 3, COUNT_BYTES = 8 };

/* PROTO 2, LONG1 of ten bytes 0x1950a86a20f9469cfc6c. */
static const unsigned char magic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c,
                                      0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

static bool recognizes(const unsigned char *data, size_t length) {
    return length >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

/* Storages wait here between the first pass over the object, which learns element sizes, and the data. */
typedef struct {
    const PickleValue *keys;
    size_t data_begin;
    struct Place {
        int64_t begin, elements; /* bytes; -1: not yet known */
        size_t element_bytes;    /* 0: no tensor uses it */
    } * places;
} Legacy;

static long find_key(const PickleValue *keys, const char *key, size_t length) {
    for (size_t i = 0; i < keys->n_items; i++)
        if (keys->items[i]->kind == PICKLE_TEXT && keys->items[i]->length == length &&
            memcmp(keys->items[i]->text, key, length) == 0)
            return (long)i;
    return -1;
}

/* First pass: notes the element size; the entry's place becomes the key's number. */
static Err note_storage(WeightEntry *entry, WeightFile *file, const TorchStorage *storage) {
    Legacy *legacy = file->state;
    long key = find_key(legacy->keys, storage->key, storage->key_length);
    if (key < 0) return RAISE(ERR_INPUT, "%s: %s: its storage is not in the file", file->name, entry->name);
    struct Place *place = &legacy->places[key];
    if (place->element_bytes && place->element_bytes != dtype_size(storage->dtype))
        return RAISE(ERR_INPUT, "%s: %s: a storage of two types", file->name, entry->name);
    place->element_bytes = dtype_size(storage->dtype);
    entry->place = key;
    entry->storage_elements = storage->elements;
    return ERR_NONE;
}

/* The data behind the pickles: sizes are known from the first pass only, so a storage that no tensor uses ends it. */
static Err place_storages(WeightFile *file, size_t at) {
    Legacy *legacy = file->state;
    for (size_t i = 0; i < legacy->keys->n_items; i++) {
        struct Place *place = &legacy->places[i];
        if (!place->element_bytes)
            return RAISE(ERR_INPUT, "%s: storage %zu belongs to no tensor, so its size is unknown", file->name, i);
        if (file->length - at < COUNT_BYTES) return RAISE(ERR_INPUT, "%s: truncated before storage %zu", file->name, i);
        memcpy(&place->elements, file->data + at, COUNT_BYTES);
        at += COUNT_BYTES;
        if (place->elements < 0 || (uint64_t)place->elements > (file->length - at) / place->element_bytes)
            return RAISE(ERR_INPUT, "%s: truncated: storage %zu has %lld elements, %zu bytes are left", file->name, i,
                         (long long)place->elements, file->length - at);
        place->begin = (int64_t)at;
        at += (size_t)place->elements * place->element_bytes;
    }
    return ERR_NONE;
}

/* Now that the data is found: entries point to it, and hold what it really has. */
static Err settle_entries(WeightFile *file) {
    const Legacy *legacy = file->state;
    for (int i = 0; i < file->count; i++) {
        WeightEntry *entry = &file->entries[i];
        const struct Place *place = &legacy->places[entry->place];
        if (place->elements != entry->storage_elements)
            return RAISE(ERR_INPUT, "%s: %s: its storage has %lld elements, %lld were announced", file->name,
                         entry->name, (long long)place->elements, (long long)entry->storage_elements);
        entry->place = place->begin;
    }
    return ERR_NONE;
}

static Err parse_at(Pickle **pickle, size_t *at, const WeightFile *file) {
    size_t used = 0;
    TRY(pickle_parse(pickle, &used, file->data + *at, file->length - *at, file->name));
    *at += used;
    return ERR_NONE;
}

/* Refuses what was written on a big-endian machine. */
static Err check_leading(size_t *at, const WeightFile *file) {
    for (int i = 0; i < LEADING_PICKLES; i++) {
        Pickle *pickle = NULL;
        TRY(parse_at(&pickle, at, file));
        const PickleValue *little = pickle_at(pickle_root(pickle), "little_endian");
        bool big = little && little->integer == 0;
        pickle_free(&pickle);
        if (big) return RAISE(ERR_INPUT, "%s: written on a big-endian machine", file->name);
    }
    return ERR_NONE;
}

static Err list_object(WeightFile *file, const PickleValue *object, const PickleValue *keys, size_t at) {
    if (keys->kind != PICKLE_LIST) return RAISE(ERR_INPUT, "%s: no list of storages", file->name);
    /* on the stack: only listing needs it, and entries then hold places of the file */
    Legacy legacy = {.keys = keys, .places = calloc(keys->n_items + 1, sizeof *legacy.places)};
    if (!legacy.places) return RAISE(ERR_MEMORY, "%s: no memory for %zu storages", file->name, keys->n_items);
    file->state = &legacy;
    Err err = weightfile_add_torch(file, object, note_storage);
    if (!err) err = place_storages(file, at);
    if (!err) err = settle_entries(file);
    free(legacy.places);
    file->state = NULL;
    return err;
}

static Err list(WeightFile *file) {
    size_t at = 0;
    Pickle *object = NULL, *keys = NULL;
    TRY(check_leading(&at, file));
    Err err = parse_at(&object, &at, file);
    if (!err) err = parse_at(&keys, &at, file);
    if (!err) err = list_object(file, pickle_root(object), pickle_root(keys), at);
    pickle_free(&object);
    pickle_free(&keys);
    return err;
}

static const char *kind(const WeightFile *file) {
    (void)file;
    return "torch legacy";
}

const WeightFormat weightfile_legacy = {
    .recognizes = recognizes, .list = list, .storage = weightfile_storage_inside, .kind = kind};
