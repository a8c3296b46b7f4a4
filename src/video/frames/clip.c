/* Frames grow and never shrink: a buffer that is used again for clips of one shape is allocated once. */
#include "video/frames/clip.h"

/* Larger clips are a mistake in a size, not data: 64 GiB. */
static const size_t max_clip_bytes = (size_t)64 << 30;

Err frames_shape(Frames *frames, int n_frames, int height, int width) {
    ASSERT(n_frames >= 0 && height >= 0 && width >= 0);
    size_t row_bytes = (size_t)width * 3, bytes;
    if (__builtin_mul_overflow(row_bytes, (size_t)height, &bytes) ||
        __builtin_mul_overflow(bytes, (size_t)n_frames, &bytes) || bytes > max_clip_bytes)
        return RAISE(ERR_MEMORY, "a clip of %d frames of %d x %d pixels is too large", n_frames, width, height);
    if (bytes > frames->capacity) {
        uint8_t *data = malloc(bytes); /* not realloc: the old frames are not wanted */
        if (!data)
            return RAISE(ERR_MEMORY, "no memory for a clip of %d frames of %d x %d pixels", n_frames, width, height);
        free(frames->data);
        frames->data = data;
        frames->capacity = bytes;
    }
    frames->n_frames = n_frames;
    frames->height = height;
    frames->width = width;
    return ERR_NONE;
}

void frames_free(Frames *frames) {
    free(frames->data);
    *frames = (Frames){0};
}
