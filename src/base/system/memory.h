/* base/system/memory - small allocations, whose failure is remembered.
 *
 * Texts (Builder) and trees of JSON (cJSON) grow by hundreds of small allocations whose results nobody looks at one by
 * one: a key that found no memory would be missing, and the file would look whole. So both take their memory here. The
 * first failure is kept for the rest of the process, and everything that leaves it asks: builder_check and json_print
 * refuse the text, file_finish_partial gives no file its final name, err_agree_all tells the other ranks, err_raise
 * calls what goes wrong afterwards by its cause, and a command that came through in spite of it ends as out of memory.
 * Nothing forgets: a process that once had no memory for a line of text has no result to offer.
 *
 * Everything larger is allocated where it is used, is checked there and raises ERR_MEMORY. Any thread may call these.
 */
#pragma once

#include "base/failure/banned.h"

#include <stdbool.h>
#include <stddef.h>

/* As malloc and realloc. */
void *memory_take(size_t bytes);
void *memory_resize(void *old, size_t bytes);
/* Remembers a system call that failed for want of memory, where `reason` is ENOMEM. */
void memory_note(int reason);
/* Whether any of these has failed since the process began; err_out_of_memory (base/failure/err.h) makes an error of it.
 */
bool memory_ran_out(void);
