#include "cli/inspect/internal/gallery_media.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "gen/dataset/generate.h"
#include "gen/standin/procedural.h"
#include "gen/textures/textures.h"
#include "store/data/pool_write.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 128, IMAGES = 24, VIDEOS = 4, FRAMES = 64 };

static Err path_of(char path[PATH_SIZE], const GalleryMedia *media, const char *name) {
    return path_join(path, PATH_SIZE, media->folder, name);
}

/* ---- making what is missing ---- */

static Err make_textures(const char *path, TextureKind kind, uint64_t seed, int threads) {
    const TexturesConfig config = {.kind = (int)kind, .images = IMAGES, .size = SIDE};
    const Run run = {.par = par_serial(threads), .out = path, .seed = seed, .progress = PROGRESS_NONE};
    return textures_run_all(&config, &run);
}

static Err make_videos(const char *path, const char *variant_name, int videos, uint64_t seed, int threads) {
    GenerateConfig *config = malloc(sizeof *config);
    const Run run = {.par = par_serial(threads), .out = path, .seed = seed, .progress = PROGRESS_NONE};
    Variant *variant = NULL;
    if (!config) return RAISE(ERR_MEMORY, "%s: no memory", path);
    fields_default(config, generate_fields);
    config->videos = videos;
    config->size = SIDE;
    config->frames = FRAMES;
    Err err = text_copy(config->variant, sizeof config->variant, variant_name);
    if (!err) err = generate_variant_all(&variant, config, &run.par);
    if (!err) err = generate_run_all(config, variant, &run);
    if (variant) variant_free(&variant);
    free(config);
    return err;
}

static Err make_images(const char *path, uint64_t seed) {
    char digest[DIGEST_SIZE];
    size_t bytes = (size_t)SIDE * SIDE * 3;
    const PoolPlan plan = {
        .path = path, .kind = "procedural", .count = IMAGES, .height = SIDE, .width = SIDE, .seed = seed};
    uint8_t *pixels = malloc(IMAGES * bytes);
    Err err = pixels ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory", path);
    for (int i = 0; i < IMAGES && !err; i++) err = procedural_draw(pixels + (size_t)i * bytes, SIDE, (uint64_t)i);
    if (!err) err = pool_write(&plan, pixels, digest);
    free(pixels);
    return err;
}

/* A dataset is there when its manifest is, which is written last. */
static bool has_dataset(const char *path) {
    char manifest[PATH_SIZE];
    return !path_join(manifest, sizeof manifest, path, "dataset.json") && file_exists(manifest);
}

static Err make_missing(GalleryMedia *media, uint64_t seed, int threads) {
    char path[PATH_SIZE];
    TRY(path_of(path, media, "statistical.h5"));
    if (!file_exists(path)) TRY(make_textures(path, TEXTURE_STATISTICAL, seed, threads));
    TRY(path_of(path, media, "stylegan.h5"));
    if (!file_exists(path)) TRY(make_textures(path, TEXTURE_STYLEGAN_ORIENTED, seed, threads));
    TRY(path_of(path, media, "stylegan-videos"));
    if (!has_dataset(path)) TRY(make_videos(path, "dynamic-stylegan-videos", VIDEOS, seed, threads));
    TRY(path_of(path, media, "images.h5"));
    media->images_made = !file_exists(path);
    if (media->images_made) TRY(make_images(path, seed));
    TRY(path_of(path, media, "videos"));
    media->videos_made = !has_dataset(path);
    return media->videos_made ? make_videos(path, "standin-actions", 3 * VIDEOS, seed, threads) : ERR_NONE;
}

static Err open_folder(GalleryMedia *media, const char *folder) {
    if (folder) {
        TRY(text_copy(media->folder, sizeof media->folder, folder));
        return folder_make(folder);
    }
    const char *base = getenv("TMPDIR");
    TRY(text_format(media->folder, sizeof media->folder, "%s/synvid-gallery-XXXXXX", base ? base : "/tmp"));
    media->temporary = mkdtemp(media->folder) != NULL;
    return media->temporary ? ERR_NONE : RAISE(ERR_IO, "%s: cannot make this folder", media->folder);
}

Err gallery_media_open(GalleryMedia *media, const char *folder, uint64_t seed, int threads) {
    *media = (GalleryMedia){0};
    TRY(open_folder(media, folder));
    Err err = make_missing(media, seed, threads);
    if (err) gallery_media_close(media);
    return err;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

void gallery_media_close(GalleryMedia *media) {
    if (media->temporary) nftw(media->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    *media = (GalleryMedia){0};
}

/* ---- who draws from what ---- */

/* The words of the paper's row that name a pool. */
static const char *const pools[][2] = {
    {"images", "images.h5"}, {"statistical", "statistical.h5"}, {"StyleGAN", "stylegan.h5"}};

Err gallery_media_pool(char *out, size_t size, const GalleryMedia *media, const Variant *variant) {
    const char *source = variant->paper.texture_source;
    bool stills = variant->fill == FILL_TEXTURE || variant->mix == MIX_STATIC_CLIPS;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        size_t used = strlen(out);
        if (stills && strstr(source, pools[i][0]))
            TRY(text_format(out + used, size - used, "%s%s/%s", used ? "," : "", media->folder, pools[i][1]));
    }
    size_t used = strlen(out);
    const char *comma = used ? "," : "";
    if (variant->fill == FILL_TEXTURE_VIDEO)
        return text_format(out + used, size - used, "%s%s/stylegan-videos", comma, media->folder);
    if (variant->mix == MIX_REAL_VIDEOS)
        return text_format(out + used, size - used, "%s%s/videos", comma, media->folder);
    return ERR_NONE;
}
