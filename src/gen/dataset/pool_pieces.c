/* Rank 0 copies pieces out of the journal in the pool's order, ROUND_BYTES at a time; the other ranks wait in an
 * agreement after every round. Nobody holds the pool, and a stop loses nothing but the copying. */
#include "gen/dataset/pool_pieces.h"

#include "base/system/file.h"
#include "base/system/stop.h"
#include "base/text/text.h"
#include "par/agree.h"
#include "par/progress.h"

#include <stdlib.h>

enum { ROUND_BYTES = 256 << 20, PROGRESS_BYTES = 1 << 30 };

static Err journal_folder(char folder[PATH_SIZE], const Run *run) {
    return text_format(folder, PATH_SIZE, "%s.journal", run->out);
}

Err pool_journal_open_all(Journal **journal, const Run *run, const char *identity) {
    char folder[PATH_SIZE];
    TRY(journal_folder(folder, run));
    if (run->force) TRY(journal_clear_all(folder, &run->par));
    return err_agree_all(journal_open(journal, folder, identity, &run->par), &run->par, folder);
}

Err pool_journal_clear_all(const Run *run) {
    char folder[PATH_SIZE];
    TRY(journal_folder(folder, run));
    return journal_clear_all(folder, &run->par);
}

int64_t pool_piece_count(const PoolPieces *pieces) {
    return ((int64_t)pieces->pool.count + pieces->piece_images - 1) / pieces->piece_images;
}

static int piece_images(const PoolPieces *pieces, int64_t i) {
    int64_t left = pieces->pool.count - i * pieces->piece_images;
    return left < pieces->piece_images ? (int)left : pieces->piece_images;
}

size_t pool_piece_bytes(const PoolPieces *pieces, int64_t i) {
    int64_t pixels = pool_plan_bytes(&pieces->pool, (int)i * pieces->piece_images, piece_images(pieces, i));
    return pieces->head_bytes + (size_t)pixels;
}

static uint64_t pixel_bytes(const PoolPieces *pieces) {
    return (uint64_t)pool_plan_bytes(&pieces->pool, 0, pieces->pool.count);
}

/* Of several sizes, that of the largest. */
static size_t largest_piece_bytes(const PoolPieces *pieces) {
    size_t largest = 0;
    int64_t count = pieces->pool.sizes ? pool_piece_count(pieces) : 1;
    for (int64_t i = 0; i < count; i++) {
        size_t bytes = pool_piece_bytes(pieces, i);
        if (bytes > largest) largest = bytes;
    }
    return largest;
}

Err pool_pieces_check_room(const PoolPieces *pieces, int64_t missing) {
    return folder_check_room(pieces->pool.path, pixel_bytes(pieces) + (uint64_t)missing * largest_piece_bytes(pieces),
                             "; that is the pool and the pieces it is made of");
}

/* A pool being put together; only rank 0 has a writer and what it reads from. */
typedef struct {
    const PoolPieces *pieces;
    const Journal *journal;
    JournalIndex *index;
    PoolWriter *writer;
    uint8_t *bytes; /* of a piece */
    Progress *progress;
} Assembly;

static Err begin(Assembly *a) {
    TRY(journal_index(&a->index, a->journal));
    a->bytes = malloc(largest_piece_bytes(a->pieces));
    if (!a->bytes) return RAISE(ERR_MEMORY, "%s: no memory for a piece of it", a->pieces->pool.path);
    return pool_create(&a->writer, &a->pieces->pool);
}

static Err add_pieces(Assembly *a, int64_t first, int64_t end) {
    const PoolPieces *pieces = a->pieces;
    for (int64_t i = first; i < end; i++) {
        int64_t number = pieces->numbers ? pieces->numbers[i] : i;
        if (!journal_fetch(a->index, number, a->bytes, pool_piece_bytes(pieces, i)))
            return RAISE(ERR_IO,
                         "%s: piece %lld of what it is made of is damaged or gone; run the same command again: what is "
                         "missing is made anew",
                         pieces->pool.path, (long long)number);
        TRY(pool_append(a->writer, a->bytes + pieces->head_bytes, piece_images(pieces, i)));
        progress_add(a->progress, piece_images(pieces, i));
    }
    return ERR_NONE;
}

/* Agreement after every round: waiting ranks see that it goes on, and stop requests are heard. */
static Err add_all(Assembly *a, const Par *par) {
    int64_t count = pool_piece_count(a->pieces), step = 1 + (int64_t)(ROUND_BYTES / largest_piece_bytes(a->pieces));
    for (int64_t first = 0; first < count; first += step) {
        int64_t end = first + step < count ? first + step : count;
        TRY(err_agree_all(par->rank == 0 ? add_pieces(a, first, end) : ERR_NONE, par, "writing the pool"));
        if (end < count && agree_stop_all(par))
            return RAISE(ERR_STOPPED,
                         "stopped while writing %s (%s): its images are kept; run the same command again to go on",
                         a->pieces->pool.path, stop_reason());
    }
    return ERR_NONE;
}

Err pool_from_pieces_all(const PoolPieces *pieces, Journal *journal, const Run *run, char digest[DIGEST_SIZE]) {
    const Par *par = &run->par;
    Assembly a = {.pieces = pieces, .journal = journal};
    bool large = pixel_bytes(pieces) >= PROGRESS_BYTES;
    TRY(err_agree_all(journal_publish(journal), par, "what the pool is made of"));
    Err err = err_agree_all(par->rank == 0 ? begin(&a) : ERR_NONE, par, "writing the pool");
    if (!err)
        err = progress_begin_all(&a.progress, par, large ? run->progress : PROGRESS_NONE, "images written",
                                 pieces->pool.count, "", 0);
    if (!err) err = add_all(&a, par);
    progress_end_all(&a.progress);
    if (!err) err = err_agree_all(par->rank == 0 ? pool_finish(&a.writer, digest) : ERR_NONE, par, "writing the pool");
    pool_abandon(&a.writer);
    journal_index_free(&a.index);
    free(a.bytes);
    return err;
}
