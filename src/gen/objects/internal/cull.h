/* gen/objects/cull - which objects of a scene may show in a frame, for all of them at once.
 *
 * Most objects of a small canvas have moved off it. Working out the exact pose of every one costs more than painting
 * the few that show, so a bound in single precision comes first, on arrays that the compiler turns into vectors: an
 * object lies within `reach` of its pivot, stretched by at most its transform's norm. The bound errs only towards "may
 * show": it is wider than shape_may_touch's by MARGIN pixels, far more than rounding moves anything that is near the
 * canvas. */
#pragma once

#include "gen/objects/internal/shape.h"

#include <stdint.h>

/* Of every object; memory is the caller's, cull_bytes of it. */
typedef struct {
    int count;
    bool bounded; /* false: the transform has no such bound, every object may show */
    float *x, *y, *dx, *dy, *speed, *acceleration, *reach, *growth, *shear;
    uint8_t *may_show; /* of the frame asked for last */
} Cull;

size_t cull_bytes(int count);
void cull_init(Cull *cull, void *memory, int count);
void cull_begin(Cull *cull, const Body *bodies, const SceneObject *objects, const Variant *variant);
/* Fills may_show for frame t. */
void cull_frame(Cull *cull, int size, int t);
