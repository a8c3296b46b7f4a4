/* A topic is a row of bench/bench.c; this file reads the options all of them share. Defaults are those that
 * docs/performance.md was measured with. */
#include "base/text/text.h"
#include "bench/bench.h"
#include "cli/stage/cmd.h"

#include <stdlib.h>

typedef struct {
    BenchArgs bench;
    bool help;
} CommandArgs;

static const Option options[] = {
    OPTION_DOUBLE("seconds", 0, "S", offsetof(CommandArgs, bench.seconds), "time for each row (default 1)"),
    OPTION_INT("threads", 't', "N", offsetof(CommandArgs, bench.threads),
               "generate, textures, features: also measured with so many threads (default 1)"),
    OPTION_INT("team", 0, "N", offsetof(CommandArgs, bench.team),
               "step: what N threads gain on one micro-batch over one thread (default 1: no team)"),
    OPTION_TEXT("folder", 0, "DIR", offsetof(CommandArgs, bench.folder), "shards, memory: on whose disk (default .)"),
    OPTION_INT("videos", 0, "N", offsetof(CommandArgs, bench.videos),
               "shards: videos of 29 MB in each rank's file (default 8)"),
    OPTION_DOUBLE("parameters", 0, "M", offsetof(CommandArgs, bench.parameters),
                  "exchange: millions of parameters (default 94.2, ViT-B)"),
    OPTION_INT("leaves", 0, "N", offsetof(CommandArgs, bench.leaves), "exchange: leaves of a step (default 256)"),
    OPTION_INT("teams", 0, "N", offsetof(CommandArgs, bench.teams),
               "exchange: leaves that a rank computes at a time (default 16)"),
    OPTION_TEXT("only", 0, "TEXT", offsetof(CommandArgs, bench.only), "step: rows whose name contains this"),
    OPTION_TEXT("precision", 0, "P", offsetof(CommandArgs, bench.precision), "step: float32 (default) or bfloat16"),
    OPTION_FLAG("json", 0, offsetof(CommandArgs, bench.json), "as JSON"),
    OPTION_FLAG("help", 'h', offsetof(CommandArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "bench",
    .summary = "measure how fast this machine does the work, beside its bound",
    .usage = "bench generate|textures|shards|memory|kernels|step|exchange|features|distances [options]",
    .description = "Results are verified against the plain version before they are timed; rates are medians.\n\n"
                   "  generate   frames rendered a second, by kind of dataset\n"
                   "  textures   images made a second, by kind of texture\n"
                   "  shards     megabytes written and random clips read a second; any number of ranks\n"
                   "  memory     peak memory of generating 10 and 1000 videos (3 GB of disk)\n"
                   "  kernels    attention, projections, GELU, LayerNorm in both precisions, beside their bounds\n"
                   "  step       training steps, tiny to ViT-B, by parts, beside their bound; any number of ranks\n"
                   "  features   frames and clips through Inception and I3D beside a plain sgemm\n"
                   "  distances  statistics in 2048 dimensions, and what 34 datasets take\n"
                   "  exchange   sums of gradients over ranks, beside plain adding and sending; two ranks or more",
    .examples = "  synvid bench generate\n  synvid bench generate --seconds 5 --json\n"
                "  mpirun -n 2 synvid bench shards --folder data\n"
                "  mpirun -n 2 synvid bench step --only ViT-B --precision bfloat16\n"
                "  synvid bench step --team 2 --only \"ViT-B, mask 0.75\"\n"
                "  mpirun -n 2 synvid bench exchange --parameters 22\n",
    .options = tables,
};

static Err find_topic(const BenchTopic **found, const char *name) {
    const char *names[32] = {NULL};
    ASSERT(bench_n_topics < 32);
    for (int i = 0; i < bench_n_topics; i++) {
        names[i] = bench_topics[i].name;
        if (text_equal(names[i], name)) *found = &bench_topics[i];
    }
    if (*found) return ERR_NONE;
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "nothing to measure is called \"%.60s\"%s%s%s", name, nearest ? "; did you mean \"" : "",
                 nearest ? nearest : "", nearest ? "\"?" : "");
}

/* Before MPI starts: the same on all ranks. */
static Err check_ranges(const BenchArgs *args) {
    if (!(args->seconds > 0 && args->seconds <= 600))
        return RAISE(ERR_USAGE, "--seconds %g is outside (0, 600]", args->seconds);
    if (args->threads < 1 || args->threads > 1024)
        return RAISE(ERR_USAGE, "--threads %lld is outside [1, 1024]", (long long)args->threads);
    if (args->team < 1 || args->team > 256)
        return RAISE(ERR_USAGE, "--team %lld is outside [1, 256]", (long long)args->team);
    if (args->videos < 1 || args->videos > 1000)
        return RAISE(ERR_USAGE, "--videos %lld is outside [1, 1000]", (long long)args->videos);
    if (!(args->parameters >= 0.001 && args->parameters <= 2000))
        return RAISE(ERR_USAGE, "--parameters %g is outside [0.001, 2000] million", args->parameters);
    if (args->leaves < 1 || args->leaves > 65536)
        return RAISE(ERR_USAGE, "--leaves %lld is outside [1, 65536]", (long long)args->leaves);
    if (args->teams < 1 || args->teams > 1024)
        return RAISE(ERR_USAGE, "--teams %lld is outside [1, 1024]", (long long)args->teams);
    return ERR_NONE;
}

static Err run_topic(const BenchTopic *topic, const BenchArgs *args) {
    Par par = par_serial(1);
    /* under a launcher the first rank alone measures, and the machine is its own */
    if (!topic->many_ranks) return par_launcher_rank() > 0 ? ERR_NONE : topic->run_all(args, &par);
    TRY(par_start_all(&par, 1));
    Err err = topic->run_all(args, &par);
    par_finish_all(&par);
    return err;
}

static Err run(int argc, char *const *argv) {
    CommandArgs args = {.bench = {.seconds = 1,
                                  .parameters = 94.210944,
                                  .videos = 8,
                                  .threads = 1,
                                  .team = 1,
                                  .leaves = 256,
                                  .teams = 16,
                                  .folder = ".",
                                  .precision = "float32"}};
    ArgList rest = {0};
    const BenchTopic *topic = NULL;
    TRY(args_parse(&args, &rest, tables, argc, argv));
    if (args.help) {
        if (par_launcher_rank() == 0) args_help(&help);
        return ERR_NONE;
    }
    TRY(args_expect(&help, &rest, 1, 1));
    TRY(find_topic(&topic, rest.items[0]));
    TRY(check_ranges(&args.bench));
    return run_topic(topic, &args.bench);
}

const Command cmd_bench = {.help = &help, .group = COMMAND_LOOKING, .many_ranks = true, .run = run};
