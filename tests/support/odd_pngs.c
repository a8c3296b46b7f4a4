/* PNGs of every depth, interlaced, with keys of transparency, with damaged comments. Compression: none (stored blocks).
 */
#include "support/odd_pictures.h"

#include <stdio.h>
#include <string.h>

static Sink sink;
static Sink rows; /* of one picture, a filter byte before each */

enum { GRAY = 0, COLORS = 2, PALETTE = 3, COLORS_ALPHA = 6 };

/* CRC of ISO 3309, as PNG wants it; Adler-32 of zlib. */
static uint32_t crc_of(const uint8_t *bytes, size_t length) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

static uint32_t adler_of(const uint8_t *bytes, size_t length) {
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < length; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void chunk(const char *name, const void *bytes, size_t length) {
    sink_big(&sink, 4, (uint32_t)length);
    size_t begin = sink.length;
    sink_text(&sink, name);
    sink_bytes(&sink, bytes, length);
    sink_big(&sink, 4, crc_of(sink.bytes + begin, sink.length - begin));
}

static void begin(int bits, int kind, bool interlaced) {
    const uint8_t head[13] = {[3] = SIDE, [7] = SIDE, [8] = (uint8_t)bits, [9] = (uint8_t)kind, [12] = interlaced};
    sink_text(&sink, "\x89PNG\r\n\x1a\n");
    chunk("IHDR", head, sizeof head);
}

/* The rows that were put together become the data. */
static void finish(const char *name, const uint8_t *expected) {
    static Sink data;
    data.length = 0;
    sink_big(&data, 2, 0x7801);
    for (size_t at = 0; at < rows.length;) {
        size_t piece = rows.length - at < 65535 ? rows.length - at : 65535;
        sink_little(&data, 1, at + piece == rows.length);
        sink_little(&data, 2, (uint32_t)piece);
        sink_little(&data, 2, ~(uint32_t)piece & 0xffff);
        sink_bytes(&data, rows.bytes + at, piece);
        at += piece;
    }
    sink_big(&data, 4, adler_of(rows.bytes, rows.length));
    rows.length = 0;
    chunk("IDAT", data.bytes, data.length);
    chunk("IEND", "", 0);
    sink_file(&sink, name, expected);
}

static void plain_rows(const uint8_t *rgb) {
    for (int y = 0; y < SIDE; y++) {
        sink_little(&rows, 1, 0);
        sink_bytes(&rows, rgb + 3 * y * SIDE, 3 * SIDE);
    }
}

static void interlaced(const uint8_t *rgb) {
    static const int passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                     {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}; /* x, y, and their steps */
    begin(8, COLORS, true);
    for (int p = 0; p < 7; p++)
        for (int y = passes[p][1]; y < SIDE; y += passes[p][3]) {
            sink_little(&rows, 1, 0);
            for (int x = passes[p][0]; x < SIDE; x += passes[p][2]) sink_bytes(&rows, rgb + 3 * (y * SIDE + x), 3);
        }
    finish("png-interlaced.png", rgb);
}

/* Levels of the green channel, 1, 2 or 4 bits each, as gray or as a palette of which every third entry is transparent
 * and the next half so. */
static void few_bits(const uint8_t *rgb, int bits, bool palette) {
    static uint8_t seen[FRAME_BYTES];
    uint8_t colors[3 * 16], alphas[16];
    int n = 1 << bits;
    char name[64];
    begin(bits, palette ? PALETTE : GRAY, false);
    for (int k = 0; k < n; k++) {
        alphas[k] = palette ? (uint8_t)(k % 3 == 0 ? 0 : k % 3 == 1 ? 128 : 255) : 255;
        colors[3 * k] = (uint8_t)(k * 255 / (n - 1));
        colors[3 * k + 1] = palette ? (uint8_t)(255 - colors[3 * k]) : colors[3 * k];
        colors[3 * k + 2] = palette ? 77 : colors[3 * k];
    }
    if (palette) chunk("PLTE", colors, (size_t)(3 * n));
    if (palette) chunk("tRNS", alphas, (size_t)n);
    for (int y = 0; y < SIDE; y++) {
        sink_little(&rows, 1, 0);
        for (int x = 0; x < SIDE; x += 8 / bits) {
            unsigned byte = 0;
            for (int i = y * SIDE + x; i < y * SIDE + x + 8 / bits; i++) {
                unsigned level = rgb[3 * i + 1] >> (8 - bits);
                byte = byte << bits | level;
                for (int c = 0; c < 3; c++)
                    seen[3 * i + c] = (uint8_t)((colors[3 * level + (unsigned)c] * alphas[level] + 127) / 255);
            }
            sink_little(&rows, 1, byte);
        }
    }
    (void)snprintf(name, sizeof name, "png-%s-%d-bits.png", palette ? "palette" : "gray", bits);
    finish(name, seen);
}

/* tRNS of a picture without alpha: one color is transparent. */
static void keyed(const uint8_t *rgb) {
    static uint8_t seen[FRAME_BYTES];
    const uint8_t key[6] = {[1] = rgb[0], [3] = rgb[1], [5] = rgb[2]};
    begin(8, COLORS, false);
    chunk("tRNS", key, sizeof key);
    plain_rows(rgb);
    for (int i = 0; i < PIXELS; i++)
        for (int c = 0; c < 3; c++) seen[3 * i + c] = memcmp(rgb + 3 * i, rgb, 3) ? rgb[3 * i + c] : 0;
    finish("png-color-key.png", seen);
}

static void transparent(const uint8_t *rgb) {
    static const uint8_t black[FRAME_BYTES];
    begin(8, COLORS_ALPHA, false);
    for (int y = 0; y < SIDE; y++) {
        sink_little(&rows, 1, 0);
        for (int x = 0; x < SIDE; x++) {
            sink_bytes(&rows, rgb + 3 * (y * SIDE + x), 3);
            sink_little(&rows, 1, 0);
        }
    }
    finish("png-transparent.png", black);
}

static void with_extras(const uint8_t *rgb) {
    static uint8_t seen[FRAME_BYTES];
    static Sink exif;
    begin(8, COLORS, false);
    chunk("tEXt", "Comment\0damaged", 15);
    sink.bytes[sink.length - 1] ^= 0xff;
    chunk("iCCP", "no profile at all", 17);
    plain_rows(rgb);
    finish("png-damaged-comment.png", rgb);
    begin(8, COLORS, false);
    sink_exif(&exif, 6, true);
    chunk("eXIf", exif.bytes, exif.length);
    plain_rows(rgb);
    seen_turned(seen, rgb, 6);
    finish("png-orientation-6.png", seen);
}

void write_pngs(const uint8_t *rgb) {
    interlaced(rgb);
    for (int bits = 1; bits <= 4; bits *= 2) {
        few_bits(rgb, bits, false);
        few_bits(rgb, bits, true);
    }
    keyed(rgb);
    transparent(rgb);
    with_extras(rgb);
}
