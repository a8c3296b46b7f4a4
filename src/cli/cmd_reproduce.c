#include "analysis/reproduce.h"
#include "cli/cmd.h"

typedef struct {
    const char *runs, *format;
    bool help;
} ReproduceArgs;

static const Option options[] = {
    OPTION_TEXT("runs", 0, "DIR", offsetof(ReproduceArgs, runs), "folder of runs (default: runs)"),
    OPTION_TEXT("format", 0, REPRODUCE_FORMATS, offsetof(ReproduceArgs, format), "how to print (default: plain)"),
    OPTION_FLAG("help", 'h', offsetof(ReproduceArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "reproduce",
    .summary = "the paper's tables with our figures beside them, as far as they have been run",
    .usage = "reproduce PART [--runs DIR] [--format plain]",
    .description =
        "PART: table1 to table4, table9 to table12, fig4 (statistics and correlations), gaps (shares of the gap\n"
        "closed), settings (tables 5 to 7 and what our runs used), or all. Figures of runs that do not follow the\n"
        "paper's protocol are called reduced and never stand in the paper's tables.",
    .examples = "  synvid reproduce table1 --runs runs\n  synvid reproduce all --format json > tables.json\n",
    .options = tables,
};

static Err read_format(ReproduceFormat *format, const char *text) {
    static const char *const names[] = {"plain", "json", "csv", "markdown", "latex", NULL};
    for (int i = 0; names[i]; i++) {
        if (!text_equal(text, names[i])) continue;
        *format = (ReproduceFormat)i;
        return ERR_NONE;
    }
    return RAISE(ERR_USAGE, "--format %.40s: expected one of " REPRODUCE_FORMATS, text);
}

static Err run(int argc, char *const *argv) {
    ReproduceArgs args = {.runs = "runs", .format = "plain"};
    ArgList rest = {0};
    ReproduceFormat format = REPRODUCE_PLAIN;
    TRY(args_parse(&args, &rest, tables, argc, argv));
    if (args.help) {
        args_help(&help);
        return ERR_NONE;
    }
    TRY(args_expect(&help, &rest, 1, 1));
    TRY(read_format(&format, args.format));
    return reproduce_print(rest.items[0], args.runs, format);
}

const Command cmd_reproduce = {.help = &help, .group = COMMAND_LOOKING, .run = run};
