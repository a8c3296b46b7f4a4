#include "video/media/internal/libav.h"

#include <libavcodec/avcodec.h>
#include <libavutil/intreadwrite.h>
#include <stdbool.h>
#include <string.h>

/* Is a picture file all there, where FFmpeg's decoder does not ask?
 *
 * Most decoders report a file that ends too early. Those of GIF, JPEG-LS, QOI, OpenEXR, Sun raster and run-length BMP
 * leave what is missing black, or as it was, without a word. Sources: GIF89a, ITU-T T.87, the QOI and OpenEXR file
 * layouts, rasterfile(5), BITMAPINFOHEADER. For files of this folder only. */

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

/* From the end: it is the last two bytes as a rule. */
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

/* `packet` holds the file, or for GIF all before the second picture. True for all other formats. */
static bool whole_picture(const AVPacket *packet, enum AVCodecID codec) {
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

enum {
    TAG_SUBFILE = 254,
    TAG_COMPRESSION = 259,
    TAG_PHOTOMETRIC = 262,
    TAG_ORIENTATION = 274,
    TAG_TILE_WIDTH = 322,
    TAG_EXTRA_SAMPLES = 338,
    TAG_SAMPLE_FORMAT = 339,
    TAG_REFERENCE = 532,
    TAG_DNG = 50706
};
enum { ENTRY_BYTES = 12, OLD_JPEG = 6, NEW_JPEG = 7, YCBCR = 6 };

/* ---- TIFF, and Exif, which is one ---- */

typedef struct {
    uint8_t *bytes;
    size_t length;
    bool little;
} Tiff;

static uint32_t get16(const Tiff *tiff, size_t at) {
    return tiff->little ? AV_RL16(tiff->bytes + at) : AV_RB16(tiff->bytes + at);
}

static uint32_t get32(const Tiff *tiff, size_t at) {
    return tiff->little ? AV_RL32(tiff->bytes + at) : AV_RB32(tiff->bytes + at);
}

static void put16(Tiff *tiff, size_t at, unsigned value) {
    if (tiff->little)
        AV_WL16(tiff->bytes + at, value);
    else
        AV_WB16(tiff->bytes + at, value);
}

/* The place of the first directory's entries and how many of them the file holds; false when it is no TIFF. */
static bool first_directory(Tiff *tiff, size_t *at, size_t *count) {
    if (tiff->length < 8) return false;
    tiff->little = tiff->bytes[0] == 'I';
    if (memcmp(tiff->bytes, tiff->little ? "II\x2a\0" : "MM\0\x2a", 4) != 0) return false;
    size_t directory = get32(tiff, 4);
    if (directory > tiff->length - 2 || directory < 8) return false;
    *at = directory + 2;
    *count = get16(tiff, directory);
    if (*count > (tiff->length - *at) / ENTRY_BYTES) *count = (tiff->length - *at) / ENTRY_BYTES;
    return true;
}

/* The first value of an entry that holds it in place; most of ours are one SHORT. */
static unsigned entry_value(const Tiff *tiff, size_t entry) {
    enum { TYPE_SHORT = 3 };
    return get16(tiff, entry + 2) == TYPE_SHORT ? get16(tiff, entry + 8) : get32(tiff, entry + 8);
}

static int orientation_of(const Tiff *tiff, size_t entry) {
    unsigned value = entry_value(tiff, entry);
    return value >= 1 && value <= 8 ? (int)value : 0;
}

/* Exif's bytes -> the orientation. */
static int exif_orientation(uint8_t *bytes, size_t length) {
    Tiff tiff = {bytes, length, false};
    size_t at, count;
    if (length > 6 && !memcmp(bytes, "Exif\0\0", 6)) tiff = (Tiff){bytes + 6, length - 6, false};
    if (!first_directory(&tiff, &at, &count)) return 0;
    for (size_t i = 0; i < count; i++, at += ENTRY_BYTES)
        if (get16(&tiff, at) == TAG_ORIENTATION) return orientation_of(&tiff, at);
    return 0;
}

/* Tags that say how the pixels lie: size, samples, compression, strips, predictor, palette, chroma. */
static bool tag_matters(unsigned tag) {
    static const uint16_t tags[] = {254, 256, 257, 258, 259, 262, 266, 273, 277,
                                    278, 279, 284, 292, 293, 317, 320, 530};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tags[i] == tag) return true;
    return false;
}

