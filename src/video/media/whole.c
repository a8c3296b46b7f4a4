#include "video/media/internal/whole.h"

#include <libavutil/intreadwrite.h>
#include <string.h>

typedef struct {
    const uint8_t *data;
    size_t length;
} Bytes;

/* ---- GIF ---- */

/* Past the blocks of data at `at`; beyond the end when they do not end. */
static size_t skip_blocks(Bytes file, size_t at) {
    while (at < file.length && file.data[at]) at += 1 + (size_t)file.data[at];
    return at + 1;
}

static size_t color_table(unsigned flags) {
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static bool gif_is_whole(Bytes file) {
    enum { HEAD = 13, EXTENSION = 0x21, PICTURE = 0x2c };
    size_t at = 0;
    if (file.length > HEAD && !memcmp(file.data, "GIF8", 4)) at = HEAD + color_table(file.data[10]);
    while (at + 2 < file.length && file.data[at] == EXTENSION) at = skip_blocks(file, at + 2);
    if (at + 10 >= file.length || file.data[at] != PICTURE) return false;
    return skip_blocks(file, at + 11 + color_table(file.data[at + 9])) <= file.length;
}

/* ---- OpenEXR: one part of scan lines; others are believed ---- */

enum { EXR_TILED = 0x200, EXR_PARTS = 0x1000 };

/* The attribute at `at`: its type and value are behind its name. Returns the place of the next one; 0: cut, or the last
 * one was read. */
static size_t exr_attribute(Bytes file, size_t at, const char **name, const uint8_t **value, size_t *size) {
    const uint8_t *type, *end;
    *name = (const char *)file.data + at;
    if (at >= file.length || !file.data[at]) return 0;
    type = memchr(file.data + at, 0, file.length - at);
    end = type ? memchr(type + 1, 0, file.length - (size_t)(type + 1 - file.data)) : NULL;
    if (!end || file.length - (size_t)(end - file.data) < 5) return 0;
    *size = AV_RL32(end + 1);
    *value = end + 5;
    size_t begin = (size_t)(*value - file.data);
    return *size <= file.length - begin ? begin + *size : 0;
}

static bool exr_is_whole(Bytes file) {
    static const uint16_t lines_of[] = {1, 1, 1, 16, 32, 16, 32, 32, 32, 256}; /* a chunk, by compression */
    const char *name;
    const uint8_t *value;
    size_t size, at = 8, next, lines = 0, height = 0;
    if (file.length < 9 || AV_RL32(file.data + 4) & (EXR_TILED | EXR_PARTS)) return file.length >= 9;
    for (; (next = exr_attribute(file, at, &name, &value, &size)); at = next) {
        if (!strcmp(name, "compression") && size == 1 && value[0] < 10) lines = lines_of[value[0]];
        if (!strcmp(name, "dataWindow") && size == 16) height = (size_t)AV_RL32(value + 12) - AV_RL32(value + 4) + 1;
    }
    if (at >= file.length || file.data[at] || !lines) return false;
    at++;
    size_t n_chunks = (height + lines - 1) / lines;
    if (n_chunks > (file.length - at) / 8) return false;
    for (size_t i = 0; i < n_chunks; i++) {
        uint64_t chunk = AV_RL64(file.data + at + 8 * i);
        if (chunk > file.length - 8 || AV_RL32(file.data + chunk + 4) > file.length - 8 - chunk) return false;
    }
    return true;
}

/* ---- others ---- */

static bool holds_end_marker(Bytes file) {
    for (size_t i = file.length; i >= 2; i--)
        if (file.data[i - 2] == 0xff && file.data[i - 1] == 0xd9) return true;
    return false;
}

static bool sun_is_whole(Bytes file) {
    enum { HEAD = 32, RUN_LENGTHS = 2 };
    if (file.length < HEAD) return false;
    uint64_t width = AV_RB32(file.data + 4), height = AV_RB32(file.data + 8), depth = AV_RB32(file.data + 12);
    uint64_t row = (width * depth + 15) / 16 * 2, needed = row * height;
    if (AV_RB32(file.data + 20) == RUN_LENGTHS) needed = AV_RB32(file.data + 16);
    return file.length - HEAD >= needed + AV_RB32(file.data + 28);
}

/* The sizes that the heads claim, for run lengths, whose own end need not be there. */
static bool bmp_is_whole(Bytes file) {
    enum { RLE8 = 1, RLE4 = 2 };
    if (file.length < 38 || AV_RL32(file.data + 14) < 40) return true;
    uint32_t compression = AV_RL32(file.data + 30);
    uint64_t data = (uint64_t)AV_RL32(file.data + 10) + AV_RL32(file.data + 34);
    return (compression != RLE8 && compression != RLE4) || data <= file.length;
}

bool whole_picture(const AVPacket *packet, enum AVCodecID codec) {
    const Bytes file = {packet->data, (size_t)packet->size};
    switch (codec) {
    case AV_CODEC_ID_GIF: return gif_is_whole(file);
    case AV_CODEC_ID_JPEGLS: return holds_end_marker(file);
    case AV_CODEC_ID_EXR: return exr_is_whole(file);
    case AV_CODEC_ID_SUNRAST: return sun_is_whole(file);
    case AV_CODEC_ID_BMP: return bmp_is_whole(file);
    case AV_CODEC_ID_QOI: return file.length >= 22 && !memcmp(file.data + file.length - 8, "\0\0\0\0\0\0\0\1", 8);
    default: return true;
    }
}
