/* RandAugment, and its operations on color, sharpness and place, each frame by itself, bit for bit as Pillow's
 * ImageOps, ImageEnhance, Image.transform and Image.rotate do them. All work in place.
 *
 * The enhancements blend with a degenerate image: out = degenerate + factor * (in - degenerate), cut to 0..255 and
 * truncated; a factor above 1 extrapolates. Gray is Pillow's "L": (19595 R + 38470 G + 7471 B + 32768) >> 16.
 *
 * Affine maps interpolate bicubically: the center of an output pixel is mapped into the input, positions outside give
 * gray 128. Pillow's bicubic kernel here has a = -1 (unlike the one of its resize). */
#include "video/transform/augment.h"

#include "base/system/minmax.h"

#include <math.h>

/* x_in = xx x + xy y + x0; y_in = yx x + yy y + y0. */
typedef struct {
    double xx, xy, x0, yx, yy, y0;
} Affine;

static const uint8_t fill = 128;

/* Four samples at -1, 0, 1, 2 and a position in [0, 1). */
static double cubic(double a, double b, double c, double d, double at) {
    double p2 = -a + c, p3 = 2 * (a - b) + c - d, p4 = -a + b - c + d;
    return b + at * (p2 + at * (p3 + at * p4));
}

/* What Pillow reads around a position: columns clipped at the border; a row beyond it repeats the one before. */
typedef struct {
    size_t columns[4];
    const uint8_t *rows[4];
    double dx, dy;
} Neighborhood;

static Neighborhood neighborhood_of(const uint8_t *in, int height, int width, double x, double y) {
    int left = (int)floor(x), top = (int)floor(y);
    size_t row_bytes = (size_t)width * 3;
    Neighborhood near = {.dx = x - left, .dy = y - top};
    for (int i = 0; i < 4; i++) {
        int row = top - 1 + i;
        near.columns[i] = (size_t)nearest_index(left - 1 + i, width) * 3;
        if (i == 0 || (row >= 0 && row < height))
            near.rows[i] = in + (size_t)nearest_index(row, height) * row_bytes;
        else
            near.rows[i] = near.rows[i - 1];
    }
    return near;
}

static void sample(uint8_t *out, const Neighborhood *near) {
    for (size_t c = 0; c < 3; c++) {
        double across[4];
        for (int i = 0; i < 4; i++) {
            const uint8_t *row = near->rows[i] + c;
            across[i] = cubic(row[near->columns[0]], row[near->columns[1]], row[near->columns[2]],
                              row[near->columns[3]], near->dx);
        }
        double value = cubic(across[0], across[1], across[2], across[3], near->dy);
        out[c] = (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value);
    }
}

static void warp_frame(uint8_t *out, const uint8_t *in, int height, int width, Affine map) {
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++, out += 3) {
            double x_out = column + 0.5, y_out = row + 0.5;
            double x = map.xx * x_out + map.xy * y_out + map.x0, y = map.yx * x_out + map.yy * y_out + map.y0;
            if (x < 0 || x >= width || y < 0 || y >= height) {
                memset(out, fill, 3);
                continue;
            }
            const Neighborhood near = neighborhood_of(in, height, width, x - 0.5, y - 0.5);
            sample(out, &near);
        }
}

static Err warp_affine(Frames *frames, Affine map) {
    size_t frame_bytes = frames_frame_bytes(frames);
    uint8_t *in = malloc(frame_bytes > 0 ? frame_bytes : 1);
    if (!in) return RAISE(ERR_MEMORY, "no memory for warping frames of %d x %d pixels", frames->width, frames->height);
    for (int frame = 0; frame < frames->n_frames; frame++) {
        memcpy(in, frames_at(frames, frame), frame_bytes);
        warp_frame(frames_at(frames, frame), in, frames->height, frames->width, map);
    }
    free(in);
    return ERR_NONE;
}

/* Pillow rounds the matrix to 15 digits. */
static double rounded(double value) {
    return rint(value * 1e15) / 1e15;
}

/* Counter-clockwise about the center. */
static Err warp_rotate(Frames *frames, double degrees) {
    if (degrees == 0) return ERR_NONE;
    double angle = -degrees * M_PI / 180, cosine = rounded(cos(angle)), sine = rounded(sin(angle));
    double x = frames->width / 2.0, y = frames->height / 2.0;
    return warp_affine(
        frames, (Affine){cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y});
}

/* --- one value to another, by table --------------------------------------------------------------------------------
 */

typedef uint8_t Table[256];

static uint8_t to_byte(double value) {
    return (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value);
}

static void apply_table(uint8_t *values, size_t count, size_t stride, const Table table) {
    for (size_t i = 0; i < count; i++) values[i * stride] = table[values[i * stride]];
}

static void apply_table_to_all(Frames *frames, const Table table) {
    apply_table(frames->data, frames_frame_bytes(frames) * (size_t)frames->n_frames, 1, table);
}

