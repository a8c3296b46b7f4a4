/* As `finetune`, with another task behind it: the encoder stays as it is, so its features are computed once. */
#include "cli/stage/stage.h"

static const CommandHelp help = {
    .name = "probe",
    .summary = "read out a frozen encoder's features: linear, nearest neighbors, few-shot, attentive",
    .usage = "probe --checkpoint RUN --train DIR --test DIR --out DIR [options]",
    .description =
        "Computes features of all clips once and keeps them in OUT/features, so that a second read-out of the same\n"
        "encoder needs no forward pass. --protocol linear (the paper's) trains a linear classifier on the mean over\n"
        "tokens, normalized and standardized; knn lets the nearest training videos vote; few-shot trains on 1, 5 and\n"
        "10 clips a class, several times; attentive learns one cross-attention to the tokens. Tests as `synvid\n"
        "finetune` does, into a run folder of the same kind, whose path is printed. Without --checkpoint the encoder\n"
        "is random: the baseline that features have to beat.",
    .examples =
        "  synvid probe --checkpoint runs/moving-circles --train data/train --test data/test --out runs\n"
        "  synvid probe --protocol knn --checkpoint runs/moving-circles --train data/train --test data/test \\\n"
        "      --out runs\n"
        "  synvid probe --train data/train --test data/test --set model=models/vit_test --out runs\n",
};

static const StageShortcut probe_shortcuts[] = {
    {"protocol", "protocol", 0, NULL},
    CLASSIFY_SHORTCUTS,
    {"features", "readout.features", 0, "DIR"},
    {"shots", "readout.shots", 0, "N,N,..."},
    {0},
};

static Err run_all(const void *config, const Run *run) {
    return classify_run_all(probe_run_all, config, run);
}

static const Stage stage = {
    .help = &help,
    .fields = probe_fields,
    .config_size = sizeof(FinetuneConfig),
    .config_kind = "probe",
    .shortcuts = probe_shortcuts,
    .needs_out = true,
    .next = "synvid report --runs {out} --out report",
    .run_all = run_all,
};

const Command cmd_probe = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
