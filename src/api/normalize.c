#include "api/library.h"
#include "nn/layers/patch.h"

#include <synvid.h>

enum { CHANNELS = 3, LEVELS = 256 };

/* A pixel has few values: their floats are looked up. */
static void fill_table(float table[CHANNELS][LEVELS]) {
    for (int c = 0; c < CHANNELS; c++)
        for (int v = 0; v < LEVELS; v++) table[c][v] = ((float)v / 255.0f - patch_mean[c]) / patch_std[c];
}

static Err normalize(float *out, const uint8_t *clip, int n_frames, int height, int width) {
    float table[CHANNELS][LEVELS];
    if (!out || !clip) return RAISE(ERR_USAGE, "normalizing a clip: a buffer is NULL");
    if (n_frames < 1 || height < 1 || width < 1)
        return RAISE(ERR_USAGE, "normalizing a clip: %d frames of %d x %d pixels", n_frames, width, height);
    fill_table(table);
    size_t pixels = (size_t)n_frames * (size_t)height * (size_t)width;
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < CHANNELS; c++) out[c * pixels + i] = table[c][clip[CHANNELS * i + c]];
    return ERR_NONE;
}

int synvid_clip_normalize(float *out, const uint8_t *clip, int n_frames, int height, int width) {
    return library_status(normalize(out, clip, n_frames, height, width));
}
