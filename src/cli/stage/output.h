/* cli/stage/output - what was printed must have arrived: a table on a full disk is lost, and exit code 0 would hide
 * that.
 *
 * main opens with output_guard and ends with output_finish, so that no command has to check a printf. A full disk is
 * ERR_IO and one message, as it is for every other file. A pipe that was closed (`| head`) is what its reader wanted:
 * the program ends without a word, by SIGPIPE or, where that signal is ignored, with the exit code that a shell would
 * give it (141). One process; nothing here is collective. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* A standard descriptor that is closed would be given to the next file that is opened, and printing would go into that
 * file. Takes their places: what is printed to a closed stdout is an error, to a closed stderr it is not wanted. */
void output_guard(void);
/* Writes what is still buffered. ERR_IO when anything printed so far was lost; also where a stage, on its rank 0, wants
 * to know before it ends. */
CHECKED Err output_check(void);
/* Says why a command failed, once, however often it is called: a stage says it on its rank 0 before MPI ends, since a
 * launcher may end rank 0 as soon as another rank has left with an exit code. Silent where the reader of stdout left.
 * `command`: for the message, or "". */
void output_complain(Err err, const char *command);
/* Says how a command ended, where `speaks` is true, and what was lost of stdout and stderr; the program's exit code.
 */
int output_finish(Err err, bool speaks, const char *command);
