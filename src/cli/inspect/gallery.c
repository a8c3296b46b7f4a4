/* All datasets of the paper on one page, small and rendered for it. Media that only users have are replaced by what can
 * be made here, and the page says so where it does. */
#include "cli/inspect/inspect.h"

#include "analysis/page/page.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "gen/dataset/generate.h"
#include "gen/dataset/sources.h"
#include "gen/standin/procedural.h"
#include "gen/textures/textures.h"
#include "gen/variant/variant.h"
#include "gen/variant/variant_config.h"
#include "store/data/pool.h"
#include "video/media/sheet.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>

/* The pools and videos that the gallery's variants draw from. */

typedef struct {
    char folder[PATH_SIZE];
    bool temporary;                /* removed at the end */
    bool images_made, videos_made; /* stand-ins had to be made for what only users have */
} GalleryMedia;

enum { SIDE = 128, IMAGES = 24, VIDEOS = 4, FRAMES = 64, CELL = 88, COLUMNS = 6, CLIPS = 2, EPOCH = 20 };

static Err path_of(char path[PATH_SIZE], const GalleryMedia *media, const char *name) {
    return path_join(path, PATH_SIZE, media->folder, name);
}

/* ---- making what is missing ---- */

static Err make_textures(const char *path, TextureKind kind, uint64_t seed, int threads) {
    const TexturesConfig config = {.kind = (int)kind, .images = IMAGES, .size = SIDE};
    const Run run = {.par = par_serial(threads), .out = path, .seed = seed, .progress = PROGRESS_NONE};
    return textures_run_all(&config, &run);
}

/* A dataset of the size of the page, through the command's own code. */
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

/* Textures are always ours; images and videos are those of the user, and stand-ins where there are none. */
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

/* For nftw, deepest first; links are removed, not followed. */
static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

