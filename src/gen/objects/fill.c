/* The color of a pixel is an affine map of its place into a texture, read bilinearly. Coordinates are fixed point:
 * the texel in the bits above FIXED_BITS, the weight in the WEIGHT_BITS below, as OpenCV's remap has them, so that
 * results are integers and the same on every machine. A run of pixels is a start and a step.
 *
 * Three ways to one sum: with SSSE3, with three channels in one 64-bit word, and fill_pixel_ref channel by channel.
 * They are equal to the bit, since four products of 8 bits and two weights of 5 are exact in each of them.
 *
 * A lattice of texels is a table of offsets, so a texture of any size costs the same as one of the canvas' size, and
 * "nearest" is bilinear on a lattice twice as fine as the canvas. */
#include "gen/objects/internal/paint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSSE3__
#include <immintrin.h>
#endif

enum { FIXED_BITS = 16, WEIGHT_BITS = 5, WEIGHT_ONE = 1 << WEIGHT_BITS };

/* offsets[i] = bytes * floor(i * count / n), without a division for each: photographs of sizes of their own need a
 * lattice each. */
static void spread_texels(int *offsets, int n, int count, int bytes) {
    int texel = 0, rest = 0;
    for (int i = 0; i < n; i++) {
        offsets[i] = bytes * texel;
        texel += count / n;
        rest += count % n;
        if (rest >= n) rest -= n, texel++;
    }
}

Err texture_grid_init(TextureGrid *grid, int height, int width, int canvas, TextureFilter filter) {
    bool nearest = filter == TEXTURE_NEAREST;
    *grid = (TextureGrid){.height = height,
                          .width = width,
                          /* the nearest filter: the texture brought to 2 canvas x 2 canvas once, as the published
                           * code resizes it */
                          .grid_height = nearest ? 2 * canvas : height,
                          .grid_width = nearest ? 2 * canvas : width,
                          .filter = filter};
    grid->column = malloc((size_t)(grid->grid_width + grid->grid_height) * sizeof *grid->column);
    if (!grid->column) return RAISE(ERR_MEMORY, "texture lattice of %d x %d: out of memory", height, width);
    grid->row = grid->column + grid->grid_width; /* one block for both */
    spread_texels(grid->column, grid->grid_width, width, 3);
    spread_texels(grid->row, grid->grid_height, height, 3 * width);
    /* the last texel's four-byte load would read past the picture: rows before it are safe */
    while (grid->safe_height < grid->grid_height && grid->row[grid->safe_height] < 3 * width * (height - 1))
        grid->safe_height++;
    return ERR_NONE;
}

Err texture_grid_fit(TextureGrid *grid, int height, int width, int canvas, TextureFilter filter) {
    if (grid->height == height && grid->width == width) return ERR_NONE;
    texture_grid_free(grid);
    return texture_grid_init(grid, height, width, canvas, filter);
}

void texture_grid_free(TextureGrid *grid) {
    free(grid->column);
    *grid = (TextureGrid){0};
}

/* Twice as many pixels at a time. */
static void set_color(Fill *fill, const int32_t color[3]) {
    for (int c = 0; c < 3; c++) fill->pattern[c] = (uint8_t)color[c];
    for (size_t done = 3; done < 3 * COVERAGE_RUN_MAX; done *= 2) memcpy(fill->pattern + done, fill->pattern, done);
}

