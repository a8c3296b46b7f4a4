/* gen/dataset/workbench - what one rendering thread holds: the frames and the latent parameters of one video. */
#pragma once

#include "gen/dataset/generator.h"

typedef struct {
    Frames frames;
    VideoInfo info; /* of the video rendered last */
    int *numbers;
    char *latents;
    void *columns[GENERATOR_COLUMNS_MAX]; /* one for each column of the generator */
} Workbench;

/* longest: frames of the longest video to come. Free it also when this fails. */
CHECKED Err workbench_init(Workbench *bench, const Generator *generator, int longest, bool pixels);
void workbench_free(Workbench *bench);
/* Info, latents and, with `pixels`, all frames; without them `frames` has their shape and no data. */
CHECKED Err workbench_render(Workbench *bench, const Generator *generator, int64_t video, bool pixels);
