#include "cli/cmd.h"

const Command *const commands[] = {
    &cmd_sweep,
    NULL,
};
