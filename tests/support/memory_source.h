/* support/memory_source - a clip source whose pixels are a pure function of (seed, video, frame): nothing to read, any
 * size. */
#pragma once

#include "math/rng.h"
#include "video/frames/source.h"

#include <stdio.h>

typedef struct {
    ClipSource source;
    uint64_t seed;
    int height, width;
    int64_t broken; /* reading this video fails; -1: none */
} MemorySource;

/* Lengths vary: 12 to 31 frames. */
static inline Err memory_source_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const MemorySource *memory = source->state;
    (void)epoch;
    *info = (VideoInfo){12 + (int)(index * 7 % 20), memory->height, memory->width, -1};
    return ERR_NONE;
}

/* A disk that drifts over a colored gradient, with a little noise. */
static inline void memory_source_paint(uint8_t *pixels, const MemorySource *memory, int64_t index, int frame) {
    Rng rng = rng_stream(memory->seed, RNG_TEST, (uint64_t)index, 0);
    float radius = rng_uniform(&rng, 5, 15), x0 = rng_uniform(&rng, 0, 40), y0 = rng_uniform(&rng, 0, 40);
    float speed = rng_uniform(&rng, 0, 1.5f), base = rng_uniform(&rng, 20, 160);
    Rng noise = rng_stream(memory->seed, RNG_TEST, (uint64_t)index, 1 + (uint32_t)frame);
    for (int y = 0; y < memory->height; y++)
        for (int x = 0; x < memory->width; x++) {
            float dx = (float)x - x0 - speed * (float)frame, dy = (float)y - y0;
            bool inside = dx * dx + dy * dy < radius * radius;
            uint8_t *pixel = pixels + 3 * (y * memory->width + x);
            pixel[0] = (uint8_t)(inside ? 230 : base + (float)x * 0.5f);
            pixel[1] = (uint8_t)(inside ? 40 : base);
            pixel[2] = (uint8_t)(base + (float)rng_below(&noise, 20));
        }
}

static inline Err memory_source_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers,
                                     int n_frames, Frames *out) {
    const MemorySource *memory = source->state;
    (void)epoch;
    if (index == memory->broken) return RAISE(ERR_INPUT, "video %d is broken", (int)index);
    TRY(frames_shape(out, n_frames, memory->height, memory->width));
    for (int i = 0; i < n_frames; i++) memory_source_paint(frames_at(out, i), memory, index, numbers[i]);
    return ERR_NONE;
}

static inline void memory_source_close(ClipSource *source) {
    (void)source;
}

static inline void memory_source_open(MemorySource *memory, const char *name, uint64_t seed, int64_t count, int height,
                                      int width) {
    static const ClipSourceOps ops = {"memory", memory_source_info, memory_source_read, memory_source_close};
    *memory = (MemorySource){
        .source = {.ops = &ops, .count = count}, .seed = seed, .height = height, .width = width, .broken = -1};
    snprintf(memory->source.name, sizeof memory->source.name, "%s", name);
    snprintf(memory->source.digest, sizeof memory->source.digest, "%032llx", (unsigned long long)seed);
    memory->source.state = memory;
}