/* ReferenceBlackWhite: six fractions elsewhere in the file, black of Y the first. */
static unsigned reference_black(const Tiff *tiff, size_t entry) {
    size_t at = get32(tiff, entry + 8);
    if (at > tiff->length - 8 || get32(tiff, at + 4) == 0) return 0;
    return get32(tiff, at) / get32(tiff, at + 4);
}

static Err refuse_raw(const char *name) {
    return RAISE(ERR_INPUT, "%s: a camera's raw picture, of which only a thumbnail could be read; develop it first",
                 name);
}

/* Leaves the first directory with the tags that matter. FFmpeg counts any other that it does not know as an error. */
static Err prepare_tiff(StillFacts *facts, uint8_t *bytes, size_t length, const char *name) {
    Tiff tiff = {bytes, length, false};
    size_t begin, count, kept = 0;
    bool full_range = false, limited = false;
    if (!first_directory(&tiff, &begin, &count)) return ERR_NONE; /* the decoder says why */
    if (length > 10 && !memcmp(bytes + 8, "CR", 2)) return refuse_raw(name);
    for (size_t i = 0, at = begin; i < count; i++, at += ENTRY_BYTES) {
        unsigned tag = get16(&tiff, at);
        if (tag == TAG_DNG || (tag == TAG_SUBFILE && (entry_value(&tiff, at) & 1))) return refuse_raw(name);
        unsigned value = entry_value(&tiff, at);
        if (tag == TAG_COMPRESSION && (value == OLD_JPEG || value == NEW_JPEG))
            return RAISE(ERR_INPUT, "%s: a TIFF with JPEG inside, which FFmpeg does not decode; convert it to PNG",
                         name);
        if (tag == TAG_PHOTOMETRIC && value == YCBCR) full_range = true;
        if (tag == TAG_REFERENCE) limited = reference_black(&tiff, at) > 0;
        if (tag == TAG_TILE_WIDTH)
            return RAISE(ERR_INPUT, "%s: a tiled TIFF, which FFmpeg does not decode; convert it to strips or to PNG",
                         name);
        if (tag == TAG_SAMPLE_FORMAT && entry_value(&tiff, at) > 1)
            return RAISE(ERR_INPUT, "%s: a TIFF whose samples are not plain numbers from 0; convert it to 8 or 16 bits",
                         name);
        if (tag == TAG_ORIENTATION) facts->orientation = orientation_of(&tiff, at);
        if (tag == TAG_EXTRA_SAMPLES) facts->no_alpha = entry_value(&tiff, at) != 2; /* 2: alpha, not multiplied in */
        /* kept entries close ranks; their values lie elsewhere and stay */
        if (tag_matters(tag)) memmove(bytes + begin + ENTRY_BYTES * kept++, bytes + at, ENTRY_BYTES);
    }
    facts->full_range = full_range && !limited;
    put16(&tiff, begin - 2, (unsigned)kept);
    size_t next = begin + ENTRY_BYTES * kept;
    if (kept < count && next + 4 <= length) AV_WN32(bytes + next, 0); /* no further directory */
    return ERR_NONE;
}

/* ---- chunks ---- */

