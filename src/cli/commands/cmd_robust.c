/* The test set is the one the model was fine-tuned for, unless another is named; without a checkpoint the command only
 * draws a sheet of the corruptions. */
#include "api/open_source.h"
#include "cli/stage/stage.h"
#include "eval/robust/robust.h"
#include "par/agree.h"

static const CommandHelp help = {
    .name = "robust",
    .summary = "test a fine-tuned model on corrupted videos",
    .usage = "robust --checkpoint RUN --out DIR [options]\n"
             "robust --sheet FILE.png --test DIR [--checkpoint RUN] [options]",
    .description =
        "Tests a fine-tuned run on its test set, clean and under every corruption at every severity, with its own\n"
        "clips x crops. Corruptions come from a random stream of each video, so any number of ranks gives the same\n"
        "figures. The run folder, whose path is printed, gets result.json (accuracy of each corruption, severity and\n"
        "family with 95 % intervals), robustness.csv, and a table of predictions a cell, from which an interrupted\n"
        "run goes on. `synvid reproduce fig3` counts wins, ties and losses between models.\n"
        "\n"
        " noise          gaussian_noise shot_noise impulse_noise speckle_noise\n"
        " blur           defocus_blur motion_blur zoom_blur glass_blur\n"
        " camera motion  translate static_rotate rotate\n"
        " digital        jpeg mpeg1 mpeg2\n"
        " temporal       sampling reverse_sampling jumble box_jumble freeze\n"
        "\n"
        "Presets: paper14 (the first four families), readme14, ucf101p, all. --sheet draws them instead.",
    .examples = "  synvid robust --checkpoint runs/finetune-ucf101-moving-circles --out runs\n"
                "  mpirun -n 4 synvid robust --checkpoint runs/finetune-ucf101-moving-circles --out runs \\\n"
                "      --corruptions jpeg,mpeg1,mpeg2 --severities 3\n"
                "  synvid robust --sheet corruptions.png --test data/ucf101-test\n",
};

static const StageShortcut shortcuts[] = {
    {"checkpoint", "checkpoint", 0, "RUN"},
    {"test", "test", 0, "DIR"},
    {"corruptions", "corruptions", 0, "LIST"},
    {"generator", "generator", 0, NULL},
    {"severities", "severities", 0, "LIST"},
    {"name", "name", 0, NULL},
    {"sheet", "sheet", 0, "FILE"},
    {"sheet-video", "sheet_video", 0, NULL},
    {0},
};

/* Without a checkpoint the sheet shows what the paper's model would see. */
static Err sheet_all(const RobustConfig *config, const Finetuned *tuned, const ClipSource *test, const Run *run) {
    FinetuneConfig fallback;
    memset(&fallback, 0, sizeof fallback);
    fields_default(&fallback, finetune_fields);
    const FinetuneConfig *seen = config->checkpoint[0] ? &tuned->config : &fallback;
    Err err = ERR_NONE;
    if (run->par.rank == 0) err = robust_sheet(config, &seen->model, seen->data.frame_stride, test, run->seed);
    if (!err && run->par.rank == 0) printf("%s\n", config->sheet);
    return err_agree_all(err, &run->par, "the contact sheet");
}

/* Before anything is opened: the same on all ranks. */
static Err check(const RobustConfig *config, const Run *run) {
    bool sheet = config->sheet[0];
    if (!config->checkpoint[0] && !sheet)
        return RAISE(ERR_USAGE, "--checkpoint RUN is missing: which fine-tuned run? See `synvid robust --help`");
    if (!run->out && !run->dry_run && !sheet)
        return RAISE(ERR_USAGE, "--out DIR is missing: where should the output go? See `synvid robust --help`");
    RobustPlan plan;
    return robust_plan_parse(&plan, config);
}

static Err run_opened_all(const RobustConfig *config, Finetuned *tuned, const Run *run) {
    OpenSource test = {0};
    if (config->checkpoint[0]) TRY(finetuned_open_all(tuned, config->checkpoint, &run->par));
    /* the test set of the fine-tuned run, so that "clean" is its own accuracy */
    const char *folder = config->test[0] ? config->test : tuned->config.data.test;
    Err err = open_dataset_all(&test, "test", folder, &run->par);
    if (!err && config->sheet[0])
        err = sheet_all(config, tuned, test.clips, run);
    else if (!err)
        err = robust_run_all(config, tuned, test.clips, run);
    open_source_close(&test);
    return err;
}

static Err run_all(const void *settings, const Run *run) {
    const RobustConfig *config = settings;
    TRY(check(config, run));
    Finetuned *tuned = calloc(1, sizeof *tuned);
    Err err = err_agree_all(tuned ? ERR_NONE : RAISE(ERR_MEMORY, "robust: no memory"), &run->par, "memory");
    if (!err) err = run_opened_all(config, tuned, run);
    if (tuned) finetuned_free(tuned);
    free(tuned);
    return err;
}

static const Stage stage = {
    .help = &help,
    .fields = robust_fields,
    .config_size = sizeof(RobustConfig),
    .config_kind = "robust",
    .shortcuts = shortcuts,
    .next = "synvid reproduce fig3 --runs {out}",
    .run_all = run_all,
};

const Command cmd_robust = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
