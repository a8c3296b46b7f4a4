/* The plan is written first and never changed: a folder belongs to one set of settings. Shards are rendered in
 * rounds, one a rank, the largest first; a shard has its final name only when it is whole. The manifest comes last,
 * so a folder with a dataset.json is complete.
 *
 * A shard that is there already is digested again, which costs a fraction of rendering it. */
#include "gen/dataset/generate.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "gen/dataset/internal/generate_shard.h"
#include "gen/dataset/sources.h"
#include "gen/variant/variant_config.h"
#include "par/agree.h"
#include "par/spread.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/* A run of the command: the same on every rank but for `done`. */
typedef struct {
    const GenerateConfig *config;
    const Run *run;
    Generator generator;
    Plan plan;
    uint8_t *present;   /* a byte a shard: a file with its final name was there at the start */
    DatasetShard *done; /* of the shards this rank finished; n_clips 0 otherwise */
} Job;

/* ---- the folder: one plan, what is there already ---- */

static Err check_plan(const Job *job, const char *path) {
    char *text = NULL;
    size_t length;
    TRY(file_read(&text, &length, path, 16 << 20)); /* the largest variant and its media are far below */
    bool same = text_equal(text, job->plan.text);
    free(text);
    if (same) return ERR_NONE;
    return RAISE(ERR_USAGE,
                 "%s: this folder was planned for other settings; use another --out, or --force to start over", path);
}

/* --force: what `generate` wrote here before, and nothing else that may lie in the folder. */
static Err remove_shards(const char *folder) {
    FileList list;
    char path[PATH_SIZE];
    TRY(file_list_walk(&list, folder));
    Err err = ERR_NONE;
    for (size_t i = 0; i < list.count && !err; i++) {
        bool ours = text_starts(list.paths[i], "shard-") || text_equal(list.paths[i], "dataset.json") ||
                    text_equal(list.paths[i], "plan.json");
        if (!ours) continue;
        err = path_join(path, sizeof path, folder, list.paths[i]);
        if (!err) err = file_remove(path);
    }
    file_list_free(&list);
    return err;
}

/* Rank 0. What a life that was killed left under partial names goes; a folder of another plan is refused. */
static Err prepare_folder(const Job *job) {
    const char *folder = job->run->out;
    char path[PATH_SIZE], manifest[PATH_SIZE];
    TRY(folder_make(folder));
    TRY(folder_remove_partials(folder));
    if (job->run->force) TRY(remove_shards(folder));
    TRY(path_join(path, sizeof path, folder, "plan.json"));
    TRY(path_join(manifest, sizeof manifest, folder, "dataset.json"));
    if (file_exists(path)) return check_plan(job, path);
    if (file_exists(manifest)) {
        return RAISE(ERR_USAGE, "%s: holds a dataset that `generate` did not make; use another --out", folder);
    }
    return file_write_whole(path, job->plan.text, strlen(job->plan.text));
}

static Err find_present(Job *job) {
    for (int s = 0; s < job->plan.n_shards; s++) {
        char path[PATH_SIZE];
        TRY(dataset_shard_path(path, sizeof path, job->run->out, s));
        job->present[s] = file_exists(path);
    }
    return ERR_NONE;
}

/* Only pixels are weighed: compressed storage is checked by its expected size, raw by the exact one. */
static Err check_disk(const Job *job) {
    uint64_t free_bytes;
    char needed_text[32], free_text[32];
    int64_t frames = 0, videos = 0;
    for (int s = 0; s < job->plan.n_shards; s++) {
        if (job->present[s]) continue;
        frames += job->plan.shards[s].n_frames;
        videos += job->plan.shards[s].n_videos;
    }
    double ratio = plan_storage_ratio((StorageKind)job->config->storage, job->generator.setup.variant);
    double needed = ratio * plan_pixel_bytes(&job->generator, frames) + plan_latent_bytes(&job->generator, videos);
    TRY(folder_free_bytes(&free_bytes, job->run->out));
    if (needed <= (double)free_bytes) return ERR_NONE;
    return RAISE(ERR_IO,
                 "%s: the dataset needs %s more, the disk has %s free; fewer --videos, --storage deflate, or "
                 "--storage latent (renders on reading)",
                 job->run->out, text_bytes(needed_text, sizeof needed_text, needed),
                 text_bytes(free_text, sizeof free_text, (double)free_bytes));
}

