/* base/system/process - runs another program without a shell, for what it does or prints.
 *
 * Both functions look for argv[0] in PATH, give it the arguments (NULL-terminated) and no input, and wait. *text is
 * what the program printed, zero-terminated and malloc'd, also when the program fails. *exit_code is 127 when there is
 * no such program, and 128 + number after a signal. ERR_IO and ERR_MEMORY are failures of our own side. */
#pragma once

#include "base/failure/err.h"

enum { PROCESS_MISSING = 127, PROCESS_SIGNALED = 128 };

/* Catches its stdout; stderr is dropped. */
CHECKED Err process_output(char **text, int *exit_code, const char *const *argv);
/* In `folder`; catches its stderr, stdout is dropped. */
CHECKED Err process_complaint(char **text, int *exit_code, const char *const *argv, const char *folder);
