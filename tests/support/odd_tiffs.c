/* TIFFs with the tags that scanners, cameras and libraries add, in planes, turned, with a fourth sample. */
#include "support/odd_pictures.h"

#include <stdio.h>
#include <string.h>

static Sink sink;
static bool big; /* byte order of the file */

enum { SHORT = 3, LONG = 4 };

static void number(unsigned width, uint32_t value) {
    if (big)
        sink_big(&sink, width, value);
    else
        sink_little(&sink, width, value);
}

static void tag(unsigned id, unsigned type, uint32_t count, uint32_t value) {
    bool in_place = type == SHORT && count == 1;
    number(2, id);
    number(2, type);
    number(4, count);
    number(in_place ? 2 : 4, value);
    if (in_place) number(2, 0);
}

typedef struct {
    int orientation, samples, bits, planes;
    int extra; /* ExtraSamples; -1: no such tag */
} Layout;

/* Where things are in the file: pixels, a table of four numbers, bits a sample, then the directory. */
static void directory(const Layout *layout, uint32_t pixels, uint32_t starts, uint32_t sizes, uint32_t bits) {
    int pieces = layout->planes == 2 ? layout->samples : 1;
    uint32_t bytes = (uint32_t)(PIXELS * layout->samples * layout->bits / 8), at = (uint32_t)sink.length;
    memcpy(sink.bytes + 4, (uint8_t[4]){0}, 4);
    for (unsigned i = 0; i < 4; i++) sink.bytes[4 + i] = (uint8_t)(at >> 8 * (big ? 3 - i : i));
    number(2, (uint32_t)(15 + (layout->extra >= 0)));
    tag(256, SHORT, 1, SIDE);
    tag(257, SHORT, 1, SIDE);
    tag(258, SHORT, (uint32_t)layout->samples, bits);
    tag(259, SHORT, 1, 1);
    tag(262, SHORT, 1, 2);
    tag(271, 2, 4, big ? 0x43616d00 : 0x006d6143); /* Make: "Cam" */
    tag(273, LONG, (uint32_t)pieces, pieces > 1 ? starts : pixels);
    tag(274, SHORT, 1, (uint32_t)layout->orientation);
    tag(277, SHORT, 1, (uint32_t)layout->samples);
    tag(278, SHORT, 1, SIDE);
    tag(279, LONG, (uint32_t)pieces, pieces > 1 ? sizes : bytes);
    tag(284, SHORT, 1, (uint32_t)layout->planes);
    tag(296, SHORT, 1, 2); /* ResolutionUnit */
    tag(532, SHORT, 1, 1);
    if (layout->extra >= 0) tag(338, SHORT, 1, (uint32_t)layout->extra);
    tag(34665, LONG, 1, pixels); /* Exif: leads nowhere */
    number(4, 0);
}

static uint8_t sample(const uint8_t *rgb, int pixel, int which) {
    return which < 3 ? rgb[3 * pixel + which] : alpha_at(pixel);
}

static void put_sample(const Layout *layout, const uint8_t *rgb, int pixel, int which) {
    number((unsigned)layout->bits / 8, sample(rgb, pixel, which) * (layout->bits == 16 ? 257U : 1U));
}

static void pixels_of(const Layout *layout, const uint8_t *rgb) {
    int planes = layout->planes == 2 ? layout->samples : 1;
    for (int plane = 0; plane < planes; plane++)
        for (int pixel = 0; pixel < PIXELS; pixel++)
            for (int c = plane; c < (planes > 1 ? plane + 1 : layout->samples); c++) put_sample(layout, rgb, pixel, c);
}

static void write_tiff(const char *name, const Layout *layout, const uint8_t *rgb, const uint8_t *expected) {
    sink_text(&sink, big ? "MM" : "II");
    number(2, 42);
    number(4, 0);
    uint32_t pixels = (uint32_t)sink.length;
    pixels_of(layout, rgb);
    int pieces = layout->samples;
    uint32_t starts = (uint32_t)sink.length, piece = (starts - pixels) / (uint32_t)pieces;
    for (int i = 0; i < pieces; i++) number(4, pixels + (uint32_t)i * piece);
    uint32_t sizes = (uint32_t)sink.length;
    for (int i = 0; i < pieces; i++) number(4, piece);
    uint32_t bits = (uint32_t)sink.length;
    for (int i = 0; i < 4; i++) number(2, (uint32_t)layout->bits);
    directory(layout, pixels, starts, sizes, bits);
    sink_file(&sink, name, expected);
}

void write_tiffs(const uint8_t *rgb) {
    static uint8_t seen[FRAME_BYTES], alpha[PIXELS];
    char name[64];
    for (int turn = 1; turn <= 8; turn++) {
        big = turn % 2;
        seen_turned(seen, rgb, turn);
        (void)snprintf(name, sizeof name, "tiff-orientation-%d.tif", turn);
        write_tiff(name, &(Layout){turn, 3, 8, 1, -1}, rgb, seen);
    }
    for (int i = 0; i < PIXELS; i++) alpha[i] = alpha_at(i);
    seen_through(seen, rgb, alpha);
    write_tiff("tiff-extra-unspecified.tif", &(Layout){1, 4, 8, 1, 0}, rgb, rgb);
    write_tiff("tiff-alpha-associated.tif", &(Layout){1, 4, 8, 1, 1}, rgb, rgb);
    write_tiff("tiff-alpha.tif", &(Layout){1, 4, 8, 1, 2}, rgb, seen);
    write_tiff("tiff-planes.tif", &(Layout){1, 3, 8, 2, -1}, rgb, rgb);
    big = true;
    write_tiff("tiff-16-bits.tif", &(Layout){1, 3, 16, 1, -1}, rgb, rgb);
}
