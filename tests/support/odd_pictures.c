/* odd_pictures FOLDER - writes FOLDER/in and FOLDER/expected from the frame FOLDER/src.rgb. Where FOLDER/base.jpg and
 * base.webp (lossless, of the same frame) are, with what they show in base.jpg.rgb, copies of them with an Exif
 * orientation, too. */
#include "support/odd_pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder;

static void stop(const char *what, const char *name) {
    fprintf(stderr, "odd_pictures: %s %s\n", what, name);
    exit(1);
}

void sink_bytes(Sink *sink, const void *bytes, size_t length) {
    if (length > sizeof sink->bytes - sink->length) stop("no room for", "a file");
    memcpy(sink->bytes + sink->length, bytes, length);
    sink->length += length;
}

void sink_text(Sink *sink, const char *text) {
    sink_bytes(sink, text, strlen(text));
}

void sink_little(Sink *sink, unsigned width, uint32_t value) {
    for (unsigned i = 0; i < width; i++) sink_bytes(sink, &(uint8_t){(uint8_t)(value >> 8 * i)}, 1);
}

void sink_big(Sink *sink, unsigned width, uint32_t value) {
    for (unsigned i = width; i-- > 0;) sink_bytes(sink, &(uint8_t){(uint8_t)(value >> 8 * i)}, 1);
}

static void write_file(const char *where, const char *name, const char *ending, const void *bytes, size_t length) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s/%s%s", folder, where, name, ending);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) stop("cannot write", path);
}

void sink_file(Sink *sink, const char *name, const uint8_t *expected) {
    write_file("in", name, "", sink->bytes, sink->length);
    write_file("expected", name, ".rgb", expected, FRAME_BYTES);
    sink->length = 0;
}

uint8_t alpha_at(int pixel) {
    return (uint8_t)(pixel % SIDE * 4);
}

void seen_through(uint8_t *out, const uint8_t *rgb, const uint8_t *alpha) {
    for (int i = 0; i < FRAME_BYTES; i++) out[i] = (uint8_t)((rgb[i] * alpha[i / 3] + 127) / 255);
}

/* Exif 2.3: 1 as stored, 2 mirrored, 3 turned by a half, 4 upside down, 5 and 7 mirrored at a diagonal, 6 turned to the
 * right, 8 to the left. */
void seen_turned(uint8_t *out, const uint8_t *rgb, int exif) {
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const int last = SIDE - 1,
                      from[9][2] = {[1] = {x, y}, [2] = {last - x, y}, [3] = {last - x, last - y}, [4] = {x, last - y},
                                    [5] = {y, x}, [6] = {y, last - x}, [7] = {last - y, last - x}, [8] = {last - y, x}};
            memcpy(out + 3 * (y * SIDE + x), rgb + 3 * (from[exif][1] * SIDE + from[exif][0]), 3);
        }
}

void sink_exif(Sink *sink, int orientation, bool big) {
    void (*number)(Sink *, unsigned, uint32_t) = big ? sink_big : sink_little;
    sink_text(sink, big ? "MM" : "II");
    number(sink, 2, 42);
    number(sink, 4, 8);
    number(sink, 2, 1);
    number(sink, 2, 274);
    number(sink, 2, 3);
    number(sink, 4, 1);
    number(sink, 2, (uint32_t)orientation);
    number(sink, 2, 0);
    number(sink, 4, 0);
}

static size_t read_file(uint8_t *bytes, size_t size, const char *name) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, size, file) : 0;
    if (file) fclose(file);
    return length;
}

static uint8_t base[1 << 18];

/* The block goes behind the first two bytes, as cameras put it. */
static void jpegs(const uint8_t *shown) {
    static Sink sink, exif;
    static uint8_t seen[FRAME_BYTES];
    size_t length = read_file(base, sizeof base, "base.jpg");
    for (int turn = 1; turn <= 8 && length > 2; turn++) {
        char name[64];
        exif.length = 0;
        sink_exif(&exif, turn, turn % 2);
        sink_bytes(&sink, base, 2);
        sink_big(&sink, 2, 0xffe1);
        sink_big(&sink, 2, (uint32_t)(2 + 6 + exif.length));
        sink_bytes(&sink, "Exif\0\0", 6);
        sink_bytes(&sink, exif.bytes, exif.length);
        sink_bytes(&sink, base + 2, length - 2);
        seen_turned(seen, shown, turn);
        (void)snprintf(name, sizeof name, "jpeg-orientation-%d.jpg", turn);
        sink_file(&sink, name, seen);
    }
}

static void webps(const uint8_t *rgb) {
    enum { HEAD = 12, HAS_EXIF = 8 };
    static Sink sink, exif;
    static uint8_t seen[FRAME_BYTES];
    size_t length = read_file(base, sizeof base, "base.webp");
    for (int turn = 2; turn <= 8 && length > HEAD; turn += 3) {
        char name[64];
        exif.length = 0;
        sink_exif(&exif, turn, turn % 2);
        sink_text(&sink, "RIFF");
        sink_little(&sink, 4, (uint32_t)(4 + 18 + length - HEAD + 8 + exif.length));
        sink_text(&sink, "WEBPVP8X");
        sink_little(&sink, 4, 10);
        sink_little(&sink, 4, HAS_EXIF);
        sink_little(&sink, 3, SIDE - 1);
        sink_little(&sink, 3, SIDE - 1);
        sink_bytes(&sink, base + HEAD, length - HEAD);
        sink_text(&sink, "EXIF");
        sink_little(&sink, 4, (uint32_t)exif.length);
        sink_bytes(&sink, exif.bytes, exif.length);
        seen_turned(seen, rgb, turn);
        (void)snprintf(name, sizeof name, "webp-orientation-%d.webp", turn);
        sink_file(&sink, name, seen);
    }
}

int main(int argc, char **argv) {
    static uint8_t rgb[FRAME_BYTES], shown[FRAME_BYTES];
    if (argc != 2) stop("takes a folder:", argv[0]);
    folder = argv[1];
    if (read_file(rgb, sizeof rgb, "src.rgb") != sizeof rgb) stop("there is no frame in", folder);
    write_bitmaps(rgb);
    write_tiffs(rgb);
    write_pngs(rgb);
    if (read_file(shown, sizeof shown, "base.jpg.rgb") == sizeof shown) jpegs(shown);
    webps(rgb);
    return 0;
}
