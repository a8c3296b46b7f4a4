#include "gen/fill.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIXED_BITS = 16, WEIGHT_BITS = 5, WEIGHT_ONE = 1 << WEIGHT_BITS };

Err texture_grid_init(TextureGrid *grid, int height, int width, int canvas, TextureFilter filter) {
    bool nearest = filter == TEXTURE_NEAREST;
    *grid = (TextureGrid){.height = height,
                          .width = width,
                          .grid_height = nearest ? 2 * canvas : height,
                          .grid_width = nearest ? 2 * canvas : width,
                          .filter = filter};
    grid->column = malloc((size_t)(grid->grid_width + grid->grid_height) * sizeof *grid->column);
    if (!grid->column) return RAISE(ERR_MEMORY, "texture lattice of %d x %d: out of memory", height, width);
    grid->row = grid->column + grid->grid_width;
    for (int x = 0; x < grid->grid_width; x++) grid->column[x] = 3 * (int)((int64_t)x * width / grid->grid_width);
    for (int y = 0; y < grid->grid_height; y++)
        grid->row[y] = 3 * width * (int)((int64_t)y * height / grid->grid_height);
    return ERR_NONE;
}

void texture_grid_free(TextureGrid *grid) {
    free(grid->column);
    *grid = (TextureGrid){0};
}

void fill_solid(Fill *fill, const int32_t color[3]) {
    fill->grid = NULL;
    for (int c = 0; c < 3; c++) fill->color[c] = (uint8_t)color[c];
    for (int i = 0; i < COVERAGE_RUN_MAX; i++) memcpy(fill->pattern + 3 * i, fill->color, 3);
}

/* Coordinates so far outside that no texel is near end up there too, without leaving the range of the type. */
static int64_t to_fixed(double value) {
    double limit = (double)((int64_t)1 << 40);
    return (int64_t)fmax(fmin(floor(value * (1 << FIXED_BITS) + 0.5), limit), -limit);
}

void fill_texture(Fill *fill, const TextureGrid *grid, const uint8_t *pixels, const TextureMap *map, int canvas,
                  const int32_t color[3], SaturateRule saturate) {
    fill->grid = grid;
    fill->pixels = pixels;
    fill->saturate = saturate;
    for (int c = 0; c < 3; c++) fill->color[c] = (uint8_t)color[c];
    const int side[2] = {grid->grid_width, grid->grid_height};
    int64_t half_weight = 1 << (FIXED_BITS - WEIGHT_BITS - 1);
    for (int c = 0; c < 2; c++) {
        double scale = side[c] / (2.0 * canvas); /* 1 for the nearest lattice */
        double shift = grid->filter == TEXTURE_BILINEAR ? 0.5 * scale - 0.5 : 0;
        fill->origin[c] = to_fixed(map->origin[c] * scale + shift) + half_weight;
        fill->dx[c] = to_fixed(map->dx[c] * scale);
        fill->dy[c] = to_fixed(map->dy[c] * scale);
    }
}

static const int32_t no_color[3] = {0, 0, 0};

void fill_picture(Fill *fill, const TextureGrid *grid, const uint8_t *pixels, int canvas) {
    /* canvas pixel x covers points 2x and 2x + 1 of the doubled image: their middle */
    const TextureMap map = {.origin = {0.5, 0.5}, .dx = {2, 0}, .dy = {0, 2}};
    fill_texture(fill, grid, pixels, &map, canvas, no_color, SATURATE_OFF);
}

void fill_picture_square(Fill *fill, const TextureGrid *grid, const uint8_t *pixels, int canvas) {
    const int sides[2] = {grid->width, grid->height};
    int shorter = sides[0] < sides[1] ? sides[0] : sides[1];
    TextureMap map = {0};
    for (int c = 0; c < 2; c++) {
        double zoom = (double)shorter / sides[c], margin = canvas * (1 - zoom); /* in points of the doubled image */
        map.origin[c] = margin + zoom - 0.5;
        (c == 0 ? map.dx : map.dy)[c] = 2 * zoom;
    }
    fill_texture(fill, grid, pixels, &map, canvas, no_color, SATURATE_OFF);
}

/* Three channels in one word, 21 bits each: room for 8 bits times a weight of 10. */
static inline uint64_t spread(const uint8_t *texel) {
    return texel[0] | (uint64_t)texel[1] << 21 | (uint64_t)texel[2] << 42;
}

static inline uint64_t blend(uint64_t a, uint64_t b, uint64_t c, uint64_t d, unsigned wx, unsigned wy) {
    const uint64_t half = 512 | 512ull << 21 | 512ull << 42;
    uint64_t top = a * (WEIGHT_ONE - wx) + b * wx, bottom = c * (WEIGHT_ONE - wx) + d * wx;
    return top * (WEIGHT_ONE - wy) + bottom * wy + half;
}

static inline void store_blend(uint8_t *out, uint64_t sum) {
    out[0] = (uint8_t)(sum >> 10);
    out[1] = (uint8_t)(sum >> 31);
    out[2] = (uint8_t)(sum >> 52);
}

