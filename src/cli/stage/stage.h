/* cli/stage/stage - the frame every many-rank subcommand shares: options, config, ranks, dry run, exit.
 *
 * A stage's options are its config keys: a shortcut row makes --videos 500 mean --set videos=500, so that help, ranges
 * and messages come from the Field table. stage_main parses, resolves on rank 0, spreads the text, fills a Run, calls
 * run_all on every rank and finishes MPI; main prints the agreed error once. With --dry-run or --help MPI never starts.
 *
 *     static const Stage stage = {.help = &help, .fields = example_fields, .config_size = sizeof(ExampleConfig), ...};
 *     const Command cmd_example = {.help = &help, .many_ranks = true, .stage = &stage}; */
#pragma once

#include "base/config/field.h"
#include "cli/stage/cmd.h"
#include "par/run.h"

typedef struct {
    const char *option; /* "videos" for --videos */
    const char *key;    /* "videos" or "data.dataset" */
    char letter;        /* 0: none */
    const char *value;  /* "SLUG" in --help; NULL: after the field's type */
} StageShortcut;        /* ends with {0} */

typedef struct Stage {
    const CommandHelp *help; /* its `options` stay NULL: they follow from the tables */
    const Field *fields;
    size_t config_size;
    const char *config_kind; /* --config NAME also looks in configs/<kind>/ */
    const StageShortcut *shortcuts;
    bool needs_out;     /* --out is required */
    bool one_rank;      /* never starts MPI; has no --threads, --progress, --time-budget */
    const char *next;   /* the command to run next, shown after success; {out} stands for --out */
    bool out_is_result; /* on success OUT is printed on stdout, as the stages print what they made */
    Err (*run_all)(const void *config, const Run *run);
} Stage;

Err stage_main(const Stage *stage, int argc, char *const *argv);

/* The help of a command with all its options, for --help, completion and the man page. Borrows from `storage`. */
enum { STAGE_SHORTCUTS_MAX = 32 };
typedef struct {
    Option rows[STAGE_SHORTCUTS_MAX + 1];
    char heading[96], help[STAGE_SHORTCUTS_MAX][320], value[STAGE_SHORTCUTS_MAX][64];
    const Option *tables[4];
    CommandHelp whole;
} StageHelp;
const CommandHelp *stage_help(StageHelp *storage, const Stage *stage);
const CommandHelp *command_help(StageHelp *storage, const Command *command);
