/* cli/stage/stage_options - the command line of a stage: shortcuts to its settings and what all stages share. */
#pragma once

#include "cli/stage/stage.h"

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
/* All overrides of the configuration, "key=value": --set first, then shortcuts, of which one that is given again is two
 * where its setting is a list, and otherwise the last. Caller frees each and the list. */
CHECKED Err stage_args_sets(char ***sets, int *n_sets, const StageArgs *args, const Stage *stage);
void stage_args_sets_free(char **sets, int n_sets);
CHECKED Err stage_args_progress(ProgressMode *mode, const StageArgs *args);
