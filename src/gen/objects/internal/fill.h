/* gen/objects/fill - the colors of an object's pixels.
 *
 * A texture is brought to 2R x 2R by nearest neighbor (aspect ratio ignored: the released code) or bilinearly, warped
 * into place by bilinear interpolation with 5-bit weights and black outside the texture (OpenCV's warpAffine), and
 * replaces what is below. Saturated fills add the object's color: modulo 256, or up to 255.
 *
 * Coordinates along a row are 16.16 fixed point, start + x * step in integers, so a pixel's color does not depend on
 * which run it is painted in. */
#pragma once

#include "gen/objects/internal/coverage.h"
#include "gen/objects/internal/shape.h"
#include "gen/variant/media.h"

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
