/* The same dataset for any number of ranks and threads, after failures, and in every storage. */
#include "base/system/file.h"
#include "gen/dataset/generate.h"
#include "gen/dataset/sources.h"
#include "math/rng.h"
#include "par/agree.h"
#include "par/spread.h"
#include "store/data/dataset.h"
#include "store/data/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int failures;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s is false (%s)\n", __FILE__, __LINE__, #condition, err_message());               \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

/* Of 7 videos of accelerating-shapes, seed 3, 32 x 32: what one rank with one thread wrote when this test was made is
 * what every machine writes, until the generator's draws or pixels change on purpose. */
static const char *const known_digest = "18f217555a90cec3e0f7169190ee8bcb";

static GenerateConfig small_config(StorageKind storage) {
    GenerateConfig config;
    fields_default(&config, generate_fields);
    CHECK(text_copy(config.variant, sizeof config.variant, "accelerating-shapes") == ERR_NONE);
    config.with.count = 1;
    CHECK(text_copy(config.with.items[0], sizeof config.with.items[0], "objects=40") == ERR_NONE);
    config.videos = 7;
    config.size = 32;
    config.frames = 12;
    config.shard_videos = 2;
    config.storage = storage;
    return config;
}

static Err generate_all(const char *folder, StorageKind storage, const Par *par, int threads) {
    GenerateConfig config = small_config(storage);
    Run run = {.par = *par, .out = folder, .seed = 3, .progress = PROGRESS_NONE};
    Variant *variant = NULL;
    run.par.threads = threads;
    TRY(generate_variant_all(&variant, &config, &run.par));
    Err err = generate_run_all(&config, variant, &run);
    variant_free(&variant);
    return err;
}

/* Rank 0 looks; all hear whether the folder's digest is the known one. */
static bool has_known_digest_all(const char *folder, const Par *par) {
    bool same = false;
    if (par->rank == 0) {
        char digest[DIGEST_SIZE] = "";
        Err err = dataset_verify(folder, digest);
        same = !err && text_equal(digest, known_digest);
        if (!same)
            fprintf(stderr, "%s: digest %s, expected %s (%s)\n", folder, digest, known_digest,
                    err ? err_message() : "");
    }
    return agree_rank0_all(same, par, "digest") != 0;
}

static void remove_file(const char *folder, const char *name) {
    char path[PATH_SIZE];
    CHECK(path_join(path, sizeof path, folder, name) == ERR_NONE);
    CHECK(file_remove(path) == ERR_NONE);
}

static void ranks_and_threads_do_not_matter(const char *folder, const Par *par) {
    CHECK(generate_all(folder, STORAGE_RAW, par, 1) == ERR_NONE);
    CHECK(has_known_digest_all(folder, par));
    if (par->rank == 0) remove_file(folder, "shard-00001.h5");
    if (par->rank == 0) remove_file(folder, "dataset.json");
    par_barrier_all(par);
    CHECK(generate_all(folder, STORAGE_RAW, par, 2) == ERR_NONE); /* only what is missing, with other threads */
    CHECK(has_known_digest_all(folder, par));
}

static void a_damaged_shard_is_rendered_again(const char *folder, const Par *par) {
    if (par->rank == 0) {
        char path[PATH_SIZE];
        CHECK(path_join(path, sizeof path, folder, "shard-00002.h5") == ERR_NONE);
        CHECK(truncate(path, file_size(path) / 2) == 0);
    }
    par_barrier_all(par);
    CHECK(generate_all(folder, STORAGE_RAW, par, 1) == ERR_NONE);
    CHECK(has_known_digest_all(folder, par));
}

static void another_plan_is_refused(const char *folder, const Par *par) {
    CHECK(generate_all(folder, STORAGE_DEFLATE, par, 1) == ERR_USAGE);
    CHECK(has_known_digest_all(folder, par));
}

/* Rank 0 compares all videos of two datasets. */
static void compare_datasets(const char *raw, const char *latent) {
    ClipSource *stored = NULL, *rendered = NULL;
    Frames a = {0}, b = {0};
    const int numbers[] = {0, 11, 5};
    CHECK(dataset_source_open(&stored, raw) == ERR_NONE);
    CHECK(dataset_source_open(&rendered, latent) == ERR_NONE);
    CHECK(stored && rendered && stored->count == 7 && rendered->count == 7);
    for (int64_t i = 0; i < 7 && stored && rendered; i++) {
        CHECK(clip_source_read(stored, 0, i, numbers, 3, &a) == ERR_NONE);
        CHECK(clip_source_read(rendered, 0, i, numbers, 3, &b) == ERR_NONE);
        CHECK(a.data && b.data && memcmp(a.data, b.data, 3 * frames_frame_bytes(&a)) == 0);
    }
    frames_free(&a);
    frames_free(&b);
    clip_source_close(&stored);
    clip_source_close(&rendered);
}

static void latent_frames_equal_stored_ones(const char *raw, const char *latent, const Par *par) {
    CHECK(generate_all(latent, STORAGE_LATENT, par, 1) == ERR_NONE);
    if (par->rank == 0) compare_datasets(raw, latent);
}

