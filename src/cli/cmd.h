/* cli/cmd - a subcommand: its help and its function. One per cmd_*.c; cli/main.c holds the list. */
#pragma once

#include "base/args.h"

typedef struct {
    const CommandHelp *help;
    bool many_ranks;
    /* argv without the program's and the command's name. Returns what becomes the exit code. */
    Err (*run)(int argc, char *const *argv);
} Command;

extern const Command *const commands[]; /* NULL-terminated */
int cli_main(int argc, char **argv);
