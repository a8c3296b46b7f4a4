#include "video/transform/resize.h"

#include "base/system/minmax.h"
#include "video/transform/crop.h"

#include <math.h>
#include <string.h>

Err square_of(Frames *out, const Frames *in, int size) {
    int side = in->height < in->width ? in->height : in->width;
    if (in->height == size && in->width == size) { /* what the filter would give, without filtering */
        TRY(frames_shape(out, in->n_frames, size, size));
        memcpy(out->data, in->data, frames_frame_bytes(in) * (size_t)in->n_frames);
        return ERR_NONE;
    }
    Box box = crop_center(in->height, in->width, side, side);
    return resize_antialiased(out, in, &box, size, size);
}

static Box whole_frame(const Frames *in) {
    return (Box){0, 0, in->width, in->height};
}

static Box check_box(const Frames *in, const Box *box, int height, int width) {
    Box area = box ? *box : whole_frame(in);
    ASSERT(height > 0 && width > 0 && area.width > 0 && area.height > 0);
    ASSERT(area.x >= 0 && area.y >= 0 && area.x + area.width <= in->width && area.y + area.height <= in->height);
    return area;
}

static const uint8_t *pixel_at(const Frames *in, int frame, int y, int x) {
    return frames_at(in, frame) + ((size_t)y * (size_t)in->width + (size_t)x) * 3;
}

/* --- antialiased: Pillow's two passes --------------------------------------------------------------------------- */

enum { PILLOW_BITS = 32 - 8 - 2 };

/* For each output position: the first input position, how many, and their weights in 1/2^22. */
typedef struct {
    int support; /* room for each position in `weights` */
    int *first, *count, *weights;
} Taps;

static void taps_free(Taps *taps) {
    free(taps->first);
    free(taps->count);
    free(taps->weights);
    *taps = (Taps){0};
}

