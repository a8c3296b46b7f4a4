#include "store/data/internal/pool_format.h"

H5Array pool_image_array(int64_t count, int64_t height, int64_t width) {
    return (H5Array){.name = "/image",
                     .kind = H5_U8,
                     .n_dims = 4,
                     .dims = {count, height, width, 3},
                     .labels = {"image", "y", "x", "channel"},
                     .description = "images, RGB",
                     .units = "sRGB level 0 to 255"};
}

H5Array pool_pixels_array(int64_t bytes) {
    return (H5Array){.name = "/pixels",
                     .kind = H5_U8,
                     .n_dims = 1,
                     .dims = {bytes},
                     .labels = {"byte"},
                     .description = "images one after the other, each (y, x, channel), RGB; image k has the bytes "
                                    "image_start[k] to image_start[k+1] and the shape (image_size[k], 3)",
                     .units = "sRGB level 0 to 255"};
}

H5Array pool_image_size_array(int64_t count) {
    return (H5Array){.name = "/image_size",
                     .kind = H5_I32,
                     .n_dims = 2,
                     .dims = {count, 2},
                     .labels = {"image", "height, width"},
                     .description = "size of each image",
                     .units = "pixels"};
}

H5Array pool_image_start_array(int64_t count) {
    return (H5Array){.name = "/image_start",
                     .kind = H5_I64,
                     .n_dims = 1,
                     .dims = {count + 1},
                     .labels = {"image"},
                     .description = "first byte of each image in /pixels; one more entry: the number of bytes",
                     .units = "byte"};
}

/* Sizes enter the digest too: the same pixels in other shapes are other images. */
Err pool_digest_new(Digest **digest, int count, int height, int width, const PoolSize *sizes) {
    const int32_t shape[] = {count, sizes ? 0 : height, sizes ? 0 : width, 3};
    TRY(digest_new(digest));
    digest_add(*digest, shape, sizeof shape);
    if (sizes) digest_add(*digest, sizes, (size_t)count * sizeof *sizes);
    return ERR_NONE;
}
