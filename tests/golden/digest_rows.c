/* Rows for outputs.sh of what no command shows by itself: every corruption of a clip, tube masks, resizing. Input is a
 * clip of random numbers and ramps, the same everywhere. A row is "promise name digest", as there. */
#include "base/system/digest.h"
#include "eval/corrupt/corrupt.h"
#include "math/rng.h"
#include "nn/models/mask.h"
#include "video/transform/resize.h"

#include <stdio.h>
#include <stdlib.h>

enum { FRAMES = 8, SIDE = 56 };

/* A failure here is a fault of the machine or of this program. */
static void must(Err err) {
    if (!err) return;
    fprintf(stderr, "digest_rows: %s\n", err_message());
    exit(1);
}

static void row(const char *promise, const char *group, const char *name, const void *data, size_t bytes) {
    char digest[DIGEST_SIZE];
    digest_of(digest, data, bytes);
    printf("%s %s/%s %s\n", promise, group, name, digest);
}

/* Ramps in space and time under noise, so that filters have edges, slopes and detail to work on. */
static void make_clip(Frames *clip) {
    must(frames_shape(clip, FRAMES, SIDE, SIDE));
    Rng rng = rng_stream(5, RNG_TEST, 0, 0);
    for (int f = 0; f < FRAMES; f++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                for (int c = 0; c < 3; c++) {
                    uint32_t level = (uint32_t)(2 * x + y * (c + 1) + 9 * f) % 192 + rng_below(&rng, 64);
                    frames_at(clip, f)[(y * SIDE + x) * 3 + c] = (uint8_t)level;
                }
}

static void copy_clip(Frames *out, const Frames *in) {
    must(frames_shape(out, in->n_frames, in->height, in->width));
    memcpy(out->data, in->data, frames_frame_bytes(in) * (size_t)in->n_frames);
}

/* Video codecs are FFmpeg's, of one version on one kind of processor. */
static const char *promise_of(CorruptPlace place) {
    return place == CORRUPT_IN_VIDEO ? "here" : "everywhere";
}

static void corruption_rows(const Frames *clip) {
    Frames made = {0};
    for (int kind = 0; kind < CORRUPT_COUNT; kind++) {
        Corruption c = {.kind = (CorruptKind)kind, .severity = 3, .scale = corrupt_scale(SIDE), .seed = 11};
        CorruptPlace place = corrupt_place(&c);
        const char *name = corrupt_name(c.kind), *promise = promise_of(place);
        copy_clip(&made, clip);
        if (place == CORRUPT_IN_VIEW) {
            must(corrupt_view(&made, &c, (CorruptPart){.video = 7, .clip = 1, .crop = 2}));
            row(promise, "corruption", name, made.data, frames_frame_bytes(&made) * (size_t)made.n_frames);
        } else if (place == CORRUPT_IN_VIDEO) {
            uint8_t *bytes;
            size_t length;
            must(corrupt_video(&bytes, &length, &made, &c, 7));
            row(promise, "corruption", name, bytes, length);
            free(bytes);
        } else {
            int entries[CORRUPT_MAX_FRAMES], count = FRAMES;
            for (int i = 0; i < count; i++) entries[i] = i;
            must(corrupt_time(entries, &count, &c, 7));
            row(promise, "corruption", name, entries, (size_t)count * sizeof *entries);
        }
    }
    frames_free(&made);
}

static void resize_rows(const Frames *clip) {
    typedef Err Resize(Frames * out, const Frames *in, const Box *box, int height, int width);
    static const struct {
        const char *name;
        Resize *resize;
    } kinds[] = {{"antialiased", resize_antialiased}, {"bilinear", resize_bilinear}, {"nearest", resize_nearest}};
    const Box whole = {0, 0, SIDE, SIDE};
    Frames made = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        must(kinds[i].resize(&made, clip, &whole, 37, 45));
        row("everywhere", "resize", kinds[i].name, made.data, frames_frame_bytes(&made) * (size_t)made.n_frames);
    }
    frames_free(&made);
}

static void mask_rows(void) {
    static const double ratios[] = {0.75, 0.9};
    const ModelConfig model = {.image_size = 64, .n_frames = 8, .patch_size = 8, .tubelet_size = 2};
    uint8_t masked[4 * 64];
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
        char name[16];
        must(mask_check(&model, ratios[i]));
        mask_draw(masked, &model, ratios[i], 3, 40);
        snprintf(name, sizeof name, "tube-%.2f", ratios[i]);
        row("everywhere", "mask", name, masked, sizeof masked);
    }
}

int main(void) {
    Frames clip = {0};
    make_clip(&clip);
    corruption_rows(&clip);
    resize_rows(&clip);
    mask_rows();
    frames_free(&clip);
    return 0;
}
