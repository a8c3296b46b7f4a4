/* eval/corrupt/corrupt_blur - correlations with a kernel, means over zooms, and exchanged neighbors. */
#include "eval/corrupt/internal/corrupt_kinds.h"

#include "base/system/minmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- correlation ---- */

typedef struct {
    int dy, dx;
    double weight;
} Tap;

/* The position inside 0..n-1 that stands for one outside. */
typedef int Border(int at, int n);

/* OpenCV's default: mirrored about the outermost pixel. */
static int reflect_101(int at, int n) {
    if (n == 1) return 0;
    while (at < 0 || at >= n) at = at < 0 ? -at : 2 * (n - 1) - at;
    return at;
}

static int reach_of(const Tap *taps, int n_taps) {
    int reach = 0;
    for (int i = 0; i < n_taps; i++) {
        reach = abs(taps[i].dy) > reach ? abs(taps[i].dy) : reach;
        reach = abs(taps[i].dx) > reach ? abs(taps[i].dx) : reach;
    }
    return reach;
}

static void pad(double *out, const double *in, int height, int width, int reach, Border *border) {
    for (int y = -reach; y < height + reach; y++)
        for (int x = -reach; x < width + reach; x++, out += 3)
            memcpy(out, in + 3 * ((size_t)border(y, height) * (size_t)width + (size_t)border(x, width)),
                   3 * sizeof(double));
}

/* out = sum of weight * in(y + dy, x + dx); both (height, width, 3) and not the same. Rows of a padded copy are added
 * whole, so that the inner loop is a plain one over memory. */
static Err correlate(double *out, const double *in, const CorruptFrame *frame, const Tap *taps, int n_taps,
                     Border *border) {
    int reach = reach_of(taps, n_taps), height = frame->height, width = frame->width;
    size_t row = 3 * (size_t)width, padded_row = 3 * (size_t)(width + 2 * reach);
    double *padded = malloc(padded_row * (size_t)(height + 2 * reach) * sizeof(double));
    if (!padded) return corrupt_no_memory(frame);
    pad(padded, in, height, width, reach, border);
    memset(out, 0, row * (size_t)height * sizeof(double));
    for (int y = 0; y < height; y++) {
        double *to = out + (size_t)y * row;
        for (int i = 0; i < n_taps; i++) {
            const double *from = padded + (size_t)(y + reach + taps[i].dy) * padded_row + 3 * (reach + taps[i].dx);
            /* tap by tap along a row: the sum of a pixel is in the order of the taps */
            double weight = taps[i].weight;
            for (size_t k = 0; k < row; k++) to[k] += weight * from[k];
        }
    }
    free(padded);
    return ERR_NONE;
}

/* Two images of a frame's size in [0, 1]; the first holds the frame. */
static Err planes_new(double **in, double **out, const CorruptFrame *frame) {
    size_t values = 3 * (size_t)frame->height * (size_t)frame->width;
    *out = NULL;
    *in = malloc((2 * values + 1) * sizeof(double));
    if (!*in) return corrupt_no_memory(frame);
    *out = *in + values;
    for (size_t i = 0; i < values; i++) (*in)[i] = frame->rgb[i] / 255.0;
    return ERR_NONE;
}

static void store(CorruptFrame *frame, const double *image) {
    for (size_t i = 0; i < 3 * (size_t)frame->height * (size_t)frame->width; i++)
        frame->rgb[i] = corrupt_to_byte(image[i]);
}

/* weights[0..2 reach] of a normal density at whole numbers, summing to 1. */
static void gaussian_weights(double *weights, int reach, double sigma) {
    double sum = 0;
    for (int i = -reach; i <= reach; i++) sum += weights[i + reach] = exp(-0.5 * i * i / (sigma * sigma));
    for (int i = 0; i <= 2 * reach; i++) weights[i] /= sum;
}

/* ---- defocus ---- */

enum { DISK_REACH_MAX = 64, DISK_SIDE_MAX = 2 * DISK_REACH_MAX + 1 };

