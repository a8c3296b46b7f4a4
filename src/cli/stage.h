/* cli/stage - the frame every many-rank subcommand shares: options, config, ranks, dry run, exit.
 *
 * A stage's options are its config keys: a shortcut row makes --videos 500 mean --set videos=500, so that help, ranges
 * and messages come from the Field table. stage_main parses, resolves on rank 0, spreads the text, fills a Run, calls
 * run_all on every rank, prints the agreed error once, finishes MPI. With --dry-run or --help MPI never starts. */
#pragma once

#include "base/field.h"
#include "cli/cmd.h"
#include "par/run.h"

typedef struct {
    const char *option; /* "videos" for --videos */
    const char *key;    /* "videos" or "data.dataset" */
    char letter;        /* 0: none */
} StageShortcut;        /* ends with {0} */

typedef struct {
    const CommandHelp *help;
    const Field *fields;
    size_t config_size;
    const char *config_kind; /* --config NAME also looks in configs/<kind>/ */
    const StageShortcut *shortcuts;
    bool needs_out; /* --out is required */
    Err (*run_all)(const void *config, const Run *run);
} Stage;

Err stage_main(const Stage *stage, int argc, char *const *argv);
