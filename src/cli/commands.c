#include "cli/cmd.h"

const Command *const commands[] = {
    NULL,
};
