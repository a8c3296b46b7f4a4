/* The plan is the same on every rank without any communication: lengths of videos are draws. plan.json holds whatever
 * decides the bytes of the dataset and nothing else, so that equal text means equal shards. */
#include "gen/dataset/internal/generate_shard.h"

#include "base/config/json.h"
#include "gen/variant/variant_config.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static int64_t videos_a_shard(const GenerateConfig *config) {
    return config->one_file ? config->videos : config->shard_videos;
}

static Err allocate(Plan *plan, const GenerateConfig *config) {
    int64_t a_shard = videos_a_shard(config), n = (config->videos + a_shard - 1) / a_shard;
    if (config->one_file && config->storage != STORAGE_RAW) {
        return RAISE(ERR_USAGE, "one_file goes with storage raw, not %s: leave it out, or set shard_videos to %lld",
                     storage_name((StorageKind)config->storage), (long long)config->videos);
    }
    if (n > 99999) { /* five digits of the file's name */
        return RAISE(ERR_USAGE, "%lld shards of %lld videos are too many, expected at most 99999; raise shard_videos",
                     (long long)n, (long long)a_shard);
    }
    plan->n_shards = (int)n;
    plan->n_videos = config->videos;
    plan->shards = calloc((size_t)n, sizeof *plan->shards);
    plan->by_cost = calloc((size_t)n, sizeof *plan->by_cost);
    return plan->shards && plan->by_cost ? ERR_NONE
                                         : RAISE(ERR_MEMORY, "planning %lld shards: out of memory", (long long)n);
}

/* Lengths are draws: the frames of a shard are known without rendering any. */
static Err measure_shard(Plan *plan, int s, const GenerateConfig *config, const Generator *generator) {
    PlanShard *shard = &plan->shards[s];
    int64_t a_shard = videos_a_shard(config);
    shard->first = s * a_shard;
    shard->n_videos = plan->n_videos - shard->first;
    if (shard->n_videos > a_shard) shard->n_videos = a_shard;
    for (int64_t v = 0; v < shard->n_videos; v++) {
        VideoInfo info;
        TRY(generator_info(generator, (uint64_t)(shard->first + v), &info));
        shard->n_frames += info.n_frames;
        if (info.n_frames > plan->longest) plan->longest = info.n_frames;
    }
    plan->n_frames += shard->n_frames;
    return ERR_NONE;
}

typedef struct {
    int64_t n_frames;
    int shard;
} Cost;

/* Most frames first; equal ones by number, so that every rank has the same order. */
static int compare_cost(const void *a, const void *b) {
    const Cost *x = a, *y = b;
    if (x->n_frames != y->n_frames) return x->n_frames < y->n_frames ? 1 : -1;
    return x->shard - y->shard;
}

/* Longest first leaves the least idle time at the end when ranks take one shard after the other (Graham 1969, LPT). */
static Err order_by_cost(Plan *plan) {
    Cost *costs = malloc((size_t)plan->n_shards * sizeof *costs);
    if (!costs) return RAISE(ERR_MEMORY, "ordering %d shards: out of memory", plan->n_shards);
    for (int s = 0; s < plan->n_shards; s++) costs[s] = (Cost){plan->shards[s].n_frames, s};
    qsort(costs, (size_t)plan->n_shards, sizeof *costs, compare_cost);
    for (int s = 0; s < plan->n_shards; s++) plan->by_cost[s] = costs[s].shard;
    free(costs);
    return ERR_NONE;
}

static Err describe(Plan *plan, const GenerateConfig *config, const Generator *generator) {
    const GeneratorSetup *setup = &generator->setup;
    char seed[32];
    TRY(text_format(seed, sizeof seed, "%llu", (unsigned long long)setup->seed)); /* JSON numbers end at 2^53 */
    cJSON *root = cJSON_CreateObject();
    cJSON_AddItemToObject(root, "variant", fields_dump(setup->variant, variant_fields, false));
    cJSON_AddStringToObject(root, "split", setup->split);
    cJSON_AddStringToObject(root, "seed", seed);
    cJSON_AddNumberToObject(root, "videos", (double)config->videos);
    cJSON_AddNumberToObject(root, "shard_videos", (double)videos_a_shard(config));
    cJSON_AddStringToObject(root, "storage", storage_name((StorageKind)config->storage));
    cJSON_AddStringToObject(root, "media", setup->media->digest);
    Err err = json_print(&plan->text, root);
    cJSON_Delete(root);
    return err;
}

Err plan_make(Plan *plan, const GenerateConfig *config, const Generator *generator) {
    *plan = (Plan){0};
    Err err = allocate(plan, config);
    for (int s = 0; s < plan->n_shards && !err; s++) err = measure_shard(plan, s, config, generator);
    if (!err) err = describe(plan, config, generator);
    if (!err) err = order_by_cost(plan);
    if (err) plan_free(plan);
    return err;
}

void plan_free(Plan *plan) {
    free(plan->shards);
    free(plan->by_cost);
    free(plan->text);
    *plan = (Plan){0};
}

double plan_pixel_bytes(const Generator *generator, int64_t n_frames) {
    return (double)n_frames * generator->size * generator->size * 3;
}

double plan_latent_bytes(const Generator *generator, int64_t n_videos) {
    double bytes = 0;
    for (int c = 0; c < generator->n_columns; c++)
        bytes += (double)generator->columns[c].rows * generator->columns[c].cols * 4;
    return bytes * (double)n_videos;
}
