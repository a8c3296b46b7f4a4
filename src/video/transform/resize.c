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
    taps->first[at] = first;
    taps->count[at] = end - first;
    for (int i = 0; i < end - first; i++)
        taps->weights[(size_t)at * (size_t)taps->support + (size_t)i] =
            (int)(0.5 + (sum != 0 ? raw[i] / sum : raw[i]) * (1 << PILLOW_BITS));
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

/* Weights are not negative and sum to 2^22 within rounding: only the upper end can overshoot. */
static uint8_t pillow_round(int sum) {
    int value = sum >> PILLOW_BITS;
    return (uint8_t)(value > 255 ? 255 : value);
}

/* rows of the box: (height, area.width) -> (height, width). */
static void horizontal_pass(uint8_t *out, const Frames *in, int frame, const Box *area, const Taps *taps, int width) {
    for (int y = 0; y < area->height; y++) {
        const uint8_t *row = pixel_at(in, frame, area->y + y, area->x);
        for (int x = 0; x < width; x++, out += 3) {
            const int *weights = taps->weights + (size_t)x * (size_t)taps->support;
            const uint8_t *pixel = row + (size_t)taps->first[x] * 3;
            int red = 1 << (PILLOW_BITS - 1), green = red, blue = red;
            for (int i = 0; i < taps->count[x]; i++, pixel += 3) {
                red += pixel[0] * weights[i];
                green += pixel[1] * weights[i];
                blue += pixel[2] * weights[i];
            }
            out[0] = pillow_round(red);
            out[1] = pillow_round(green);
            out[2] = pillow_round(blue);
        }
    }
}

/* (any, row_bytes) -> (height, row_bytes); sums: row_bytes ints of scratch. */
static void vertical_pass(uint8_t *out, const uint8_t *rows, size_t row_bytes, const Taps *taps, int height,
                          int *sums) {
    for (int y = 0; y < height; y++, out += row_bytes) {
        const int *weights = taps->weights + (size_t)y * (size_t)taps->support;
        for (size_t i = 0; i < row_bytes; i++) sums[i] = 1 << (PILLOW_BITS - 1);
        for (int tap = 0; tap < taps->count[y]; tap++) {
            const uint8_t *row = rows + (size_t)(taps->first[y] + tap) * row_bytes;
            int weight = weights[tap];
            for (size_t i = 0; i < row_bytes; i++) sums[i] += row[i] * weight;
        }
        for (size_t i = 0; i < row_bytes; i++) out[i] = pillow_round(sums[i]);
    }
}

Err resize_antialiased(Frames *out, const Frames *in, const Box *box, int height, int width) {
    Box area = check_box(in, box, height, width);
    TRY(frames_shape(out, in->n_frames, height, width));
    Taps across = {0}, down = {0};
    size_t row_bytes = (size_t)width * 3;
    uint8_t *rows = malloc((size_t)area.height * row_bytes);
    int *sums = malloc(row_bytes * sizeof(int));
    Err err = ERR_NONE;
    if (!rows || !sums) {
        err = RAISE(ERR_MEMORY, "no memory for resizing frames of %d x %d pixels", area.width, area.height);
        goto done;
    }
    TRY_OR(done, taps_make(&across, area.width, width));
    TRY_OR(done, taps_make(&down, area.height, height));
    for (int frame = 0; frame < in->n_frames; frame++) {
        horizontal_pass(rows, in, frame, &area, &across, width);
        vertical_pass(frames_at(out, frame), rows, row_bytes, &down, height, sums);
    }
done:
    taps_free(&down);
    taps_free(&across);
    free(sums);
    free(rows);
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
