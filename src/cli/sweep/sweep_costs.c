/* Estimates from sizes alone: operations of the networks over what a core does in a second, frames over measured rates.
 * Nothing of the sweep needs to be there. Constants are measurements (docs/performance.md) or official sizes. */
#include "cli/sweep/sweep.h"

#include "analysis/measure/analyze.h"
#include "analysis/measure/keys.h"
#include "base/system/log.h"
#include "eval/finetune/finetune.h"
#include "eval/robust/robust.h"
#include "gen/dataset/generate.h"
#include "gen/ingest/ingest_config.h"
#include "gen/textures/textures.h"
#include "nn/kernels/sgemm_rate.h"
#include "nn/models/classifier.h"
#include "nn/models/mae.h"
#include "train/pretrain.h"

#include <unistd.h>

typedef struct {
    double core_seconds, rank_bytes, disk_bytes;
} Cost;

/* Official sizes. Bytes and frames are of the usual copies, to two digits. */
static const struct {
    const char *task; /* that makes it */
    double videos, frames, bytes;
    int classes;
} datasets[] = {
    {"ucf101-train", 9537, 186, 4.7e9, 101},         {"ucf101-test", 3783, 186, 1.9e9, 101},
    {"hmdb51-train", 3570, 95, 1.1e9, 51},           {"hmdb51-test", 1530, 95, 0.5e9, 51},
    {"kinetics400-train", 240000, 260, 3.5e11, 400}, {"kinetics400-val", 20000, 260, 3e10, 400},
};
enum { N_DATASETS = sizeof datasets / sizeof datasets[0], IMAGENET = 1281167 };
enum { SET_FRAMES = 150, SET_SIDE = 256 }; /* of a generated video that is not said to be smaller */
enum { IMAGENET_PIXELS = 469 * 387 };      /* of a picture, on average */

/* A core's frames a second: rendered shapes and textures of 256 x 256, decoded video of 320 x 240; pictures a second:
 * decoded and resized photographs, made textures (docs/performance.md). */
static const double shapes_rate = 4000, textures_rate = 1500, decode_rate = 900, photos_rate = 120, stat_rate = 4,
                    gan_rate = 15;
/* bytes: of a textured frame through the paper's codec, and of a video's latent parameters */
static const double mpeg4_frame = 20e3, latent_video = 60e3;

/* ---- what a task is about ---- */

/* By the name of the task that makes it, which is in the path; the first (UCF101) where it says nothing. */
static int dataset_of(const char *path) {
    for (int d = 0; d < N_DATASETS; d++)
        if (strstr(path, datasets[d].task)) return d;
    return 0;
}

/* Parameters, gradients and two moments in floats; 48 MB for the program and its libraries. */
static double state_bytes(size_t parameters, size_t scratch) {
    return 16.0 * (double)parameters + (double)scratch + 48e6;
}

static Err cost_pretrain(Cost *cost, const PretrainConfig *config, double core_flops) {
    Mae *mae = NULL;
    double clips = 9537;
    if (strstr(config->data.dataset, "kinetics400")) clips = datasets[4].videos;
    if (config->data.variant[0]) clips = (double)config->data.clips;
    TRY(mae_new(&mae, &config->model, config->mask_ratio));
    cost->core_seconds = model_pretrain_flops(&config->model, config->mask_ratio) * clips * config->train.epochs /
                         core_flops;
    cost->rank_bytes = state_bytes(mae_params(mae)->total,
                                   mae_scratch_bytes(mae, config->train.precision, 1, config->train.micro_batch));
    /* a checkpoint: parameters and two moments */
    cost->disk_bytes = 12.0 * (double)mae_params(mae)->total * config->train.keep_last;
    mae_free(&mae);
    return ERR_NONE;
}

static Err cost_classify(Cost *cost, const FinetuneConfig *config, double core_flops, bool frozen) {
    int train = dataset_of(config->data.train), test = dataset_of(config->data.test);
    double flops = model_finetune_flops(&config->model, datasets[train].classes);
    double trained = datasets[train].videos * config->data.repeat;
    double tested = datasets[test].videos * config->data.test_clips * config->data.test_crops;
    /* a frozen encoder without augmentation sees every clip once */
    bool again = !frozen || config->data.augment;
    Classifier *network = NULL;
    TRY(classifier_new(&network, &config->model, datasets[train].classes, config->drop_path, config->head_dropout));
    size_t parameters = classifier_params(network)->total;
    cost->core_seconds =
        /* forward and backward are three times the forward pass alone */
        (trained * (again ? config->train.epochs : 1) * (frozen ? flops / 3 : flops) + tested * flops / 3) / core_flops;
    cost->rank_bytes = state_bytes(
        parameters,
        classifier_scratch_bytes(network, config->train.precision, 1, config->train.micro_batch * config->data.repeat));
    cost->disk_bytes = frozen ? 0 : 12.0 * (double)parameters * config->train.keep_last;
    classifier_free(&network);
    return ERR_NONE;
}