static Err open_folder_all(Job *job) {
    const Par *par = &job->run->par;
    Err err = ERR_NONE;
    if (par->rank == 0) {
        err = prepare_folder(job);
        if (!err) err = find_present(job);
        if (!err) err = check_disk(job);
    }
    TRY(err_agree_all(err, par, "preparing the dataset folder"));
    return spread_bytes_all(job->present, (size_t)job->plan.n_shards, par);
}

/* ---- shards ---- */

/* A shard from an earlier run counts when all of its contents can be read and are as many as planned. */
static bool keep_shard(const Job *job, int s, const char *path, char digest[DIGEST_SIZE]) {
    ShardReader *reader = NULL;
    const PlanShard *planned = &job->plan.shards[s];
    bool whole = false;
    if (!shard_open(&reader, path)) {
        ShardInfo info = shard_info(reader);
        whole = info.n_videos == planned->n_videos && info.n_frames == planned->n_frames;
        shard_close(&reader);
    }
    if (whole && !shard_digest(path, digest)) return true;
    log_warn("%s: not a whole shard of this dataset, rendering it again", path);
    return false;
}

static ShardJob shard_job(const Job *job, int s, const char *path, Progress *progress) {
    const PlanShard *planned = &job->plan.shards[s];
    return (ShardJob){.generator = &job->generator,
                      .path = path,
                      .config_text = job->plan.text,
                      .storage = (StorageKind)job->config->storage,
                      .first = planned->first,
                      .n_videos = planned->n_videos,
                      .n_frames = planned->n_frames,
                      .longest = job->plan.longest,
                      .threads = job->run->par.threads,
                      .progress = progress};
}

/* The manifest's record of a shard that is whole. */
static Err record_shard(Job *job, int s, const char *path) {
    const PlanShard *planned = &job->plan.shards[s];
    DatasetShard *done = &job->done[s];
    TRY(text_copy(done->file, sizeof done->file, path_base(path)));
    done->first_clip = planned->first;
    done->n_clips = planned->n_videos;
    done->n_frames = planned->n_frames;
    return ERR_NONE;
}

static Err do_shard(Job *job, int s, Progress *progress) {
    char path[PATH_SIZE];
    TRY(dataset_shard_path(path, sizeof path, job->run->out, s));
    if (job->present[s] && keep_shard(job, s, path, job->done[s].digest)) {
        progress_add(progress, job->plan.shards[s].n_videos);
    } else {
        const ShardJob render = shard_job(job, s, path, progress);
        TRY(err_within(generate_shard(job->done[s].digest, &render), "shard %d: ", s));
    }
    return record_shard(job, s, path);
}

/* All ranks at the only shard. */
static Err do_one_file_all(Job *job, Progress *progress) {
    const Par *par = &job->run->par;
    char path[PATH_SIZE], *digest = job->done[0].digest;
    TRY(err_agree_all(dataset_shard_path(path, sizeof path, job->run->out, 0), par, "naming the file"));
    bool keep = par->rank == 0 && job->present[0] && keep_shard(job, 0, path, digest);
    if (!agree_rank0_all(keep, par, "looking at the file")) {
        const ShardJob render = shard_job(job, 0, path, progress);
        TRY(generate_shared_all(digest, &render, par));
    }
    return par->rank == 0 ? record_shard(job, 0, path) : ERR_NONE;
}

