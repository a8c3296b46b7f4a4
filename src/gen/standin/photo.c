/* Which photographs a split may see is a draw from the photograph's number alone: one in PHOTO_TEST_SHARE_OF is for
 * testing, whatever the seed, so that training and test sets of any seeds never share a picture. */
#include "gen/standin/internal/photo.h"

#include "gen/standin/procedural.h"
#include "video/transform/resize.h"

#include <math.h>

PhotoBank photo_bank(const Media *media, Split split, int frame_side) {
    int side = 64;
    while (side < frame_side && side < PROCEDURAL_SIDE_MAX) side *= 2;
    return (PhotoBank){.media = media, .split = split, .procedural_side = side};
}

bool photo_bank_is_procedural(const PhotoBank *bank) {
    return !bank->media || media_n_images(bank->media) == 0;
}

int64_t photo_bank_count(const PhotoBank *bank) {
    return photo_bank_is_procedural(bank) ? PHOTO_PROCEDURAL_COUNT : media_n_images(bank->media);
}

Split photo_split(int64_t number) {
    Rng rng = rng_stream(0, RNG_SUBSET, (uint64_t)number, 0);
    return rng_below(&rng, PHOTO_TEST_SHARE_OF) == 0 ? SPLIT_TEST : SPLIT_TRAIN;
}

Err photo_bank_check(const PhotoBank *bank, int needed) {
    int64_t count = photo_bank_count(bank);
    int found = 0;
    for (int64_t i = 0; i < count && found < needed; i++) found += photo_split(i) == bank->split;
    if (found >= needed) return ERR_NONE;
    return RAISE(
        ERR_INPUT,
        "the %s split needs at least %d photographs a video: %d of the %lld in the pool belong to it (one in %d "
        "is for testing); use a larger pool, or none for procedural pictures",
        bank->split == SPLIT_TEST ? "test" : "train", needed, found, (long long)count, PHOTO_TEST_SHARE_OF);
}

static bool is_used(const PhotosUsed *used, int32_t number) {
    for (int i = 0; i < used->count; i++)
        if (used->numbers[i] == number) return true;
    return false;
}

/* Drawn again until it fits: about five times for the test split, whatever the size of the bank. */
int32_t photo_pick(const PhotoBank *bank, Rng *rng, PhotosUsed *used) {
    uint32_t count = (uint32_t)photo_bank_count(bank);
    int32_t number;
    do number = (int32_t)rng_below(rng, count);
    while (photo_split(number) != bank->split || is_used(used, number));
    ASSERT(used->count < PHOTOS_A_VIDEO_MAX);
    used->numbers[used->count++] = number;
    return number;
}

PhotoCrop photo_crop_draw(Rng *rng, Range shares) {
    PhotoCrop crop = {.side = rng_uniform(rng, (float)shares.low, (float)shares.high)};
    crop.x = rng_unit(rng), crop.y = rng_unit(rng);
    crop.mirrored = rng_below(rng, 2);
    return crop;
}

/* Copies the cropped square out of the photograph, mirrored if asked. */
static Err cut(Frames *out, const MediaImage *image, const PhotoCrop *crop) {
    int short_side = image->height < image->width ? image->height : image->width;
    int side = (int)fmaxf(1, crop->side * (float)short_side);
    int x0 = (int)(crop->x * (float)(image->width - side)), y0 = (int)(crop->y * (float)(image->height - side));
    TRY(frames_shape(out, 1, side, side));
    for (int y = 0; y < side; y++) {
        const uint8_t *row = image->pixels + 3 * ((size_t)(y0 + y) * (size_t)image->width + (size_t)x0);
        uint8_t *to = out->data + 3 * (size_t)y * (size_t)side;
        if (!crop->mirrored)
            memcpy(to, row, 3 * (size_t)side);
        else
            for (int x = 0; x < side; x++) memcpy(to + 3 * x, row + 3 * (side - 1 - x), 3);
    }
    return ERR_NONE;
}

static Err cut_and_resize(Frames *out, const MediaImage *image, const PhotoCrop *crop, int side) {
    Frames part = {0};
    Err err = cut(&part, image, crop);
    if (!err) err = resize_antialiased(out, &part, NULL, side, side);
    frames_free(&part);
    return err;
}

Err photo_load(Frames *out, const PhotoBank *bank, int32_t number, const PhotoCrop *crop, int side) {
    if (!photo_bank_is_procedural(bank)) {
        MediaImage image = media_image(bank->media, number);
        return cut_and_resize(out, &image, crop, side);
    }
    int drawn = bank->procedural_side;
    uint8_t *pixels = malloc(3 * (size_t)drawn * (size_t)drawn);
    if (!pixels) return RAISE(ERR_MEMORY, "drawing a procedural picture of %d x %d: out of memory", drawn, drawn);
    Err err = procedural_draw(pixels, drawn, (uint64_t)number);
    MediaImage image = {.pixels = pixels, .height = drawn, .width = drawn};
    if (!err) err = cut_and_resize(out, &image, crop, side);
    free(pixels);
    return err;
}
