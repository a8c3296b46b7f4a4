/* video/media/encode - clips into a video codec, in memory or as a file.
 *
 * The paper's offline sets reach the model through MPEG-4 part 2 as OpenCV's writer makes it: simple profile, yuv420p,
 * no B frames, an intra frame every 12, 25 frames a second, 2 * fps * width * height bits a second, no quantizer below
 * 3 (encode_paper). The same code serves previews and corruptions by compression. Encoders run with one thread and
 * without version strings, so the same frames give the same bytes with the same FFmpeg. */
#pragma once

#include "video/frames/clip.h"

#include <stdbool.h>

typedef struct {
    const char *codec;     /* FFmpeg's name: "mpeg4", "mpeg2video", "ffv1" (lossless, kept as RGB) */
    const char *container; /* FFmpeg's name: "mp4", "avi", "vob", "matroska" */
    int frame_rate;
    int intra_every;  /* frames from one intra frame to the next */
    int64_t bit_rate; /* bits a second; 0: fixed quantizer */
    int quantizer;    /* 1 (finest) .. 31, when bit_rate is 0 */
    bool as_opencv;   /* colors converted as its writer converts them */
    int finest;       /* least quantizer, when there is a bit rate, which is then its tolerance, too; 0: FFmpeg's */
} EncodeSettings;

EncodeSettings encode_paper(int height, int width);
/* For people: MP4 at a fixed fine quantizer; any player of MPEG-4 shows it. */
EncodeSettings encode_preview(void);

/* *bytes is malloc'd; the caller frees. At least one frame. */
CHECKED Err encode_memory(uint8_t **bytes, size_t *length, const Frames *frames, const EncodeSettings *settings);
/* Appears whole. */
CHECKED Err encode_file(const char *path, const Frames *frames, const EncodeSettings *settings);
