/* video/media/internal/libav - everything that calls FFmpeg goes through here: no log lines, errors in words, and input
 * that opens no other file.
 *
 * FFmpeg's log lines never reach the terminal. The last complaint of each thread is kept and quoted in our own message.
 * Input is read through callbacks on an open file or a piece of memory. So a name is never taken for a protocol or a
 * frame pattern, and a playlist cannot make us open other files. What differs between versions 5 to 8 of FFmpeg is
 * here. */
#pragma once

#include "base/failure/err.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavformat/avio.h>
#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdint.h>

/* Redirects FFmpeg's log and forgets complaints of earlier work on this thread, so that none is quoted in a message
 * about something else. First thing of every task. */
void libav_begin(void);
/* Raises `code` with "<what>: <FFmpeg's error text> (<last complaint>)" and forgets the complaint. */
Err libav_raise(Err code, int av_error, const char *format, ...) __attribute__((format(printf, 3, 4)));

typedef struct {
    AVIOContext *io;
    bool is_file;
    int fd;
    const uint8_t *bytes; /* borrowed */
    int64_t length, at;
} LibavInput;

/* Start from a zeroed struct; the address must stay the same until libav_input_close. An empty file is ERR_INPUT. */
CHECKED Err libav_input_file(LibavInput *input, const char *path);
CHECKED Err libav_input_memory(LibavInput *input, const void *bytes, size_t length, const char *name);
void libav_input_close(LibavInput *input);

/* A growing piece of memory that a muxer writes and seeks in. (FFmpeg's own dynamic buffer loses bytes when AVI goes
 * back to patch its header.) */
typedef struct {
    AVIOContext *io;
    uint8_t *bytes; /* malloc'd; may be taken over by setting it to NULL */
    size_t length, at, capacity;
} LibavOutput;

/* Start from a zeroed struct; the address must stay the same until libav_output_close. Flush `io` before using bytes.
 */
CHECKED Err libav_output_open(LibavOutput *output);
void libav_output_close(LibavOutput *output);

/* What the container says about all frames of a stream, of one kind; NULL and 0: nothing. Borrowed from the stream. */
const uint8_t *libav_stream_side_data(size_t *size, const AVStream *stream, enum AVPacketSideDataType kind);

/* pixels.c: FFmpeg's frames of any pixel format to RGB, 8 bit, and back. For files of this folder only.
 *
 * All conversions run with accurate rounding and full chroma, so that bytes repeat across machines.
 * The matrix is the one the frame names, BT.601 when it names none; the range is the one it names, limited for YUV when
 * it names none. For files of this folder only. */

struct SwsContext;

/* What the fourth channel of a frame is worth. Transparent pixels are composited over black: what lies hidden under
 * alpha zero is not part of the picture. But where a format reserves the byte, or a program never wrote it, there is
 * nothing to see through. */
typedef enum {
    ALPHA_TRUSTED,     /* alpha, even if it is zero everywhere */
    ALPHA_IF_NOT_ZERO, /* none where it is zero everywhere in this frame */
    ALPHA_NONE
} AlphaUse;

/* rgb: (height, width, 3), at that size: a frame of another size is scaled. *context is kept between calls; start from
 * NULL, free with pixels_free. */
CHECKED Err pixels_to_rgb(uint8_t *rgb, int height, int width, const AVFrame *frame, AlphaUse use,
                          struct SwsContext **context);
/* Into an allocated frame of the same size. */
CHECKED Err pixels_from_rgb(AVFrame *frame, const uint8_t *rgb, struct SwsContext **context);
/* The same as OpenCV's writer does it, to 8-bit 4:2:0. `bgr`: memory for a frame. */
CHECKED Err pixels_from_rgb_as_opencv(AVFrame *frame, const uint8_t *rgb, uint8_t *bgr, struct SwsContext **context);
void pixels_free(struct SwsContext **context);

