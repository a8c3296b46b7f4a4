#include "gen/objects/internal/mix.h"

#include "gen/objects/internal/paint.h"
#include "math/rng.h"

#include <string.h>

/* Videos that are not made of objects: one image of the pools shown for the whole video, or a real video of a dataset,
 * each brought to the canvas. Which items of the set they are follows from their number alone, so that any rank, and
 * any reader of the files, tells without asking. */

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
    *mix =
        (Mix){setup->variant, setup->media, setup->seed, setup->count, *images, (uint32_t)media_n_videos(setup->media)};
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
    pick.number = pick.kind == MIX_STATIC_CLIPS ? image_law_draw(&mix->images, &rng) : rng_below(&rng, mix->n_videos);
    return pick;
}

static Err real_info(const Mix *mix, MixPick pick, VideoInfo *info) {
    int64_t index;
    const ClipSource *source = media_video(mix->media, pick.number, &index);
    return clip_source_info(source, 0, index, info);
}

Err mix_real_length(const Mix *mix, MixPick pick, int *n_frames) {
    VideoInfo info;
    TRY(real_info(mix, pick, &info));
    *n_frames = info.n_frames;
    return ERR_NONE;
}

static Err render_still(const Mix *mix, const Renderer *renderer, int64_t number, Frames *out) {
    Fill fill;
    TextureGrid own = {0};
    const TextureGrid *grid;
    MediaImage image = media_image(mix->media, number);
    TRY(renderer_grid(&grid, &own, renderer, &image));
    fill_picture(&fill, grid, image.pixels, mix->variant->size);
    picture_paint(&fill, out->data, mix->variant->size);
    for (int f = 1; f < out->n_frames; f++)
        memcpy(frames_at(out, f), out->data, frames_frame_bytes(out)); /* still: all frames are the first */
    texture_grid_free(&own);
    return ERR_NONE;
}

Err mix_render(const Mix *mix, const Renderer *renderer, MixPick pick, const int *frame_numbers, int n_frames,
               Frames *out) {
    int size = mix->variant->size;
    if (pick.kind == MIX_REAL_VIDEOS) return picture_video(out, mix->media, pick.number, frame_numbers, n_frames, size);
    TRY(frames_shape(out, n_frames, size, size));
    return render_still(mix, renderer, pick.number, out);
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
    int32_t values[2] = {(int32_t)pick.kind, (int32_t)pick.number};
    for (int c = 0; c < 2; c++) memcpy(columns[c], &values[c], sizeof values[c]);
}
