/* gen/objects/internal/paint - a pixel of a frame: whether an object has taken it, and its color. */
#pragma once

#include "gen/objects/internal/shape.h"
#include "gen/variant/media.h"

#include <stdbool.h>
#include <stdint.h>

/* coverage: which pixels of a canvas are still open while painting front to back.
 *
 * One bit a pixel, set while open. Painting takes the open pixels of a row's span as runs and closes them; when none is
 * left anywhere the rest of the objects cannot be seen. Runs never cross a multiple of 64, so they are at most
 * COVERAGE_RUN_MAX long. */

enum { COVERAGE_RUN_MAX = 64 };

typedef struct {
    int size, words; /* words a row */
    int64_t open_pixels;
    uint64_t *bits; /* the caller's, size * words */
} Coverage;

static inline int coverage_words(int size) {
    return (size + 63) / 64;
}

/* All pixels open. `bits` has size * coverage_words(size) entries. What is beyond the last column starts closed, so
 * that whole words can be tested and counted without looking at the width. */
static inline void coverage_reset(Coverage *coverage, uint64_t *bits, int size) {
    *coverage =
        (Coverage){.size = size, .words = coverage_words(size), .open_pixels = (int64_t)size * size, .bits = bits};
    uint64_t tail = ~(uint64_t)0 >> (63 - (size - 1) % 64);
    for (int y = 0; y < size; y++)
        for (int w = 0; w < coverage->words; w++)
            bits[(int64_t)y * coverage->words + w] = w == coverage->words - 1 ? tail : ~(uint64_t)0;
}

/* Whether any pixel of left..right in row y is open. */
static inline bool coverage_any(const Coverage *coverage, int y, int left, int right) {
    const uint64_t *row = coverage->bits + (int64_t)y * coverage->words;
    int word = left / 64, last = right / 64;
    uint64_t from = ~(uint64_t)0 << left % 64, to = ~(uint64_t)0 >> (63 - right % 64);
    if (word == last) return row[word] & from & to;
    if (row[word] & from) return true;
    while (++word < last)
        if (row[word]) return true;
    return row[last] & to;
}

typedef struct {
    Coverage *coverage;
    uint64_t *row, taken; /* taken: open bits of `word` not handed out yet */
    int word, last_word, right;
} RunWalk;

static inline uint64_t coverage_take_word(RunWalk *walk, int from_bit) {
    uint64_t mask = ~(uint64_t)0 << from_bit;
    if (walk->word == walk->last_word) mask &= ~(uint64_t)0 >> (63 - walk->right % 64);
    uint64_t taken = walk->row[walk->word] & mask;
    walk->row[walk->word] ^= taken;
    walk->coverage->open_pixels -= __builtin_popcountll(taken);
    return taken;
}

/* Takes the open pixels of left..right (both on the canvas, left <= right) of row y. */
static inline RunWalk coverage_take(Coverage *coverage, int y, int left, int right) {
    RunWalk walk = {.coverage = coverage,
                    .row = coverage->bits + (int64_t)y * coverage->words,
                    .word = left / 64,
                    .last_word = right / 64,
                    .right = right};
    walk.taken = coverage_take_word(&walk, left % 64);
    return walk;
}

/* The next run begin..begin+length-1 of what was taken; false when there is none. All must be asked for. */
static inline bool coverage_run(RunWalk *walk, int *begin, int *length) {
    while (!walk->taken) {
        if (walk->word == walk->last_word) return false;
        walk->word++;
        walk->taken = coverage_take_word(walk, 0);
    }
    int first = __builtin_ctzll(walk->taken);
    uint64_t closed = ~(walk->taken >> first); /* zero only for a whole word */
    *length = closed ? __builtin_ctzll(closed) : 64;
    *begin = walk->word * 64 + first;
    if (first + *length == 64)
        walk->taken = 0;
    else
        walk->taken &= ~(uint64_t)0 << (first + *length);
    return true;
}

/* fill.c: the colors of an object's pixels.
 *
 * A texture is brought to 2R x 2R by nearest neighbor (aspect ratio ignored: the released code) or bilinearly, warped
 * into place by bilinear interpolation with 5-bit weights and black outside the texture (OpenCV's warpAffine), and
 * replaces what is below. Saturated fills add the object's color: modulo 256, or up to 255.
 *
 * Coordinates along a row are 16.16 fixed point, start + x * step in integers, so a pixel's color does not depend on
 * which run it is painted in. */

/* Where lattice points of the warp find their texels: nearest reads an image h x w as 2R x 2R, bilinear as it is. */
typedef struct {
    int height, width;           /* of the images it is for */
    int grid_height, grid_width; /* of the lattice */
    int *column, *row;           /* byte offset of lattice column x, of lattice row y; owned */
    int safe_height; /* texels of lattice rows below this may be read as four bytes without leaving the image */
    TextureFilter filter;
} TextureGrid;

CHECKED Err texture_grid_init(TextureGrid *grid, int height, int width, int canvas, TextureFilter filter);
/* Makes it anew when it is for images of another size; one of zeros is for none. */
CHECKED Err texture_grid_fit(TextureGrid *grid, int height, int width, int canvas, TextureFilter filter);
void texture_grid_free(TextureGrid *grid);

typedef struct {
    const TextureGrid *grid;         /* NULL: a solid color */
    const uint8_t *pixels;           /* of the texture */
    int64_t origin[2], dx[2], dy[2]; /* 16.16, of lattice coordinates */
    SaturateRule saturate;
    uint8_t pattern[3 * COVERAGE_RUN_MAX]; /* the color, as often as a run may be long */
} Fill;

void fill_solid(Fill *fill, const int32_t color[3]);
void fill_texture(Fill *fill, const TextureGrid *grid, const uint8_t *pixels, const TextureMap *map, int canvas,
                  const int32_t color[3], SaturateRule saturate);
/* A whole image over the whole canvas, aspect ratio ignored. */
void fill_picture(Fill *fill, const TextureGrid *grid, const uint8_t *pixels, int canvas);
/* The middle square of an image over the whole canvas. */
void fill_picture_square(Fill *fill, const TextureGrid *grid, const uint8_t *pixels, int canvas);
/* Paints pixels x..x+length-1 of row y; `row` is the frame's row. length <= COVERAGE_RUN_MAX. */
void fill_run(const Fill *fill, uint8_t *row, int x, int y, int length);
/* The plain version, one pixel. */
void fill_pixel_ref(const Fill *fill, uint8_t rgb[3], int x, int y);
