#include "cli/cmd.h"

int cli_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    return commands[0] ? 0 : err_exit_code(ERR_USAGE);
}
