/* video/media/libav - the border to FFmpeg: silence, errors in words, and input that opens nothing but itself.
 *
 * FFmpeg's log lines never reach the terminal: the last complaint of each thread is kept and quoted in our own message.
 * Input is read through callbacks on an open file or a piece of memory, so that a name is never taken for a protocol or
 * a frame pattern, and a playlist cannot make us open other files. What differs between versions 5 to 8 of FFmpeg is
 * here. For files of this folder only. */
#pragma once

#include "base/failure/err.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
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
