#include "gen/objects/internal/picture.h"

void picture_paint(const Fill *fill, uint8_t *frame, int size) {
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x += COVERAGE_RUN_MAX) {
            int left = size - x, length = left < COVERAGE_RUN_MAX ? left : COVERAGE_RUN_MAX;
            fill_run(fill, frame + (size_t)y * (size_t)size * 3, x, y, length);
        }
}

Err picture_video(Frames *out, const Media *media, int64_t video, const int *frame_numbers, int n_frames, int size) {
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
