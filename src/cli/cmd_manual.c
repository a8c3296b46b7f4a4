/* `synvid man` and `synvid completion`: pages made from the same tables as --help. */
#include "base/log.h"
#include "cli/stage.h"

typedef struct {
    bool help;
} ManualArgs;

static const Option manual_options[] = {
    OPTION_FLAG("help", 'h', offsetof(ManualArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const manual_tables[] = {manual_options, NULL};

static const CommandHelp man_help = {
    .name = "man",
    .summary = "print a manual page (roff)",
    .usage = "man [COMMAND]",
    .description = "Prints the manual page of a command, or of synvid itself, made from the tables behind --help.",
    .examples = "  synvid man generate | man -l -\n"
                "  synvid man pretrain > ~/.local/share/man/man1/synvid-pretrain.1\n",
    .options = manual_tables,
};

static const CommandHelp completion_help = {
    .name = "completion",
    .summary = "print the completion script of a shell (bash)",
    .usage = "completion bash",
    .description = "Prints a script that completes commands, options and kinds of configuration.",
    .examples = "  source <(synvid completion bash)\n"
                "  synvid completion bash > ~/.local/share/bash-completion/completions/synvid\n",
    .options = manual_tables,
};

static Err print_and_free(Builder *out) {
    Err err = builder_check(out, "a page");
    if (!err) fputs(out->data, stdout);
    builder_free(out);
    return err;
}

/* ---- man ---- */

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
    ManualArgs args = {0};
    ArgList rest = {0};
    Builder out = {0};
    TRY(args_parse(&args, &rest, manual_tables, argc, argv));
    if (args.help) {
        args_help(&man_help);
        return ERR_NONE;
    }
    TRY(args_expect(&man_help, &rest, 0, 1));
    if (rest.count)
        TRY(add_command_page(&out, rest.items[0]));
    else
        add_program_page(&out);
    return print_and_free(&out);
}

/* ---- completion ---- */

static Err add_bash_case(Builder *out, const Command *command) {
    StageHelp *storage = calloc(1, sizeof *storage);
    if (!storage) return RAISE(ERR_MEMORY, "no memory for a completion script");
    builder_add(out, "    %s) words='", command->help->name);
    args_option_words(out, command_help(storage, command));
    builder_add_text(out, "' ;;\n");
    free(storage);
    return ERR_NONE;
}

static Err add_bash_script(Builder *out) {
    builder_add_text(out, "# bash completion for synvid; made by `synvid completion bash`\n"
                          "_synvid() {\n"
                          "    local current=${COMP_WORDS[COMP_CWORD]} words=\n"
                          "    COMPREPLY=()\n"
                          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                          "        words='--help --version");
    for (const Command *const *command = commands; *command; command++) builder_add(out, " %s", (*command)->help->name);
    builder_add_text(out, "'\n"
                          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                          "        return\n"
                          "    fi\n"
                          "    case $current in -*) ;; *) return ;; esac  # files, by -o default\n"
                          "    case ${COMP_WORDS[1]} in\n");
    for (const Command *const *command = commands; *command; command++) TRY(add_bash_case(out, *command));
    builder_add_text(out, "    esac\n"
                          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                          "    case ${COMPREPLY[0]-} in *=) compopt -o nospace ;; esac\n"
                          "}\n"
                          "complete -o default -F _synvid synvid\n");
    return ERR_NONE;
}

static Err completion_main(int argc, char *const *argv) {
    ManualArgs args = {0};
    ArgList rest = {0};
    Builder out = {0};
    TRY(args_parse(&args, &rest, manual_tables, argc, argv));
    if (args.help) {
        args_help(&completion_help);
        return ERR_NONE;
    }
    TRY(args_expect(&completion_help, &rest, 1, 1));
    if (!text_equal(rest.items[0], "bash")) return RAISE(ERR_USAGE, "completion %s: only bash is known", rest.items[0]);
    Err err = add_bash_script(&out);
    if (err) builder_free(&out);
    return err ? err : print_and_free(&out);
}

const Command cmd_man = {.help = &man_help, .group = COMMAND_PLUMBING, .run = man_main};
const Command cmd_completion = {.help = &completion_help, .group = COMMAND_PLUMBING, .run = completion_main};
