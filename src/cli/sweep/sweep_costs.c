/* Estimates from sizes alone: operations of the networks over what a core does in a second, frames over measured rates.
 * Nothing of the sweep needs to be there. Constants are measurements (docs/performance.md) or official sizes. */
#include "cli/sweep/sweep.h"

#include "analysis/measure/analyze.h"
#include "analysis/measure/keys.h"
#include "eval/finetune/finetune.h"
#include "eval/robust/robust.h"
#include "gen/dataset/generate.h"
#include "gen/ingest/ingest_config.h"
#include "gen/textures/textures.h"
#include "nn/kernels/sgemm_rate.h"
#include "nn/models/classifier.h"
#include "nn/models/mae.h"
#include "train/pretrain.h"

#include <math.h>
#include <unistd.h>

typedef struct {
    double core_seconds, rank_bytes, disk_bytes;
} Cost;

/* A task with its settings, in a plan whose other tasks say what it reads. */
typedef struct {
    SweepSets *sets;
    const SweepTask *task;
    const void *config;
    double core_flops;
} Costed;

/* Measured on one core (docs/performance.md): pixels a second of rendered shapes, of textured ones, of decoded video;
 * what a frame costs beside its pixels; photographs a second, decoded and resized; textures of 256 x 256 a second. */
static const double shapes_pixels = 4000 * 65536.0, textures_pixels = 1500 * 65536.0, decoded_pixels = 900 * 76800.0,
                    frame_seconds = 20e-6, photos_rate = 120, statistical_rate = 4, gan_rate = 15;
/* a stand-in's frame of 40 x 40 in the world, which is the dearest of them */
static const double standin_seconds = 1 / 8000.0, standin_pixels = 1600;
/* bytes: of a textured frame of 256 x 256 through the paper's codec, and of a video's latent parameters */
static const double mpeg4_frame = 20e3, latent_video = 60e3;

/* ---- what a task costs ---- */

/* Parameters, gradients and two moments in floats; 48 MB for the program and its libraries. */
static double state_bytes(size_t parameters, size_t scratch) {
    return 16.0 * (double)parameters + (double)scratch + 48e6;
}

static Err cost_pretrain(Cost *cost, const Costed *costed) {
    const PretrainConfig *config = costed->config;
    Mae *mae = NULL;
    SweepSet set = {.videos = (double)config->data.clips};
    if (!config->data.variant[0]) TRY(sweep_set_of(&set, costed->sets, config->data.dataset));
    TRY(mae_new(&mae, &config->model, config->mask_ratio));
    cost->core_seconds = model_pretrain_flops(&config->model, config->mask_ratio) * set.videos * config->train.epochs /
                         costed->core_flops;
    cost->rank_bytes = state_bytes(mae_params(mae)->total,
                                   mae_scratch_bytes(mae, config->train.precision, 1, config->train.micro_batch));
    /* a checkpoint: parameters and two moments */
    cost->disk_bytes = 12.0 * (double)mae_params(mae)->total * config->train.keep_last;
    mae_free(&mae);
    return ERR_NONE;
}

static double test_views(const FinetuneConfig *config) {
    return (double)config->data.test_clips * config->data.test_crops;
}

static Err cost_classify(Cost *cost, const Costed *costed, bool frozen) {
    const FinetuneConfig *config = costed->config;
    SweepSet train, test;
    TRY(sweep_set_of(&train, costed->sets, config->data.train));
    TRY(sweep_set_of(&test, costed->sets, config->data.test));
    double flops = model_finetune_flops(&config->model, train.classes);
    double trained = train.videos * config->data.repeat;
    double tested = test.videos * test_views(config);
    /* a frozen encoder without augmentation sees every clip once */
    bool again = !frozen || config->data.augment;
    Classifier *network = NULL;
    TRY(classifier_new(&network, &config->model, train.classes, config->drop_path, config->head_dropout));
    size_t parameters = classifier_params(network)->total;
    cost->core_seconds =
        /* forward and backward are three times the forward pass alone */
        (trained * (again ? config->train.epochs : 1) * (frozen ? flops / 3 : flops) + tested * flops / 3) /
        costed->core_flops;
    cost->rank_bytes = state_bytes(
        parameters,
        classifier_scratch_bytes(network, config->train.precision, 1, config->train.micro_batch * config->data.repeat));
    cost->disk_bytes = frozen ? 0 : 12.0 * (double)parameters * config->train.keep_last;
    classifier_free(&network);
    return ERR_NONE;
}