/* PNG's chunks that the picture needs are moved together; the rest may be damaged, as far as viewers are concerned. */
static void prepare_png(StillFacts *facts, AVPacket *packet) {
    enum { SIGNATURE = 8, AROUND = 12 };
    size_t length = (size_t)packet->size, at = SIGNATURE, to = SIGNATURE;
    while (at + AROUND <= length) {
        uint8_t *chunk = packet->data + at;
        size_t bytes = AV_RB32(chunk);
        if (bytes > length - at - AROUND) break; /* cut: the decoder shall see it */
        /* bit 5 of the first letter: a lower case letter, a chunk that a decoder may ignore (PNG 1.2, 3.3) */
        bool needed = !(chunk[4] & 0x20) || !memcmp(chunk + 4, "tRNS", 4) || !memcmp(chunk + 4, "acTL", 4) ||
                      !memcmp(chunk + 4, "fcTL", 4) || !memcmp(chunk + 4, "fdAT", 4);
        if (!memcmp(chunk + 4, "eXIf", 4)) facts->orientation = exif_orientation(chunk + 8, bytes);
        bool last = !memcmp(chunk + 4, "IEND", 4);
        at += bytes + AROUND;
        if (!needed) continue;
        memmove(packet->data + to, chunk, bytes + AROUND);
        to += bytes + AROUND;
        if (last) break;
    }
    memmove(packet->data + to, packet->data + at, length - at);
    av_shrink_packet(packet, (int)(to + length - at));
}

/* RIFF: chunks of even length, one byte of filling behind odd ones. */
static void prepare_webp(StillFacts *facts, const AVPacket *packet) {
    enum { HEAD = 12, AROUND = 8 };
    size_t length = (size_t)packet->size;
    for (size_t at = HEAD; at + AROUND <= length;) {
        size_t bytes = AV_RL32(packet->data + at + 4);
        if (bytes > length - at - AROUND) return;
        if (!memcmp(packet->data + at, "EXIF", 4))
            facts->orientation = exif_orientation(packet->data + at + AROUND, bytes);
        at += AROUND + bytes + (bytes & 1);
    }
}

/* ---- others ---- */

/* BITMAPFILEHEADER (14 bytes), then BITMAPINFOHEADER: bits at 14, compression at 16 of it. */
static bool bmp_reserves_the_byte(const AVPacket *packet) {
    enum { INFO = 14 };
    return packet->size >= INFO + 20 && AV_RL32(packet->data + INFO) >= 40 && AV_RL16(packet->data + INFO + 14) == 32 &&
           AV_RL32(packet->data + INFO + 16) == 0;
}

Err still_prepare(StillFacts *facts, AVPacket *packet, enum AVCodecID codec, const char *name) {
    enum { TGA_DESCRIPTOR = 17 };
    *facts = (StillFacts){0};
    int status = av_packet_make_writable(packet);
    if (status < 0) return RAISE(ERR_MEMORY, "%s: no memory for its bytes", name);
    if (!whole_picture(packet, codec))
        return RAISE(ERR_INPUT, "%s: the file ends within its picture (%s)", name, avcodec_get_name(codec));
    switch (codec) {
    case AV_CODEC_ID_TIFF: return prepare_tiff(facts, packet->data, (size_t)packet->size, name);
    case AV_CODEC_ID_PNG:
        if (packet->size > 8 && !memcmp(packet->data, "\x89PNG", 4)) prepare_png(facts, packet);
        break;
    case AV_CODEC_ID_WEBP: prepare_webp(facts, packet); break;
    case AV_CODEC_ID_BMP:
        facts->no_alpha = bmp_reserves_the_byte(packet);
        if (packet->size > 6) AV_WL32(packet->data + 2, packet->size); /* some programs leave the file's size out */
        break;
    case AV_CODEC_ID_TARGA:
        if (packet->size <= TGA_DESCRIPTOR) break;
        facts->no_alpha = (packet->data[TGA_DESCRIPTOR] & 15) == 0;
        if ((packet->data[2] & 7) == 3 && packet->data[TGA_DESCRIPTOR - 1] != 8)
            return RAISE(ERR_INPUT, "%s: a gray TGA of %d bits, of which FFmpeg reads those of 8; convert it to PNG",
                         name, packet->data[TGA_DESCRIPTOR - 1]);
        break;
    default: break;
    }
    return ERR_NONE;
}
