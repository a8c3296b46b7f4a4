#include "cli/inspect/gallery.h"

#include "analysis/page/page.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "cli/inspect/internal/gallery_media.h"
#include "gen/dataset/generate.h"
#include "gen/variant/variant_catalog.h"
#include "video/media/sheet.h"

#include <stdlib.h>

enum { SIDE = 128, CELL = 88, COLUMNS = 6, CLIPS = 2, EPOCH = 20 };

/* The variant's first video, and its second or, of a mix, one that is not generated: mixes replace the last ones. */
static int64_t clip_number(const Variant *variant, int clip) {
    if (clip == 0) return 0;
    return variant->mix == MIX_NONE ? 1 : EPOCH - 1;
}

static Err read_clip(Frames *frames, const ClipSource *source, int64_t clip) {
    VideoInfo info;
    int numbers[COLUMNS];
    TRY(clip_source_info(source, 0, clip, &info));
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

static Err draw(Frames *sheet, const Variant *row, const char *pool, uint64_t seed) {
    char size[32];
    const char *sets[] = {size};
    Variant *variant = NULL;
    ClipSource *source = NULL;
    Par par = par_serial(1);
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
    for (int i = 0; i < catalog.count && !err; i++)
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
