/* FFmpeg reads and writes through callbacks of ours: a file it cannot seek past, memory it cannot overrun. Its log is
 * caught; the last complaint goes into our own message. */
#include "video/media/internal/libav.h"

#include "base/system/versions.h"
#include "video/media/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMPLAINT_SIZE = 160, IO_BUFFER_BYTES = 1 << 16 };

#if LIBAVFORMAT_VERSION_MAJOR >= 61 /* FFmpeg 7 */
typedef const uint8_t MuxedByte;
#else
typedef uint8_t MuxedByte;
#endif

static _Thread_local char last_complaint[COMPLAINT_SIZE];

/* FFmpeg reports in fragments; only whole lines of real errors are worth quoting. */
__attribute__((format(printf, 3, 0))) static void keep_complaint(void *context, int level, const char *format,
                                                                 va_list arguments) {
    (void)context;
    if (level > AV_LOG_ERROR) return;
    char line[COMPLAINT_SIZE];
    vsnprintf(line, sizeof(line), format, arguments);
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] != '\0') memcpy(last_complaint, line, sizeof(line));
}

static void install_log_callback(void) {
    av_log_set_callback(keep_complaint);
}

void libav_begin(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_log_callback);
    last_complaint[0] = '\0';
}

Err libav_raise(Err code, int av_error, const char *format, ...) {
    char what[512], reason[AV_ERROR_MAX_STRING_SIZE], complaint[COMPLAINT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    av_strerror(av_error, reason, sizeof(reason));
    memcpy(complaint, last_complaint, sizeof(complaint));
    last_complaint[0] = '\0';
    if (av_error == AVERROR(ENOMEM)) code = ERR_MEMORY;
    if (complaint[0] == '\0') return RAISE(code, "%s: %s", what, reason);
    return RAISE(code, "%s: %s (%s)", what, reason, complaint);
}

static int read_file(void *opaque, uint8_t *out, int size) {
    LibavInput *input = opaque;
    ssize_t got;
    do got = read(input->fd, out, (size_t)size);
    while (got < 0 && errno == EINTR);
    if (got < 0) return AVERROR(errno);
    return got == 0 ? AVERROR_EOF : (int)got;
}

/* FFmpeg asks for the size by a seek of its own kind. */
static int64_t seek_file(void *opaque, int64_t offset, int whence) {
    LibavInput *input = opaque;
    if (whence & AVSEEK_SIZE) return input->length;
    off_t at = lseek(input->fd, (off_t)offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : (int64_t)at;
}

static int read_memory(void *opaque, uint8_t *out, int size) {
    LibavInput *input = opaque;
    int64_t left = input->length - input->at;
    if (left <= 0) return AVERROR_EOF;
    int count = left < size ? (int)left : size;
    memcpy(out, input->bytes + input->at, (size_t)count);
    input->at += count;
    return count;
}

static int64_t seek_memory(void *opaque, int64_t offset, int whence) {
    LibavInput *input = opaque;
    if (whence & AVSEEK_SIZE) return input->length;
    whence &= ~AVSEEK_FORCE;
    int64_t from = whence == SEEK_CUR ? input->at : whence == SEEK_END ? input->length : 0;
    if (from + offset < 0 || from + offset > input->length) return AVERROR(EINVAL);
    return input->at = from + offset;
}

/* FFmpeg frees or replaces the buffer as it likes, so it must come from its allocator. */
static Err make_io(LibavInput *input, int (*read_some)(void *, uint8_t *, int), int64_t (*seek)(void *, int64_t, int),
                   const char *name) {
    libav_begin();
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer) input->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, input, read_some, NULL, seek);
    if (input->io) return ERR_NONE;
    av_free(buffer);
    return RAISE(ERR_MEMORY, "%s: no memory for an input buffer", name);
}

