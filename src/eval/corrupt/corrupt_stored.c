/* eval/corrupt/corrupt_stored - the corruptions as the program behind a stored UCF101-P makes them
 * (eval/corrupt/corrupt.h: CORRUPT_STORED): frames of the whole video, at its own size, then OpenCV's writer. */
#include "base/system/minmax.h"
#include "eval/corrupt/corrupt.h"
#include "eval/corrupt/internal/corrupt_kinds.h"
#include "video/media/encode.h"
#include "video/transform/resize.h"

#include <stdlib.h>
#include <string.h>

enum { SHAKEN_SHORT_SIDE = 256, SHAKEN_SIDE = 224 };

/* ---- frames in another order ---- */

/* As many numbers as there are frames; the reference's list may be longer, but its end is never looked at. */
static void sampled(int *numbers, int n, int severity, bool backward) {
    int step = 1 << severity, kept = (n + step - 1) / step;
    for (int i = 0; i < n; i++) {
        int sample = i / step;
        numbers[i] = (backward ? kept - 1 - sample : sample) * step;
    }
}

static void boxed(int *numbers, int n, int severity, uint32_t *order, Rng *rng) {
    int length = 1 << severity, boxes = (n + length - 1) / length, at = 0;
    rng_permutation(rng, order, (uint32_t)boxes);
    for (int b = 0; b < boxes; b++) {
        int start = (int)order[b] * length, size = n - start < length ? n - start : length;
        for (int i = 0; i < size; i++) numbers[at++] = start + i;
    }
}

static int held_frames(int n, int severity) {
    static const double shares[] = {.4, .2, .1, .05, .1};
    static const int least[] = {0, 0, 0, 2, 1};
    /* severity 5 keeps more than 4: so has the reference */
    int kept = (int)(shares[severity - 1] * n);
    kept = kept > least[severity - 1] ? kept : least[severity - 1];
    return kept < 1 ? 1 : kept < n ? kept : n;
}

/* Held until the next, from the first one on; the end is short of what came before it and repeats the last. */
static void frozen(int *numbers, int n, int severity, uint32_t *order, Rng *rng) {
    int kept = held_frames(n, severity), at = 0;
    rng_permutation(rng, order, (uint32_t)n);
    for (int i = 0, held = -1; i < n; i++) {
        for (int k = 0; k < kept; k++)
            if ((int)order[k] == i) held = i;
        if (held >= 0) numbers[at++] = held;
    }
    for (; at < n; at++) numbers[at] = numbers[at - 1];
}

static Err order_frames(int *numbers, uint32_t *order, int n, const Corruption *corruption, int64_t video) {
    Rng rng = corrupt_stream(corruption, (CorruptPart){.video = video}, 0);
    for (int i = 0; i < n; i++) numbers[i] = i;
    switch (corruption->kind) {
    case CORRUPT_SAMPLING: sampled(numbers, n, corruption->severity, false); break;
    case CORRUPT_REVERSE_SAMPLING: sampled(numbers, n, corruption->severity, true); break;
    case CORRUPT_BOX_JUMBLE: boxed(numbers, n, corruption->severity, order, &rng); break;
    case CORRUPT_FREEZE: frozen(numbers, n, corruption->severity, order, &rng); break;
    default: return corrupt_time(numbers, &n, corruption, video); /* jumble is the same */
    }
    return ERR_NONE;
}

static Err rearrange(Frames *frames, const Corruption *corruption, int64_t video) {
    int n = frames->n_frames;
    int *numbers = malloc((size_t)n * sizeof *numbers);
    uint32_t *order = malloc((size_t)n * sizeof *order);
    Frames out = {0};
    Err err = numbers && order ? ERR_NONE : RAISE(ERR_MEMORY, "no memory to reorder %d frames", n);
    if (!err) err = order_frames(numbers, order, n, corruption, video);
    if (!err) err = frames_shape(&out, n, frames->height, frames->width);
    for (int i = 0; i < n && !err; i++)
        memcpy(frames_at(&out, i), frames_at(frames, numbers[i]), frames_frame_bytes(frames));
    if (!err) {
        frames_free(frames);
        *frames = out;
    } else {
        frames_free(&out);
    }
    free(numbers);
    free(order);
    return err;
}

/* ---- a camera that shakes ---- */

/* Squares cut out of larger frames, at a place drawn for each. Where the reference's squares would leave the frame, and
 * its writer would drop them, these stay inside. */
static Err shake(Frames *frames, const Corruption *corruption, int64_t video) {
    int height, width;
    Frames larger = {0}, out = {0};
    resize_short_side(&height, &width, frames->height, frames->width, SHAKEN_SHORT_SIDE);
    Err err = resize_bilinear(&larger, frames, NULL, height, width);
    if (!err) err = frames_shape(&out, frames->n_frames, SHAKEN_SIDE, SHAKEN_SIDE);
    for (int i = 0; i < frames->n_frames && !err; i++) {
        Rng rng = corrupt_stream(corruption, (CorruptPart){.video = video}, i % CORRUPT_MAX_FRAMES);
        int oy = min_int((int)rng_below(&rng, (uint32_t)(8 * corruption->severity)), height - SHAKEN_SIDE);
        int ox = min_int((int)rng_below(&rng, (uint32_t)(8 * corruption->severity)), width - SHAKEN_SIDE);
        for (int y = 0; y < SHAKEN_SIDE; y++)
            memcpy(frames_at(&out, i) + (size_t)y * SHAKEN_SIDE * 3,
                   frames_at(&larger, i) + ((size_t)(oy + y) * (size_t)width + (size_t)ox) * 3, SHAKEN_SIDE * 3);
    }
    frames_free(&larger);
    if (err) {
        frames_free(&out);
        return err;
    }
    frames_free(frames);
    *frames = out;
    return ERR_NONE;
}

/* ---- */

Err corrupt_frames_stored(Frames *frames, const Corruption *corruption, int64_t video) {
    Corruption whole = *corruption;
    whole.scale = 1; /* the constants, whatever the size of the frames */
    if (corrupt_family(corruption->kind) == FAMILY_TEMPORAL) return rearrange(frames, corruption, video);
    if (corruption->kind == CORRUPT_TRANSLATE) return shake(frames, corruption, video);
    return corrupt_view(frames, &whole, (CorruptPart){.video = video});
}
