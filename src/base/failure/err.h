/* base/failure/err - how a failure travels.
 *
 * A code says what class of thing happened, a message says where and why. A function that can fail returns Err and
 * is CHECKED; the message lives in a per-thread buffer until the next err_raise. par/agree carries both to all ranks.
 *
 * The message follows one form: what was being done, to which thing, what was found, what was expected, and what to
 * do. Settings are named as the user wrote them ("pretrain.mask_ratio: 1.5 is outside [0, 0.95]").
 *
 * ASSERT is for bugs of this program, never for bad input. */
#pragma once

#include "base/failure/banned.h"

#include <stdbool.h>
#include <stddef.h>

/*    name          exit  text */
#define ERR_LIST(X)                                                                                                    \
    X(ERR_NONE, 0, "ok")                                                                                               \
    X(ERR_USAGE, 2, "bad command line or configuration")                                                               \
    X(ERR_INPUT, 3, "input missing or malformed")                                                                      \
    X(ERR_IO, 4, "could not read or write")                                                                            \
    X(ERR_MEMORY, 5, "out of memory")                                                                                  \
    X(ERR_DIVERGED, 6, "training diverged")                                                                            \
    X(ERR_INTERNAL, 70, "bug in this program")                                                                         \
    X(ERR_STOPPED, 75, "stopped early with a good checkpoint; run the same command again to go on")

typedef enum {
#define X(name, exit_code, text) name,
    ERR_LIST(X)
#undef X
        ERR_COUNT
} Err;

#define CHECKED          __attribute__((warn_unused_result))
#define RAISE(code, ...) err_raise((code), __FILE__, __LINE__, __VA_ARGS__)
#define TRY(expr)                                                                                                      \
    do {                                                                                                               \
        Err try_ = (expr);                                                                                             \
        if (try_) return try_;                                                                                         \
    } while (0)
/* For functions with one exit: sets the local `err` and jumps. */
#define TRY_OR(label, expr)                                                                                            \
    do {                                                                                                               \
        err = (expr);                                                                                                  \
        if (err) goto label;                                                                                           \
    } while (0)
#define ASSERT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) err_assert_failed(#condition, __FILE__, __LINE__);                                           \
    } while (0)

/* Records the message and the place, returns `code`; ERR_MEMORY where the cause is a want of memory (ERR_IO with errno
 * ENOMEM, or base/system/memory ran out before). */
Err err_raise(Err code, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Puts context ("shard 12: ") in front of the recorded message when code != ERR_NONE; returns `code`. */
Err err_within(Err code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* ERR_MEMORY naming `purpose` where an allocation of base/system/memory has failed since the process began. */
CHECKED Err err_out_of_memory(const char *purpose);
/* The message of the last err_raise on this thread, without the place. Never NULL. */
const char *err_message(void);
/* "file.c:88" of the last err_raise on this thread; shown by -v. */
const char *err_place(void);
/* Replaces the message: used when a failure arrives from another thread. */
void err_adopt(Err code, const char *message);
/* The same for one that par/agree has given to all ranks; err_is_agreed then says so, until the next err_raise or
 * err_adopt. */
void err_adopt_agreed(Err code, const char *message);
bool err_is_agreed(void);
int err_exit_code(Err code);
const char *err_text(Err code);
_Noreturn void err_assert_failed(const char *condition, const char *file, int line);
/* Called by ASSERT before abort(); par installs MPI_Abort here. */
extern void (*err_abort_hook)(int exit_code);