typedef void (*MakeTable)(Table table, const uint32_t histogram[256], uint32_t n_pixels);

/* A table of its own for each channel of each frame. */
static void apply_by_histogram(Frames *frames, MakeTable make) {
    size_t n_pixels = frames_frame_bytes(frames) / 3;
    for (int frame = 0; frame < frames->n_frames; frame++)
        for (int channel = 0; channel < 3; channel++) {
            uint8_t *values = frames_at(frames, frame) + channel;
            uint32_t histogram[256] = {0};
            Table table;
            for (size_t i = 0; i < n_pixels; i++) histogram[values[3 * i]]++;
            make(table, histogram, (uint32_t)n_pixels);
            apply_table(values, n_pixels, 3, table);
        }
}

static void keep_table(Table table) {
    for (int i = 0; i < 256; i++) table[i] = (uint8_t)i;
}

static void stretch_table(Table table, const uint32_t histogram[256], uint32_t n_pixels) {
    (void)n_pixels;
    int low = 0, high = 255;
    while (low < 255 && !histogram[low]) low++;
    while (high > 0 && !histogram[high]) high--;
    keep_table(table);
    if (high <= low) return;
    double scale = 255.0 / (high - low), offset = -low * scale;
    for (int i = 0; i < 256; i++) table[i] = to_byte(i * scale + offset);
}

static void equalize_table(Table table, const uint32_t histogram[256], uint32_t n_pixels) {
    int last = 255, n_levels = 0;
    while (last > 0 && !histogram[last]) last--;
    for (int i = 0; i < 256; i++) n_levels += histogram[i] != 0;
    uint32_t step = (n_pixels - histogram[last]) / 255, below = step / 2;
    keep_table(table);
    if (n_levels <= 1 || step == 0) return;
    for (int i = 0; i < 256; i++) {
        uint32_t level = below / step;
        table[i] = (uint8_t)(level > 255 ? 255 : level);
        below += histogram[i];
    }
}

/* Each channel stretched from its darkest and brightest value to 0..255. */
static void imageop_auto_contrast(Frames *frames) {
    apply_by_histogram(frames, stretch_table);
}
/* Each channel to a flat histogram. */
static void imageop_equalize(Frames *frames) {
    apply_by_histogram(frames, equalize_table);
}

/* Keeps the top bits, 0..8. */
static void imageop_posterize(Frames *frames, int bits) {
    Table table;
    for (int i = 0; i < 256; i++) table[i] = (uint8_t)(i & ~((1 << (8 - bits)) - 1));
    apply_table_to_all(frames, table);
}

/* Inverts values >= threshold. */
static void imageop_solarize(Frames *frames, int threshold) {
    Table table;
    for (int i = 0; i < 256; i++) table[i] = (uint8_t)(i < threshold ? i : 255 - i);
    apply_table_to_all(frames, table);
}

static void imageop_invert(Frames *frames) {
    imageop_solarize(frames, 0);
}

/* Adds to values below 128, at most 255. */
static void imageop_solarize_add(Frames *frames, int addition) {
    Table table;
    for (int i = 0; i < 256; i++) table[i] = i < 128 ? to_byte(i + addition) : (uint8_t)i;
    apply_table_to_all(frames, table);
}

/* --- blending -------------------------------------------------------------------------------------------------------
 */

