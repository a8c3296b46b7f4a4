#include "video/transform/internal/warp.h"

#include <math.h>

static const uint8_t fill = 128;

/* Four samples at -1, 0, 1, 2 and a position in [0, 1). */
static double cubic(double a, double b, double c, double d, double at) {
    double p2 = -a + c, p3 = 2 * (a - b) + c - d, p4 = -a + b - c + d;
    return b + at * (p2 + at * (p3 + at * p4));
}

static int held_inside(int at, int size) {
    return at < 0 ? 0 : at < size ? at : size - 1;
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
        near.columns[i] = (size_t)held_inside(left - 1 + i, width) * 3;
        if (i == 0 || (row >= 0 && row < height))
            near.rows[i] = in + (size_t)held_inside(row, height) * row_bytes;
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

Err warp_affine(Frames *frames, Affine map) {
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

Err warp_rotate(Frames *frames, double degrees) {
    if (degrees == 0) return ERR_NONE;
    double angle = -degrees * M_PI / 180, cosine = rounded(cos(angle)), sine = rounded(sin(angle));
    double x = frames->width / 2.0, y = frames->height / 2.0;
    return warp_affine(
        frames, (Affine){cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y});
}
