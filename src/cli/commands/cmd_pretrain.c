/* One page, the wiring: a source for the options, and the task (train/pretrain). */
#include "api/open_source.h"
#include "cli/stage/stage.h"

static const CommandHelp help = {
    .name = "pretrain",
    .summary = "train a VideoMAE on a dataset or on videos rendered while training",
    .usage = "pretrain --dataset DIR | --variant SLUG --out DIR [options]",
    .description =
        "Hides most tubes of a clip and learns to fill them in (tube mask, normalized pixels, AdamW, warm-up and\n"
        "cosine). Writes DIR/<name>-<digest of the settings>: checkpoints, curves, reconstruction pictures, result;\n"
        "its path is printed. The same command again goes on where the last one stopped; a finished run is left\n"
        "alone. Weights are equal to the bit for any number of ranks and threads, interrupted or not.",
    .examples = "  synvid pretrain --variant moving-circles --config vit_test --out runs\n"
                "  mpirun -n 4 synvid pretrain --config paper --dataset data/moving-circles --out runs\n"
                "  synvid pretrain --config paper --variant accelerating-shapes --dry-run\n"
                "  synvid pretrain --dataset data/a --set model=models/vit_s --set train.epochs=400 --out runs\n",
};

static const StageShortcut shortcuts[] = {
    {"dataset", "data.dataset", 0, "DIR"},
    {"real", "data.real", 0, "DIR"},
    {"real-share", "data.real_share", 0, NULL},
    {"variant", "data.variant", 0, "SLUG"},
    {"pool", "data.pool", 0, "PATHS"},
    {"clips", "data.clips", 0, NULL},
    {"name", "name", 0, NULL},
    {"epochs", "train.epochs", 0, NULL},
    {"batch", "train.batch", 0, NULL},
    {"base-lr", "train.base_lr", 0, NULL},
    {"mask-ratio", "mask_ratio", 0, NULL},
    {0},
};

static Err run_all(const void *config, const Run *run) {
    const PretrainConfig *pretrain = config;
    OpenSource source = {0};
    Err err = open_pretrain_source_all(&source, &pretrain->data, run->seed, &run->par);
    if (!err) err = pretrain_run_all(pretrain, source.clips, run);
    open_source_close(&source);
    return err;
}

static const Stage stage = {
    .help = &help,
    .fields = pretrain_fields,
    .config_size = sizeof(PretrainConfig),
    .config_kind = "pretrain",
    .shortcuts = shortcuts,
    .needs_out = true,
    .next = "synvid probe --checkpoint RUN --train DIR --test DIR --out {out}   (RUN: the folder above)",
    .run_all = run_all,
};

const Command cmd_pretrain = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