Err libav_input_file(LibavInput *input, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not keep us waiting */
    if (fd < 0) {
        int code = errno;
        return RAISE(code == ENOENT ? ERR_INPUT : ERR_IO, "%s: cannot open: %s", path, strerror(code));
    }
    *input = (LibavInput){.is_file = true, .fd = fd};
    struct stat status;
    Err err = ERR_NONE;
    if (fstat(input->fd, &status) != 0) {
        err = RAISE(ERR_IO, "%s: cannot read its size: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        err = RAISE(ERR_INPUT, "%s: not a regular file", path);
    } else if (status.st_size == 0) {
        err = RAISE(ERR_INPUT, "%s: the file is empty", path);
    } else {
        input->length = status.st_size;
        err = make_io(input, read_file, seek_file, path);
    }
    if (err) libav_input_close(input);
    return err;
}

Err libav_input_memory(LibavInput *input, const void *bytes, size_t length, const char *name) {
    *input = (LibavInput){.bytes = bytes, .length = (int64_t)length};
    if (length == 0) return RAISE(ERR_INPUT, "%s: no bytes to decode", name);
    return make_io(input, read_memory, seek_memory, name);
}

void libav_input_close(LibavInput *input) {
    if (input->io) {
        av_freep(&input->io->buffer); /* FFmpeg may have replaced the one we gave */
        avio_context_free(&input->io);
    }
    if (input->is_file) close(input->fd);
    *input = (LibavInput){0};
}

static int grow(LibavOutput *output, size_t needed) {
    if (needed <= output->capacity) return 0;
    size_t capacity = needed < IO_BUFFER_BYTES ? IO_BUFFER_BYTES : needed + needed / 2;
    uint8_t *bytes = realloc(output->bytes, capacity);
    if (!bytes) return AVERROR(ENOMEM);
    output->bytes = bytes;
    output->capacity = capacity;
    return 0;
}

/* Writing behind the end fills the gap with zeros, as a file would. */
static int write_output(void *opaque, MuxedByte *from, int size) {
    LibavOutput *output = opaque;
    size_t end = output->at + (size_t)size;
    int status = grow(output, end);
    if (status < 0) return status;
    if (output->at > output->length) memset(output->bytes + output->length, 0, output->at - output->length);
    memcpy(output->bytes + output->at, from, (size_t)size);
    output->at = end;
    if (end > output->length) output->length = end;
    return size;
}

static int64_t seek_output(void *opaque, int64_t offset, int whence) {
    LibavOutput *output = opaque;
    if (whence & AVSEEK_SIZE) return (int64_t)output->length;
    whence &= ~AVSEEK_FORCE;
    int64_t from = whence == SEEK_CUR ? (int64_t)output->at : whence == SEEK_END ? (int64_t)output->length : 0;
    if (from + offset < 0) return AVERROR(EINVAL);
    output->at = (size_t)(from + offset);
    return (int64_t)output->at;
}

Err libav_output_open(LibavOutput *output) {
    libav_begin();
    *output = (LibavOutput){0};
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer) output->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, output, NULL, write_output, seek_output);
    if (output->io) return ERR_NONE;
    av_free(buffer);
    return RAISE(ERR_MEMORY, "no memory for an output buffer");
}

void libav_output_close(LibavOutput *output) {
    if (output->io) {
        av_freep(&output->io->buffer);
        avio_context_free(&output->io);
    }
    free(output->bytes);
    *output = (LibavOutput){0};
}

const uint8_t *libav_stream_side_data(size_t *size, const AVStream *stream, enum AVPacketSideDataType kind) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100) /* FFmpeg 6.1 */
    const AVCodecParameters *codec = stream->codecpar;
    const AVPacketSideData *found = av_packet_side_data_get(codec->coded_side_data, codec->nb_coded_side_data, kind);
    *size = found ? found->size : 0;
    return found ? found->data : NULL;
#else
    *size = 0;
    return av_stream_get_side_data(stream, kind, size);
#endif
}

/* ---- versions ---- */

static void add(Builder *out, const char *name, unsigned version) {
    versions_add(out, name, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
}

void video_versions(Builder *out) {
    versions_add(out, "FFmpeg", "%s (%s)", av_version_info(), avcodec_license());
    add(out, "avformat", avformat_version());
    add(out, "avcodec", avcodec_version());
    add(out, "swscale", swscale_version());
}
