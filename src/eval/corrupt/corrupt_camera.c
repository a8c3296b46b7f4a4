/* eval/corrupt/corrupt_camera - a camera that stands or moves wrongly: the picture shifted or turned, black where there
 * is none. */
#include "eval/corrupt/internal/corrupt_kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The same shift for all frames of a clip: a crop of the frame's size at (oy, ox), uniform in 0..8s-1, out of the frame
 * itself, so that the lower and right margins are black. This is what the paper's released code does on the fly; the
 * stored UCF101-P cuts each frame out of a larger one instead. Draws: oy, ox. */
Err corrupt_translate(CorruptFrame *frame) {
    int range = 8 * frame->severity;
    int oy = (int)(rng_below(&frame->rng, (uint32_t)range) * frame->scale + 0.5);
    int ox = (int)(rng_below(&frame->rng, (uint32_t)range) * frame->scale + 0.5);
    size_t row_bytes = 3 * (size_t)frame->width;
    size_t moved = ox < frame->width ? 3 * (size_t)(frame->width - ox) : 0;
    for (int y = 0; y < frame->height; y++) {
        uint8_t *row = frame->rgb + (size_t)y * row_bytes;
        size_t kept = y + oy < frame->height ? moved : 0;
        /* a row is only overwritten after those above it have been read: offsets are not negative */
        if (kept) memmove(row, frame->rgb + (size_t)(y + oy) * row_bytes + 3 * (size_t)ox, kept);
        memset(row + kept, 0, row_bytes - kept);
    }
    return ERR_NONE;
}

/* Pillow rounds the matrix of a rotation to 15 digits, and moves through the input in steps of 2^-16 pixels. */
static double rounded(double value) {
    return rint(value * 1e15) / 1e15;
}

static int64_t fixed(double value) {
    return (int64_t)floor(value * 65536 + 0.5);
}

/* Image.rotate(degrees, NEAREST): counter-clockwise about the center, the size stays. */
static Err rotate(CorruptFrame *frame, double degrees) {
    size_t row_bytes = 3 * (size_t)frame->width, bytes = row_bytes * (size_t)frame->height;
    uint8_t *in = malloc(bytes > 0 ? bytes : 1);
    if (!in) return corrupt_no_memory(frame);
    memcpy(in, frame->rgb, bytes);
    memset(frame->rgb, 0, bytes);
    double angle = -degrees * M_PI / 180, cx = frame->width / 2.0, cy = frame->height / 2.0;
    double xx = rounded(cos(angle)), xy = rounded(sin(angle)), yx = rounded(-sin(angle)), yy = rounded(cos(angle));
    double x0 = xx * -cx + xy * -cy + cx, y0 = yx * -cx + yy * -cy + cy;
    /* the middle of pixel (0, 0) seen in the input */
    int64_t x_row = fixed(x0 + xx * 0.5 + xy * 0.5), y_row = fixed(y0 + yx * 0.5 + yy * 0.5);
    for (int y = 0; y < frame->height; y++, x_row += fixed(xy), y_row += fixed(yy)) {
        uint8_t *out = frame->rgb + (size_t)y * row_bytes;
        int64_t x_in = x_row, y_in = y_row;
        for (int x = 0; x < frame->width; x++, out += 3, x_in += fixed(xx), y_in += fixed(yx)) {
            int64_t column = x_in >> 16, row = y_in >> 16;
            if (column < 0 || column >= frame->width || row < 0 || row >= frame->height) continue;
            memcpy(out, in + (size_t)row * row_bytes + 3 * (size_t)column, 3);
        }
    }
    free(in);
    return ERR_NONE;
}

Err corrupt_static_rotate(CorruptFrame *frame) {
    static const double angles[] = {7.5, 15, 30, 45, 90};
    return rotate(frame, angles[frame->severity - 1]);
}

/* A whole number of degrees, drawn for every frame. */
Err corrupt_rotate(CorruptFrame *frame) {
    int most = 6 * frame->severity + (frame->stored ? 0 : 1);
    return rotate(frame, rng_between(&frame->rng, -most, most));
}
