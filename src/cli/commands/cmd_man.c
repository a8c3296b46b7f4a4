/* Manual pages from the tables behind --help; the build installs one a command. */
#include "cli/stage/stage.h"

typedef struct {
    bool help;
} ManArgs;

static const Option man_options[] = {
    OPTION_FLAG("help", 'h', offsetof(ManArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const man_tables[] = {man_options, NULL};

static const CommandHelp man_help = {
    .name = "man",
    .summary = "print a manual page (roff)",
    .usage = "man [COMMAND]",
    .description = "Prints the manual page of a command, or of synvid itself, made from the tables behind --help.",
    .examples = "  synvid man generate | man -l -\n"
                "  synvid man pretrain > ~/.local/share/man/man1/synvid-pretrain.1\n",
    .options = man_tables,
};

static void add_program_page(Builder *out) {
    builder_add(out,
                ".TH SYNVID 1 \"\" \"synvid %s\" \"synvid manual\"\n.SH NAME\nsynvid \\- learn video representations "
                "without natural videos\n.SH SYNOPSIS\n.B synvid\nCOMMAND [options]\n.SH COMMANDS\n",
                SYNVID_VERSION);
    for (const Command *const *command = commands; *command; command++)
        builder_add(out, ".TP\n.BR synvid\\-%s (1)\n%s\n", (*command)->help->name, (*command)->help->summary);
    builder_add_text(out, ".SH EXIT STATUS\n");
    for (Err code = ERR_NONE; code < ERR_COUNT; code++)
        builder_add(out, ".TP\n.B %d\n%s\n", err_exit_code(code), err_text(code));
}

static Err add_command_page(Builder *out, const char *name) {
    for (const Command *const *command = commands; *command; command++) {
        if (!text_equal((*command)->help->name, name)) continue;
        StageHelp *storage = calloc(1, sizeof *storage);
        if (!storage) return RAISE(ERR_MEMORY, "no memory for a manual page");
        args_man_page(out, "synvid", SYNVID_VERSION, command_help(storage, *command));
        free(storage);
        return ERR_NONE;
    }
    return RAISE(ERR_USAGE, "no command \"%.60s\"; `synvid --help` lists them", name);
}

static Err man_main(int argc, char *const *argv) {
    ManArgs args = {0};
    ArgList rest = {0};
    Builder out = {0};
    TRY(args_begin(&args, &rest, &man_help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&man_help, &rest, 0, 1));
    Err err = ERR_NONE;
    if (rest.count)
        err = add_command_page(&out, rest.items[0]);
    else
        add_program_page(&out);
    if (!err) err = builder_check(&out, "a manual page");
    if (!err) fputs(out.data, stdout);
    builder_free(&out);
    return err;
}

const Command cmd_man = {.help = &man_help, .group = COMMAND_PLUMBING, .run = man_main};