static void gallery_media_close(GalleryMedia *media) {
    if (media->temporary) nftw(media->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    *media = (GalleryMedia){0};
}

static Err gallery_media_open(GalleryMedia *media, const char *folder, uint64_t seed, int threads) {
    *media = (GalleryMedia){0};
    TRY(open_folder(media, folder));
    Err err = make_missing(media, seed, threads);
    if (err) gallery_media_close(media);
    return err;
}

/* ---- who draws from what ---- */

/* The words of the paper's row that name a pool. */
static const char *const pools[][2] = {
    {"images", "images.h5"}, {"statistical", "statistical.h5"}, {"StyleGAN", "stylegan.h5"}};

/* The list for --pool of a variant, "" when it needs none. */
static Err gallery_media_pool(char *out, size_t size, const GalleryMedia *media, const Variant *variant) {
    const char *source = variant->paper.texture_source;
    bool stills = variant->fill == FILL_TEXTURE || variant_has_still_clips(variant);
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

/* The variant's first video, and its second or, of a mix, one that is not generated: mixes replace the last ones. */
static int64_t clip_number(const Variant *variant, int clip) {
    if (clip == 0) return 0;
    return variant->mix == MIX_NONE ? 1 : EPOCH - 1;
}

static Err read_clip(Frames *frames, const ClipSource *source, int64_t clip) {
    VideoInfo info;
    int numbers[COLUMNS];
    TRY(clip_source_info(source, 0, clip, &info));
    /* spread over the clip, first and last frame included */
    for (int i = 0; i < COLUMNS; i++) numbers[i] = i * (info.n_frames - 1) / (COLUMNS - 1);
    return clip_source_read(source, 0, clip, numbers, COLUMNS, frames);
}

static Err make_sheet(Frames *sheet, const ClipSource *source, const Variant *variant) {
    Frames frames[CLIPS] = {{0}};
    SheetRow rows[CLIPS];
    Err err = ERR_NONE;
    for (int i = 0; i < CLIPS && !err; i++) {
        err = read_clip(&frames[i], source, clip_number(variant, i));
        rows[i] = (SheetRow){NULL, &frames[i]};
    }
    if (!err) err = sheet_make(sheet, rows, CLIPS, COLUMNS, CELL);
    for (int i = 0; i < CLIPS; i++) frames_free(&frames[i]);
    return err;
}

/* Through the live source, as training would see it: nothing of a dataset is written. */
static Err draw(Frames *sheet, const Variant *row, const char *pool, uint64_t seed) {
    char size[32];
    const char *sets[] = {size};
    Variant *variant = NULL;
    ClipSource *source = NULL;
    Par par = par_serial(1);
    /* the same scene at 128 pixels: speeds and sizes scale with the canvas */
    TRY(text_format(size, sizeof size, "size=%d", SIDE));
    TRY(variant_load(&variant, variant_name(row), sets, 1));
    Err err = live_source_open_all(&source, variant, pool, "train", EPOCH, seed, &par);
    if (!err) err = make_sheet(sheet, source, variant);
    clip_source_close(&source);
    variant_free(&variant);
    return err;
}

static Err caption_of(char *out, size_t size, const Variant *row) {
    char accuracy[64] = "";
    if (row->paper.ucf101 > 0)
        TRY(text_format(accuracy, sizeof accuracy, "; UCF101 %.1f %% in the paper", row->paper.ucf101));
    return text_format(out, size, "%d. %s: %s%s%s%s", row->paper.row, variant_name(row), row->title,
                       row->paper.texture_source[0] ? "; " : "", row->paper.texture_source, accuracy);
}

static Err add_row(Page *page, const Variant *row, const GalleryMedia *media, uint64_t seed) {
    char pool[4 * PATH_SIZE], caption[512], alt[NAME_SIZE + 32];
    Frames sheet = {0};
    /* each variant gets what the paper gave it, or what stands in for that */
    TRY(gallery_media_pool(pool, sizeof pool, media, row));
    TRY(caption_of(caption, sizeof caption, row));
    TRY(text_format(alt, sizeof alt, "Frames of two %s videos", variant_name(row)));
    Err err = err_within(draw(&sheet, row, pool, seed), "%s: ", variant_name(row));
    if (!err) err = page_picture(page, &sheet, alt, caption);
    frames_free(&sheet);
    return err;
}

static void introduce(Page *page, const GalleryMedia *media) {
    page_section(page, "datasets", "The datasets of the paper");
    page_paragraph(
        page,
        "Two videos of each, time from left to right, from the first frame to the last. Of a mix, the second "
        "is one of the videos that are not generated. Rendered at %d x %d, seed and media the same for all.",
        SIDE, SIDE);
    if (media->images_made)
        page_remark(page, "note", "Procedural pictures stand for photographs here: no pool of images was given.");
    if (media->videos_made)
        page_remark(page, "note", "Generated stand-in actions stand for UCF101 here: no dataset of videos was given.");
}

static Err fill(Page *page, const GalleryMedia *media, uint64_t seed) {
    VariantCatalog catalog;
    TRY(variant_catalog_load(&catalog));
    introduce(page, media);
    page_grid_begin(page, "wide");
    Err err = ERR_NONE;
    for (int i = 0; i < catalog.count && !err; i++) /* our own variants have no row in the paper */
        if (catalog.rows[i]->paper.row > 0) err = add_row(page, catalog.rows[i], media, seed);
    page_grid_end(page);
    page_section_end(page);
    variant_catalog_free(&catalog);
    return err;
}

static Err write_page(const char *path, const GalleryMedia *media, uint64_t seed) {
    Page page;
    page_begin(&page, "synvid: gallery");
    builder_add_text(&page.html, "<main>\n<h1>Gallery</h1>\n");
    Err err = fill(&page, media, seed);
    page_end(&page, "Made by synvid inspect --gallery.");
    if (!err) err = page_write(&page, path);
    page_free(&page);
    if (!err) log_info("wrote %s", path);
    return err;
}

Err gallery_write(const char *path, const char *media_folder, uint64_t seed, int threads) {
    GalleryMedia media;
    TRY(gallery_media_open(&media, media_folder, seed, threads));
    Err err = write_page(path, &media, seed);
    gallery_media_close(&media);
    return err;
}