static double triangle(double x) {
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static void taps_fill_one(Taps *taps, double *raw, int at, int in_size, double scale) {
    double filter_scale = scale < 1 ? 1 : scale, center = (at + 0.5) * scale, sum = 0;
    int first = (int)(center - filter_scale + 0.5), end = (int)(center + filter_scale + 0.5);
    if (first < 0) first = 0;
    if (end > in_size) end = in_size;
    for (int i = first; i < end; i++) {
        raw[i - first] = triangle((i - center + 0.5) * (1 / filter_scale));
        sum += raw[i - first];
    }
    int *weights = taps->weights + (size_t)at * (size_t)taps->support;
    for (int i = 0; i < end - first; i++)
        weights[i] = (int)(0.5 + (sum != 0 ? raw[i] / sum : raw[i]) * (1 << PILLOW_BITS));
    /* the triangle's ends often fall on pixels, which then weigh nothing */
    while (end - first > 1 && weights[end - first - 1] == 0) end--;
    taps->first[at] = first;
    taps->count[at] = end - first;
}

static Err taps_make(Taps *taps, int in_size, int out_size) {
    double scale = (double)in_size / out_size;
    taps->support = (int)ceil(scale < 1 ? 1 : scale) * 2 + 1;
    taps->first = malloc((size_t)out_size * sizeof(int));
    taps->count = malloc((size_t)out_size * sizeof(int));
    taps->weights = calloc((size_t)out_size * (size_t)taps->support, sizeof(int));
    double *raw = malloc((size_t)taps->support * sizeof(double));
    Err err = ERR_NONE;
    if (!taps->first || !taps->count || !taps->weights || !raw) {
        err = RAISE(ERR_MEMORY, "no memory for resampling %d to %d pixels", in_size, out_size);
        taps_free(taps);
    } else {
        for (int at = 0; at < out_size; at++) taps_fill_one(taps, raw, at, in_size, scale);
    }
    free(raw);
    return err;
}

typedef uint8_t Bytes16 __attribute__((vector_size(16)));
typedef int Ints4 __attribute__((vector_size(16)));

/* Bytes 4 * `quarter` and on, one a lane. */
#define LANE(first, i) (first) + (i), 16, 16, 16
#define LANES_OF(bytes, quarter)                                                                                       \
    (Ints4) __builtin_shufflevector(bytes, (Bytes16){0}, LANE(4 * (quarter), 0), LANE(4 * (quarter), 1),               \
                                    LANE(4 * (quarter), 2), LANE(4 * (quarter), 3))
/* Of two vectors: the lowest byte of each lane, in the first half; the first halves. */
#define LOWEST_BYTES 0, 4, 8, 12, 16, 20, 24, 28, 0, 0, 0, 0, 0, 0, 0, 0
#define LOWER_HALVES 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23

static const Ints4 pillow_half = {1 << (PILLOW_BITS - 1), 1 << (PILLOW_BITS - 1), 1 << (PILLOW_BITS - 1),
                                  1 << (PILLOW_BITS - 1)};

/* Weights are not negative and sum to 2^22 within rounding: only the upper end can overshoot. Where it does, all bits
 * are set, and the lowest byte of a lane, which is what counts, is 255. */
static inline Bytes16 pillow_round(Ints4 sums) {
    Ints4 values = sums >> PILLOW_BITS;
    return (Bytes16)(values | (values > 255));
}

/* One row, (width) pixels, the three channels and a fourth lane side by side: a byte past the pixels of `out` and of
 * `pixels` is touched. */
static void horizontal_row(uint8_t *out, const uint8_t *pixels, const Taps *taps, int width) {
    for (int x = 0; x < width; x++, out += 3) {
        const int *weights = taps->weights + (size_t)x * (size_t)taps->support;
        const uint8_t *pixel = pixels + (size_t)taps->first[x] * 3;
        Ints4 sums = pillow_half;
        for (int i = 0; i < taps->count[x]; i++, pixel += 3) {
            int32_t channels;
            memcpy(&channels, pixel, sizeof channels);
            const Bytes16 bytes = (Bytes16)(Ints4){channels};
            sums += LANES_OF(bytes, 0) * weights[i];
        }
        const Bytes16 values = pillow_round(sums);
        const int32_t rounded = ((Ints4)__builtin_shufflevector(values, values, LOWEST_BYTES))[0];
        memcpy(out, &rounded, sizeof rounded);
    }
}

static uint8_t vertical_byte(const uint8_t *rows, size_t stride, const int *weights, int count) {
    int sum = 1 << (PILLOW_BITS - 1);
    for (int tap = 0; tap < count; tap++) sum += rows[(size_t)tap * stride] * weights[tap];
    return (uint8_t)(sum >> PILLOW_BITS > 255 ? 255 : sum >> PILLOW_BITS);
}

static inline void vertical_bytes(uint8_t *out, const uint8_t *rows, size_t stride, const int *weights, int count) {
    Ints4 sums[4] = {pillow_half, pillow_half, pillow_half, pillow_half};
    for (int tap = 0; tap < count; tap++, rows += stride) {
        Bytes16 bytes;
        memcpy(&bytes, rows, sizeof bytes);
        sums[0] += LANES_OF(bytes, 0) * weights[tap];
        sums[1] += LANES_OF(bytes, 1) * weights[tap];
        sums[2] += LANES_OF(bytes, 2) * weights[tap];
        sums[3] += LANES_OF(bytes, 3) * weights[tap];
    }
    Bytes16 low = __builtin_shufflevector(pillow_round(sums[0]), pillow_round(sums[1]), LOWEST_BYTES);
    Bytes16 high = __builtin_shufflevector(pillow_round(sums[2]), pillow_round(sums[3]), LOWEST_BYTES);
    low = __builtin_shufflevector(low, high, LOWER_HALVES);
    memcpy(out, &low, sizeof low);
}

/* (any, row_bytes) with `stride` bytes from row to row -> (height, row_bytes). */
static void vertical_pass(uint8_t *out, const uint8_t *rows, size_t stride, const Taps *taps, int height,
                          size_t row_bytes) {
    for (int y = 0; y < height; y++, out += row_bytes) {
        const int *weights = taps->weights + (size_t)y * (size_t)taps->support;
        const uint8_t *first = rows + (size_t)taps->first[y] * stride;
        size_t i = 0;
        for (; i + sizeof(Bytes16) <= row_bytes; i += sizeof(Bytes16))
            vertical_bytes(out + i, first + i, stride, weights, taps->count[y]);
        for (; i < row_bytes; i++) out[i] = vertical_byte(first + i, stride, weights, taps->count[y]);
    }
}

/* What resizing one frame after the other needs. `line`: a row of the box and a byte; `rows`: the box's rows at the new
 * width, and a byte. */
typedef struct {
    Box area;
    Taps across, down;
    uint8_t *line, *rows;
} Pillow;

static Err pillow_init(Pillow *pillow, const Box *area, int height, int width) {
    size_t line = (size_t)area->width * 3 + 1, rows = (size_t)area->height * (size_t)width * 3 + 1;
    *pillow = (Pillow){.area = *area, .line = malloc(line + rows)};
    if (!pillow->line)
        return RAISE(ERR_MEMORY, "no memory for resizing frames of %d x %d pixels", area->width, area->height);
    pillow->rows = pillow->line + line;
    TRY(taps_make(&pillow->across, area->width, width));
    return taps_make(&pillow->down, area->height, height);
}

static void pillow_free(Pillow *pillow) {
    taps_free(&pillow->down);
    taps_free(&pillow->across);
    free(pillow->line);
}

/* A pass that keeps its size has one weight of 1 a position: it is left out, as Pillow does. */
static void pillow_frame(const Pillow *pillow, Frames *out, const Frames *in, int frame) {
    const Box *area = &pillow->area;
    size_t row_bytes = (size_t)out->width * 3, stride = (size_t)in->width * 3;
    const uint8_t *rows = pixel_at(in, frame, area->y, area->x);
    uint8_t *to = frames_at(out, frame);
    if (area->width != out->width) {
        for (int y = 0; y < area->height; y++) {
            memcpy(pillow->line, rows + (size_t)y * stride, (size_t)area->width * 3);
            horizontal_row(pillow->rows + (size_t)y * row_bytes, pillow->line, &pillow->across, out->width);
        }
        rows = pillow->rows;
        stride = row_bytes;
    }
    if (area->height != out->height) {
        vertical_pass(to, rows, stride, &pillow->down, out->height, row_bytes);
        return;
    }
    for (int y = 0; y < out->height; y++) memcpy(to + (size_t)y * row_bytes, rows + (size_t)y * stride, row_bytes);
}

Err resize_antialiased(Frames *out, const Frames *in, const Box *box, int height, int width) {
    const Box area = check_box(in, box, height, width);
    Pillow pillow;
    TRY(frames_shape(out, in->n_frames, height, width));
    Err err = pillow_init(&pillow, &area, height, width);
    for (int frame = 0; frame < in->n_frames && !err; frame++) pillow_frame(&pillow, out, in, frame);
    pillow_free(&pillow);
    return err;
}

/* --- two neighbors: OpenCV and torch ----------------------------------------------------------------------------- */

/* The two input positions of an output position and the share of the second. */
typedef struct {
    int first, second;
    float share;
} Pair;

static Pair pair_of(int at, int in_size, int out_size) {
    float position = (float)((at + 0.5) * ((double)in_size / out_size) - 0.5);
    int first = (int)floorf(position);
    return (Pair){nearest_index(first, in_size), nearest_index(first + 1, in_size), position - (float)first};
}

/* At the borders OpenCV drops the share across but keeps it down, which shows in the rounding. */
static Err pairs_across(Pair **pairs, int in_size, int out_size) {
    *pairs = malloc((size_t)out_size * sizeof(Pair));
    if (!*pairs) return RAISE(ERR_MEMORY, "no memory for resampling %d to %d pixels", in_size, out_size);
    for (int at = 0; at < out_size; at++) {
        Pair pair = pair_of(at, in_size, out_size);
        if (pair.first == pair.second) pair.share = 0;
        (*pairs)[at] = pair;
    }
    return ERR_NONE;
}

/* One output row from two input rows; the shares are what tells the two conventions apart. */
static void blend_row_floats(float *out, const uint8_t *upper, const uint8_t *lower, float down, const Pair *across,
                             int width) {
    for (int x = 0; x < width; x++, out += 3) {
        size_t left = (size_t)across[x].first * 3, right = (size_t)across[x].second * 3;
        float share = across[x].share;
        for (size_t c = 0; c < 3; c++) {
            float above = (1 - share) * upper[left + c] + share * upper[right + c];
            float below = (1 - share) * lower[left + c] + share * lower[right + c];
            out[c] = (1 - down) * above + down * below;
        }
    }
}

static int opencv_weight(float share) {
    return (int)lrintf(share * 2048);
}

static void blend_row_bytes(uint8_t *out, const uint8_t *upper, const uint8_t *lower, float down, const Pair *across,
                            int width) {
    int lower_weight = opencv_weight(down), upper_weight = opencv_weight(1 - down);
    for (int x = 0; x < width; x++, out += 3) {
        size_t left = (size_t)across[x].first * 3, right = (size_t)across[x].second * 3;
        int right_weight = opencv_weight(across[x].share), left_weight = opencv_weight(1 - across[x].share);
        for (size_t c = 0; c < 3; c++) {
            int above = upper[left + c] * left_weight + upper[right + c] * right_weight;
            int below = lower[left + c] * left_weight + lower[right + c] * right_weight;
            int sum = ((upper_weight * (above >> 4)) >> 16) + ((lower_weight * (below >> 4)) >> 16);
            out[c] = (uint8_t)((sum + 2) >> 2);
        }
    }
}

Err resize_bilinear(Frames *out, const Frames *in, const Box *box, int height, int width) {
    Box area = check_box(in, box, height, width);
    TRY(frames_shape(out, in->n_frames, height, width));
    Pair *across = NULL;
    TRY(pairs_across(&across, area.width, width));
    uint8_t *row = out->data;
    for (int frame = 0; frame < in->n_frames; frame++)
        for (int y = 0; y < height; y++, row += (size_t)width * 3) {
            Pair down = pair_of(y, area.height, height);
            blend_row_bytes(row, pixel_at(in, frame, area.y + down.first, area.x),
                            pixel_at(in, frame, area.y + down.second, area.x), down.share, across, width);
        }
    free(across);
    return ERR_NONE;
}

Err resize_bilinear_floats(float *out, const Frames *in, const Box *box, int height, int width) {
    Box area = check_box(in, box, height, width);
    Pair *across = NULL;
    TRY(pairs_across(&across, area.width, width));
    for (int frame = 0; frame < in->n_frames; frame++)
        for (int y = 0; y < height; y++, out += (size_t)width * 3) {
            Pair down = pair_of(y, area.height, height);
            blend_row_floats(out, pixel_at(in, frame, area.y + down.first, area.x),
                             pixel_at(in, frame, area.y + down.second, area.x), down.share, across, width);
        }
    free(across);
    return ERR_NONE;
}

/* --- nearest ------------------------------------------------------------------------------------------------------ */

Err resize_nearest(Frames *out, const Frames *in, const Box *box, int height, int width) {
    Box area = check_box(in, box, height, width);
    TRY(frames_shape(out, in->n_frames, height, width));
    uint8_t *pixel = out->data;
    for (int frame = 0; frame < in->n_frames; frame++)
        for (int y = 0; y < height; y++) {
            int from_y = area.y + (int)((int64_t)y * area.height / height);
            for (int x = 0; x < width; x++, pixel += 3)
                memcpy(pixel, pixel_at(in, frame, from_y, area.x + (int)((int64_t)x * area.width / width)), 3);
        }
    return ERR_NONE;
}

void resize_short_side(int *out_height, int *out_width, int height, int width, int side) {
    ASSERT(height > 0 && width > 0 && side > 0);
    *out_height = height <= width ? side : (int)((int64_t)side * height / width);
    *out_width = width <= height ? side : (int)((int64_t)side * width / height);
}
