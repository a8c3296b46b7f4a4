/* eval/corrupt/internal/corrupt_kinds - the functions behind the catalog, one file a family. For eval/corrupt*.c only.
 */
#pragma once

#include "base/failure/err.h"
#include "eval/corrupt/corrupt.h"
#include "math/rng.h"

#include <stdbool.h>

/* A frame to change in place. */
typedef struct {
    uint8_t *rgb; /* (height, width, 3) */
    int height, width;
    int severity; /* 1..5 */
    bool stored;  /* as the program behind the stored sets (CORRUPT_STORED) */
    double scale; /* pixels of this frame for one of a frame of 224 */
    Rng rng;      /* of this frame; of the clip where a corruption is the same in all its frames */
} CorruptFrame;

typedef Err CorruptApply(CorruptFrame *frame);
typedef Err CorruptTimeline(int *entries, int *count, int severity, Rng *rng);

CorruptApply corrupt_gaussian_noise, corrupt_shot_noise, corrupt_impulse_noise, corrupt_speckle_noise;
CorruptApply corrupt_defocus_blur, corrupt_motion_blur, corrupt_zoom_blur, corrupt_glass_blur;
CorruptApply corrupt_translate, corrupt_static_rotate, corrupt_rotate;
CorruptApply corrupt_jpeg;
CorruptTimeline corrupt_sampling, corrupt_reverse_sampling, corrupt_jumble, corrupt_box_jumble, corrupt_freeze;

/* The stream of a frame of a part of a video. */
Rng corrupt_stream(const Corruption *corruption, CorruptPart part, int frame);
/* A whole video as the program behind the stored sets changes it, before it is encoded. */
CHECKED Err corrupt_frames_stored(Frames *frames, const Corruption *corruption, int64_t video);

/* [0, 1] as 8 bits: cut and truncated, as the reference does. */
static inline uint8_t corrupt_to_byte(double x) {
    return (uint8_t)(x <= 0 ? 0 : x >= 1 ? 255 : x * 255);
}
/* "no memory" of a frame's scratch. */
CHECKED Err corrupt_no_memory(const CorruptFrame *frame);