/* A disk on a grid of -8..8, or as far as it reaches, blurred a little against its staircase. */
static int disk_taps(Tap *taps, double radius, double alias_blur) {
    /* sizes of the reference, whose disk has a margin for small radii */
    int reach = radius <= 8 ? 8 : (int)radius, side = 2 * reach + 1, blur_reach = radius <= 8 ? 1 : 2, n_taps = 0;
    double sum = 0, weights[5];
    gaussian_weights(weights, blur_reach, alias_blur);
    for (int y = -reach; y <= reach; y++)
        for (int x = -reach; x <= reach; x++) sum += y * y + x * x <= radius * radius;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double value = 0;
            for (int dy = -blur_reach; dy <= blur_reach; dy++)
                for (int dx = -blur_reach; dx <= blur_reach; dx++) {
                    int v = reflect_101(y + dy, side) - reach, u = reflect_101(x + dx, side) - reach;
                    if (v * v + u * u <= radius * radius)
                        value += weights[dy + blur_reach] * weights[dx + blur_reach] / sum;
                }
            if (value > 0) taps[n_taps++] = (Tap){y - reach, x - reach, value};
        }
    return n_taps;
}

Err corrupt_defocus_blur(CorruptFrame *frame) {
    static const struct { double radius, alias_blur; } disks[] = {{3, .1}, {4, .5}, {6, .5}, {8, .5}, {10, .5}};
    double radius = disks[frame->severity - 1].radius * frame->scale, *in, *out;
    if (radius > DISK_REACH_MAX) radius = DISK_REACH_MAX;
    Tap *taps = malloc(DISK_SIDE_MAX * DISK_SIDE_MAX * sizeof(Tap));
    if (!taps) return corrupt_no_memory(frame);
    int n_taps = disk_taps(taps, radius, disks[frame->severity - 1].alias_blur);
    Err err = planes_new(&in, &out, frame);
    if (!err) {
        err = correlate(out, in, frame, taps, n_taps, reflect_101);
        if (!err) store(frame, out);
        free(in);
    }
    free(taps);
    return err;
}

/* ---- motion ---- */

/* ImageMagick's MotionBlurImage: a one-sided tail of 2R+1 samples at an angle drawn for every frame; its result is
 * rounded to 8 bits, not truncated. */
Err corrupt_motion_blur(CorruptFrame *frame) {
    static const struct { double radius, sigma; } tails[] = {{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}};
    enum { LONGEST = 257 };
    double radius = fmax(1, rint(tails[frame->severity - 1].radius * frame->scale)), *in, *out;
    double sigma = tails[frame->severity - 1].sigma * frame->scale, sum = 0;
    double theta = (-45 + 90 * rng_unit_double(&frame->rng)) * M_PI / 180;
    int n_taps = (int)fmin(LONGEST, 2 * radius + 1);
    Tap taps[LONGEST];
    for (int i = 0; i < n_taps; i++) {
        double weight = exp(-0.5 * i * i / (sigma * sigma));
        /* steps along the angle, rounded as ImageMagick rounds */
        taps[i] = (Tap){(int)ceil(i * sin(theta) - 0.5), (int)ceil(i * cos(theta) - 0.5), weight};
        sum += weight;
    }
    for (int i = 0; i < n_taps; i++) taps[i].weight /= sum;
    TRY(planes_new(&in, &out, frame));
    Err err = correlate(out, in, frame, taps, n_taps, nearest_index);
    for (size_t i = 0; !err && i < 3 * (size_t)frame->height * (size_t)frame->width; i++)
        frame->rgb[i] = (uint8_t)fmin(255, floor(out[i] * 255 + 0.5));
    free(in);
    return err;
}

/* ---- zoom ---- */

/* One axis of a zoom: the middle ceil(size / factor) pixels stretched to round(that * factor), corners on corners, and
 * the middle `size` of those. Position of output pixel i: at[i] + part[i] of the way to the next. */
typedef struct {
    int *at;
    double *part;
} ZoomAxis;

static void zoom_axis(ZoomAxis *axis, int size, double factor) {
    /* SciPy's zoom of order 1, and then its middle */
    int inner = (int)ceil(size / factor), first = (size - inner) / 2, stretched = (int)rint(inner * factor);
    int trim = (stretched - size) / 2;
    double step = stretched > 1 ? (inner - 1) / (double)(stretched - 1) : 0;
    for (int i = 0; i < size; i++) {
        double position = (i + trim) * step;
        int low = (int)fmin(floor(position), inner > 1 ? inner - 2 : 0);
        axis->at[i] = first + low;
        axis->part[i] = inner > 1 ? position - low : 0;
    }
}

