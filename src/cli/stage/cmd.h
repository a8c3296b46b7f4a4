/* cli/stage/cmd - a subcommand: its help and what it runs. One per cmd_*.c, declared below; cli/commands/commands.c
 * holds the list.
 *
 * A command is either a stage (cli/stage/stage.h: options from a Field table, any number of ranks unless one_rank) or a
 * function of its own. main prints the error that either returns, once, and turns it into the exit code. */
#pragma once

#include "base/config/args.h"
#include "base/failure/err.h"

#include <stdbool.h>

typedef enum { COMMAND_CHAIN, COMMAND_LOOKING, COMMAND_PLUMBING } CommandGroup;

typedef struct {
    const CommandHelp *help;
    CommandGroup group;
    bool many_ranks; /* others run on the launcher's rank 0 only, without MPI */
    const struct Stage *stage;
    /* argv without the program's and the command's name. Without it, `stage` is run. */
    Err (*run)(int argc, char *const *argv);
} Command;

extern const Command *const commands[]; /* NULL-terminated, in the order of --help */
int cli_main(int argc, char **argv);

/* "synvid NAME ARGUMENTS...", each quoted for a shell; the caller frees. As run.json keeps it. */
CHECKED Err command_text(char **text, const char *name, int argc, char *const *argv);

extern const Command cmd_generate, cmd_variants, cmd_bench, cmd_textures;
extern const Command cmd_ingest;
extern const Command cmd_pretrain, cmd_finetune, cmd_probe, cmd_export, cmd_import;
extern const Command cmd_robust, cmd_controls;
extern const Command cmd_sweep, cmd_status;
extern const Command cmd_inspect, cmd_verify;
extern const Command cmd_config;
extern const Command cmd_completion, cmd_man;
extern const Command cmd_analyze, cmd_keys, cmd_report, cmd_reproduce;

/* output.c: what was printed must have arrived: a table on a full disk is lost, and exit code 0 would hide
 * that.
 *
 * main opens with output_guard and ends with output_finish, so that no command has to check a printf. A full disk is
 * ERR_IO and one message, as it is for every other file. A pipe that was closed (`| head`) is what its reader wanted:
 * the program ends without a word, by SIGPIPE or, where that signal is ignored, with the exit code that a shell would
 * give it (141). One process; nothing here is collective. */

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