/* The clean pass, and 14 corruptions at 5 severities, of ViT-B. */
static void cost_robust(Cost *cost, const RobustConfig *config, double core_flops) {
    ModelConfig model;
    fields_default(&model, model_fields);
    double views = (config->test_clips ? config->test_clips : 5) * (config->test_crops ? config->test_crops : 3);
    cost->core_seconds = 71 * datasets[1].videos * views * model_finetune_flops(&model, 101) / 3 / core_flops;
    cost->rank_bytes = 1.2e9;
}

static void cost_generate(Cost *cost, const GenerateConfig *config) {
    double frames = (double)config->videos * (config->frames ? config->frames : SET_FRAMES);
    double side = config->size ? config->size : SET_SIDE, pixels = side * side, share = pixels / (SET_SIDE * SET_SIDE);
    /* by their names: variants are not opened for an estimate */
    bool textured = config->pool[0] || strstr(config->variant, "stylegan") || strstr(config->variant, "highfreq");
    bool walks = !config->pool[0] && strstr(config->variant, "-videos");
    double each = config->storage == STORAGE_LATENT ? 0
                                                    : 1 / (walks      ? gan_rate
                                                           : textured ? textures_rate
                                                                      : shapes_rate);
    cost->core_seconds = frames * share * each;
    cost->disk_bytes = config->storage == STORAGE_LATENT  ? latent_video * (double)config->videos
                       : config->storage == STORAGE_MPEG4 ? mpeg4_frame * frames * share
                                                          : pixels * 3 * frames;
    cost->rank_bytes = 0.5e9;
}

static void cost_textures(Cost *cost, const TexturesConfig *config) {
    bool statistical = config->kind == 0;
    cost->core_seconds = (double)config->images / (statistical ? stat_rate : gan_rate);
    cost->disk_bytes = 2.0 * (double)config->images * config->size * config->size * 3; /* and its journal */
    cost->rank_bytes = 0.6e9;
}

static void cost_ingest(Cost *cost, const IngestConfig *config, const char *task) {
    if (config->as == INGEST_IMAGES) {
        double images = config->limit ? (double)config->limit : IMAGENET;
        cost->core_seconds = 2 * images / photos_rate; /* looked at, then read */
        bool kept = config->fit == INGEST_FIT_KEEP;
        cost->disk_bytes = 2.0 * images * 3 * (kept ? IMAGENET_PIXELS : config->size * config->size);
    } else {
        int d = dataset_of(task);
        cost->core_seconds = datasets[d].videos * datasets[d].frames / decode_rate;
        cost->disk_bytes = datasets[d].bytes;
    }
    cost->rank_bytes = 0.3e9;
}

/* Inception takes 11.4 GFLOP a frame and I3D 216 GFLOP a clip (features/network: feature_cost). */
static void cost_analyze(Cost *cost, const AnalyzeConfig *config, double core_flops) {
    double frames = (double)config->n_frames + (double)config->n_videos * config->frames_per_video;
    double each_set = (config->inception[0] ? frames * 11.4e9 : 0) +
                      (config->i3d[0] ? (double)config->n_videos * 216e9 : 0);
    bool distances = config->inception[0] || config->i3d[0] || config->encoder[0];
    cost->core_seconds = each_set / core_flops + frames / decode_rate * 4 + (distances ? 900 : 0); /* and intervals */
    cost->rank_bytes = 2.5e9;
    cost->disk_bytes = 1e8;
}

static void cost_keys(Cost *cost, const KeysConfig *config, double core_flops) {
    ModelConfig model;
    fields_default(&model, model_fields);
    cost->core_seconds = config->videos * (double)config->frames / 16 * model_finetune_flops(&model, 1) / 3 /
                         core_flops;
    cost->rank_bytes = 1.2e9;
}

