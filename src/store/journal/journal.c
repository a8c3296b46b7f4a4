/* A rank appends to a file of its own that no other process has ever written, so nothing has to be locked or agreed.
 * A piece is its head and its bytes; the digest in the head tells whether it is whole. What was made before with
 * other settings has another identity in its first line and is passed over. */
#include "base/failure/fault.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "par/agree.h"
#include "par/spread.h"
#include "store/journal/internal/journal_format.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LIVES_MAX = 100000 };

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

CHECKED Err journal_digest(char out[DIGEST_SIZE], int64_t number, const void *bytes, size_t size) {
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
    if (!journal->file) TRY(create(journal));
    if (fault_hit("journal.append")) return RAISE(ERR_IO, "%s: injected fault", journal->path);
    bool wrote = fwrite(piece, sizeof *piece, 1, journal->file) == 1 &&
                 fwrite(bytes, 1, (size_t)piece->size, journal->file) == (size_t)piece->size &&
                 fflush(journal->file) == 0;
    return wrote ? ERR_NONE : RAISE(ERR_IO, "%s: cannot write: %s", journal->path, strerror(errno));
}

CHECKED Err journal_append(Journal *journal, int64_t number, const void *bytes, size_t size) {
    JournalPiece piece = {.number = number, .size = (int64_t)size};
    char digest[DIGEST_SIZE];
    TRY(journal_digest(digest, number, bytes, size));
    memcpy(piece.digest, digest, DIGEST_SIZE);
    pthread_mutex_lock(&journal->lock);
    Err err = append(journal, &piece, bytes);
    pthread_mutex_unlock(&journal->lock);
    return err;
}

CHECKED Err journal_publish(Journal *journal) {
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
