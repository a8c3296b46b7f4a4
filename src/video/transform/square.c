#include "video/transform/square.h"

#include "video/transform/crop.h"
#include "video/transform/resize.h"

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
