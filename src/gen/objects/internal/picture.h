/* gen/objects/picture - whole pictures and videos from outside, brought to the canvas. */
#pragma once

#include "gen/objects/internal/fill.h"

/* Paints all of a size x size frame. */
void picture_paint(const Fill *fill, uint8_t *frame, int size);
/* Frames of one video of the media: its middle square, resized to size x size. `out` is shaped here. */
CHECKED Err picture_video(Frames *out, const Media *media, int64_t video, const int *frame_numbers, int n_frames,
                          int size);
