#include "base/config/json.h"
#include "base/text/text.h"
#include "bench/bench_clips.h"
#include "bench/bench_distances.h"
#include "bench/bench_exchange.h"
#include "bench/bench_features.h"
#include "bench/bench_generate.h"
#include "bench/bench_memory.h"
#include "bench/bench_nn.h"
#include "bench/bench_shards.h"
#include "bench/bench_step.h"
#include "bench/bench_textures.h"
#include "cli/stage/cmd.h"
#include "gen/dataset/generate.h"
#include "par/agree.h"

#include <cjson/cJSON.h>

typedef struct {
    double seconds, parameters;
    int64_t videos, threads, leaves, teams;
    const char *folder, *only, *precision;
    bool json, help;
} BenchArgs;

/* A topic measures one part of the program; its picture or number is verified before it is timed. */
typedef struct {
    const char *name;
    bool many_ranks; /* others measure one thread, on rank 0 */
    Err (*run)(const BenchArgs *args);
} Topic;

static Err run_generate(const BenchArgs *args) {
    return bench_generate(args->seconds, (int)args->threads, args->json);
}

static Err run_textures(const BenchArgs *args) {
    return bench_textures(args->seconds, (int)args->threads, args->json);
}

static Err run_memory(const BenchArgs *args) {
    return bench_memory(args->folder, args->json);
}

static Err run_kernels(const BenchArgs *args) {
    return bench_kernels(args->seconds, args->json);
}

static Err run_step(const BenchArgs *args) {
    bool rounded = text_equal(args->precision, "bfloat16");
    if (!rounded && !text_equal(args->precision, "float32"))
        return RAISE(ERR_USAGE, "--precision \"%.40s\" is neither float32 nor bfloat16", args->precision);
    Par par;
    TRY(par_start_all(&par, 1));
    Err err =
        bench_step_all(args->seconds, args->only, rounded ? PRECISION_BFLOAT16 : PRECISION_FLOAT32, args->json, &par);
    par_finish_all(&par);
    return err;
}

static Err run_features(const BenchArgs *args) {
    return bench_features(args->seconds, (int)args->threads, args->json);
}

static Err run_distances(const BenchArgs *args) {
    return bench_distances(args->json);
}

static void print_pair(void *context, const PairRow *row) {
    (void)context;
    printf("%-42s %9.4g %-8s %9.4g %7.1f %%", row->name, row->rate, row->unit, row->bound, 100 * row->share);
    if (row->moved > 0) printf("  %.2f x the bytes", row->moved);
    printf("\n");
    fflush(stdout);
}

static void add_pair(void *list, const PairRow *row) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", row->name);
    cJSON_AddStringToObject(object, "unit", row->unit);
    cJSON_AddNumberToObject(object, "rate", row->rate);
    cJSON_AddNumberToObject(object, "bound", row->bound);
    cJSON_AddNumberToObject(object, "share", row->share);
    if (row->moved > 0) cJSON_AddNumberToObject(object, "bytes_over_fewest", row->moved);
    cJSON_AddTrueToObject(object, "verified");
    cJSON_AddItemToArray(list, object);
}

typedef Err (*PairTopic)(PairSink sink, const BenchArgs *args, const Par *par);

/* A table or JSON of the rows that a topic of many ranks measures. */
static Err measure_all(PairTopic topic, const BenchArgs *args, const Par *par) {
    cJSON *list = cJSON_CreateArray();
    Err err = topic(args->json ? (PairSink){add_pair, list} : (PairSink){print_pair, NULL}, args, par);
    char *text = NULL;
    if (!err && args->json && par->rank == 0) err = json_print(&text, list);
    if (text) fputs(text, stdout);
    free(text);
    cJSON_Delete(list);
    return err_agree_all(err, par, "the table");
}

static Err run_pairs(PairTopic topic, const BenchArgs *args) {
    Par par;
    TRY(par_start_all(&par, 1));
    Err err = measure_all(topic, args, &par);
    par_finish_all(&par);
    return err;
}

static void print_pair_heading(const BenchArgs *args, const Par *par, const char *what) {
    if (args->json || par->rank != 0) return;
    printf("%d rank%s, %s\n%-42s %9s %-8s %9s %9s\n", par->n_ranks, par->n_ranks == 1 ? "" : "s", what, "name", "rate",
           "", "bound", "share");
}

/* Latent datasets whose variants need no media. */
static const char *const latent_variants[] = {"moving-circles", "accelerating-shapes"};

static Err measure_latent_all(PairSink sink, const char *name, const BenchArgs *args, const Par *par) {
    char row[64];
    Variant *variant = NULL;
    ClipSource *source = NULL;
    TRY(err_agree_all(variant_load(&variant, name, NULL, 0), par, "the variant"));
    Err err = live_source_open_all(&source, variant, "", "train", args->videos, 1, par);
    if (!err) err = err_agree_all(text_format(row, sizeof row, "latent %s", name), par, "the variant");
    if (!err) err = bench_rendered_clips_all(sink, row, source, args->seconds, par);
    clip_source_close(&source);
    variant_free(&variant);
    return err;
}

static Err measure_shards_all(PairSink sink, const BenchArgs *args, const Par *par) {
    ShardBenchPlan plan = bench_shards_plan(args->folder);
    plan.seconds = args->seconds;
    plan.videos = (int)args->videos;
    plan.clips = 40 * plan.videos;
    char what[256];
    TRY(text_format(what, sizeof what,
                    "each %d videos of %d frames of %d x %d in %.80s; bound: the same bytes without HDF5", plan.videos,
                    plan.n_frames, plan.size, plan.size, plan.folder));
    print_pair_heading(args, par, what);
    TRY(bench_shards_all(sink, &plan, par));
    for (size_t i = 0; i < sizeof latent_variants / sizeof latent_variants[0]; i++)
        TRY(measure_latent_all(sink, latent_variants[i], args, par));
    return ERR_NONE;
}

