#include "gen/photo.h"

#include "base/text.h"
#include "gen/procedural.h"

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

/* One axis of the resampling: output i is the weighted mean of `taps` inputs from first[i] on. */
typedef struct {
    int taps, *first;
    float *weight; /* (count, taps) */
} Axis;

static void axis_free(Axis *axis) {
    free(axis->first);
    free(axis->weight);
    *axis = (Axis){0};
}

/* Triangle filter centered on each output pixel, as wide as the reduction, cut at the border of the input. */
static void axis_fill(Axis *axis, float origin, float scale, int count, int input, bool mirrored) {
    float reach = fmaxf(1, scale);
    for (int i = 0; i < count; i++) {
        float center = origin + ((float)(mirrored ? count - 1 - i : i) + 0.5f) * scale - 0.5f, sum = 0;
        int first = (int)fmaxf(0, fminf((float)(input - axis->taps), floorf(center - reach) + 1));
        float *weight = axis->weight + (size_t)i * (size_t)axis->taps;
        for (int k = 0; k < axis->taps; k++) {
            weight[k] = fmaxf(0, 1 - fabsf((float)(first + k) - center) / reach);
            sum += weight[k];
        }
        for (int k = 0; k < axis->taps; k++) weight[k] /= sum;
        axis->first[i] = first;
    }
}

static Err axis_make(Axis *axis, float origin, float scale, int count, int input, bool mirrored) {
    int taps = (int)ceilf(2 * fmaxf(1, scale)) + 1;
    axis->taps = taps < input ? taps : input;
    axis->first = malloc((size_t)count * sizeof *axis->first);
    axis->weight = malloc((size_t)count * (size_t)axis->taps * sizeof *axis->weight);
    if (!axis->first || !axis->weight) return RAISE(ERR_MEMORY, "resampling a photograph: out of memory");
    axis_fill(axis, origin, scale, count, input, mirrored);
    return ERR_NONE;
}

/* out (width, 3) = horizontal means of one source row. */
static void resample_row(float *out, const uint8_t *row, const Axis *axis, int width) {
    for (int x = 0; x < width; x++) {
        const uint8_t *pixel = row + 3 * (size_t)axis->first[x];
        const float *weight = axis->weight + (size_t)x * (size_t)axis->taps;
        float red = 0, green = 0, blue = 0;
        for (int k = 0; k < axis->taps; k++, pixel += 3) {
            red += weight[k] * (float)pixel[0];
            green += weight[k] * (float)pixel[1];
            blue += weight[k] * (float)pixel[2];
        }
        out[3 * x] = red, out[3 * x + 1] = green, out[3 * x + 2] = blue;
    }
}

/* Rows first, into `rows` (source height, out width, 3); then columns. */
static void resample(Frames *out, const MediaImage *image, const Axis *across, const Axis *down, float *rows) {
    size_t pitch = 3 * (size_t)out->width;
    int first = down->first[0], last = down->first[out->height - 1] + down->taps;
    for (int y = first; y < last; y++)
        resample_row(rows + (size_t)y * pitch, image->pixels + 3 * (size_t)y * (size_t)image->width, across,
                     out->width);
    for (int y = 0; y < out->height; y++) {
        const float *weight = down->weight + (size_t)y * (size_t)down->taps;
        uint8_t *row = out->data + (size_t)y * pitch;
        for (size_t i = 0; i < pitch; i++) {
            const float *column = rows + (size_t)down->first[y] * pitch + i;
            float sum = 0.5f;
            for (int k = 0; k < down->taps; k++) sum += weight[k] * column[(size_t)k * pitch];
            row[i] = (uint8_t)sum;
        }
    }
}

static Err crop_resample(Frames *out, const MediaImage *image, const PhotoCrop *crop, int side) {
    Err err;
    Axis across = {0}, down = {0};
    float short_side = (float)(image->height < image->width ? image->height : image->width);
    float extent = crop->side * short_side, scale = extent / (float)side;
    float x0 = crop->x * ((float)image->width - extent), y0 = crop->y * ((float)image->height - extent);
    float *rows = malloc(3 * (size_t)image->height * (size_t)side * sizeof *rows);
    if (!rows) return RAISE(ERR_MEMORY, "resampling a photograph: out of memory");
    TRY_OR(done, frames_shape(out, 1, side, side));
    TRY_OR(done, axis_make(&across, x0, scale, side, image->width, crop->mirrored));
    TRY_OR(done, axis_make(&down, y0, scale, side, image->height, false));
    resample(out, image, &across, &down, rows);
done:
    axis_free(&across);
    axis_free(&down);
    free(rows);
    return err;
}

Err photo_load(Frames *out, const PhotoBank *bank, int32_t number, const PhotoCrop *crop, int side) {
    if (!photo_bank_is_procedural(bank)) {
        MediaImage image = media_image(bank->media, number);
        return crop_resample(out, &image, crop, side);
    }
    int drawn = bank->procedural_side;
    uint8_t *pixels = malloc(3 * (size_t)drawn * (size_t)drawn);
    if (!pixels) return RAISE(ERR_MEMORY, "drawing a procedural picture of %d x %d: out of memory", drawn, drawn);
    Err err = procedural_draw(pixels, drawn, (uint64_t)number);
    MediaImage image = {.pixels = pixels, .height = drawn, .width = drawn};
    if (!err) err = crop_resample(out, &image, crop, side);
    free(pixels);
    return err;
}