static void write_pool(const char *path, uint64_t seed) {
    enum { COUNT = 16, SIDE = 24 };
    static uint8_t pixels[COUNT * SIDE * SIDE * 3];
    char digest[DIGEST_SIZE];
    Rng rng = rng_stream(seed, RNG_TEST, 0, 0);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)rng_u32(&rng);
    const PoolPlan plan = {.path = path, .kind = "test", .count = COUNT, .height = SIDE, .width = SIDE, .seed = seed};
    CHECK(pool_write(&plan, pixels, digest) == ERR_NONE);
}

static Err generate_textured_all(const char *folder, const char *pool, StorageKind storage, const Par *par) {
    GenerateConfig config = small_config(storage);
    Run run = {.par = *par, .out = folder, .seed = 3, .progress = PROGRESS_NONE, .force = true};
    Variant *variant = NULL;
    TRY(text_copy(config.variant, sizeof config.variant, "images-300k-image-bg"));
    TRY(text_copy(config.pool, sizeof config.pool, pool));
    TRY(generate_variant_all(&variant, &config, &run.par));
    Err err = generate_run_all(&config, variant, &run);
    variant_free(&variant);
    return err;
}

/* A latent dataset with textures finds its pool again, and notices when it is another. */
static void latent_textures_need_the_same_pool(const char *raw, const char *latent, const Par *par) {
    char pool[PATH_SIZE];
    ClipSource *source = NULL;
    CHECK(text_format(pool, sizeof pool, "%s-pool.h5", raw) == ERR_NONE);
    if (par->rank == 0) write_pool(pool, 1);
    par_barrier_all(par);
    CHECK(generate_textured_all(raw, pool, STORAGE_RAW, par) == ERR_NONE);
    CHECK(generate_textured_all(latent, pool, STORAGE_LATENT, par) == ERR_NONE);
    if (par->rank > 0) return;
    compare_datasets(raw, latent);
    write_pool(pool, 2);
    CHECK(dataset_source_open(&source, latent) == ERR_INPUT);
    CHECK(file_remove(pool) == ERR_NONE);
    CHECK(dataset_source_open(&source, latent) == ERR_INPUT);
}

/* Epoch 0 of the live source is what generate writes. */
static void the_live_source_gives_the_same_videos(const char *raw, const Par *par) {
    ClipSource *live = NULL, *stored = NULL;
    Variant *variant = NULL;
    Frames a = {0}, b = {0};
    const int numbers[] = {0, 3, 11};
    GenerateConfig config = small_config(STORAGE_RAW);
    CHECK(generate_variant_all(&variant, &config, par) == ERR_NONE);
    CHECK(live_source_open_all(&live, variant, "", "train", 7, 3, par) == ERR_NONE);
    CHECK(dataset_source_open(&stored, raw) == ERR_NONE);
    for (int64_t i = 0; i < 7 && live && stored; i++) {
        CHECK(clip_source_read(live, 0, i, numbers, 3, &a) == ERR_NONE);
        CHECK(clip_source_read(stored, 0, i, numbers, 3, &b) == ERR_NONE);
        CHECK(memcmp(a.data, b.data, 3 * frames_frame_bytes(&a)) == 0);
        CHECK(clip_source_read(live, 1, i, numbers, 3, &b) == ERR_NONE); /* another epoch, another video */
        CHECK(memcmp(a.data, b.data, 3 * frames_frame_bytes(&a)) != 0);
    }
    frames_free(&a);
    frames_free(&b);
    clip_source_close(&live);
    clip_source_close(&stored);
    variant_free(&variant);
}

static void make_folder_all(char folder[PATH_SIZE], const Par *par) {
    if (par->rank == 0) {
        snprintf(folder, PATH_SIZE, "/tmp/synvid-generate-XXXXXX");
        CHECK(mkdtemp(folder) != NULL);
    }
    CHECK(spread_bytes_all(folder, PATH_SIZE, par) == ERR_NONE);
}

static void remove_folder(const char *folder) {
    FileList files;
    if (file_list_walk(&files, folder)) return;
    for (size_t i = 0; i < files.count; i++) remove_file(folder, files.paths[i]);
    file_list_free(&files);
    rmdir(folder);
}

int main(void) {
    Par par;
    char raw[PATH_SIZE] = "", latent[PATH_SIZE] = "";
    if (par_start_all(&par, 1)) return 1;
    make_folder_all(raw, &par);
    make_folder_all(latent, &par);
    ranks_and_threads_do_not_matter(raw, &par);
    a_damaged_shard_is_rendered_again(raw, &par);
    another_plan_is_refused(raw, &par);
    latent_frames_equal_stored_ones(raw, latent, &par);
    the_live_source_gives_the_same_videos(raw, &par);
    latent_textures_need_the_same_pool(raw, latent, &par);
    int64_t all = agree_sum_all(failures, &par, "failures");
    if (par.rank == 0) {
        remove_folder(raw);
        remove_folder(latent);
    }
    par_finish_all(&par);
    return all ? 1 : 0;
}