static Err run_shards(const BenchArgs *args) {
    return run_pairs(measure_shards_all, args);
}

static Err measure_exchange_all(PairSink sink, const BenchArgs *args, const Par *par) {
    ExchangeBenchPlan plan = {.floats = (size_t)(1e6 * args->parameters),
                              .seconds = args->seconds,
                              .leaves = args->leaves,
                              .teams = (int)args->teams};
    char what[160];
    TRY(text_format(what, sizeof what,
                    "%.4g million parameters, %lld leaves, %d at a time a rank; bound: adding alone, or sending alone",
                    args->parameters, (long long)plan.leaves, plan.teams));
    print_pair_heading(args, par, what);
    return bench_exchange_all(sink, &plan, par);
}

static Err run_exchange(const BenchArgs *args) {
    return run_pairs(measure_exchange_all, args);
}

static const Topic topics[] = {
    {"generate", false, run_generate}, {"textures", false, run_textures}, {"shards", true, run_shards},
    {"kernels", false, run_kernels},   {"step", true, run_step},          {"exchange", true, run_exchange},
    {"memory", false, run_memory},     {"features", false, run_features}, {"distances", false, run_distances},
};
enum { N_TOPICS = sizeof topics / sizeof topics[0] };

static const Option options[] = {
    OPTION_DOUBLE("seconds", 0, "S", offsetof(BenchArgs, seconds), "time for each row (default 1)"),
    OPTION_INT("threads", 't', "N", offsetof(BenchArgs, threads),
               "generate, textures, features: also measured with so many threads (default 1)"),
    OPTION_TEXT("folder", 0, "DIR", offsetof(BenchArgs, folder), "shards, memory: on whose disk (default .)"),
    OPTION_INT("videos", 0, "N", offsetof(BenchArgs, videos),
               "shards: videos of 29 MB in each rank's file (default 8)"),
    OPTION_DOUBLE("parameters", 0, "M", offsetof(BenchArgs, parameters),
                  "exchange: millions of parameters (default 94.2, ViT-B)"),
    OPTION_INT("leaves", 0, "N", offsetof(BenchArgs, leaves), "exchange: leaves of a step (default 256)"),
    OPTION_INT("teams", 0, "N", offsetof(BenchArgs, teams),
               "exchange: leaves that a rank computes at a time (default 16)"),
    OPTION_TEXT("only", 0, "TEXT", offsetof(BenchArgs, only), "step: rows whose name contains this"),
    OPTION_TEXT("precision", 0, "P", offsetof(BenchArgs, precision), "step: float32 (default) or bfloat16"),
    OPTION_FLAG("json", 0, offsetof(BenchArgs, json), "as JSON"),
    OPTION_FLAG("help", 'h', offsetof(BenchArgs, help), "show this help"),
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
                "  mpirun -n 2 synvid bench exchange --parameters 22\n",
    .options = tables,
};

static Err find_topic(const Topic **found, const char *name) {
    const char *names[N_TOPICS + 1] = {NULL};
    for (int i = 0; i < N_TOPICS; i++) {
        names[i] = topics[i].name;
        if (text_equal(topics[i].name, name)) *found = &topics[i];
    }
    if (*found) return ERR_NONE;
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "nothing to measure is called \"%.60s\"%s%s%s", name, nearest ? "; did you mean \"" : "",
                 nearest ? nearest : "", nearest ? "\"?" : "");
}

static Err run(int argc, char *const *argv) {
    BenchArgs args = {.seconds = 1,
                      .parameters = 94.210944,
                      .videos = 8,
                      .threads = 1,
                      .leaves = 256,
                      .teams = 16,
                      .folder = ".",
                      .precision = "float32"};
    ArgList rest = {0};
    const Topic *topic = NULL;
    TRY(args_parse(&args, &rest, tables, argc, argv));
    if (args.help) {
        if (par_launcher_rank() == 0) args_help(&help);
        return ERR_NONE;
    }
    TRY(args_expect(&help, &rest, 1, 1));
    TRY(find_topic(&topic, rest.items[0]));
    if (!(args.seconds > 0 && args.seconds <= 600))
        return RAISE(ERR_USAGE, "--seconds %g is outside (0, 600]", args.seconds);
    if (args.threads < 1 || args.threads > 1024)
        return RAISE(ERR_USAGE, "--threads %lld is outside [1, 1024]", (long long)args.threads);
    if (args.videos < 1 || args.videos > 1000)
        return RAISE(ERR_USAGE, "--videos %lld is outside [1, 1000]", (long long)args.videos);
    if (!(args.parameters >= 0.001 && args.parameters <= 2000))
        return RAISE(ERR_USAGE, "--parameters %g is outside [0.001, 2000] million", args.parameters);
    if (args.leaves < 1 || args.leaves > 65536)
        return RAISE(ERR_USAGE, "--leaves %lld is outside [1, 65536]", (long long)args.leaves);
    if (args.teams < 1 || args.teams > 1024)
        return RAISE(ERR_USAGE, "--teams %lld is outside [1, 1024]", (long long)args.teams);
    if (!topic->many_ranks && par_launcher_rank() > 0) return ERR_NONE;
    return topic->run(&args);
}

const Command cmd_bench = {.help = &help, .group = COMMAND_LOOKING, .many_ranks = true, .run = run};
