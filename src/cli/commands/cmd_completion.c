/* The script is made from the tables behind --help, so it knows every option of this build and no other. */
#include "base/config/config.h"
#include "base/system/file.h"
#include "cli/inspect/inspect.h"
#include "cli/stage/stage.h"

typedef struct {
    bool help;
} CompletionArgs;

static const Option completion_options[] = {
    OPTION_FLAG("help", 'h', offsetof(CompletionArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const completion_tables[] = {completion_options, NULL};

static const CommandHelp completion_help = {
    .name = "completion",
    .summary = "print the completion script of a shell (bash)",
    .usage = "completion bash",
    .description = "Prints a script that completes commands, their options, variants and kinds of configuration.",
    .examples = "  source <(synvid completion bash)\n"
                "  synvid completion bash > ~/.local/share/bash-completion/completions/synvid\n",
    .options = completion_tables,
    .words = "bash",
};

/* ---- words ---- */

static void add_commands(Builder *out) {
    for (const Command *const *command = commands; *command; command++) builder_add(out, " %s", (*command)->help->name);
}

static void add_kinds(Builder *out) {
    ConfigKind kinds[KINDS_MAX];
    int n = kinds_list(kinds);
    for (int i = 0; i < n; i++) builder_add(out, " %s", kinds[i].name);
}

/* The names of configs/<folder>; none where there is no such folder. */
static void add_configs(Builder *out, const char *folder) {
    char root[PATH_SIZE], path[PATH_SIZE];
    FileList files;
    if (config_root(root, sizeof root) || path_join(path, sizeof path, root, folder)) return;
    if (!file_is_directory(path) || file_list_walk(&files, path)) return;
    for (size_t i = 0; i < files.count; i++) {
        size_t length = strlen(files.paths[i]);
        if (text_ends(files.paths[i], ".json")) builder_add(out, " %.*s", (int)length - 5, files.paths[i]);
    }
    file_list_free(&files);
}

/* ---- the script ---- */

/* One branch of the script a command: its options, and the words that may follow it. */
static Err add_command_case(Builder *out, const Command *command) {
    StageHelp *storage = calloc(1, sizeof *storage);
    if (!storage) return RAISE(ERR_MEMORY, "no memory for a completion script");
    const CommandHelp *help = command_help(storage, command);
    builder_add(out, "    %s)\n        options='", help->name);
    args_option_words(out, help);
    builder_add_text(out, "'\n");
    if (help->words) builder_add(out, "        words='%s'\n", help->words);
    builder_add_text(out, "        ;;\n");
    free(storage);
    return ERR_NONE;
}

/* Everything is decided when the script is made: it must answer at once, and synvid need not be in PATH. */
static Err add_script(Builder *out) {
    builder_add_text(out, "# bash completion for synvid; made by `synvid completion bash`\n"
                          "_synvid() {\n"
                          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                          "    local chosen='' options='' words=''\n"
                          "    case ${COMP_WORDS[1]} in\n");
    for (const Command *const *command = commands; *command; command++) TRY(add_command_case(out, *command));
    /* bash cuts words at "=", so the option of --variant=X is two words back */
    builder_add_text(out, "    esac\n"
                          "    [ \"$previous\" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
                          "    if [ \"$COMP_CWORD\" -eq 1 ]; then chosen='--help --version help");
    add_commands(out);
    builder_add_text(out, "'\n    elif [ \"$previous\" = --variant ]; then chosen='");
    add_configs(out, "variants");
    builder_add_text(out, "'\n    elif [ \"$previous\" = explain ] || [ \"$previous\" = schema ]; then chosen='");
    add_kinds(out);
    builder_add_text(out, "'\n    elif [ \"$previous\" = help ] || [ \"$previous\" = man ]; then chosen='");
    add_commands(out);
    builder_add_text(out, "'\n"
                          "    elif [[ $current == -* ]]; then chosen=$options\n"
                          "    elif [ \"$COMP_CWORD\" -eq 2 ]; then chosen=$words\n"
                          "    fi  # nothing chosen: files, by -o default\n"
                          "    [ \"$current\" != = ] || current=''\n"
                          "    mapfile -t COMPREPLY < <(compgen -W \"$chosen\" -- \"$current\")\n"
                          "    case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac\n"
                          "}\n"
                          "complete -o default -F _synvid synvid\n");
    return builder_check(out, "a completion script");
}

static Err completion_main(int argc, char *const *argv) {
    CompletionArgs args = {0};
    ArgList rest = {0};
    Builder out = {0};
    TRY(args_begin(&args, &rest, &completion_help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&completion_help, &rest, 1, 1));
    if (!text_equal(rest.items[0], "bash")) return RAISE(ERR_USAGE, "completion %s: only bash is known", rest.items[0]);
    Err err = add_script(&out);
    if (!err) fputs(out.data, stdout);
    builder_free(&out);
    return err;
}

const Command cmd_completion = {.help = &completion_help, .group = COMMAND_PLUMBING, .run = completion_main};