/* Settings of the task that made what is read; they are the caller's to free. NULL where no task of the plan did. */
static Err maker_config(void **config, const Costed *costed, const char *path, const char *command) {
    const SweepTask *maker = sweep_maker(costed->sets->plan, path);
    *config = NULL;
    if (!maker || !text_equal(maker->arguments[0], command)) return ERR_NONE;
    return sweep_stage_config(config, NULL, maker);
}

/* The clean pass and every cell, by the network that was fine-tuned. */
static Err cost_robust(Cost *cost, const Costed *costed) {
    const RobustConfig *config = costed->config;
    RobustPlan cells;
    SweepSet test;
    void *made;
    TRY(robust_plan_parse(&cells, config));
    TRY(maker_config(&made, costed, config->checkpoint, "finetune"));
    FinetuneConfig usual;
    fields_default(&usual, finetune_fields);
    const FinetuneConfig *tuned = made ? made : &usual;
    Err err = sweep_set_of(&test, costed->sets, config->test[0] ? config->test : tuned->data.test);
    if (!err) {
        double clips = config->test_clips ? config->test_clips : tuned->data.test_clips;
        double crops = config->test_crops ? config->test_crops : tuned->data.test_crops;
        double passes = 1 + (double)cells.list.count * cells.n_severities;
        double pixels = (double)tuned->model.n_frames * tuned->model.image_size * tuned->model.image_size;
        double view = model_finetune_flops(&tuned->model, test.classes) / 3 / costed->core_flops;
        /* corrupted frames cost about what decoding does, a codec's there and back more */
        cost->core_seconds = passes * test.videos * clips * (view * crops + pixels / decoded_pixels);
        cost->rank_bytes = 1.2e9;
    }
    free(made);
    return err;
}

/* Latent datasets store parameters and render when they are read. */
static Err cost_generate(Cost *cost, const Costed *costed) {
    const GenerateConfig *config = costed->config;
    SweepSet set;
    TRY(sweep_set_of_task(&set, costed->sets, costed->task));
    double frames = set.videos * set.frames;
    /* what it shows, by its name */
    bool standin = set.classes > 0;
    bool textured = config->pool[0] || strstr(config->variant, "stylegan") || strstr(config->variant, "highfreq");
    bool walks = !config->pool[0] && strstr(config->variant, "-videos");
    double each = standin ? standin_seconds * fmax(1, set.pixels / standin_pixels)
                  : walks ? set.pixels / 65536 / gan_rate
                          : frame_seconds + set.pixels / (textured ? textures_pixels : shapes_pixels);
    bool latent = config->storage == STORAGE_LATENT;
    cost->core_seconds = latent ? 0 : frames * each;
    cost->disk_bytes = latent                             ? latent_video * set.videos
                       : config->storage == STORAGE_MPEG4 ? mpeg4_frame * frames * set.pixels / 65536
                                                          : set.pixels * 3 * frames;
    cost->rank_bytes = 0.5e9;
    return ERR_NONE;
}

static Err cost_textures(Cost *cost, const Costed *costed) {
    const TexturesConfig *config = costed->config;
    SweepSet set;
    TRY(sweep_set_of_task(&set, costed->sets, costed->task));
    double rate = config->kind == 0 ? statistical_rate : gan_rate;
    cost->core_seconds = set.videos * fmax(set.pixels / 65536, 1.0 / 16) / rate;
    cost->disk_bytes = 2 * set.bytes; /* and its journal */
    cost->rank_bytes = 0.6e9;
    return ERR_NONE;
}

static Err cost_ingest(Cost *cost, const Costed *costed) {
    const IngestConfig *config = costed->config;
    SweepSet set;
    TRY(sweep_set_of_task(&set, costed->sets, costed->task));
    double frames = set.videos * set.frames;
    bool images = config->as == INGEST_IMAGES, whole = config->storage == INGEST_ENCODED;
    cost->core_seconds = images ? 2 * frames / photos_rate /* looked at, then read */
                                : frames * 76800 / decoded_pixels;
    cost->disk_bytes = images                            ? 2 * frames * set.pixels * 3
                       : whole                           ? set.bytes
                       : config->storage == INGEST_MPEG4 ? mpeg4_frame * frames * set.pixels / 65536
                                                         : frames * set.pixels * 3;
    cost->rank_bytes = 0.3e9;
    return ERR_NONE;
}

/* Inception takes 11.4 GFLOP a frame and I3D 216 GFLOP a clip (features/network: feature_cost); the distances of their
 * features and the intervals of these take a quarter of an hour. */
