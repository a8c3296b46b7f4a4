#include "video/transform/crop.h"

#include "base/system/minmax.h"

#include <math.h>

enum { N_SCALES = 4, N_OFFSETS = 13 };

Box crop_multi_scale(int height, int width, int size, Rng *rng) {
    static const double scales[N_SCALES] = {1, 0.875, 0.75, 0.66};
    /* Quarter steps (x, y): the order is the original's, because a draw is an index into it. */
    static const int offsets[N_OFFSETS][2] = {{0, 0}, {4, 0}, {0, 4}, {4, 4}, {2, 2}, {0, 2}, {4, 2},
                                              {2, 4}, {2, 0}, {1, 1}, {3, 1}, {1, 3}, {3, 3}};
    /* sides close to the wanted size are taken as it, so that no resizing by a pixel or two blurs them */
    int base = min_int(height, width), sides[N_SCALES], pairs[N_SCALES * N_SCALES][2], n_pairs = 0;
    for (int i = 0; i < N_SCALES; i++) {
        sides[i] = (int)(base * scales[i]);
        if (abs(sides[i] - size) < 3) sides[i] = min_int(size, base);
        if (sides[i] < 1) sides[i] = 1;
    }
    /* height and width may differ by one scale */
    for (int i = 0; i < N_SCALES; i++)
        for (int j = 0; j < N_SCALES; j++)
            if (abs(i - j) <= 1) {
                pairs[n_pairs][0] = sides[j];
                pairs[n_pairs++][1] = sides[i];
            }
    const int *pair = pairs[rng_below(rng, (uint32_t)n_pairs)], *offset = offsets[rng_below(rng, N_OFFSETS)];
    return (Box){offset[0] * ((width - pair[0]) / 4), offset[1] * ((height - pair[1]) / 4), pair[0], pair[1]};
}

static const double narrowest = 0.75, widest = 1.3333;

static Box largest_within_aspects(int height, int width) {
    double aspect = (double)width / height;
    int box_height = height, box_width = width;
    if (aspect < narrowest) box_height = (int)rint(width / narrowest);
    if (aspect > widest) box_width = (int)rint(height * widest);
    return crop_center(height, width, min_int(box_height, height), min_int(box_width, width));
}

Box crop_random_resized(int height, int width, Rng *rng) {
    /* ten attempts, then the largest box within the aspects, as torchvision */
    for (int attempt = 0; attempt < 10; attempt++) {
        double area = (0.08 + 0.92 * rng_unit_double(rng)) * height * width;
        double aspect = exp(log(narrowest) + (log(widest) - log(narrowest)) * rng_unit_double(rng));
        int box_width = (int)rint(sqrt(area * aspect)), box_height = (int)rint(sqrt(area / aspect));
        if (box_width < 1 || box_height < 1 || box_width > width || box_height > height) continue;
        int y = rng_between(rng, 0, height - box_height), x = rng_between(rng, 0, width - box_width);
        return (Box){x, y, box_width, box_height};
    }
    return largest_within_aspects(height, width);
}

Box crop_center(int frame_height, int frame_width, int height, int width) {
    ASSERT(height <= frame_height && width <= frame_width);
    return (Box){(frame_width - width) / 2, (frame_height - height) / 2, width, height};
}

Box crop_square(int frame_height, int frame_width) {
    int side = min_int(frame_height, frame_width);
    return crop_center(frame_height, frame_width, side, side);
}

Box crop_of_several(int frame_height, int frame_width, int size, int crop, int n_crops) {
    ASSERT(min_int(frame_height, frame_width) == size && crop >= 0 && crop < n_crops);
    if (n_crops == 1) return crop_center(frame_height, frame_width, size, size);
    bool down = frame_height >= frame_width;
    int spare = (down ? frame_height : frame_width) - size;
    /* int() of a float step, as the official code rounds */
    int offset = (int)(crop * ((double)spare / (n_crops - 1)));
    return down ? (Box){0, offset, size, size} : (Box){offset, 0, size, size};
}

Err crop_copy(Frames *out, const Frames *in, Box box) {
    ASSERT(box.x >= 0 && box.y >= 0 && box.x + box.width <= in->width && box.y + box.height <= in->height);
    TRY(frames_shape(out, in->n_frames, box.height, box.width));
    size_t row_bytes = (size_t)box.width * 3, in_row_bytes = (size_t)in->width * 3;
    for (int frame = 0; frame < in->n_frames; frame++) {
        const uint8_t *from = frames_at(in, frame) + (size_t)box.y * in_row_bytes + (size_t)box.x * 3;
        uint8_t *to = frames_at(out, frame);
        for (int y = 0; y < box.height; y++)
            memcpy(to + (size_t)y * row_bytes, from + (size_t)y * in_row_bytes, row_bytes);
    }
    return ERR_NONE;
}
