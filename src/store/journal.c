#include "store/journal.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "par/agree.h"
#include "par/spread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { HEAD_SIZE = 64, LIVES_MAX = 100000 };

struct Journal {
    char folder[PATH_SIZE], path[PATH_SIZE], head[HEAD_SIZE];
    int rank;
    FILE *file; /* NULL before the first piece */
    pthread_mutex_t lock;
};

/* In front of the bytes of a piece. */
typedef struct {
    int64_t number, size;
    char digest[DIGEST_SIZE + 7]; /* whole words, so that nothing is left between fields */
} Piece;

CHECKED Err journal_open(Journal **journal, const char *folder, const char *identity, const Par *par) {
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
static Err digest_piece(char out[DIGEST_SIZE], int64_t number, const void *bytes, size_t size) {
    Digest *digest;
    TRY(digest_new(&digest));
    digest_add(digest, &number, sizeof number);
    digest_add(digest, bytes, size);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

/* ---- reading ---- */

/* One piece; false at the end, which is also what a damaged piece is. */
static bool read_piece(Piece *piece, void **bytes, FILE *file, int64_t left) {
    char digest[DIGEST_SIZE];
    *bytes = NULL;
    if (fread(piece, sizeof *piece, 1, file) != 1) return false;
    if (piece->size < 0 || piece->size > left - (int64_t)sizeof *piece) return false;
    *bytes = malloc((size_t)piece->size + 1);
    bool whole = *bytes && fread(*bytes, 1, (size_t)piece->size, file) == (size_t)piece->size;
    if (!whole || digest_piece(digest, piece->number, *bytes, (size_t)piece->size)) return false;
    return memcmp(digest, piece->digest, DIGEST_SIZE) == 0;
}

static Err read_file(const Journal *journal, const char *name, JournalTake *take, void *state) {
    char path[PATH_SIZE], head[HEAD_SIZE];
    Piece piece;
    void *bytes;
    TRY(path_join(path, sizeof path, journal->folder, name));
    FILE *file = fopen(path, "re");
    if (!file && errno == ENOENT) return ERR_NONE; /* somebody who made the same whole has removed it */
    if (!file) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    int64_t size = file_size(path);
    bool ours = fread(head, 1, HEAD_SIZE, file) == HEAD_SIZE && memcmp(head, journal->head, HEAD_SIZE) == 0;
    while (ours && read_piece(&piece, &bytes, file, size - ftell(file))) {
        take(state, piece.number, bytes, (size_t)piece.size);
        free(bytes);
        bytes = NULL;
    }
    if (ours) free(bytes);
    (void)fclose(file);
    return ERR_NONE;
}

CHECKED Err journal_read(const Journal *journal, JournalTake *take, void *state) {
    FileList files = {0};
    if (!file_is_directory(journal->folder)) return ERR_NONE;
    TRY(file_list_walk(&files, journal->folder));
    Err err = ERR_NONE;
    for (size_t i = 0; i < files.count && !err; i++) err = read_file(journal, files.paths[i], take, state);
    file_list_free(&files);
    return err;
}

/* ---- writing ---- */

/* A name that no other rank and no earlier life has. */
static Err create(Journal *journal) {
    for (int life = 0; life < LIVES_MAX; life++) {
        char name[64];
        TRY(folder_make(journal->folder));
        TRY(text_format(name, sizeof name, "rank-%04d-%d", journal->rank, life));
        TRY(path_join(journal->path, sizeof journal->path, journal->folder, name));
        int opened = open(journal->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (opened < 0 && (errno == EEXIST || errno == ENOENT)) continue;
        if (opened < 0) return RAISE(ERR_IO, "%s: cannot create: %s", journal->path, strerror(errno));
        journal->file = fdopen(opened, "w");
        if (!journal->file) {
            close(opened);
            return RAISE(ERR_MEMORY, "%s: no memory for a file", journal->path);
        }
        if (fwrite(journal->head, HEAD_SIZE, 1, journal->file) == 1) return ERR_NONE;
        return RAISE(ERR_IO, "%s: cannot write: %s", journal->path, strerror(errno));
    }
    return RAISE(ERR_IO, "%s: %d lives are there; remove it", journal->folder, LIVES_MAX);
}

static Err append(Journal *journal, const Piece *piece, const void *bytes) {
    if (!journal->file) TRY(create(journal));
    if (fault_hit("journal.append")) return RAISE(ERR_IO, "%s: injected fault", journal->path);
    bool wrote = fwrite(piece, sizeof *piece, 1, journal->file) == 1 &&
                 fwrite(bytes, 1, (size_t)piece->size, journal->file) == (size_t)piece->size &&
                 fflush(journal->file) == 0;
    return wrote ? ERR_NONE : RAISE(ERR_IO, "%s: cannot write: %s", journal->path, strerror(errno));
}

CHECKED Err journal_append(Journal *journal, int64_t number, const void *bytes, size_t size) {
    Piece piece = {.number = number, .size = (int64_t)size};
    char digest[DIGEST_SIZE];
    TRY(digest_piece(digest, number, bytes, size));
    memcpy(piece.digest, digest, DIGEST_SIZE);
    pthread_mutex_lock(&journal->lock);
    Err err = append(journal, &piece, bytes);
    pthread_mutex_unlock(&journal->lock);
    return err;
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

CHECKED Err journal_clear_all(const char *folder, const Par *par) {
    return err_agree_all(par->rank == 0 ? remove_folder(folder) : ERR_NONE, par, folder);
}

CHECKED Err journal_remove_all(Journal **journal, const Par *par) {
    char folder[PATH_SIZE];
    memcpy(folder, (*journal)->folder, sizeof folder);
    journal_close(journal);
    par_barrier_all(par); /* nobody writes there any more */
    return journal_clear_all(folder, par);
}
