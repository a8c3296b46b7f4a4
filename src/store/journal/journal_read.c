/* Pieces by number, out of the files of all ranks and lives. Heads are read once into a sorted list; bytes are
 * fetched when asked for, and only then compared with their digest. Of equal numbers any whole one will do: they hold
 * the same. */
#include "base/system/file.h"
#include "store/journal/internal/journal_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Files that are kept open: those of a journal may be more than a process may open. */
enum { SLOTS = 64 };

typedef struct {
    int64_t number, size, offset; /* of its bytes */
    int file;
    char digest[DIGEST_SIZE];
} Place;

typedef struct {
    int file, descriptor; /* -1: none */
} Slot;

struct JournalIndex {
    const Journal *journal;
    FileList files;
    Place *places; /* by number; of equal ones by file and offset */
    size_t count, room;
    Slot slots[SLOTS];
    pthread_mutex_t lock; /* of slots, and of the reading through them */
};

/* ---- finding ---- */

static Err add_place(JournalIndex *index, const Place *place) {
    if (index->count == index->room) {
        size_t room = index->room ? 2 * index->room : 256;
        Place *places = realloc(index->places, room * sizeof *places);
        if (!places) return RAISE(ERR_MEMORY, "%s: no memory for %zu pieces", index->journal->folder, room);
        index->places = places;
        index->room = room;
    }
    index->places[index->count++] = *place;
    return ERR_NONE;
}

/* Heads only: whether the bytes are whole is seen when they are fetched. A piece that was cut off is the last one. */
static Err scan(JournalIndex *index, FILE *from, int file, int64_t size) {
    char head[JOURNAL_HEAD];
    JournalPiece piece;
    if (fread(head, 1, JOURNAL_HEAD, from) != JOURNAL_HEAD || memcmp(head, index->journal->head, JOURNAL_HEAD))
        return ERR_NONE;
    for (int64_t at = JOURNAL_HEAD; fread(&piece, sizeof piece, 1, from) == 1; at += piece.size) {
        at += (int64_t)sizeof piece;
        if (piece.size < 0 || piece.size > size - at || fseeko(from, (off_t)piece.size, SEEK_CUR)) return ERR_NONE;
        Place place = {.number = piece.number, .size = piece.size, .offset = at, .file = file};
        memcpy(place.digest, piece.digest, sizeof place.digest);
        TRY(add_place(index, &place));
    }
    return ERR_NONE;
}

static Err file_path(char path[PATH_SIZE], const JournalIndex *index, int file) {
    return path_join(path, PATH_SIZE, index->journal->folder, index->files.paths[file]);
}

static Err scan_file(JournalIndex *index, int file) {
    char path[PATH_SIZE];
    TRY(file_path(path, index, file));
    FILE *from = fopen(path, "re");
    if (!from && errno == ENOENT) return ERR_NONE; /* somebody who made the same whole has removed it */
    if (!from) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    Err err = scan(index, from, file, file_size(path));
    (void)fclose(from);
    return err;
}

static int compare_places(const void *a, const void *b) {
    const Place *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

CHECKED Err journal_index(JournalIndex **index, const Journal *journal) {
    JournalIndex *made = *index = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "%s: no memory for what is there", journal->folder);
    made->journal = journal;
    pthread_mutex_init(&made->lock, NULL);
    for (int i = 0; i < SLOTS; i++) made->slots[i] = (Slot){-1, -1};
    Err err = file_is_directory(journal->folder) ? file_list_walk(&made->files, journal->folder) : ERR_NONE;
    for (size_t i = 0; i < made->files.count && !err; i++) err = scan_file(made, (int)i);
    if (err)
        journal_index_free(index);
    else if (made->count)
        qsort(made->places, made->count, sizeof *made->places, compare_places);
    return err;
}

void journal_index_free(JournalIndex **index) {
    JournalIndex *i = *index;
    if (!i) return;
    for (int slot = 0; slot < SLOTS; slot++)
        if (i->slots[slot].descriptor >= 0) close(i->slots[slot].descriptor);
    pthread_mutex_destroy(&i->lock);
    file_list_free(&i->files);
    free(i->places);
    free(i);
    *index = NULL;
}

/* ---- fetching ---- */

/* -1: cannot be opened. */
static int descriptor_of(JournalIndex *index, int file) {
    char path[PATH_SIZE];
    Slot *slot = &index->slots[file % SLOTS];
    if (slot->file == file) return slot->descriptor;
    if (slot->descriptor >= 0) close(slot->descriptor);
    *slot = (Slot){-1, -1};
    if (file_path(path, index, file)) return -1;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) *slot = (Slot){file, descriptor};
    return descriptor;
}

static bool read_bytes(int descriptor, char *to, size_t size, int64_t offset) {
    while (size > 0) {
        ssize_t got = pread(descriptor, to, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        offset += got;
        size -= (size_t)got;
    }
    return true;
}

/* False: damaged, or gone. */
static bool fetch(JournalIndex *index, const Place *place, void *bytes) {
    char digest[DIGEST_SIZE];
    size_t size = (size_t)place->size;
    pthread_mutex_lock(&index->lock);
    int descriptor = descriptor_of(index, place->file);
    bool whole = descriptor >= 0 && read_bytes(descriptor, bytes, size, place->offset);
    pthread_mutex_unlock(&index->lock);
    return whole && !journal_digest(digest, place->number, bytes, size) &&
           memcmp(digest, place->digest, DIGEST_SIZE) == 0;
}

/* The first place with this number, or where it would stand. */
static size_t first_place(const JournalIndex *index, int64_t number) {
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (index->places[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool journal_fetch(JournalIndex *index, int64_t number, void *bytes, size_t size) {
    for (size_t i = first_place(index, number); i < index->count && index->places[i].number == number; i++)
        if (index->places[i].size == (int64_t)size && fetch(index, &index->places[i], bytes)) return true;
    return false;
}

int64_t journal_size(const JournalIndex *index, int64_t number) {
    size_t i = first_place(index, number);
    return i < index->count && index->places[i].number == number ? index->places[i].size : -1;
}

int64_t journal_bytes(const JournalIndex *index) {
    int64_t bytes = 0;
    for (size_t i = 0; i < index->count; i++) bytes += index->places[i].size;
    return bytes;
}

static Err hand_out(JournalIndex *index, const Place *place, JournalTake *take, void *state) {
    void *bytes = malloc((size_t)place->size + 1);
    if (!bytes) return RAISE(ERR_MEMORY, "%s: no memory for a piece", index->journal->folder);
    if (fetch(index, place, bytes)) take(state, place->number, bytes, (size_t)place->size);
    free(bytes);
    return ERR_NONE;
}

CHECKED Err journal_read(const Journal *journal, JournalTake *take, void *state) {
    JournalIndex *index;
    TRY(journal_index(&index, journal));
    Err err = ERR_NONE;
    for (size_t i = 0; i < index->count && !err; i++) err = hand_out(index, &index->places[i], take, state);
    journal_index_free(&index);
    return err;
}
