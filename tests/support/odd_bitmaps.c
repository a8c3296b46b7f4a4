/* BMP and TGA in the variants that programs write. */
#include "support/odd_pictures.h"

#include <stdio.h>

static Sink sink;

/* Three bits of red, three of green, two of blue. */
static uint8_t index_of(const uint8_t *pixel) {
    return (uint8_t)((pixel[0] >> 5 << 5) | (pixel[1] >> 5 << 2) | pixel[2] >> 6);
}

static void color_of(uint8_t *pixel, int index) {
    pixel[0] = (uint8_t)((index >> 5) * 36);
    pixel[1] = (uint8_t)((index >> 2 & 7) * 36);
    pixel[2] = (uint8_t)((index & 3) * 85);
}

static const uint8_t *mapped(const uint8_t *rgb) {
    static uint8_t out[FRAME_BYTES];
    for (int i = 0; i < PIXELS; i++) color_of(out + 3 * i, index_of(rgb + 3 * i));
    return out;
}

/* Five and six bits, the highest repeated below. */
static const uint8_t *high_color(const uint8_t *rgb, int green_bits) {
    static uint8_t out[FRAME_BYTES];
    for (int i = 0; i < FRAME_BYTES; i++) {
        int bits = i % 3 == 1 ? green_bits : 5, value = rgb[i] >> (8 - bits);
        out[i] = (uint8_t)(value << (8 - bits) | value >> (2 * bits - 8));
    }
    return out;
}

static unsigned high_bits(const uint8_t *pixel, int green_bits) {
    unsigned red = pixel[0] >> 3, green = pixel[1] >> (8 - green_bits), blue = pixel[2] >> 3;
    return red << (5 + green_bits) | green << 5 | blue;
}

/* ---- BMP ---- */

enum { BI_RGB, BI_RLE8, BI_BITFIELDS = 3 };

/* `info`: bytes of the second header; 108 is BITMAPV4HEADER, which has masks of its own. */
static void bmp_head(int info, int height, int bits, int compression, int colors, const uint32_t *masks) {
    int outside = masks && info == 40 ? 12 : 0;
    sink_text(&sink, "BM");
    sink_little(&sink, 4, 0);
    sink_little(&sink, 4, 0);
    sink_little(&sink, 4, (uint32_t)(14 + info + outside + 4 * colors));
    sink_little(&sink, 4, (uint32_t)info);
    sink_little(&sink, 4, SIDE);
    sink_little(&sink, 4, (uint32_t)height);
    sink_little(&sink, 2, 1);
    sink_little(&sink, 2, (uint32_t)bits);
    sink_little(&sink, 4, (uint32_t)compression);
    for (int i = 0; i < 3; i++) sink_little(&sink, 4, 0);
    sink_little(&sink, 4, (uint32_t)colors);
    sink_little(&sink, 4, 0);
    for (int i = 0; masks && i < (info == 40 ? 3 : 4); i++) sink_little(&sink, 4, masks[i]);
    while (sink.length < (size_t)(14 + info + outside)) sink_little(&sink, 1, 0);
}

static void bgr(const uint8_t *pixel) {
    for (int c = 2; c >= 0; c--) sink_little(&sink, 1, pixel[c]);
}

static void bmp32(const char *name, const uint8_t *rgb, bool junk) {
    bmp_head(40, SIDE, 32, BI_RGB, 0, NULL);
    for (int y = SIDE - 1; y >= 0; y--)
        for (int x = 0; x < SIDE; x++) {
            bgr(rgb + 3 * (y * SIDE + x));
            sink_little(&sink, 1, junk ? (uint32_t)(x * y) & 255 : 0);
        }
    sink_file(&sink, name, rgb);
}

static void bmp_with_alpha(const uint8_t *rgb) {
    static const uint32_t masks[4] = {0xff0000, 0xff00, 0xff, 0xff000000};
    static uint8_t alpha[PIXELS], seen[FRAME_BYTES];
    bmp_head(108, -SIDE, 32, BI_BITFIELDS, 0, masks);
    for (int i = 0; i < PIXELS; i++) {
        bgr(rgb + 3 * i);
        sink_little(&sink, 1, alpha[i] = alpha_at(i));
    }
    seen_through(seen, rgb, alpha);
    sink_file(&sink, "bmp-v4-alpha.bmp", seen);
}

static void bmp565(const uint8_t *rgb) {
    static const uint32_t masks[3] = {0xf800, 0x07e0, 0x001f};
    bmp_head(40, -SIDE, 16, BI_BITFIELDS, 0, masks);
    for (int i = 0; i < PIXELS; i++) sink_little(&sink, 2, high_bits(rgb + 3 * i, 6));
    sink_file(&sink, "bmp-565.bmp", high_color(rgb, 6));
}

static void bmp_palette(int colors, bool gray) {
    for (int k = 0; k < colors; k++) {
        uint8_t color[3] = {0, 0, 0};
        if (gray)
            color[0] = color[1] = color[2] = (uint8_t)(k * 255 / (colors - 1));
        else
            color_of(color, k);
        bgr(color);
        sink_little(&sink, 1, 0);
    }
}

