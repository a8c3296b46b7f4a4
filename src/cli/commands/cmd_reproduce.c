/* The paper's tables and figures from results on disk: nothing is computed but intervals and correlations, so it prints
 * what there is at any time of a long sweep. */
#include "analysis/compare/statistics.h"
#include "analysis/report/reproduce.h"
#include "cli/stage/cmd.h"
#include "gen/dataset/sources.h"

typedef struct {
    const char *runs, *data, *primary, *out, *format, *protocol;
    ArgList lists;
    bool rehearsal, help;
} ReproduceArgs;

static const Option options[] = {
    OPTION_TEXT("runs", 0, "DIR", offsetof(ReproduceArgs, runs), "folder of runs (default: runs)"),
    OPTION_TEXT("data", 0, "DIR", offsetof(ReproduceArgs, data), "folder of datasets, for figure 1 (default: data)"),
    OPTION_LIST("lists", 0, "NAMES", offsetof(ReproduceArgs, lists),
                "datasets of the correlations: lists of configs/analysis or files, commas between them; may repeat "
                "(default: " STATISTICS_LISTS ")"),
    OPTION_TEXT("primary", 0, "TASK:DATASET", offsetof(ReproduceArgs, primary),
                "the read-out that decides, first in its tables: finetune:standin-motion"),
    OPTION_TEXT("out", 'o', "DIR", offsetof(ReproduceArgs, out), "write tables (.tex .csv .md) and figures there, too"),
    OPTION_TEXT("format", 0, REPRODUCE_FORMATS, offsetof(ReproduceArgs, format), "how to print (default: plain)"),
    OPTION_TEXT("protocol", 0, "NAME", offsetof(ReproduceArgs, protocol),
                "whose results stand in the paper's tables: paper (the default) or released"),
    OPTION_FLAG("rehearsal", 0, offsetof(ReproduceArgs, rehearsal),
                "the same tables of a rehearsal's figures (`synvid sweep run NAME --rehearse`), without the paper's"),
    OPTION_FLAG("help", 'h', offsetof(ReproduceArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "reproduce",
    .summary = "the paper's tables with our figures beside them, as far as they have been run",
    .usage = "reproduce PART [--runs DIR] [--out DIR] [--format plain]",
    .description =
        "PART: table1 to table4, table9 to table12; fig1 (strips of the datasets), fig2 (the progression, ViT-B and\n"
        "ViT-L), fig3 (corruptions), fig4 (statistics, findings and correlations), fig5 (attention keys); statements\n"
        "(the paper's, checked one by one), steps (what each stage adds in ours), agreement (of our order with the\n"
        "paper's), compute (accuracy by the length of pre-training), gaps (shares of the gap closed), settings\n"
        "(tables 5 to 7 and what our runs used), or all. Figures of runs that do not follow the paper's protocol are\n"
        "called reduced and never stand in the paper's tables.",
    .examples = "  synvid reproduce table1 --runs runs\n  synvid reproduce fig4 --runs runs --lists "
                "paper28,my-sets.json --out paper\n"
                "  synvid reproduce all --format json > tables.json\n",
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

/* Figures of other protocols never stand beside the paper's, so they cannot be asked for. */
static Err read_protocol(const char **protocol, const ReproduceArgs *args) {
    if (args->rehearsal && args->protocol) return RAISE(ERR_USAGE, "--protocol and --rehearsal were both given");
    *protocol = args->rehearsal ? PROTOCOL_REHEARSAL : args->protocol;
    if (!args->protocol || text_equal(args->protocol, PROTOCOL_PAPER) || text_equal(args->protocol, "released"))
        return ERR_NONE;
    return RAISE(ERR_USAGE,
                 "--protocol %.40s: expected paper or released; figures of other protocols stand in no "
                 "table of the paper's",
                 args->protocol);
}

static Err run(int argc, char *const *argv) {
    ReproduceArgs args = {.runs = "runs", .data = "data", .format = "plain", .primary = ""};
    ArgList rest = {0};
    ReproduceRequest request = {0};
    TRY(args_begin(&args, &rest, &help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&help, &rest, 1, 1));
    TRY(read_format(&request.format, args.format));
    request.runs = args.runs;
    request.data = args.data;
    /* analysis does not know gen, which renders latent datasets for figure 1 */
    request.open = dataset_source_open;
    request.primary = args.primary;
    request.out = args.out;
    TRY(read_protocol(&request.protocol, &args));
    char *lists = NULL;
    TRY(args_join(&lists, &args.lists));
    request.lists = lists;
    Err err = reproduce_print(rest.items[0], &request);
    free(lists);
    return err;
}

const Command cmd_reproduce = {.help = &help, .group = COMMAND_LOOKING, .run = run};
