/* gen/standin/internal/photo - the photographs of the stand-in datasets: where they come from, and who may see which.
 *
 * The bank is the union of the image pools given; without any it is a bank of procedural pictures
 * (gen/standin/procedural). Photograph n belongs to the test split when a fixed random stream of its number says so: a
 * fifth of all, the same fifth for every seed and every dataset, so that training and test never share one. */
#pragma once

#include "base/config/field.h"
#include "gen/variant/media.h"
#include "math/rng.h"
#include "video/frames/clip.h"

typedef enum { SPLIT_TRAIN, SPLIT_TEST } Split;

enum { PHOTO_TEST_SHARE_OF = 5, PHOTO_PROCEDURAL_COUNT = 1 << 20, PHOTOS_A_VIDEO_MAX = 40 };

typedef struct {
    const Media *media; /* borrowed; no images: procedural */
    Split split;
    int procedural_side; /* of the pictures drawn when there are no pools: a power of two */
} PhotoBank;

/* A square part of a photograph, in shares of its short side; `mirrored` left to right. */
typedef struct {
    float x, y, side;
    bool mirrored;
} PhotoCrop;

/* The photographs one video has used so far: no two of its parts show the same. */
typedef struct {
    int32_t numbers[PHOTOS_A_VIDEO_MAX];
    int count;
} PhotosUsed;

/* `frame_side` decides how large procedural pictures are drawn. */
PhotoBank photo_bank(const Media *media, Split split, int frame_side);
bool photo_bank_is_procedural(const PhotoBank *bank);
int64_t photo_bank_count(const PhotoBank *bank); /* of both splits */
Split photo_split(int64_t number);
/* ERR_INPUT when the split has fewer than `needed` photographs, naming how many it has. */
CHECKED Err photo_bank_check(const PhotoBank *bank, int needed);

/* A photograph of the bank's split that is not in `used` yet; adds it there. The bank must have passed its check. */
int32_t photo_pick(const PhotoBank *bank, Rng *rng, PhotosUsed *used);
/* Side uniform in `shares`, anywhere inside the photograph. */
PhotoCrop photo_crop_draw(Rng *rng, Range shares);
/* The crop as one frame of side x side, resized with antialiasing. */
CHECKED Err photo_load(Frames *out, const PhotoBank *bank, int32_t number, const PhotoCrop *crop, int side);
