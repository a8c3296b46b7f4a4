#include "gen/objects/internal/mix.h"

#include "gen/objects/internal/paint.h"
#include "math/rng.h"
#include "video/transform/resize.h"

#include <string.h>

/* Videos that are not made of objects: one image of the pools shown for the whole video, or a real video of a dataset.
 * Which items of the set they are follows from their number alone, so that any rank, and any reader of the files, tells
 * without asking. */

/* Paints all of a size x size frame. */
static void picture_paint(const Fill *fill, uint8_t *frame, int size) {
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x += COVERAGE_RUN_MAX) {
            int left = size - x, length = left < COVERAGE_RUN_MAX ? left : COVERAGE_RUN_MAX;
            fill_run(fill, frame + (size_t)y * (size_t)size * 3, x, y, length);
        }
}

/* Frames of one video of the media: its middle square, resized to size x size. `out` is shaped here. */
static Err picture_video(Frames *out, const Media *media, int64_t video, const int *frame_numbers, int n_frames,
                         int size) {
    Err err = ERR_NONE;
    Frames stored = {0};
    TextureGrid grid = {0};
    Fill fill;
    int64_t index;
    const ClipSource *source = media_video(media, video, &index);
    TRY_OR(done, clip_source_read(source, 0, index, frame_numbers, n_frames, &stored));
    TRY_OR(done, texture_grid_init(&grid, stored.height, stored.width, size, TEXTURE_BILINEAR));
    TRY_OR(done, frames_shape(out, n_frames, size, size));
    for (int f = 0; f < n_frames; f++) {
        fill_picture_square(&fill, &grid, frames_at(&stored, f), size);
        picture_paint(&fill, frames_at(out, f), size);
    }
done:
    texture_grid_free(&grid);
    frames_free(&stored);
    return err;
}

void mix_init(Mix *mix, const GeneratorSetup *setup, const ImageLaw *images) {
    *mix = (Mix){.variant = setup->variant,
                 .media = setup->media,
                 .seed = setup->seed,
                 .count = setup->count,
                 .images = *images,
                 .n_videos = (uint32_t)media_n_videos(setup->media),
                 .one_size = setup->one_size};
}

int64_t mix_n_generated(const Mix *mix) {
    /* truncated as the released AlignedDataset does: 9060 of 9537 for 5 %, 2384 for 75 % */
    return (int64_t)((double)mix->count * (1 - mix->variant->mix_share));
}

MixPick mix_pick(const Mix *mix, uint64_t item) {
    MixPick pick = {MIX_NONE, -1};
    if (mix->variant->mix == MIX_NONE || (int64_t)(item % (uint64_t)mix->count) < mix_n_generated(mix)) return pick;
    /* by item, not by index: on the fly every epoch draws other images and videos */
    Rng rng = rng_stream(mix->seed, RNG_MIX_SOURCE, item, 0);
    pick.kind = (MixKind)mix->variant->mix;
    pick.number = pick.kind == MIX_REAL_VIDEOS ? rng_below(&rng, mix->n_videos) : image_law_draw(&mix->images, &rng);
    return pick;
}

static Err real_length(const Mix *mix, MixPick pick, int *n_frames) {
    VideoInfo info;
    int64_t index;
    const ClipSource *source = media_video(mix->media, pick.number, &index);
    TRY(clip_source_info(source, 0, index, &info));
    *n_frames = info.n_frames;
    return ERR_NONE;
}

/* Frames are as large as the image. */
static bool keeps_own_size(const Mix *mix, MixPick pick) {
    return pick.kind == MIX_STATIC_CLIPS_NATIVE && !mix->one_size;
}

Err mix_info(const Mix *mix, MixPick pick, VideoInfo *info) {
    if (pick.kind == MIX_NONE) return ERR_NONE;
    info->still = pick.kind != MIX_REAL_VIDEOS;
    if (pick.kind == MIX_REAL_VIDEOS) return real_length(mix, pick, &info->n_frames);
    if (keeps_own_size(mix, pick)) {
        MediaImage image = media_image(mix->media, pick.number);
        info->height = image.height;
        info->width = image.width;
    }
    return ERR_NONE;
}

/* The whole image over the whole canvas, aspect ratio ignored. */
static Err stretched(Frames *frame, const Mix *mix, const Renderer *renderer, const MediaImage *image) {
    int size = mix->variant->size;
    Fill fill;
    TextureGrid own = {0};
    const TextureGrid *grid;
    TRY(frames_shape(frame, 1, size, size));
    TRY(renderer_grid(&grid, &own, renderer, image));
    fill_picture(&fill, grid, image->pixels, size);
    picture_paint(&fill, frame->data, size);
    texture_grid_free(&own);
    return ERR_NONE;
}

/* All frames are `frame`. */
static Err repeated(Frames *out, const Frames *frame, int n_frames) {
    TRY(frames_shape(out, n_frames, frame->height, frame->width));
    for (int f = 0; f < n_frames; f++) memcpy(frames_at(out, f), frame->data, frames_frame_bytes(frame));
    return ERR_NONE;
}

static Err render_still(const Mix *mix, const Renderer *renderer, MixPick pick, int n_frames, Frames *out) {
    MediaImage image = media_image(mix->media, pick.number);
    /* borrowed from the pool, and only read */
    const Frames whole = {
        .n_frames = 1, .height = image.height, .width = image.width, .data = (uint8_t *)(uintptr_t)image.pixels};
    Frames made = {0};
    if (keeps_own_size(mix, pick)) return repeated(out, &whole, n_frames);
    Err err = pick.kind == MIX_STATIC_CLIPS ? stretched(&made, mix, renderer, &image)
                                            : square_of(&made, &whole, mix->variant->size);
    if (!err) err = repeated(out, &made, n_frames);
    frames_free(&made);
    return err;
}

Err mix_render(const Mix *mix, const Renderer *renderer, MixPick pick, const int *frame_numbers, int n_frames,
               Frames *out) {
    if (pick.kind != MIX_REAL_VIDEOS) return render_still(mix, renderer, pick, n_frames, out);
    return picture_video(out, mix->media, pick.number, frame_numbers, n_frames, mix->variant->size);
}

int mix_columns(LatentColumn *columns, const Mix *mix) {
    /* sets without a mix have no columns of it: their shards keep the layout they always had */
    if (mix->variant->mix == MIX_NONE) return 0;
    if (columns) {
        columns[0] = (LatentColumn){.name = "mix_kind",
                                    .description = "0 generated, 1 still clip, 2 real video",
                                    .units = "",
                                    .type = LATENT_I32,
                                    .rows = 1,
                                    .cols = 1};
        columns[1] = (LatentColumn){.name = "mix_number",
                                    .description = "pool image or video, -1 none",
                                    .units = "",
                                    .type = LATENT_I32,
                                    .rows = 1,
                                    .cols = 1};
    }
    return 2;
}

void mix_latents(void *const *columns, const Mix *mix, MixPick pick) {
    if (mix->variant->mix == MIX_NONE) return;
    bool still = pick.kind == MIX_STATIC_CLIPS || pick.kind == MIX_STATIC_CLIPS_NATIVE;
    int32_t values[2] = {still ? MIX_STATIC_CLIPS : (int32_t)pick.kind, (int32_t)pick.number};
    for (int c = 0; c < 2; c++) memcpy(columns[c], &values[c], sizeof values[c]);
}
