#include "gen/dataset/internal/render_buffer.h"

#include "base/failure/fault.h"

#include <stdlib.h>

/* Frames are given their largest shape at once: growing them later would hold the old and the new for a moment. */
Err render_buffer_init(RenderBuffer *bench, const Generator *generator, int longest, bool pixels) {
    size_t bytes = 0;
    *bench = (RenderBuffer){0};
    for (int c = 0; c < generator->n_columns; c++)
        bytes += (size_t)generator->columns[c].rows * (size_t)generator->columns[c].cols * 4;
    bench->numbers = malloc((size_t)longest * sizeof *bench->numbers);
    bench->latents = malloc(bytes + 1);
    if (!bench->numbers || !bench->latents) return RAISE(ERR_MEMORY, "buffers of a rendering thread: out of memory");
    for (int i = 0; i < longest; i++) bench->numbers[i] = i;
    if (pixels) TRY(frames_shape(&bench->frames, longest, generator->size, generator->size));
    char *at = bench->latents;
    for (int c = 0; c < generator->n_columns; c++) {
        bench->columns[c] = at;
        at += (size_t)generator->columns[c].rows * (size_t)generator->columns[c].cols * 4;
    }
    return ERR_NONE;
}

void render_buffer_free(RenderBuffer *bench) {
    frames_free(&bench->frames);
    free(bench->numbers);
    free(bench->latents);
}

Err render_buffer_render(RenderBuffer *bench, const Generator *generator, int64_t video, bool pixels) {
    VideoInfo *info = &bench->info;
    if (fault_hit("generate.render")) return RAISE(ERR_INTERNAL, "injected fault");
    TRY(generator_info(generator, (uint64_t)video, info));
    TRY(generator_latents(generator, (uint64_t)video, bench->columns));
    if (pixels) return generator_render(generator, (uint64_t)video, bench->numbers, info->n_frames, &bench->frames);
    bench->frames.n_frames = info->n_frames; /* a shape without data is what a latent shard takes */
    bench->frames.height = info->height;
    bench->frames.width = info->width;
    return ERR_NONE;
}
