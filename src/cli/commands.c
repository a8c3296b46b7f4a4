#include "cli/cmd.h"

/* Within each group of --help in this order: the chain as one runs it, then what looks, then plumbing. */
const Command *const commands[] = {
    &cmd_generate,   &cmd_ingest, &cmd_sweep,

    &cmd_variants,   &cmd_config,

    &cmd_completion, &cmd_man,    NULL,
};
