/* sweep/task/process - a program that is run for what it prints. */
#pragma once

#include "base/failure/err.h"

/* Runs argv[0] (looked for in PATH) with the arguments (NULL-terminated) and waits. *text: its stdout, zero-terminated,
 * malloc'd, also when it fails; stderr is dropped. *exit_code: 127 when there is no such program, 128 + number after a
 * signal. ERR_IO and ERR_MEMORY are ours. */
CHECKED Err process_output(char **text, int *exit_code, const char *const *argv);
