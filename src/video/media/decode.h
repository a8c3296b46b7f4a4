/* video/media/decode - the frames of a video or image file as RGB, 8 bit, in display order.
 *
 * Frame n is the n-th frame that comes out of the decoder, counted by decoding: container indices, seek tables and
 * stated lengths are not trusted, so frames are found by decoding from the start. One thread, so that the bytes repeat.
 * Packets that do not decode are skipped, frames with errors are kept, both are counted as damage; a file that yields
 * no frame at all is ERR_INPUT with FFmpeg's reason. Picture files with errors give no frame, and those without a
 * decoder are called by their names (video/media/still, video/media/recognize). Frames above
 * DECODE_MAX_PIXELS are refused before they are allocated. Frames are turned as their metadata say
 * (video/media/orient). A Decoder belongs to one thread at a time; different decoders are independent. */
#pragma once

#include "base/text/text.h"
#include "video/frames/clip.h"
#include "video/frames/source.h"

#include <stdbool.h>
#include <stdint.h>

enum { DECODE_MAX_PIXELS = 1 << 26, DECODE_MAX_SIDE = 1 << 15 };

typedef struct Decoder Decoder;

/* Opens the video track with the most frames (video/media/tracks); cover art of an audio file does not count
 * as one. ERR_INPUT: missing, empty, unknown format, no video stream, no decoder, too large. */
CHECKED Err decode_open(Decoder **decoder, const char *path);
/* `bytes` are borrowed until decode_close; `name` is for messages. */
CHECKED Err decode_open_memory(Decoder **decoder, const void *bytes, size_t length, const char *name);
/* The same for what is wanted as a picture, whatever its format: a first frame with errors is ERR_INPUT. */
CHECKED Err decode_open_picture(Decoder **decoder, const char *path);
/* NULL is allowed. */
void decode_close(Decoder **decoder);

/* Goes to the next frame; *got is false at the end. */
CHECKED Err decode_next(Decoder *decoder, bool *got);
/* Size of the first frame, which all frames are delivered at; 0 before the first decode_next. */
int decode_height(const Decoder *decoder);
int decode_width(const Decoder *decoder);
/* The current frame as (height, width, 3). */
CHECKED Err decode_rgb(Decoder *decoder, uint8_t *rgb);

typedef struct {
    int n_frames, height, width;
    int n_damaged; /* packets that did not decode, and frames that did with errors */
    bool still;    /* a picture format rather than a video */
    char format[32], codec[32];
} DecodeInfo;

/* What has come out so far, and of what. */
void decode_info(DecodeInfo *info, const Decoder *decoder);
/* Decodes the whole file. */
CHECKED Err decode_probe(DecodeInfo *info, const char *path);
/* The given frames, in any order, repeats allowed. A number beyond the end is ERR_INPUT. */
CHECKED Err decode_frames(Frames *out, const char *path, const int *numbers, int n_frames);
CHECKED Err decode_frames_memory(Frames *out, const void *bytes, size_t length, const char *name, const int *numbers,
                                 int n_frames);
/* The same, each frame as its middle square at size x size (0: as it is): one frame of the file's own size is held at
 * a time. */
CHECKED Err decode_squares_memory(Frames *out, const void *bytes, size_t length, const char *name, const int *numbers,
                                  int n_frames, int size);

/* file_source.c: video files as a clip source, decoded on reading, without any ingest in between.
 *
 * Lengths are only known by decoding: the first info() or read() of a video decodes it once and remembers; every read
 * decodes from the start of the file. Frames keep the size of their file. For looking at a few files and for
 * comparing; training reads shards. A file that cannot be decoded is ERR_INPUT each time it is asked for. */

typedef struct {
    const char *name;         /* of the source */
    const char *const *paths; /* `count` files; copied */
    const int *labels;        /* -1: none; NULL: all none; copied */
    int64_t count;
    int n_classes;
    const char *const *class_names; /* borrowed for the life of the source, or NULL */
} FileSourceSettings;

/* The source's digest is of paths and sizes. ERR_INPUT when a file does not exist. */
CHECKED Err file_source_open(ClipSource **source, const FileSourceSettings *settings);

/* versions: FFmpeg's libraries; see base/system/versions.h. */

void video_versions(Builder *out);