/* Missing shards first, then the check of those that are there, each dealt by cost: the list is the same everywhere. */
static int *deal_order(const Job *job) {
    /* what is wanted = 0 is rendered first: those that are only checked fill up the end */
    int *order = malloc((size_t)job->plan.n_shards * sizeof *order), n = 0;
    for (int wanted = 0; wanted < 2 && order; wanted++)
        for (int i = 0; i < job->plan.n_shards; i++)
            if (job->present[job->plan.by_cost[i]] == wanted) order[n++] = job->plan.by_cost[i];
    return order;
}

/* In rounds of one shard a rank, so that a failure is heard soon and nobody waits long. */
static Err do_rounds_all(Job *job, const int *order, Progress *progress) {
    const Par *par = &job->run->par;
    for (int first = 0; first < job->plan.n_shards; first += par->n_ranks) {
        /* the list is the same everywhere, so nobody asks who does what */
        int mine = first + par->rank;
        Err err = mine < job->plan.n_shards ? do_shard(job, order[mine], progress) : ERR_NONE;
        TRY(err_agree_all(err, par, "rendering"));
        if (first + par->n_ranks < job->plan.n_shards && agree_stop_all(par)) return ERR_STOPPED;
    }
    return ERR_NONE;
}

/* As rank 0 finds them on the disk. */
static Err say_stopped(const Job *job) {
    char path[PATH_SIZE];
    int there = 0;
    for (int s = 0; s < job->plan.n_shards; s++) {
        TRY(dataset_shard_path(path, sizeof path, job->run->out, s));
        there += file_exists(path);
    }
    return RAISE(ERR_STOPPED, "stopped (%s) with %d of %d shards there; run the same command again to go on",
                 stop_reason(), there, job->plan.n_shards);
}

static Err do_shards_all(Job *job) {
    const Par *par = &job->run->par;
    Progress *progress = NULL;
    int *order = deal_order(job);
    Err err = order ? ERR_NONE : RAISE(ERR_MEMORY, "dealing the shards: out of memory");
    TRY_OR(done, err_agree_all(err, par, "dealing the shards"));
    TRY_OR(done, progress_begin_all(&progress, par, job->run->progress, "videos", job->plan.n_videos, "frames",
                                    (double)job->plan.n_frames / (double)job->plan.n_videos));
    err = job->config->one_file ? do_one_file_all(job, progress) : do_rounds_all(job, order, progress);
done:
    progress_end_all(&progress);
    free(order);
    return err;
}

/* ---- the manifest ---- */

/* Every rank's records on every rank; each shard was finished by exactly one. */
static Err gather_done_all(Job *job) {
    size_t n = (size_t)job->plan.n_shards, total;
    void *all = NULL;
    TRY(gather_bytes_all(&all, &total, job->done, n * sizeof *job->done, &job->run->par));
    const DatasetShard *records = all;
    /* ranks follow each other in what was gathered: record i is of shard i % n */
    for (size_t i = 0; i < total / sizeof *records; i++)
        if (records[i].n_clips > 0) job->done[i % n] = records[i];
    free(all);
    return ERR_NONE;
}

static Err add_pool(cJSON *root, const Job *job) {
    const Variant *variant = job->generator.setup.variant;
    char absolute[PATH_SIZE] = "";
    TRY(media_absolute_paths(absolute, sizeof absolute, job->config->pool));
    cJSON_AddStringToObject(root, "pool", absolute);
    cJSON_AddStringToObject(root, "digest", job->generator.setup.media->digest);
    const Media *media = job->generator.setup.media;
    cJSON_AddNumberToObject(root, "images", (double)media_n_images(media));
    cJSON_AddNumberToObject(root, "videos", (double)media_n_videos(media));
    PhotographsShown shown = media_photographs(media, variant_size(variant));
    /* objects look alike with both kinds of whole ones */
    if (shown == PHOTOGRAPHS_KEPT && variant->mix == MIX_STATIC_CLIPS_NATIVE)
        cJSON_AddStringToObject(root, GENERATE_PHOTOGRAPHS, GENERATE_KEPT);
    else if (shown != PHOTOGRAPHS_SQUARES)
        cJSON_AddStringToObject(root, GENERATE_PHOTOGRAPHS, GENERATE_WHOLE);
    return ERR_NONE;
}