static int gray_of(const uint8_t *pixel) {
    return (pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16;
}

/* Pillow's Image.blend computes in float. */
static uint8_t blend(int degenerate, int value, float factor) {
    float mixed = (float)degenerate + factor * (float)(value - degenerate);
    return (uint8_t)(mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed);
}

/* With the gray image. */
static void imageop_color(Frames *frames, double factor) {
    size_t n_pixels = frames_frame_bytes(frames) / 3 * (size_t)frames->n_frames;
    for (size_t i = 0; i < n_pixels; i++) {
        uint8_t *pixel = frames->data + 3 * i;
        int gray = gray_of(pixel);
        for (int c = 0; c < 3; c++) pixel[c] = blend(gray, pixel[c], (float)factor);
    }
}

static void blend_with_level(uint8_t *values, size_t count, int level, double factor) {
    Table table;
    for (int i = 0; i < 256; i++) table[i] = blend(level, i, (float)factor);
    apply_table(values, count, 1, table);
}

/* With the mean gray. */
static void imageop_contrast(Frames *frames, double factor) {
    size_t n_pixels = frames_frame_bytes(frames) / 3;
    for (int frame = 0; frame < frames->n_frames; frame++) {
        uint64_t sum = 0;
        uint8_t *values = frames_at(frames, frame);
        for (size_t i = 0; i < n_pixels; i++) sum += (uint64_t)gray_of(values + 3 * i);
        int mean = (int)((double)sum / (double)n_pixels + 0.5);
        blend_with_level(values, n_pixels * 3, mean, factor);
    }
}

/* With black. */
static void imageop_brightness(Frames *frames, double factor) {
    blend_with_level(frames->data, frames_frame_bytes(frames) * (size_t)frames->n_frames, 0, factor);
}

/* Pillow's SMOOTH: 13ths of the 3x3 neighborhood, the center five times, rounded. */
static int smoothed(const uint8_t *in, size_t at, size_t row_bytes) {
    int sum = 4 * in[at];
    const size_t rows[3] = {at - row_bytes, at, at + row_bytes};
    for (int r = 0; r < 3; r++) sum += in[rows[r] - 3] + in[rows[r]] + in[rows[r] + 3];
    return (2 * sum + 13) / 26;
}

/* With the image smoothed by 3x3 weights 1, center 5. */
static Err imageop_sharpness(Frames *frames, double factor) {
    size_t row_bytes = (size_t)frames->width * 3, frame_bytes = frames_frame_bytes(frames);
    uint8_t *in = malloc(frame_bytes > 0 ? frame_bytes : 1);
    if (!in)
        return RAISE(ERR_MEMORY, "no memory for sharpening frames of %d x %d pixels", frames->width, frames->height);
    for (int frame = 0; frame < frames->n_frames; frame++) {
        uint8_t *out = frames_at(frames, frame);
        memcpy(in, out, frame_bytes); /* the border is its own smoothed version: it stays */
        for (int y = 1; y < frames->height - 1; y++)
            for (size_t i = 3; i + 3 < row_bytes; i++) {
                size_t at = (size_t)y * row_bytes + i;
                out[at] = blend(smoothed(in, at, row_bytes), in[at], (float)factor);
            }
    }
    free(in);
    return ERR_NONE;
}

/* ---- RandAugment ---- */

enum { LEVEL_MAX = 10, OPS_MAX = 16 };

/* 1 +- 0.9 v/10, the factor of the blending operations. */
static double enhancement(double share, bool negative) {
    return 1 + (negative ? -0.9 : 0.9) * share;
}

static Err apply_geometric(Frames *frames, RandAugmentOp op, double signed_share) {
    switch (op) {
    case RANDAUGMENT_ROTATE: return warp_rotate(frames, 30 * signed_share);
    case RANDAUGMENT_SHEAR_X: return warp_affine(frames, (Affine){1, 0.3 * signed_share, 0, 0, 1, 0});
    case RANDAUGMENT_SHEAR_Y: return warp_affine(frames, (Affine){1, 0, 0, 0.3 * signed_share, 1, 0});
    case RANDAUGMENT_TRANSLATE_X:
        return warp_affine(frames, (Affine){1, 0, 0.45 * signed_share * frames->width, 0, 1, 0});
    default: return warp_affine(frames, (Affine){1, 0, 0, 0, 1, 0.45 * signed_share * frames->height});
    }
}

Err randaugment_apply(Frames *frames, RandAugmentOp op, double level, bool negative) {
    double share = level / LEVEL_MAX, factor = enhancement(share, negative);
    switch (op) {
    case RANDAUGMENT_AUTO_CONTRAST: imageop_auto_contrast(frames); return ERR_NONE;
    case RANDAUGMENT_EQUALIZE: imageop_equalize(frames); return ERR_NONE;
    case RANDAUGMENT_INVERT: imageop_invert(frames); return ERR_NONE;
    case RANDAUGMENT_POSTERIZE: imageop_posterize(frames, 4 - (int)(share * 4)); return ERR_NONE;
    case RANDAUGMENT_SOLARIZE: imageop_solarize(frames, 256 - (int)(share * 256)); return ERR_NONE;
    case RANDAUGMENT_SOLARIZE_ADD: imageop_solarize_add(frames, (int)(share * 110)); return ERR_NONE;
    case RANDAUGMENT_COLOR: imageop_color(frames, factor); return ERR_NONE;
    case RANDAUGMENT_CONTRAST: imageop_contrast(frames, factor); return ERR_NONE;
    case RANDAUGMENT_BRIGHTNESS: imageop_brightness(frames, factor); return ERR_NONE;
    case RANDAUGMENT_SHARPNESS: return imageop_sharpness(frames, factor);
    default: return apply_geometric(frames, op, negative ? -share : share);
    }
}

Err randaugment(Frames *frames, const RandAugment *settings, Rng *rng) {
    RandAugmentOp ops[OPS_MAX];
    ASSERT(settings->n_ops >= 0 && settings->n_ops <= OPS_MAX);
    for (int i = 0; i < settings->n_ops; i++) ops[i] = (RandAugmentOp)rng_below(rng, RANDAUGMENT_COUNT);
    for (int i = 0; i < settings->n_ops; i++) {
        if (rng_unit_double(rng) >= settings->probability) continue;
        double level = settings->magnitude + settings->deviation * (double)rng_normal(rng);
        level = level < 0 ? 0 : level > LEVEL_MAX ? LEVEL_MAX : level;
        TRY(randaugment_apply(frames, ops[i], level, rng_below(rng, 2) == 1));
    }
    return ERR_NONE;
}
