/* base/system/process - a program that is run for what it does or prints, without a shell.
 *
 * Both look for argv[0] in PATH, give it the arguments (NULL-terminated) and no input, and wait. *text is what was
 * caught, zero-terminated, malloc'd, also when the program fails. *exit_code: 127 when there is no such program, 128 +
 * number after a signal. ERR_IO and ERR_MEMORY are ours. */
#pragma once

#include "base/failure/err.h"

enum { PROCESS_MISSING = 127, PROCESS_SIGNALED = 128 };

/* Catches its stdout; stderr is dropped. */
CHECKED Err process_output(char **text, int *exit_code, const char *const *argv);
/* In `folder`; catches its stderr, stdout is dropped. */
CHECKED Err process_complaint(char **text, int *exit_code, const char *const *argv, const char *folder);