/* orient.c: frames as they are to be seen: cameras store them as the sensor lies and note how to turn them.
 *
 * The note is a display matrix of the stream (MP4, MOV: rotation) or of the frame (JPEG: Exif orientation), or the
 * orientation as Exif numbers it (PNG, WebP, TIFF). Quarter turns, to a degree, and mirror images are applied, other
 * angles and everything else about the matrix are not. For files of this folder only. */

typedef struct {
    bool swap;           /* rows become columns */
    bool flip_x, flip_y; /* of the stored frame */
} Orientation;

/* The frame's own matrix goes before the stream's, and both before a number as of Exif, 0 or 1 to 8
 * (StillFacts). */
Orientation orient_of(const AVStream *stream, const AVFrame *frame, int exif);
bool orient_is_plain(Orientation orientation);
/* in: (height, width, 3) as stored -> out: (width, height, 3) with swap, otherwise (height, width, 3). */
void orient_apply(uint8_t *out, const uint8_t *in, int height, int width, Orientation orientation);

/* still.c: what FFmpeg's decoders of still pictures do not see, or take too seriously.
 *
 * A picture file goes to its decoder as one packet, and the decoder is told to give up at the first error, because half
 * a photograph and gray below is no photograph. That must not make it give up over things that say nothing about
 * pixels: a TIFF's tags of resolution or of the camera, a PNG's comments with a wrong checksum. still_prepare takes
 * those out of the packet, and reads on the way what else decides how the picture is to be seen:
 *
 *   orientation  Exif's number 1 to 8, from TIFF's tag 274, PNG's eXIf and WebP's EXIF chunk (JPEG's is FFmpeg's task)
 *   alpha        whether the fourth channel is one: not with a BMP whose header reserves the byte (BI_RGB), a TGA that
 *                claims no alpha bits, or a TIFF that says the extra sample is something else or is multiplied in
 * already
 *
 * Sources: TIFF 6.0, PNG 1.2 with its extensions, WebP container specification, Truevision TGA 2.0, Microsoft's
 * BITMAPINFOHEADER. For files of this folder only. */

typedef struct {
    int orientation; /* 1 to 8 as in Exif; 0: none named */
    bool no_alpha;   /* the fourth channel is not one */
    bool full_range; /* YCbCr of a TIFF, unless it names a black above 0 */
} StillFacts;

/* Changes the packet's bytes, never its place in memory. ERR_INPUT: a TIFF whose first picture is a thumbnail, as raw
 * photographs of cameras are; a tiled one; a file that ends within its picture. */
CHECKED Err still_prepare(StillFacts *facts, AVPacket *packet, enum AVCodecID codec, const char *name);

/* recognize.c: what a file is by its first bytes, where FFmpeg's own look at them does not help.
 *
 * Some formats of pictures that FFmpeg decodes carry no mark it looks for, and are known to it by their names only:
 * TGA, some PAM. Others it has no decoder for, or reads one tile of (HEIC): they are to be called by their names rather
 * than "invalid data". For files of this folder only. */

/* The codec of a picture that must be named to FFmpeg; AV_CODEC_ID_NONE: let it look. A TGA is certain when its length
 * or its end says so, too; without `certain` the header is enough, for files that FFmpeg does not know. Leaves `io` at
 * its beginning. */
enum AVCodecID recognize_picture(AVIOContext *io, int64_t length, bool certain);
/* What a file is that may have no decoder ("an XCF picture"), or NULL; *hopeless: FFmpeg would show a part of it.
 * Leaves `io` at its beginning. */
const char *recognize_undecodable(bool *hopeless, AVIOContext *io);

/* tracks.c: which of the video tracks of a file is the video.
 *
 * The one with the most frames that is no attached picture: cover art, chapter marks and thumbnails have one or a few.
 * Frames are counted as packets by reading the file once, since containers need not tell their number or may be wrong;
 * only files with several candidates are read. Of equal ones the larger picture wins, then the one marked as default,
 * then the first. For files of this folder only. */

enum { TRACKS_NONE = -1, TRACKS_NO_DECODER = -2 };

/* *track: its number, or one of these. *counted: the file was read and must be opened anew.
 */
CHECKED Err tracks_choose(int *track, bool *counted, AVFormatContext *format, const char *name);