/* Where the media were (latent datasets need them to be read), and what a stand-in showed for photographs. NULL when
 * there is nothing to tell. */
static Err describe_media(char **text, const Job *job) {
    const char *pictures = job->generator.pictures;
    *text = NULL;
    if (!job->config->pool[0] && !pictures) return ERR_NONE;
    cJSON *root = cJSON_CreateObject();
    Err err = job->config->pool[0] ? add_pool(root, job) : ERR_NONE;
    if (pictures) cJSON_AddStringToObject(root, "backgrounds", pictures);
    if (!err) err = json_print(text, root);
    cJSON_Delete(root);
    return err;
}

/* Rank 0, last: a folder with a manifest is complete. */
static Err write_manifest(const Job *job) {
    const Generator *generator = &job->generator;
    Dataset dataset = {.n_clips = job->plan.n_videos,
                       .n_frames = job->plan.n_frames,
                       .height = generator->size,
                       .width = generator->size,
                       .seed = job->run->seed,
                       .n_classes = generator->n_classes,
                       .class_names = (char **)(uintptr_t)generator->class_names,
                       .config_text = job->plan.text,
                       .n_shards = job->plan.n_shards,
                       .shards = job->done};
    TRY(text_copy(dataset.kind, sizeof dataset.kind, generator->ops->dataset_kind));
    TRY(text_copy(dataset.name, sizeof dataset.name, variant_name(generator->setup.variant)));
    TRY(describe_media(&dataset.provenance, job));
    Err err = dataset_write(&dataset, job->run->out);
    free(dataset.provenance);
    if (err) return err;
    log_info("wrote %s: %lld videos, digest %s", job->run->out, (long long)dataset.n_clips, dataset.digest);
    return ERR_NONE;
}

static Err fill_folder_all(Job *job) {
    const Par *par = &job->run->par;
    TRY(open_folder_all(job));
    Err err = do_shards_all(job);
    /* one file is begun anew each time: there is nothing to count */
    if (err == ERR_STOPPED && !job->config->one_file) return say_stopped(job);
    TRY(err);
    TRY(gather_done_all(job));
    return err_agree_all(par->rank == 0 ? write_manifest(job) : ERR_NONE, par, "writing the manifest");
}

/* ---- the whole ---- */

static Err open_job(Job *job, const Variant *variant, const Media *media) {
    GeneratorSetup setup = {.variant = variant,
                            .media = media,
                            .split = job->config->split,
                            .seed = job->run->seed,
                            .count = job->config->videos,
                            .one_size = true};
    TRY(generator_open(&job->generator, &setup));
    TRY(plan_make(&job->plan, job->config, &job->generator));
    job->present = calloc((size_t)job->plan.n_shards, sizeof *job->present);
    job->done = calloc((size_t)job->plan.n_shards, sizeof *job->done);
    return job->present && job->done ? ERR_NONE : RAISE(ERR_MEMORY, "planning the shards: out of memory");
}

static void close_job(Job *job) {
    free(job->present);
    free(job->done);
    plan_free(&job->plan);
    generator_close(&job->generator);
}

Err generate_run_all(const GenerateConfig *config, const Variant *variant, const Run *run) {
    Job job = {.config = config, .run = run};
    Media media = {0};
    TRY(media_open_all(&media, config->pool, dataset_source_open, &run->par));
    Err err = err_agree_all(open_job(&job, variant, &media), &run->par, "opening the generator");
    if (!err) err = run->dry_run ? plan_print(&job.plan, config, &job.generator, run) : fill_folder_all(&job);
    close_job(&job);
    media_close(&media);
    return err;
}
