/* The options and the opening of datasets are those of `probe` (cli/stage/stage.h); the task is eval/finetune. */
#include "cli/stage/stage.h"

static const CommandHelp help = {
    .name = "finetune",
    .summary = "fine-tune a pre-trained encoder on labelled videos and test it",
    .usage = "finetune --checkpoint RUN --train DIR --test DIR --out DIR [options]",
    .description =
        "Trains encoder and a fresh head on labelled clips, then tests clips x crops of every test video with "
        "averaged\n"
        "probabilities. Writes a run folder with result.json (top-1 with Wilson 95 % interval, every deviation from\n"
        "the paper's protocol), predictions.csv, classes.csv, confusion.csv and .svg; its path is printed. Without\n"
        "--checkpoint the encoder starts at random: the paper's lower bound.",
    .examples = "  synvid finetune --checkpoint runs/moving-circles --train data/train --test data/test --out runs\n"
                "  mpirun -n 4 synvid finetune --config paper --checkpoint runs/moving-circles-0123456789 \\\n"
                "      --train data/ucf101-train --test data/ucf101-test --out runs\n",
};

static const StageShortcut finetune_shortcuts[] = {CLASSIFY_SHORTCUTS, {0}};

static Err run_all(const void *config, const Run *run) {
    return classify_run_all(finetune_run_all, config, run);
}

static const Stage stage = {
    .help = &help,
    .fields = finetune_fields,
    .config_size = sizeof(FinetuneConfig),
    .config_kind = "finetune",
    .shortcuts = finetune_shortcuts,
    .needs_out = true,
    .next = "synvid report --runs {out} --out report",
    .run_all = run_all,
};

const Command cmd_finetune = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
