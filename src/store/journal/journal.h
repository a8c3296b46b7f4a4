/* store/journal/journal - finished pieces of a long computation, so that it goes on after a stop or a kill.
 *
 * A journal is a folder. Each rank opens a new file in it every time it starts. A finished piece is appended as number,
 * size, digest and bytes. A piece that is damaged or was cut off does not count and is computed again. Pieces must
 * depend on nothing but what `identity` names, so any rank of any start may have made them. When the whole result has
 * its final name the folder is removed. Local calls, except where the name says otherwise. */
#pragma once

#include "par/par.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Journal Journal;

/* The folder is made by the first piece. `identity`: everything that determines the pieces; files of another one are
 * ignored. */
CHECKED Err journal_open(Journal **journal, const char *folder, const char *identity, const Par *par);
/* Hands out every piece that is there, by number, some maybe twice; bytes are borrowed for the call. */
typedef void JournalTake(void *state, int64_t number, const void *bytes, size_t size);
CHECKED Err journal_read(const Journal *journal, JournalTake *take, void *state);
/* Any thread may call it. */
CHECKED Err journal_append(Journal *journal, int64_t number, const void *bytes, size_t size);
/* When this returns, other nodes see what this rank has appended. */
CHECKED Err journal_publish(Journal *journal);

/* The places of all pieces, for a reader that takes them in an order of its own and cannot hold all. It knows the
 * pieces that were published before it was made. The journal is borrowed. */
typedef struct JournalIndex JournalIndex;
CHECKED Err journal_index(JournalIndex **index, const Journal *journal);
/* False: no whole piece of this number and size is there, and `bytes` (size) may hold anything. From any thread. */
bool journal_fetch(JournalIndex *index, int64_t number, void *bytes, size_t size);
/* Bytes of the piece of this number, whole or not; -1: there is none. */
int64_t journal_size(const JournalIndex *index, int64_t number);
/* Bytes of all pieces that are there, whole or not. */
int64_t journal_bytes(const JournalIndex *index);
void journal_index_free(JournalIndex **index); /* fine with NULL */

/* NULL is allowed. */
void journal_close(Journal **journal);
/* Closes, on every rank, and removes the folder. */
CHECKED Err journal_remove_all(Journal **journal, const Par *par);
/* Removes the folder of a run that ended between writing the whole file and removing its journal. Called where the
 * whole file is found. No error when there is no such folder. */
CHECKED Err journal_clear_all(const char *folder, const Par *par);
