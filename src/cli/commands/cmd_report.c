/* One rank, and only results are read: the page can be made anew at any time, on a laptop. */
#include "analysis/report/report.h"
#include "cli/stage/stage.h"
#include "gen/dataset/sources.h"

static const CommandHelp help = {
    .name = "report",
    .summary = "everything found in a folder of runs as one HTML page, with tables and figures",
    .usage = "report --runs DIR --out DIR [--data DIR] [--media DIR] [--primary TASK:DATASET]",
    .description =
        "Reads every result.json below --runs and writes OUT/index.html, which needs nothing beside it: accuracies\n"
        "beside the paper's, its statements checked on them, contact sheets and statistics of the datasets, curves,\n"
        "and where everything came from. Each table is also LaTeX, CSV and Markdown in OUT/tables, each figure an SVG\n"
        "with its gnuplot script and data in OUT/figures. Reads results only: it can be made again any time.\n"
        "Where several read-outs were run, --primary names the one that decides. Name it before the runs (a sweep "
        "file\n"
        "does, in its report task): choosing among outcomes afterwards makes every interval too short.",
    .examples = "  synvid report --runs runs --data data --out report\n"
                "  synvid report --runs runs --primary finetune:standin-motion --out report\n",
};

static const StageShortcut shortcuts[] = {
    {"runs", "runs", 0, "DIR"},    {"data", "data", 0, "DIR"},
    {"media", "media", 0, "DIR"},  {"primary", "primary", 0, "TASK:DATASET"},
    {"title", "title", 0, "TEXT"}, {0},
};

static Err run_all(const void *config, const Run *run) {
    return run->dry_run ? ERR_NONE : report_run(config, run->out, dataset_source_open);
}

static const Stage stage = {
    .help = &help,
    .fields = report_fields,
    .config_size = sizeof(ReportConfig),
    .config_kind = "report",
    .shortcuts = shortcuts,
    .needs_out = true,
    .one_rank = true,
    .next = "open {out}/index.html in a browser",
    .run_all = run_all,
};

const Command cmd_report = {.help = &help, .group = COMMAND_CHAIN, .stage = &stage};
