/* gen/objects/render - from a scene to frames.
 *
 * Objects are painted from the last drawn (on top) to the first, each only into pixels that no object has taken, until
 * all are taken. The picture is that of painting them in order, at a fraction of the fills, and hidden objects need no
 * texture. Pixels that remain show the background. render_frame_ref paints plainly back to front and defines the
 * result; both are equal to the byte (tests/unit/test_render.c).
 *
 * A Renderer is what all scenes of a variant share; it is const and all threads use it. A Painter is the scratch of one
 * call. */
#pragma once

#include "gen/objects/internal/paint.h"
#include "gen/objects/internal/scene.h"
#include "gen/objects/internal/shape.h"
#include "gen/variant/media.h"

typedef struct {
    const Variant *variant;             /* borrowed */
    const Media *media;                 /* borrowed */
    TextureGrid grids[MEDIA_POOLS_MAX]; /* one a pool; of zeros where the images have sizes of their own */
    bool own_sizes;                     /* there is such a pool */
} Renderer;

CHECKED Err renderer_init(Renderer *renderer, const Variant *variant, const Media *media);
void renderer_free(Renderer *renderer);
/* The lattice to read an image by: its pool's, or *own, which is made to fit. */
CHECKED Err renderer_grid(const TextureGrid **grid, TextureGrid *own, const Renderer *renderer,
                          const MediaImage *image);

typedef struct {
    const Renderer *renderer;
    Scene scene; /* drawn by the caller with scene_draw */
    Body *bodies;
    Cull cull;
    uint64_t *open_bits;
    Coverage coverage;
    Spans spans;
    Fill fill;
    Frames texture_frame; /* the current frame of a texture video */
    TextureGrid frame_grid;
    TextureGrid *own_grids; /* of each object and, the last, of the background; NULL: no image has its own size */
    void *block;
} Painter;

CHECKED Err painter_init(Painter *painter, const Renderer *renderer);
void painter_free(Painter *painter);
size_t painter_bytes(const Renderer *renderer);

/* After the scene has been drawn: what does not change between frames. */
void painter_begin(Painter *painter);
/* Frame number t into `frame`, (R, R, 3). Fails only where a texture video cannot be read. */
CHECKED Err render_frame(Painter *painter, int t, uint8_t *frame);
CHECKED Err render_frame_ref(Painter *painter, int t, uint8_t *frame);
/* All frames asked for; a still scene is rendered once. `out` is shaped here. */
CHECKED Err render_frames(Painter *painter, const int *frame_numbers, int n_frames, Frames *out);
