/* Both datasets are opened here, since only the commands know gen; what an official list says of them goes along, so
 * that the result can name its protocol. */
#include "analysis/measure/analyze.h"
#include "cli/stage/stage.h"
#include "gen/dataset/sources.h"
#include "gen/ingest/official.h"
#include "par/agree.h"

static const CommandHelp help = {
    .name = "analyze",
    .summary = "statistics of a dataset, and its distance from real videos",
    .usage =
        "analyze --dataset DIR [--reference DIR] [--inception FILE] [--i3d FILE] [--encoder RUN] --out DIR [options]",
    .description =
        "Measures how far a dataset lies from a reference of real videos (FID with --inception, FVD with --i3d, the\n"
        "weight files that people have; FFD-VideoMAE and FVD-VideoMAE with --encoder), how diverse its frames are, "
        "the\n"
        "exponent of its amplitude spectrum, its colors in L*a*b*, and how much moves. Without any weights,\n"
        "--set random_networks=3 takes networks with random ones. Use the same networks and reference for all "
        "datasets\n"
        "that are to be compared. Results are the same for any number of ranks and threads.",
    .examples = "  synvid analyze --dataset data/moving-circles --reference data/natural --encoder runs/natural \\\n"
                "      --frames 2000 --videos 200 --out runs\n"
                "  synvid analyze --dataset data/moving-circles --reference data/ucf101 --out runs \\\n"
                "      --inception pt_inception-2015-12-05-6726825d.pth --i3d rgb_imagenet.pt   # FID and FVD\n"
                "  synvid analyze --dataset data/moving-circles --out runs      # spectrum and motion only\n",
};

static const StageShortcut shortcuts[] = {
    {"dataset", "dataset", 0, "DIR"},
    {"reference", "reference", 0, "DIR"},
    {"inception", "inception", 0, "FILE"},
    {"i3d", "i3d", 0, "FILE"},
    {"encoder", "encoder", 0, "RUN"},
    {"frames", "n_frames", 0, NULL},
    {"videos", "n_videos", 0, NULL},
    {"name", "name", 0, NULL},
    {0},
};

static Err open_sources(ClipSource **dataset, ClipSource **reference, const AnalyzeConfig *config) {
    if (!config->dataset[0])
        return RAISE(ERR_USAGE, "analyze: dataset is not set; give --dataset DIR, a folder with dataset.json");
    TRY(dataset_source_open(dataset, config->dataset));
    return config->reference[0] ? dataset_source_open(reference, config->reference) : ERR_NONE;
}

static Err run_all(const void *config, const Run *run) {
    ClipSource *dataset = NULL, *reference = NULL;
    Departures departures = {{0}};
    const AnalyzeConfig *analyze = config;
    Err err = err_agree_all(open_sources(&dataset, &reference, config), &run->par, "opening datasets");
    if (!err && run->par.rank == 0) err = official_dataset(&departures, analyze->dataset, false);
    err = err_agree_all(err, &run->par, "the protocol");
    if (!err) official_attach(dataset, &departures);
    if (!err) err = analyze_run_all(config, dataset, reference, run);
    departures_free(&departures);
    clip_source_close(&dataset);
    clip_source_close(&reference);
    return err;
}

static const Stage stage = {
    .help = &help,
    .fields = analyze_fields,
    .config_size = sizeof(AnalyzeConfig),
    .config_kind = "analyze",
    .shortcuts = shortcuts,
    .needs_out = true,
    .next = "synvid report --runs {out} --out report",
    .run_all = run_all,
};

const Command cmd_analyze = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
