/* One rank: three linear classifiers of shrunken pixels take less time than starting the ranks. */
#include "api/open_source.h"
#include "cli/stage/stage.h"
#include "eval/readout/controls.h"

static const CommandHelp help = {
    .name = "controls",
    .summary = "what a labelled dataset gives away: a linear classifier of its pixels",
    .usage = "controls --train DIR --test DIR --out DIR [options]",
    .description =
        "Trains a linear classifier on shrunken pixels and tests it, three times: with one frame a video, with a\n"
        "clip's frames in random order, and in order. Where the first two find more than chance, a dataset can be\n"
        "read without seeing motion. Writes a run folder with result.json, whose path is printed. To ask a network\n"
        "the same: `synvid finetune --set data.frames=single` (or shuffled), and the sweep `controls` does both for\n"
        "the stand-in datasets.",
    .examples = "  synvid controls --train data/train --test data/test --out runs\n"
                "  synvid controls --train data/train --test data/test --set side=32 --out runs\n",
};

static const StageShortcut shortcuts[] = {
    {"train", "train", 0, "DIR"}, {"test", "test", 0, "DIR"}, {"name", "name", 0, NULL}, {0}};

static Err run(const void *settings, const Run *run) {
    const ControlsConfig *config = settings;
    OpenSource train = {0}, test = {0};
    Err err = open_dataset_all(&train, "train", config->train, &run->par);
    if (!err) err = open_dataset_all(&test, "test", config->test, &run->par);
    if (!err) err = controls_run(config, train.clips, test.clips, run);
    open_source_close(&test);
    open_source_close(&train);
    return err;
}

static const Stage stage = {
    .help = &help,
    .fields = controls_fields,
    .config_size = sizeof(ControlsConfig),
    .config_kind = "controls",
    .shortcuts = shortcuts,
    .needs_out = true,
    .one_rank = true,
    .run_all = run,
};

const Command cmd_controls = {.help = &help, .group = COMMAND_LOOKING, .stage = &stage};