static void bmp_run_lengths(const uint8_t *rgb) {
    bmp_head(40, SIDE, 8, BI_RLE8, 256, NULL);
    bmp_palette(256, false);
    for (int y = SIDE - 1; y >= 0; y--) {
        for (int x = 0, run; x < SIDE; x += run) {
            const uint8_t *row = rgb + 3 * y * SIDE;
            for (run = 1; x + run < SIDE && index_of(row + 3 * (x + run)) == index_of(row + 3 * x);) run++;
            sink_little(&sink, 1, (uint32_t)run);
            sink_little(&sink, 1, index_of(row + 3 * x));
        }
        sink_little(&sink, 2, y ? 0 : 0x100); /* end of line, of bitmap */
    }
    size_t data = sink.length - (14 + 40 + 4 * 256);
    for (unsigned i = 0; i < 4; i++) sink.bytes[34 + i] = (uint8_t)(data >> 8 * i);
    sink_file(&sink, "bmp-rle8.bmp", mapped(rgb));
}

/* Gray levels of the green channel, 1 or 4 bits. */
static void bmp_few_bits(const char *name, const uint8_t *rgb, int bits) {
    static uint8_t seen[FRAME_BYTES];
    int colors = 1 << bits;
    bmp_head(40, SIDE, bits, BI_RGB, colors, NULL);
    bmp_palette(colors, true);
    for (int y = SIDE - 1; y >= 0; y--)
        for (int x = 0; x < SIDE; x += 8 / bits) {
            unsigned byte = 0;
            for (int i = y * SIDE + x; i < y * SIDE + x + 8 / bits; i++) {
                unsigned level = rgb[3 * i + 1] >> (8 - bits);
                byte = byte << bits | level;
                for (int c = 0; c < 3; c++) seen[3 * i + c] = (uint8_t)((int)level * 255 / (colors - 1));
            }
            sink_little(&sink, 1, byte);
        }
    sink_file(&sink, name, seen);
}

/* ---- TGA ---- */

enum { TOP_DOWN = 0x20 };

static void tga_head(int kind, int bits, int descriptor, bool comment) {
    bool map = (kind & 7) == 1;
    sink_little(&sink, 1, comment ? 5 : 0);
    sink_little(&sink, 1, map);
    sink_little(&sink, 1, (uint32_t)kind);
    sink_little(&sink, 2, 0);
    sink_little(&sink, 2, map ? 256 : 0);
    sink_little(&sink, 1, map ? 24 : 0);
    sink_little(&sink, 4, 0);
    sink_little(&sink, 2, SIDE);
    sink_little(&sink, 2, SIDE);
    sink_little(&sink, 1, (uint32_t)bits);
    sink_little(&sink, 1, (uint32_t)descriptor);
    if (comment) sink_text(&sink, "hello");
    for (int k = 0; map && k < 256; k++) {
        uint8_t color[3];
        color_of(color, k);
        bgr(color);
    }
}

static void tga_foot(void) {
    sink_little(&sink, 4, 0);
    sink_little(&sink, 4, 0);
    sink_bytes(&sink, "TRUEVISION-XFILE.", 18);
}

static void tga_colors(const uint8_t *rgb) {
    tga_head(2, 24, 0, true);
    for (int y = SIDE - 1; y >= 0; y--)
        for (int x = 0; x < SIDE; x++) bgr(rgb + 3 * (y * SIDE + x));
    sink_file(&sink, "tga-bottom-up.tga", rgb);
    tga_head(10, 24, TOP_DOWN, false);
    for (int i = 0; i < PIXELS; i++) { /* packets of one pixel, by turns raw and repeated */
        sink_little(&sink, 1, i % 2 ? 0x80 : 0);
        bgr(rgb + 3 * i);
    }
    sink_file(&sink, "tga-run-lengths.tga", rgb);
    tga_head(2, 16, TOP_DOWN, false);
    for (int i = 0; i < PIXELS; i++) sink_little(&sink, 2, high_bits(rgb + 3 * i, 5));
    sink_file(&sink, "tga-15-bits.tga", high_color(rgb, 5));
}

static void tga_fourth_byte(const uint8_t *rgb) {
    static uint8_t alpha[PIXELS], seen[FRAME_BYTES];
    for (int bits = 0; bits <= 8; bits += 8) {
        tga_head(2, 32, TOP_DOWN | bits, false);
        for (int i = 0; i < PIXELS; i++) {
            bgr(rgb + 3 * i);
            sink_little(&sink, 1, alpha[i] = alpha_at(i));
        }
        tga_foot();
        seen_through(seen, rgb, alpha);
        sink_file(&sink, bits ? "tga-alpha.tga" : "tga-no-alpha-bits.tga", bits ? seen : rgb);
    }
}

static void tga_bytes(const uint8_t *rgb) {
    static uint8_t gray[FRAME_BYTES];
    tga_head(1, 8, TOP_DOWN, false);
    for (int i = 0; i < PIXELS; i++) sink_little(&sink, 1, index_of(rgb + 3 * i));
    sink_file(&sink, "tga-mapped.tga", mapped(rgb));
    tga_head(3, 8, TOP_DOWN, false);
    for (int i = 0; i < PIXELS; i++) {
        sink_little(&sink, 1, rgb[3 * i + 1]);
        gray[3 * i] = gray[3 * i + 1] = gray[3 * i + 2] = rgb[3 * i + 1];
    }
    sink_file(&sink, "tga-gray.tga", gray);
}

void write_bitmaps(const uint8_t *rgb) {
    bmp32("bmp32-reserved-byte.bmp", rgb, true);
    bmp32("bmp32-zeros.bmp", rgb, false);
    bmp_with_alpha(rgb);
    bmp565(rgb);
    bmp_run_lengths(rgb);
    bmp_few_bits("bmp-1-bit.bmp", rgb, 1);
    bmp_few_bits("bmp-4-bits.bmp", rgb, 4);
    tga_colors(rgb);
    tga_fourth_byte(rgb);
    tga_bytes(rgb);
}
