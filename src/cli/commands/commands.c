#include "cli/stage/cmd.h"

/* Within each group of --help in this order: the chain as one runs it, then what looks, then plumbing. One a line, so
 * that two additions do not meet in one line. */
/* clang-format off */
const Command *const commands[] = {
    &cmd_textures,
    &cmd_generate,
    &cmd_ingest,
    &cmd_pretrain,
    &cmd_finetune,
    &cmd_probe,
    &cmd_robust,
    &cmd_analyze,
    &cmd_report,
    &cmd_sweep,

    &cmd_status,
    &cmd_variants,
    &cmd_reproduce,
    &cmd_keys,
    &cmd_controls,
    &cmd_inspect,
    &cmd_verify,
    &cmd_config,
    &cmd_bench,

    &cmd_export,
    &cmd_import,
    &cmd_completion,
    &cmd_man,
    NULL,
};
/* clang-format on */
