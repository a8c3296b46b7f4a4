/* cli/stage/stage - what every many-rank subcommand shares: options, config, ranks, dry run, exit.
 *
 * A stage's options are its config keys. A shortcut row makes --videos 500 mean --set videos=500, so help, ranges and
 * messages come from the Field table. stage_main parses, resolves on rank 0, spreads the text, fills a Run, calls
 * run_all on every rank and finishes MPI; main prints the agreed error once. With --dry-run or --help MPI never starts.
 *
 *     static const Stage stage = {.help = &help, .fields = example_fields, .config_size = sizeof(ExampleConfig), ...};
 *     const Command cmd_example = {.help = &help, .many_ranks = true, .stage = &stage}; */
#pragma once

#include "base/config/field.h"
#include "cli/stage/cmd.h"
#include "eval/finetune/finetune.h"
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

/* stage_options.c: the command line of a stage: shortcuts to its settings and what all stages share. */

typedef struct {
    const char *config, *rehearsal, *out, *progress, *time_budget, *hang_timeout;
    ArgList sets;
    int64_t seed, threads;
    int verbose;
    bool quiet, dry_run, resume, force, help;
    ArgList shortcuts[STAGE_SHORTCUTS_MAX]; /* as given, in the order of stage->shortcuts */
} StageArgs;

/* The command line, checked as far as it can be without the configuration. */
CHECKED Err stage_args_parse(StageArgs *args, const Stage *stage, int argc, char *const *argv);
/* The complete settings of a command line and its files as JSON text, before a rehearsal makes them smaller. */
CHECKED Err stage_settings(char **text, const StageArgs *args, const Stage *stage);
/* All overrides of the configuration, "key=value": --set first, then shortcuts, of which one that is given again is two
 * where its setting is a list, and otherwise the last. Caller frees each and the list. */
CHECKED Err stage_args_sets(char ***sets, int *n_sets, const StageArgs *args, const Stage *stage);
void stage_args_sets_free(char **sets, int n_sets);
CHECKED Err stage_args_progress(ProgressMode *mode, const StageArgs *args);

/* classify: what the finetune and probe commands share: their options and the opening of both datasets. */

#define CLASSIFY_SHORTCUTS                                                                                             \
    {"train", "data.train", 0, "DIR"}, {"test", "data.test", 0, "DIR"}, {"checkpoint", "checkpoint", 0, "RUN"},        \
        {"pretraining", "pretraining", 0, "NAME"}, {"name", "name", 0, NULL}, {"epochs", "train.epochs", 0, NULL},     \
        {"batch", "train.batch", 0, NULL}, {                                                                           \
        "base-lr", "train.base_lr", 0, NULL                                                                            \
    }

typedef Err ClassifyRun(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test, const Run *run);
CHECKED Err classify_run_all(ClassifyRun *run_all, const FinetuneConfig *config, const Run *run);