static Err cost_analyze(Cost *cost, const Costed *costed) {
    const AnalyzeConfig *config = costed->config;
    double diversity = (double)config->n_videos * config->frames_per_video, frames = config->n_frames + diversity;
    double flops = (config->inception[0] ? frames * 11.4e9 : 0) + (config->i3d[0] ? config->n_videos * 216e9 : 0);
    double distances = config->inception[0] || config->i3d[0] ? 900 : 0;
    void *made;
    if (config->encoder[0]) {
        ModelConfig usual;
        fields_default(&usual, model_fields);
        TRY(maker_config(&made, costed, config->encoder, "pretrain"));
        const ModelConfig *model = made ? &((const PretrainConfig *)made)->model : &usual;
        flops += 2.0 * config->n_videos * model_finetune_flops(model, 1) / 3;
        free(made);
    }
    cost->core_seconds = 1 + flops / costed->core_flops + distances + frames * 76800 / decoded_pixels;
    cost->rank_bytes = flops > 0 ? 2.5e9 : 0.3e9;
    cost->disk_bytes = config->cache ? (config->n_frames + (double)config->n_videos) * 2048 * 4 : 0;
    return ERR_NONE;
}

static Err cost_keys(Cost *cost, const Costed *costed) {
    const KeysConfig *config = costed->config;
    ModelConfig model;
    fields_default(&model, model_fields);
    cost->core_seconds = config->videos * (double)config->frames / 16 * model_finetune_flops(&model, 1) / 3 /
                         costed->core_flops;
    cost->rank_bytes = 1.2e9;
    return ERR_NONE;
}

static Err cost_probe(Cost *cost, const Costed *costed) {
    return cost_classify(cost, costed, true);
}

static Err cost_finetune(Cost *cost, const Costed *costed) {
    return cost_classify(cost, costed, false);
}

/* What takes seconds (report, export) costs nothing here. A task's settings are read as its
 * own command would read them, so that an estimate cannot differ from the run in what is asked for. */
static Err cost_of(Cost *cost, SweepSets *sets, const SweepTask *task, double core_flops) {
    static const struct {
        const char *command;
        Err (*cost)(Cost *cost, const Costed *costed);
    } commands_known[] = {{"pretrain", cost_pretrain}, {"finetune", cost_finetune}, {"probe", cost_probe},
                          {"robust", cost_robust},     {"generate", cost_generate}, {"textures", cost_textures},
                          {"ingest", cost_ingest},     {"analyze", cost_analyze},   {"keys", cost_keys}};
    void *config = NULL;
    *cost = (Cost){0};
    if (!sweep_stage_of(task)) return ERR_NONE;
    TRY(err_within(sweep_stage_config(&config, NULL, task), "%s: ", task->name));
    const Costed costed = {.sets = sets, .task = task, .config = config, .core_flops = core_flops};
    Err err = ERR_NONE;
    for (size_t i = 0; i < sizeof commands_known / sizeof commands_known[0]; i++)
        if (text_equal(task->arguments[0], commands_known[i].command)) err = commands_known[i].cost(cost, &costed);
    free(config);
    return err_within(err, "%s: ", task->name);
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
    double hours = sum->core_seconds / 3600;
    printf("%-28s %5d %14.*f %12s %12s\n", name, tasks,
           hours < 1     ? 4
           : hours < 100 ? 1
                         : 0,
           hours, node_bytes > 0 ? text_bytes(memory, sizeof memory, node_bytes) : "",
           sum->disk_bytes > 0 ? text_bytes(disk, sizeof disk, sum->disk_bytes) : "");
}

static Err print_stage(Cost *total, SweepSets *sets, int first, double core_flops, int node_cores) {
    const SweepPlan *plan = sets->plan;
    Cost sum = {0}, one;
    int tasks = 0;
    for (int i = first; i < plan->n_tasks; i++) {
        const SweepTask *task = &plan->tasks[i];
        if (!text_equal(task->stage, plan->tasks[first].stage)) continue;
        TRY(cost_of(&one, sets, task, core_flops));
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
    printf("%-28s %5s %14s %12s %12s\n", "stage", "tasks", "core-hours", "a node", "disk");
    SweepSets sets;
    Err err = sweep_sets_new(&sets, plan);
    for (int i = 0; i < plan->n_tasks && !err; i++)
        if (is_first_of_stage(plan, i)) err = print_stage(&total, &sets, i, core_flops, node_cores);
    sweep_sets_free(&sets);
    if (err) return err;
    print_row("all", plan->n_tasks, &total, 0);
    printf("\n");
    if (sweep_check(plan) == ERR_NONE) return ERR_NONE;
    printf("not there yet: the inputs above (%s)\n", err_message());
    return ERR_NONE;
}