static void add_zoomed(double *sum, const double *in, const ZoomAxis *rows, const ZoomAxis *columns, int height,
                       int width) {
    size_t row = 3 * (size_t)width;
    for (int y = 0; y < height; y++) {
        const double *upper = in + (size_t)rows->at[y] * row, *lower = rows->part[y] > 0 ? upper + row : upper;
        for (int x = 0; x < width; x++, sum += 3) {
            size_t left = 3 * (size_t)columns->at[x], right = columns->part[x] > 0 ? left + 3 : left;
            for (size_t c = 0; c < 3; c++) {
                double above = upper[left + c] + (upper[right + c] - upper[left + c]) * columns->part[x];
                double below = lower[left + c] + (lower[right + c] - lower[left + c]) * columns->part[x];
                sum[c] += above + (below - above) * rows->part[y];
            }
        }
    }
}

/* The mean of the picture and of its zooms by 1, 1 + step, ... The counts are those of numpy's arange, whose rounding
 * lets severity 1 have a twelfth. */
static void blur_by_zooms(double *out, const double *in, const CorruptFrame *frame, ZoomAxis *rows, ZoomAxis *columns) {
    static const struct {
        double step;
        int count;
    } zooms[] = {{.01, 12}, {.01, 16}, {.02, 11}, {.02, 13}, {.03, 11}};
    int height = frame->height, width = frame->width, count = zooms[frame->severity - 1].count;
    size_t values = 3 * (size_t)height * (size_t)width;
    memcpy(out, in, values * sizeof(double));
    for (int i = 0; i < count; i++) {
        double factor = 1 + i * zooms[frame->severity - 1].step;
        zoom_axis(rows, height, factor);
        zoom_axis(columns, width, factor);
        add_zoomed(out, in, rows, columns, height, width);
    }
    for (size_t i = 0; i < values; i++) out[i] /= count + 1;
}

Err corrupt_zoom_blur(CorruptFrame *frame) {
    size_t side = (size_t)(frame->height > frame->width ? frame->height : frame->width);
    double *in = NULL, *out, *parts = malloc(2 * side * sizeof(double));
    int *at = malloc(2 * side * sizeof(int));
    Err err = parts && at ? planes_new(&in, &out, frame) : corrupt_no_memory(frame);
    if (!err) {
        ZoomAxis rows = {at, parts}, columns = {at + side, parts + side};
        blur_by_zooms(out, in, frame, &rows, &columns);
        store(frame, out);
    }
    free(parts);
    free(at);
    free(in);
    return err;
}

/* ---- glass ---- */

/* A Gaussian that ends at 4 sigma, down the columns and then along the rows. */
static Err gaussian_blur(CorruptFrame *frame, double sigma) {
    enum { REACH_MAX = 64 };
    int reach = (int)fmin(REACH_MAX, 4 * sigma + 0.5);
    double weights[2 * REACH_MAX + 1], *in, *out;
    Tap taps[2 * REACH_MAX + 1] = {{0, 0, 0}};
    gaussian_weights(weights, reach, sigma);
    TRY(planes_new(&in, &out, frame));
    for (int i = 0; i <= 2 * reach; i++) taps[i] = (Tap){i - reach, 0, weights[i]};
    Err err = correlate(out, in, frame, taps, 2 * reach + 1, nearest_index);
    for (int i = 0; i <= 2 * reach; i++) taps[i] = (Tap){0, i - reach, weights[i]};
    if (!err) err = correlate(in, out, frame, taps, 2 * reach + 1, nearest_index);
    if (!err) store(frame, in);
    free(in);
    return err;
}

/* Every pixel takes the value of a neighbor, from the lower right to the upper left. The reference means to exchange
 * the two, but assigns views of one array, so the neighbor keeps its own. Draws: dx, dy. */
static void scatter(CorruptFrame *frame, int distance) {
    size_t row_bytes = 3 * (size_t)frame->width;
    for (int y = frame->height - distance; y > distance; y--)
        for (int x = frame->width - distance; x > distance; x--) {
            int dx = rng_between(&frame->rng, -distance, distance - 1);
            int dy = rng_between(&frame->rng, -distance, distance - 1);
            memcpy(frame->rgb + (size_t)y * row_bytes + 3 * (size_t)x,
                   frame->rgb + (size_t)(y + dy) * row_bytes + 3 * (size_t)(x + dx), 3);
        }
}

Err corrupt_glass_blur(CorruptFrame *frame) {
    static const struct {
        double sigma, distance;
        int passes;
    } panes[] = {{.7, 1, 2}, {.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}};
    double sigma = panes[frame->severity - 1].sigma * frame->scale;
    int distance = (int)fmax(1, rint(panes[frame->severity - 1].distance * frame->scale));
    TRY(gaussian_blur(frame, sigma));
    for (int i = 0; i < panes[frame->severity - 1].passes; i++) scatter(frame, distance);
    return gaussian_blur(frame, sigma);
}
