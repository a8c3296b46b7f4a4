/* Orientation is one of eight: an exchange of the axes, then mirrors of x and y. All sources of it (display matrices,
 * Exif) come down to these three flags. */
#include "video/media/internal/libav.h"

#include <stdlib.h>
#include <string.h>

/* What sines and cosines leave of a zero: as much as within a degree of a quarter turn, which is where players draw the
 * line, too. */
static bool is_residue(int32_t small, int32_t large) {
    enum { COTANGENT_OF_A_DEGREE = 57 };
    return llabs((long long)small) * COTANGENT_OF_A_DEGREE <= llabs((long long)large);
}

/* The matrix (a b u; c d v; x y w) takes a stored point to x' = a x + c y, y' = b x + d y; numbers are 16.16. */
static Orientation of_matrix(const int32_t *matrix) {
    int32_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    if (a && d && is_residue(b, a) && is_residue(c, d)) return (Orientation){false, a < 0, d < 0};
    if (b && c && is_residue(a, b) && is_residue(d, c)) return (Orientation){true, b < 0, c < 0};
    return (Orientation){0};
}

/* Exif 2.3, tag 274: where the stored first row and first column are to be seen. */
static Orientation of_exif(int number) {
    static const Orientation named[9] = {
        [2] = {false, true, false}, /* top, right */
        [3] = {false, true, true},  /* bottom, right */
        [4] = {false, false, true}, /* bottom, left */
        [5] = {true, false, false}, /* left, top */
        [6] = {true, false, true},  /* right, top */
        [7] = {true, true, true},   /* right, bottom */
        [8] = {true, true, false},  /* left, bottom */
    };
    return named[number >= 1 && number <= 8 ? number : 0];
}

Orientation orient_of(const AVStream *stream, const AVFrame *frame, int exif) {
    enum { BYTES = 9 * sizeof(int32_t) };
    /* a frame's own note goes before the stream's: it travels with the picture */
    const AVFrameSideData *own = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    size_t size;
    const uint8_t *of_stream = libav_stream_side_data(&size, stream, AV_PKT_DATA_DISPLAYMATRIX);
    int32_t matrix[9];
    if (own && own->size >= BYTES)
        memcpy(matrix, own->data, BYTES);
    else if (of_stream && size >= BYTES)
        memcpy(matrix, of_stream, BYTES);
    else
        return of_exif(exif);
    return of_matrix(matrix);
}

bool orient_is_plain(Orientation orientation) {
    return !orientation.swap && !orientation.flip_x && !orientation.flip_y;
}

void orient_apply(uint8_t *out, const uint8_t *in, int height, int width, Orientation orientation) {
    int rows = orientation.swap ? width : height, columns = orientation.swap ? height : width;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++, out += 3) {
            /* where the pixel that is seen at (x, y) was stored */
            int from_x = orientation.swap ? y : x, from_y = orientation.swap ? x : y;
            if (orientation.flip_x) from_x = width - 1 - from_x;
            if (orientation.flip_y) from_y = height - 1 - from_y;
            memcpy(out, in + ((size_t)from_y * (size_t)width + (size_t)from_x) * 3, 3);
        }
}
