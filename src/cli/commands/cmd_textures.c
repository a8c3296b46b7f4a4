/* Pools of still textures; the task is gen/textures/textures. */
#include "cli/stage/stage.h"
#include "gen/textures/textures.h"

static const CommandHelp help = {
    .name = "textures",
    .summary = "make a pool of synthetic textures",
    .usage = "textures --kind KIND --images N --out POOL.h5 [options]",
    .description =
        "Textures that stand for photographs: statistical ones have the spectrum, colors and wavelet marginals of\n"
        "natural images; StyleGAN ones come from untrained generators with wavelets for filters. The pool goes into\n"
        "generate and pretrain with --pool. Moving textures are variants: dynamic-stylegan-videos and\n"
        "dynamic-highfreq-videos, made with generate; their folder is a pool for dynamic-stylegan-crops.",
    .examples = "  synvid textures --kind stylegan-oriented --images 3000 --out pools/oriented.h5\n"
                "  mpirun -n 4 synvid textures --kind statistical --images 3000 --out pools/statistical.h5\n"
                "  synvid generate --variant accelerating-stylegan --pool pools/oriented.h5 --out data/stylegan\n",
};

static const StageShortcut shortcuts[] = {
    {.option = "kind", .key = "kind", .letter = 'k', .value = "KIND"},
    {.option = "images", .key = "images"},
    {.option = "size", .key = "size"},
    {.option = "gain", .key = "gain"},
    {0},
};

static Err run_all(const void *config, const Run *run) {
    return textures_run_all(config, run);
}

static const Stage stage = {
    .help = &help,
    .fields = textures_fields,
    .config_size = sizeof(TexturesConfig),
    .config_kind = "textures",
    .shortcuts = shortcuts,
    .needs_out = true,
    .out_is_result = true,
    .run_all = run_all,
};

const Command cmd_textures = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
