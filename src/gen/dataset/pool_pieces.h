/* gen/dataset/pool_pieces - one pool out of the pieces of a journal, in the pool's order, so that no rank has to hold
 * it.
 *
 * Pieces (store/journal/journal.h) are the images that one rank made at a time, of any rank and life. */
#pragma once

#include "par/run.h"
#include "store/data/pool.h"
#include "store/journal/journal.h"

typedef struct {
    PoolPlan pool;          /* with sizes: pieces are as long as their images */
    size_t head_bytes;      /* in front of the pixels of a piece: not for the pool */
    int piece_images;       /* the pool's last piece has those that are left */
    const int64_t *numbers; /* of the pieces in the pool's order; NULL: 0, 1, 2, ... */
} PoolPieces;

/* The journal beside a pool that is being made, run->out.journal. --force begins anew: pieces of an earlier life are
 * removed. `identity` as in store/journal/journal.h. */
CHECKED Err pool_journal_open_all(Journal **journal, const Run *run, const char *identity);
/* For whoever finds the pool there: a life that died between pool and journal may have left it. */
CHECKED Err pool_journal_clear_all(const Run *run);

/* Bytes of the i-th piece, with its head. */
size_t pool_piece_bytes(const PoolPieces *pieces, int64_t i);
int64_t pool_piece_count(const PoolPieces *pieces);
/* Disk for `missing` pieces and the pool. Before the work; ERR_IO. One rank. */
CHECKED Err pool_pieces_check_room(const PoolPieces *pieces, int64_t missing);
/* Rank 0 writes. A stop request ends with ERR_STOPPED, and a piece that is not whole with ERR_IO: the others are kept
 * for another life. The digest is set on rank 0. */
CHECKED Err pool_from_pieces_all(const PoolPieces *pieces, Journal *journal, const Run *run, char digest[DIGEST_SIZE]);
