#include "cli/classify.h"

static const CommandHelp help = {
    .name = "probe",
    .summary = "train a linear head on a frozen encoder's features and test it",
    .usage = "probe --checkpoint RUN --train DIR --test DIR --out DIR [options]",
    .description =
        "Computes features of the training clips once (mean over tokens, normalized, standardized), trains a linear\n"
        "classifier on them, and tests as `synvid finetune` does, into a run folder of the same kind, whose path is\n"
        "printed. Without --checkpoint the encoder is random: the baseline that features have to beat.",
    .examples = "  synvid probe --checkpoint runs/moving-circles --train data/train --test data/test --out runs\n"
                "  synvid probe --train data/train --test data/test --set model=models/vit_test --out runs\n",
};

static Err run_all(const void *config, const Run *run) {
    return classify_run_all(probe_run_all, config, run);
}

static const Stage stage = {
    .help = &help,
    .fields = probe_fields,
    .config_size = sizeof(FinetuneConfig),
    .config_kind = "probe",
    .shortcuts = classify_shortcuts,
    .needs_out = true,
    .next = "synvid report --runs {out} --out report",
    .run_all = run_all,
};

const Command cmd_probe = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