static Err cost_of(Cost *cost, const SweepTask *task, double core_flops) {
    const char *command = task->arguments[0];
    void *config = NULL;
    *cost = (Cost){0};
    if (!sweep_stage_of(task)) return ERR_NONE;
    TRY(err_within(sweep_stage_config(&config, NULL, task), "%s: ", task->name));
    Err err = ERR_NONE;
    if (text_equal(command, "pretrain"))
        err = cost_pretrain(cost, config, core_flops);
    else if (text_equal(command, "finetune") || text_equal(command, "probe"))
        err = cost_classify(cost, config, core_flops, text_equal(command, "probe"));
    else if (text_equal(command, "robust"))
        cost_robust(cost, config, core_flops);
    else if (text_equal(command, "generate"))
        cost_generate(cost, config);
    else if (text_equal(command, "textures"))
        cost_textures(cost, config);
    else if (text_equal(command, "ingest"))
        cost_ingest(cost, config, task->name);
    else if (text_equal(command, "analyze"))
        cost_analyze(cost, config, core_flops);
    else if (text_equal(command, "keys"))
        cost_keys(cost, config, core_flops);
    free(config);
    return err;
}

/* ---- the table ---- */

static Err core_rate(double *core_flops, const char *given) {
    char *end;
    if (!given) {
        *core_flops = 0.85 * sgemm_rate(); /* a training step's share of plain products */
        return *core_flops > 0 ? ERR_NONE : RAISE(ERR_MEMORY, "measuring this core: no memory");
    }
    *core_flops = 1e9 * strtod(given, &end);
    if (*end || !(*core_flops > 0)) return RAISE(ERR_USAGE, "--core-gflops %s: expected a number above 0", given);
    return ERR_NONE;
}

static bool is_first_of_stage(const SweepPlan *plan, int task) {
    for (int i = 0; i < task; i++)
        if (text_equal(plan->tasks[i].stage, plan->tasks[task].stage)) return false;
    return true;
}

static void print_row(const char *name, int tasks, const Cost *sum, double node_bytes) {
    char memory[32], disk[32];
    printf("%-24s %5d %14.6g %12s %12s\n", name, tasks, sum->core_seconds / 3600,
           node_bytes > 0 ? text_bytes(memory, sizeof memory, node_bytes) : "",
           sum->disk_bytes > 0 ? text_bytes(disk, sizeof disk, sum->disk_bytes) : "");
}

static Err print_stage(Cost *total, const SweepPlan *plan, int first, double core_flops, int node_cores) {
    Cost sum = {0}, one;
    int tasks = 0;
    for (int i = first; i < plan->n_tasks; i++) {
        const SweepTask *task = &plan->tasks[i];
        if (!text_equal(task->stage, plan->tasks[first].stage)) continue;
        TRY(cost_of(&one, task, core_flops));
        /* ranks of one node, a core each, as many as it has */
        int on_node = task->ranks * task->threads < node_cores ? task->ranks * task->threads : node_cores;
        double node_bytes = one.rank_bytes * on_node;
        sum.core_seconds += one.core_seconds;
        sum.disk_bytes += one.disk_bytes;
        if (node_bytes > sum.rank_bytes) sum.rank_bytes = node_bytes;
        tasks++;
    }
    print_row(plan->tasks[first].stage, tasks, &sum, sum.rank_bytes);
    total->core_seconds += sum.core_seconds;
    total->disk_bytes += sum.disk_bytes;
    return ERR_NONE;
}

CHECKED Err sweep_costs_print(const SweepPlan *plan, const char *core_gflops) {
    Cost total = {0};
    double core_flops;
    int node_cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    TRY(core_rate(&core_flops, core_gflops));
    printf("%s: %s\na core of %.0f GFLOP/s%s, nodes of %d cores\n\n", plan->name, plan->help, core_flops / 1e9,
           core_gflops ? "" : " (measured)", node_cores);
    printf("%-24s %5s %14s %12s %12s\n", "stage", "tasks", "core-hours", "a node", "disk");
    for (int i = 0; i < plan->n_tasks; i++)
        if (is_first_of_stage(plan, i)) TRY(print_stage(&total, plan, i, core_flops, node_cores));
    print_row("all", plan->n_tasks, &total, 0);
    printf("\n");
    if (sweep_check(plan) == ERR_NONE) return ERR_NONE;
    printf("not there yet: the inputs above (%s)\n", err_message());
    return ERR_NONE;
}
