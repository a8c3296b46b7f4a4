/* par/run - what every stage is told besides its config: where, which seed, how to behave. Filled by cli. */
#pragma once

#include "par/par.h"
#include "par/progress.h"

#include <stdint.h>

typedef struct {
    Par par;
    const char *out; /* output folder or file */
    uint64_t seed;
    bool dry_run, force;   /* resume is the default; force starts over */
    const char *rehearsed; /* the config that a rehearsal made smaller, before it did (cli/stage/stage); NULL: none */
    ProgressMode progress;
    double time_budget_s;    /* <= 0: none */
    const char *config_text; /* resolved config, the same on all ranks */
    const char *command;     /* the command line, for run.json */
} Run;
