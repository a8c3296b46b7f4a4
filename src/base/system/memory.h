/* base/system/memory - small allocations, whose failure is remembered.
 *
 * Texts (Builder) and trees of JSON (cJSON) grow by hundreds of small allocations that are not checked one by one. If
 * one failed unseen, a key would be missing and the file would look whole. So both take their memory here, and the
 * first failure is kept for the rest of the process. Every way out asks for it: builder_check and json_print refuse the
 * text, file_finish_partial gives no file its final name, err_agree_all tells the other ranks, err_raise names memory
 * as the cause, and a command that succeeded otherwise ends with ERR_MEMORY. Nothing clears it.
 *
 * Larger allocations are made and checked where they are used and raise ERR_MEMORY. Any thread may call these
 * functions. */
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
