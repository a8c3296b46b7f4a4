/* support/odd_pictures - files of pictures byte by byte: what the ffmpeg program cannot write, with the pixels they
 * stand for. Every picture has SIDE x SIDE pixels. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIDE = 64, PIXELS = SIDE * SIDE, FRAME_BYTES = PIXELS * 3 };

/* A file on its way. */
typedef struct {
    uint8_t bytes[1 << 20];
    size_t length;
} Sink;

void sink_bytes(Sink *sink, const void *bytes, size_t length);
void sink_text(Sink *sink, const char *text);
/* `width` bytes of a number, the least or the most significant first. */
void sink_little(Sink *sink, unsigned width, uint32_t value);
void sink_big(Sink *sink, unsigned width, uint32_t value);
/* Writes FOLDER/in/NAME and, with expected pixels, FOLDER/expected/NAME.rgb; empties the sink. Ends the program when
 * that fails. */
void sink_file(Sink *sink, const char *name, const uint8_t *expected);

/* What is seen of the pixels where alpha is composited over black; where they are turned as Exif says. */
void seen_through(uint8_t *out, const uint8_t *rgb, const uint8_t *alpha);
void seen_turned(uint8_t *out, const uint8_t *rgb, int exif);
/* A ramp over the columns. */
uint8_t alpha_at(int pixel);

/* An Exif block that says the orientation alone. */
void sink_exif(Sink *sink, int orientation, bool big);

void write_bitmaps(const uint8_t *rgb); /* BMP and TGA */
void write_tiffs(const uint8_t *rgb);
void write_pngs(const uint8_t *rgb);
