/* gen/dataset/render_buffer - what one rendering thread holds: the frames and the latent parameters of one video. */
#pragma once

#include "gen/dataset/generator.h"

typedef struct {
    Frames frames;
    VideoInfo info; /* of the video rendered last */
    int *numbers;
    char *latents;
    void *columns[GENERATOR_COLUMNS_MAX]; /* one for each column of the generator */
} RenderBuffer;

/* longest: frames of the longest video to come. Free it also when this fails. */
CHECKED Err render_buffer_init(RenderBuffer *bench, const Generator *generator, int longest, bool pixels);
void render_buffer_free(RenderBuffer *bench);
/* Info, latents and, with `pixels`, all frames; without them `frames` has their shape and no data. */
CHECKED Err render_buffer_render(RenderBuffer *bench, const Generator *generator, int64_t video, bool pixels);
