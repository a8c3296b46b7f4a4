/* video/frames/clip - frames in memory.
 *
 * A Frames holds n images of one size, RGB, 8 bit, (frame, y, x, channel), without gaps. It owns its buffer, which only
 * grows, so that one Frames can be reused for clips of different sizes without allocation in the steady state. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

typedef struct {
    int n_frames, height, width;
    uint8_t *data; /* (n_frames, height, width, 3) */
    size_t capacity;
} Frames;

/* A rectangle of pixels inside a frame. */
typedef struct {
    int x, y, width, height;
} Box;

/* Sets the shape and makes room; contents are undefined. */
CHECKED Err frames_shape(Frames *frames, int n_frames, int height, int width);
void frames_free(Frames *frames);

static inline size_t frames_frame_bytes(const Frames *frames) {
    return (size_t)frames->height * (size_t)frames->width * 3;
}
static inline uint8_t *frames_at(const Frames *frames, int frame) {
    return frames->data + frames_frame_bytes(frames) * (size_t)frame;
}
