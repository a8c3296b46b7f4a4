#include "video/square.h"

#include "video/crop.h"
#include "video/resize.h"

Err square_of(Frames *out, const Frames *in, int size) {
    int side = in->height < in->width ? in->height : in->width;
    Box box = crop_center(in->height, in->width, side, side);
    return resize_antialiased(out, in, &box, size, size);
}
