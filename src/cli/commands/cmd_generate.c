/* A variant is resolved once, on rank 0, before the dataset's folder is touched: a wrong name leaves nothing behind. */
#include "cli/stage/stage.h"
#include "gen/dataset/generate.h"

static const CommandHelp help = {
    .name = "generate",
    .summary = "render a variant into a dataset of shards",
    .usage = "generate --variant SLUG --out DIR [options]",
    .description =
        "Draws the latent parameters of every video from counter-based random numbers and renders it; the same seed\n"
        "gives the same bytes for any number of ranks and threads, and after any interruption: the same command goes\n"
        "on with the shards that are missing. Latent parameters are stored beside the pixels.",
    .examples = "  synvid generate --variant moving-circles --videos 500 --out data/moving-circles\n"
                "  synvid generate --variant moving-circles --out data/moving-circles --dry-run\n"
                "  mpirun -n 4 synvid generate --variant accelerating-images --pool pools/photos.h5 --out data/images\n"
                "  synvid generate --variant moving-shapes --size 64 --with objects=100 --out data/small\n",
};

static const StageShortcut shortcuts[] = {
    {"variant", "variant", 0, "SLUG"},
    {"videos", "videos", 0, NULL},
    {"size", "size", 0, NULL},
    {"frames", "frames", 0, NULL},
    {"pool", "pool", 0, "PATHS"},
    {"storage", "storage", 0, NULL},
    {"split", "split", 0, NULL},
    {"with", "with", 0, "KEY=VALUE"},
    {"shard-videos", "shard_videos", 0, NULL},
    {"one-file", "one_file", 0, NULL},
    {0},
};

static Err run_all(const void *config, const Run *run) {
    Variant *variant = NULL;
    TRY(generate_variant_all(&variant, config, &run->par));
    Err err = generate_run_all(config, variant, run);
    variant_free(&variant);
    return err;
}

static const Stage stage = {
    .help = &help,
    .fields = generate_fields,
    .config_size = sizeof(GenerateConfig),
    .config_kind = "generate",
    .shortcuts = shortcuts,
    .needs_out = true,
    .next = "synvid inspect {out} --sheet sheet.png",
    .out_is_result = true,
    .run_all = run_all,
};

const Command cmd_generate = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
