/* cli/stage/cmd - a subcommand: its help and what it runs. One per cmd_*.c, declared below; cli/commands/commands.c
 * holds the list.
 *
 * A command is either a stage (cli/stage/stage.h: options from a Field table, any number of ranks unless one_rank) or a
 * function of its own. main prints the error that either returns, once, and turns it into the exit code. */
#pragma once

#include "base/config/args.h"

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

extern const Command cmd_generate, cmd_variants, cmd_bench, cmd_textures;
extern const Command cmd_ingest;
extern const Command cmd_pretrain, cmd_finetune, cmd_probe, cmd_export, cmd_import;
extern const Command cmd_robust, cmd_controls;
extern const Command cmd_sweep, cmd_status;
extern const Command cmd_inspect, cmd_verify;
extern const Command cmd_config;
extern const Command cmd_completion, cmd_man;
extern const Command cmd_analyze, cmd_keys, cmd_report, cmd_reproduce;
