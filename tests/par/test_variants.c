/* Every dataset of the paper, small: the same digest for any number of ranks, and frames rendered from latent datasets
 * equal to the stored ones. */
#include "gen/dataset/generate.h"
#include "gen/dataset/sources.h"
#include "gen/variant/variant.h"
#include "gen/variant/variant_config.h"
#include "math/rng.h"
#include "par_check.h"
#include "store/data/dataset.h"
#include "store/data/pool.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 32, FRAMES = 10, VIDEOS = 5, POOL_IMAGES = 20 };

static char scratch[PATH_SIZE], images[PATH_SIZE], two_pools[2 * PATH_SIZE], texture_videos[PATH_SIZE],
    real_videos[PATH_SIZE];

static void in_scratch(char path[PATH_SIZE], const char *name) {
    CHECK_OK(path_join(path, PATH_SIZE, scratch, name));
}

static Err generate_all(const char *out, const char *variant_name, const char *pool, StorageKind storage,
                        const Par *par) {
    GenerateConfig config;
    Run run = {.par = *par, .out = out, .seed = 11, .progress = PROGRESS_NONE, .force = true};
    Variant *variant = NULL;
    fields_default(&config, generate_fields);
    TRY(text_copy(config.variant, sizeof config.variant, variant_name));
    TRY(text_copy(config.pool, sizeof config.pool, pool));
    TRY(text_copy(config.with.items[0], sizeof config.with.items[0], "objects=40"));
    config.with.count = 1;
    config.videos = VIDEOS;
    config.size = SIDE;
    config.frames = FRAMES;
    config.shard_videos = 2;
    config.storage = storage;
    TRY(generate_variant_all(&variant, &config, par));
    Err err = generate_run_all(&config, variant, &run);
    variant_free(&variant);
    return err;
}

/* Noise: textures and photographs take the same path. Videos: a set of texture videos, and a stand-in for real ones. */
static void make_media_all(const Par *par) {
    in_scratch(images, "images.h5");
    in_scratch(texture_videos, "texture-videos");
    in_scratch(real_videos, "real-videos");
    if (par->rank == 0) {
        static uint8_t pixels[POOL_IMAGES * SIDE * SIDE * 3];
        char digest[DIGEST_SIZE];
        Rng rng = rng_stream(1, RNG_TEST, 0, 0);
        for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)rng_u32(&rng);
        const PoolPlan plan = {
            .path = images, .kind = "test", .count = POOL_IMAGES, .height = SIDE, .width = SIDE, .seed = 1};
        CHECK_OK(pool_write(&plan, pixels, digest));
    }
    CHECK_OK(text_format(two_pools, sizeof two_pools, "%s:0.5:resident,%s:0.5", images, images));
    CHECK_OK(generate_all(texture_videos, "dynamic-stylegan-videos", "", STORAGE_RAW, par));
    CHECK_OK(generate_all(real_videos, "standin-motion", "", STORAGE_RAW, par));
}

static const char *pool_of(const Variant *variant, char both[2 * PATH_SIZE]) {
    if (variant->mix == MIX_REAL_VIDEOS && variant->fill == FILL_TEXTURE) {
        CHECK_OK(text_format(both, 2 * PATH_SIZE, "%s,%s", images, real_videos));
        return both;
    }
    if (variant->mix == MIX_REAL_VIDEOS) return real_videos;
    if (variant->pool_choice == POOL_CHOICE_EQUAL) return two_pools;
    if (variant->fill == FILL_TEXTURE_VIDEO) return texture_videos;
    return variant_needs_pool(variant) ? images : "";
}

static void check_same_digest(const char *name, const char *a, const char *b) {
    char digest_a[DIGEST_SIZE] = "", digest_b[DIGEST_SIZE] = "-";
    CHECK_OK(dataset_verify(a, digest_a));
    CHECK_OK(dataset_verify(b, digest_b));
    if (!text_equal(digest_a, digest_b)) fprintf(stderr, "%s: %s and %s\n", name, digest_a, digest_b);
    CHECK(text_equal(digest_a, digest_b));
}

static void check_same_frames(const char *name, const char *stored_folder, const char *latent_folder) {
    ClipSource *stored = NULL, *rendered = NULL;
    Frames a = {0}, b = {0};
    CHECK_OK(dataset_source_open(&stored, stored_folder));
    CHECK_OK(dataset_source_open(&rendered, latent_folder));
    for (int64_t video = 0; video < VIDEOS && stored && rendered; video++) {
        VideoInfo info;
        int numbers[FRAMES];
        CHECK_OK(clip_source_info(rendered, 0, video, &info));
        CHECK(info.n_frames == FRAMES);
        for (int f = 0; f < FRAMES; f++) numbers[f] = FRAMES - 1 - f;
        CHECK_OK(clip_source_read(stored, 0, video, numbers, FRAMES, &a));
        CHECK_OK(clip_source_read(rendered, 0, video, numbers, FRAMES, &b));
        bool same = memcmp(a.data, b.data, frames_frame_bytes(&a) * FRAMES) == 0;
        if (!same) fprintf(stderr, "%s: video %lld\n", name, (long long)video);
        CHECK(same);
    }
    frames_free(&a);
    frames_free(&b);
    clip_source_close(&stored);
    clip_source_close(&rendered);
}

static void check_variant_all(const Variant *variant, const Par *par) {
    char together[PATH_SIZE], alone[PATH_SIZE], latent[PATH_SIZE], both[2 * PATH_SIZE];
    const char *name = variant_name(variant), *pool = pool_of(variant, both);
    Par serial = par_serial(1);
    in_scratch(together, "together");
    in_scratch(alone, "alone");
    in_scratch(latent, "latent");
    CHECK_OK(generate_all(together, name, pool, STORAGE_RAW, par));
    CHECK_OK(generate_all(latent, name, pool, STORAGE_LATENT, par));
    if (par->rank == 0) {
        CHECK_OK(generate_all(alone, name, pool, STORAGE_RAW, &serial));
        check_same_digest(name, together, alone);
        check_same_frames(name, together, latent);
    }
    par_barrier_all(par);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

int main(void) {
    Par par;
    VariantCatalog catalog = {0};
    int n_rows = 0;
    par_check_start_all(&par);
    if (par.rank == 0) {
        snprintf(scratch, sizeof scratch, "/tmp/synvid-variants-XXXXXX");
        CHECK(mkdtemp(scratch) != NULL);
    }
    CHECK_OK(spread_bytes_all(scratch, sizeof scratch, &par));
    make_media_all(&par);
    CHECK_OK(variant_catalog_load(&catalog));
    for (int i = 0; i < catalog.count; i++) {
        if (!catalog.rows[i]->paper.row) continue;
        check_variant_all(catalog.rows[i], &par);
        n_rows++;
    }
    CHECK(n_rows == 34);
    variant_catalog_free(&catalog);
    if (par.rank == 0) nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return par_check_finish_all(&par);
}
