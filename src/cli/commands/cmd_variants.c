/* The catalog: configs/variants as a table, or as JSON for scripts. */
#include "cli/stage/cmd.h"
#include "gen/variant/variant.h"

typedef struct {
    bool json, help;
} VariantsArgs;

static const Option options[] = {
    OPTION_FLAG("json", 0, offsetof(VariantsArgs, json), "as JSON, with texture source, background, mode and tables"),
    OPTION_FLAG("help", 'h', offsetof(VariantsArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "variants",
    .summary = "list the datasets that can be generated",
    .usage = "variants [--json]",
    .description = "The 34 datasets of the paper in its order, with the accuracies it reports for them, and our own\n"
                   "labelled stand-ins for an action dataset.",
    .examples = "  synvid variants\n  synvid config diff variants/moving-circles variants/moving-shapes\n",
    .options = tables,
};

static Err run(int argc, char *const *argv) {
    VariantsArgs args = {0};
    ArgList rest = {0};
    TRY(args_begin(&args, &rest, &help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&help, &rest, 0, 0));
    return variant_print_catalog(args.json);
}

const Command cmd_variants = {.help = &help, .group = COMMAND_LOOKING, .run = run};