static inline unsigned weight_of(int64_t fixed) {
    return (unsigned)(fixed >> (FIXED_BITS - WEIGHT_BITS)) & (WEIGHT_ONE - 1);
}

static uint64_t texel_or_black(const Fill *fill, int64_t x, int64_t y) {
    const TextureGrid *grid = fill->grid;
    if (x < 0 || y < 0 || x >= grid->grid_width || y >= grid->grid_height) return 0;
    return spread(fill->pixels + grid->column[x] + grid->row[y]);
}

static void sample_edge(const Fill *fill, uint8_t *out, int64_t u, int64_t v) {
    int64_t x = u >> FIXED_BITS, y = v >> FIXED_BITS;
    store_blend(out, blend(texel_or_black(fill, x, y), texel_or_black(fill, x + 1, y), texel_or_black(fill, x, y + 1),
                           texel_or_black(fill, x + 1, y + 1), weight_of(u), weight_of(v)));
}

static void sample_inside(const Fill *fill, uint8_t *out, int64_t u, int64_t v) {
    int64_t x = u >> FIXED_BITS, y = v >> FIXED_BITS;
    const int *column = fill->grid->column + x, *row = fill->grid->row + y;
    const uint8_t *top = fill->pixels + row[0], *bottom = fill->pixels + row[1];
    store_blend(out, blend(spread(top + column[0]), spread(top + column[1]), spread(bottom + column[0]),
                           spread(bottom + column[1]), weight_of(u), weight_of(v)));
}

static bool is_inside(const TextureGrid *grid, int64_t u, int64_t v) {
    int64_t x = u >> FIXED_BITS, y = v >> FIXED_BITS;
    return x >= 0 && y >= 0 && x + 1 < grid->grid_width && y + 1 < grid->grid_height;
}

static void run_texture(const Fill *fill, uint8_t *out, int x, int y, int length) {
    int64_t u = fill->origin[0] + x * fill->dx[0] + y * fill->dy[0];
    int64_t v = fill->origin[1] + x * fill->dx[1] + y * fill->dy[1];
    /* coordinates are linear along a run: with both ends inside, all of it is */
    bool inside = is_inside(fill->grid, u, v) &&
                  is_inside(fill->grid, u + (length - 1) * fill->dx[0], v + (length - 1) * fill->dx[1]);
    for (int i = 0; i < length; i++, u += fill->dx[0], v += fill->dx[1]) {
        if (inside)
            sample_inside(fill, out + 3 * i, u, v);
        else
            sample_edge(fill, out + 3 * i, u, v);
    }
}

static uint8_t saturated(uint8_t texel, uint8_t color, SaturateRule rule) {
    int sum = texel + color;
    return (uint8_t)(rule == SATURATE_CLIP && sum > 255 ? 255 : sum);
}

static void add_color(const Fill *fill, uint8_t *out, int length) {
    for (int i = 0; i < length; i++)
        for (int c = 0; c < 3; c++) out[3 * i + c] = saturated(out[3 * i + c], fill->color[c], fill->saturate);
}

void fill_run(const Fill *fill, uint8_t *row, int x, int y, int length) {
    uint8_t *out = row + 3 * x;
    if (!fill->grid) {
        memcpy(out, fill->pattern, 3 * (size_t)length);
        return;
    }
    run_texture(fill, out, x, y, length);
    if (fill->saturate != SATURATE_OFF) add_color(fill, out, length);
}

static int channel_of_texel_ref(const Fill *fill, int64_t x, int64_t y, int channel) {
    const TextureGrid *grid = fill->grid;
    if (x < 0 || y < 0 || x >= grid->grid_width || y >= grid->grid_height) return 0;
    return fill->pixels[grid->row[y] + grid->column[x] + channel];
}

void fill_pixel_ref(const Fill *fill, uint8_t rgb[3], int x, int y) {
    for (int c = 0; c < 3; c++) {
        if (!fill->grid) {
            rgb[c] = fill->color[c];
            continue;
        }
        int64_t u = fill->origin[0] + x * fill->dx[0] + y * fill->dy[0], tx = u >> FIXED_BITS;
        int64_t v = fill->origin[1] + x * fill->dx[1] + y * fill->dy[1], ty = v >> FIXED_BITS;
        int wx = (int)weight_of(u), wy = (int)weight_of(v), sum = 0;
        for (int j = 0; j < 2; j++)
            for (int i = 0; i < 2; i++)
                sum += channel_of_texel_ref(fill, tx + i, ty + j, c) * (i ? wx : WEIGHT_ONE - wx) *
                       (j ? wy : WEIGHT_ONE - wy);
        rgb[c] = (uint8_t)((sum + 512) >> 10);
        if (fill->saturate == SATURATE_WRAP) rgb[c] = (uint8_t)(rgb[c] + fill->color[c]);
        if (fill->saturate == SATURATE_CLIP)
            rgb[c] = (uint8_t)(rgb[c] + fill->color[c] > 255 ? 255 : rgb[c] + fill->color[c]);
    }
}
