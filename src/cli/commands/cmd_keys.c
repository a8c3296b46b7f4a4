/* Figure 5 of the paper. The task is analysis/measure/keys. */
#include "analysis/measure/keys.h"
#include "cli/stage/stage.h"
#include "gen/dataset/sources.h"
#include "par/agree.h"

static const CommandHelp help = {
    .name = "keys",
    .summary = "what the attention keys of a pre-trained model look at, as pictures",
    .usage = "keys --encoder RUN --dataset DIR --out DIR [options]",
    .description =
        "Shows videos to a pre-trained model, takes the keys of its last attention layer, and reduces them to three\n"
        "components that become red, green and blue (figure 5 of the paper): keys.png and keys.mp4 in the run folder.\n"
        "Models of simple data show patterns of position, later ones follow what is seen; the share of the variance\n"
        "that position alone explains says so as a number. Components are the same for any number of ranks.",
    .examples = "  synvid keys --encoder runs/moving-circles --dataset data/ucf101 --class Archery --out runs\n"
                "  synvid keys --encoder runs/a --dataset data/natural --videos 20 --frames 16 --out runs\n",
};

static const StageShortcut shortcuts[] = {
    {"encoder", "encoder", 0, "RUN"},   {"dataset", "dataset", 0, "DIR"},
    {"class", "class_name", 0, "NAME"}, {"videos", "videos", 0, NULL},
    {"frames", "frames", 0, NULL},      {"shown", "shown", 0, NULL},
    {"name", "name", 0, NULL},          {0},
};

static Err open_source(ClipSource **source, const KeysConfig *config) {
    if (!config->dataset[0])
        return RAISE(ERR_USAGE, "keys: dataset is not set; give --dataset DIR, a folder with dataset.json");
    return dataset_source_open(source, config->dataset);
}

static Err run_all(const void *config, const Run *run) {
    ClipSource *source = NULL;
    Err err = err_agree_all(open_source(&source, config), &run->par, "opening the dataset");
    if (!err) err = keys_run_all(config, source, run);
    clip_source_close(&source);
    return err;
}

static const Stage stage = {
    .help = &help,
    .fields = keys_fields,
    .config_size = sizeof(KeysConfig),
    .config_kind = "keys",
    .shortcuts = shortcuts,
    .needs_out = true,
    .next = "synvid reproduce fig5 --runs {out}",
    .run_all = run_all,
};

const Command cmd_keys = {.help = &help, .group = COMMAND_LOOKING, .many_ranks = true, .stage = &stage};
