/* A rank appends to a file of its own that no other process has ever written, so nothing has to be locked or agreed.
 * A piece is its head and its bytes; the digest in the head tells whether it is whole. What was made before with
 * other settings has another identity in its first line and is passed over. */
#include "store/journal/journal.h"

#include "base/failure/fault.h"
#include "base/system/digest.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/text/text.h"
#include "par/agree.h"
#include "par/spread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LIVES_MAX = 100000 };

/* A file of the folder: a head that names the identity, then pieces, each with its own head. */

enum { JOURNAL_HEAD = 64 };

struct Journal {
    char folder[PATH_SIZE], path[PATH_SIZE], head[JOURNAL_HEAD];
    int rank;
    FILE *file; /* NULL before the first piece */
    pthread_mutex_t lock;
};

/* In front of the bytes of a piece. */
typedef struct {
    int64_t number, size;
    char digest[DIGEST_SIZE + 7]; /* whole words, so that nothing is left between fields */
} JournalPiece;

Err journal_open(Journal **journal, const char *folder, const char *identity, const Par *par) {
    char digest[DIGEST_SIZE];
    Journal *made = *journal = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "%s: no memory for a journal", folder);
    pthread_mutex_init(&made->lock, NULL);
    digest_of(digest, identity, strlen(identity));
    Err err = text_copy(made->folder, sizeof made->folder, folder);
    if (!err) err = text_format(made->head, sizeof made->head, "synvid journal 1 %s\n", digest);
    made->rank = par->rank;
    if (err) journal_close(journal);
    return err;
}

/* Of number and bytes. */
static Err journal_digest(char out[DIGEST_SIZE], int64_t number, const void *bytes, size_t size) {
    Digest *digest;
    TRY(digest_new(&digest));
    digest_add(digest, &number, sizeof number);
    digest_add(digest, bytes, size);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

/* A name that no other rank and no earlier life has. */
static Err create(Journal *journal) {
    for (int life = 0; life < LIVES_MAX; life++) {
        char name[64];
        TRY(folder_make(journal->folder));
        TRY(text_format(name, sizeof name, "rank-%04d-%d", journal->rank, life));
        TRY(path_join(journal->path, sizeof journal->path, journal->folder, name));
        int opened = open(journal->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        /* ENOENT: another process removed the folder between the two calls */
        if (opened < 0 && (errno == EEXIST || errno == ENOENT)) continue;
        if (opened < 0) return RAISE(ERR_IO, "%s: cannot create: %s", journal->path, strerror(errno));
        journal->file = fdopen(opened, "w");
        if (!journal->file) {
            close(opened);
            return RAISE(ERR_MEMORY, "%s: no memory for a file", journal->path);
        }
        if (fwrite(journal->head, JOURNAL_HEAD, 1, journal->file) == 1) return ERR_NONE;
        return RAISE(ERR_IO, "%s: cannot write: %s", journal->path, strerror(errno));
    }
    return RAISE(ERR_IO, "%s: %d lives are there; remove it", journal->folder, LIVES_MAX);
}

static Err append(Journal *journal, const JournalPiece *piece, const void *bytes) {
    if (!journal->file) TRY(create(journal)); /* a life that makes nothing leaves no file */
    if (fault_hit("journal.append")) return RAISE(ERR_IO, "%s: injected fault", journal->path);
    /* flushed to the system, not to the disk: the process may die, and a lost power costs a piece */
    bool wrote = fwrite(piece, sizeof *piece, 1, journal->file) == 1 &&
                 fwrite(bytes, 1, (size_t)piece->size, journal->file) == (size_t)piece->size &&
                 fflush(journal->file) == 0;
    return wrote ? ERR_NONE : RAISE(ERR_IO, "%s: cannot write: %s", journal->path, strerror(errno));
}

Err journal_append(Journal *journal, int64_t number, const void *bytes, size_t size) {
    JournalPiece piece = {.number = number, .size = (int64_t)size};
    char digest[DIGEST_SIZE];
    TRY(journal_digest(digest, number, bytes, size));
    memcpy(piece.digest, digest, DIGEST_SIZE);
    pthread_mutex_lock(&journal->lock);
    Err err = append(journal, &piece, bytes);
    pthread_mutex_unlock(&journal->lock);
    return err;
}

Err journal_publish(Journal *journal) {
    FILE *file = journal->file;
    journal->file = NULL;
    if (!file || fclose(file) == 0) return ERR_NONE; /* where a network file system tells of a full disk */
    return RAISE(ERR_IO, "%s: cannot write: %s", journal->path, strerror(errno));
}

void journal_close(Journal **journal) {
    if (!*journal) return;
    if ((*journal)->file) (void)fclose((*journal)->file); /* every piece was flushed */
    pthread_mutex_destroy(&(*journal)->lock);
    free(*journal);
    *journal = NULL;
}

/* Another process that makes the same may be writing there: its files stay, and so does the folder. */
static Err remove_folder(const char *folder) {
    FileList files = {0};
    if (!file_is_directory(folder)) return ERR_NONE;
    TRY(file_list_walk(&files, folder));
    for (size_t i = 0; i < files.count; i++) {
        char path[PATH_SIZE];
        if (!path_join(path, sizeof path, folder, files.paths[i])) (void)unlink(path);
    }
    file_list_free(&files);
    if (rmdir(folder) && errno != ENOENT && errno != ENOTEMPTY)
        log_warn("%s: cannot remove: %s", folder, strerror(errno));
    return ERR_NONE;
}

Err journal_clear_all(const char *folder, const Par *par) {
    return err_agree_all(par->rank == 0 ? remove_folder(folder) : ERR_NONE, par, folder);
}

Err journal_remove_all(Journal **journal, const Par *par) {
    char folder[PATH_SIZE];
    memcpy(folder, (*journal)->folder, sizeof folder);
    journal_close(journal);
    par_barrier_all(par); /* nobody writes there any more */
    return journal_clear_all(folder, par);
}

/* ---- reading ---- */

/* Pieces by number, out of the files of all ranks and lives. Heads are read once into a sorted list; bytes are
 * fetched when asked for, and only then compared with their digest. Of equal numbers any whole one will do: they hold
 * the same. */

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

Err journal_index(JournalIndex **index, const Journal *journal) {
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

Err journal_read(const Journal *journal, JournalTake *take, void *state) {
    JournalIndex *index;
    TRY(journal_index(&index, journal));
    Err err = ERR_NONE;
    for (size_t i = 0; i < index->count && !err; i++) err = hand_out(index, &index->places[i], take, state);
    journal_index_free(&index);
    return err;
}