void fill_solid(Fill *fill, const int32_t color[3]) {
    fill->grid = NULL;
    set_color(fill, color);
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
    if (saturate != SATURATE_OFF) set_color(fill, color);
    const int side[2] = {grid->grid_width, grid->grid_height};
    int64_t half_weight = 1 << (FIXED_BITS - WEIGHT_BITS - 1);
    for (int c = 0; c < 2; c++) {
        double scale = side[c] / (2.0 * canvas); /* 1 for the nearest lattice */
        /* middles of pixels, where texels have areas; the doubled image of the nearest lattice is addressed by its
         * corners */
        double shift = grid->filter == TEXTURE_BILINEAR ? 0.5 * scale - 0.5 : 0;
        /* rounding to the nearest of 32 weights happens here, once: later shifts only cut */
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
        /* along the longer side the same margin is left out at both ends */
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
    /* at most 255 * 1024 + 512 < 2^18 a channel: nothing is carried into the next one */
    return top * (WEIGHT_ONE - wy) + bottom * wy + half;
}

static inline void store_blend(uint8_t *out, uint64_t sum) {
    out[0] = (uint8_t)(sum >> 10);
    out[1] = (uint8_t)(sum >> 31);
    out[2] = (uint8_t)(sum >> 52);
}

/* The WEIGHT_BITS below the texel: how much of the neighbor on the right (or below) there is, 0..31. */
static inline unsigned weight_of(int64_t fixed) {
    return (unsigned)(fixed >> (FIXED_BITS - WEIGHT_BITS)) & (WEIGHT_ONE - 1);
}

/* Outside of the texture is black, as warpAffine's constant border: rims of shapes fade there, in the released sets
 * too. */
static uint64_t texel_or_black(const Fill *fill, int64_t x, int64_t y) {
    const TextureGrid *grid = fill->grid;
    if (x < 0 || y < 0 || x >= grid->grid_width || y >= grid->grid_height) return 0;
    return spread(fill->pixels + grid->column[x] + grid->row[y]);
}

/* Near the border of the texture: every one of the four texels is looked at by itself. */
static void sample_edge(const Fill *fill, uint8_t *out, int64_t u, int64_t v) {
    int64_t x = u >> FIXED_BITS, y = v >> FIXED_BITS;
    store_blend(out, blend(texel_or_black(fill, x, y), texel_or_black(fill, x + 1, y), texel_or_black(fill, x, y + 1),
                           texel_or_black(fill, x + 1, y + 1), weight_of(u), weight_of(v)));
}

#ifdef __SSSE3__
static inline __m128i load_texel(const uint8_t *texel) {
    int32_t bytes; /* the fourth belongs to the next texel and is dropped in the end */
    memcpy(&bytes, texel, sizeof bytes);
    return _mm_cvtsi32_si128(bytes);
}

/* The same sums as blend: left and right by pairs of bytes, then top and bottom by pairs of words. */
static inline void sample_inside(const Fill *fill, uint8_t *out, int32_t u, int32_t v) {
    const int *column = fill->grid->column + (u >> FIXED_BITS), *row = fill->grid->row + (v >> FIXED_BITS);
    const uint8_t *top = fill->pixels + row[0], *bottom = fill->pixels + row[1];
    int wx = (int)weight_of(u), wy = (int)weight_of(v);
    /* across: (w0, w1) as bytes, one pair a texel; down: (w0, w1) as words, one pair a channel */
    __m128i across = _mm_set1_epi16((short)(wx << 8 | (WEIGHT_ONE - wx)));
    __m128i down = _mm_set1_epi32(wy << 16 | (WEIGHT_ONE - wy));
    /* channel by channel, left beside right: r0 r1 g0 g1 b0 b1 and the byte too many */
    __m128i upper = _mm_unpacklo_epi8(load_texel(top + column[0]), load_texel(top + column[1]));
    __m128i lower = _mm_unpacklo_epi8(load_texel(bottom + column[0]), load_texel(bottom + column[1]));
    /* left and right blended, top beside bottom; at most 255 * 32, so 16 bits hold it */
    __m128i pairs = _mm_unpacklo_epi16(_mm_maddubs_epi16(upper, across), _mm_maddubs_epi16(lower, across));
    /* 512 rounds: half of the 1024 that four weights add up to */
    __m128i sums = _mm_srli_epi32(_mm_add_epi32(_mm_madd_epi16(pairs, down), _mm_set1_epi32(512)), 10);
    /* 32 bits to 8 without saturating: every sum is at most 255 */
    uint32_t rgb = (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(_mm_packs_epi32(sums, sums), sums));
    out[0] = (uint8_t)rgb;
    out[1] = (uint8_t)(rgb >> 8);
    out[2] = (uint8_t)(rgb >> 16);
}
#else
static inline void sample_inside(const Fill *fill, uint8_t *out, int32_t u, int32_t v) {
    const int *column = fill->grid->column + (u >> FIXED_BITS), *row = fill->grid->row + (v >> FIXED_BITS);
    const uint8_t *top = fill->pixels + row[0], *bottom = fill->pixels + row[1];
    store_blend(out, blend(spread(top + column[0]), spread(top + column[1]), spread(bottom + column[0]),
                           spread(bottom + column[1]), weight_of(u), weight_of(v)));
}
#endif

/* All four texels of the place lie in the image, and the last one may be read as four bytes. */
static bool is_inside(const TextureGrid *grid, int64_t u, int64_t v) {
    int64_t x = u >> FIXED_BITS, y = v >> FIXED_BITS;
    return x >= 0 && y >= 0 && x + 1 < grid->grid_width && y + 1 < grid->safe_height;
}

/* All on the lattice, whose sides are below 2^15: coordinates fit in 32 bits. */
static void run_inside(const Fill *fill, uint8_t *out, int32_t u, int32_t v, int length) {
    int32_t du = (int32_t)fill->dx[0], dv = (int32_t)fill->dx[1];
    for (int i = 0; i < length; i++) sample_inside(fill, out + 3 * i, u + i * du, v + i * dv);
}

static void run_texture(const Fill *fill, uint8_t *out, int x, int y, int length) {
    int64_t u = fill->origin[0] + x * fill->dx[0] + y * fill->dy[0];
    int64_t v = fill->origin[1] + x * fill->dx[1] + y * fill->dy[1];
    /* coordinates are linear along a run: with both ends inside, all of it is */
    bool inside = is_inside(fill->grid, u, v) &&
                  is_inside(fill->grid, u + (length - 1) * fill->dx[0], v + (length - 1) * fill->dx[1]);
    if (inside) {
        run_inside(fill, out, (int32_t)u, (int32_t)v, length);
        return;
    }
    for (int i = 0; i < length; i++, u += fill->dx[0], v += fill->dx[1]) sample_edge(fill, out + 3 * i, u, v);
}

typedef uint8_t Bytes16 __attribute__((vector_size(16)));

/* `pattern` repeats the color as the row repeats its channels. Bytes wrap; a sum below its part has wrapped. */
static void add_bytes(uint8_t *out, const uint8_t *pattern, SaturateRule rule, size_t count) {
    Bytes16 texture = {0}, color = {0};
    memcpy(&texture, out, count);
    memcpy(&color, pattern, count);
    Bytes16 sum = texture + color;
    /* the comparison gives all ones where a byte has wrapped: 255 */
    if (rule == SATURATE_CLIP) sum |= (Bytes16)(sum < color);
    memcpy(out, &sum, count);
}

/* Sixteen bytes at a time; the rest goes through a register that is filled in part. */
static void add_color(const Fill *fill, uint8_t *out, int length) {
    size_t count = 3 * (size_t)length, at = 0;
    for (; at + 16 <= count; at += 16) add_bytes(out + at, fill->pattern + at, fill->saturate, 16);
    if (at < count) add_bytes(out + at, fill->pattern + at, fill->saturate, count - at);
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

/* As texel_or_black, one channel. */
static int channel_of_texel_ref(const Fill *fill, int64_t x, int64_t y, int channel) {
    const TextureGrid *grid = fill->grid;
    if (x < 0 || y < 0 || x >= grid->grid_width || y >= grid->grid_height) return 0;
    return fill->pixels[grid->row[y] + grid->column[x] + channel];
}

void fill_pixel_ref(const Fill *fill, uint8_t rgb[3], int x, int y) {
    for (int c = 0; c < 3; c++) {
        if (!fill->grid) {
            rgb[c] = fill->pattern[c];
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
        if (fill->saturate == SATURATE_WRAP) rgb[c] = (uint8_t)(rgb[c] + fill->pattern[c]);
        if (fill->saturate == SATURATE_CLIP)
            rgb[c] = (uint8_t)(rgb[c] + fill->pattern[c] > 255 ? 255 : rgb[c] + fill->pattern[c]);
    }
}
