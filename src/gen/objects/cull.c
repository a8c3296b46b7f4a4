/* A bound on where every object can be at frame t, worked out for all of them in one loop of plain floats that runs
 * in vectors. It may keep what does not show, never drop what does: shape_may_touch is exact enough for the rest.
 * What a variant switches off enters as a factor of 0, so the loop has no branches. */
#include "gen/objects/internal/shape.h"

#include <math.h>
#include <string.h>

enum { ARRAYS = 9 };
static const float MARGIN = 4;
static const float ROOT_2 = 1.415f; /* above it: the Frobenius norm of a rotation */

size_t cull_bytes(int count) {
    return (size_t)count * (ARRAYS * sizeof(float) + 1);
}

void cull_init(Cull *cull, void *memory, int count) {
    float **arrays[ARRAYS] = {&cull->x,     &cull->y,      &cull->dx,   &cull->dy, &cull->speed, &cull->acceleration,
                              &cull->reach, &cull->growth, &cull->shear};
    cull->count = count;
    for (int i = 0; i < ARRAYS; i++) *arrays[i] = (float *)memory + (size_t)i * (size_t)count;
    cull->may_show = (uint8_t *)((float *)memory + ARRAYS * (size_t)count);
}

void cull_begin(Cull *cull, const Body *bodies, const SceneObject *objects, const Variant *variant) {
    float kept = variant->motion == MOTION_STATIC ? 0 : 1, gained = 0,
          transforms = variant->transforms ? 1 : 0; /* factors: 0 takes a term out */
    if (variant->acceleration) gained = variant->accel_law == ACCEL_PHYSICAL ? 0.5f : 1;
    /* scale, shear and rotation of the linear law have a bound for all t; powers of A(1) are not bounded here */
    cull->bounded = !variant->transforms || variant->transform_law != TRANSFORM_COMPOUND;
    for (int i = 0; i < cull->count; i++) {
        const Body *body = &bodies[i];
        const SceneObject *object = &objects[i];
        cull->x[i] = (float)(object->center[0] +
                             body->pivot[0]); /* the pivot at frame 0: transforms leave it where motion puts it */
        cull->y[i] = (float)(object->center[1] + body->pivot[1]);
        cull->dx[i] = (float)body->course.dx;
        cull->dy[i] = (float)body->course.dy;
        cull->speed[i] = kept * object->speed;
        cull->acceleration[i] = gained * object->acceleration;
        cull->reach[i] = (float)body->reach;
        cull->growth[i] = transforms * fmaxf(fabsf(object->scale[0]), fabsf(object->scale[1]));
        cull->shear[i] = transforms * fmaxf(fabsf(object->shear[0]), fabsf(object->shear[1]));
    }
}

/* A rotation times rows of (sx, sx kx) and (sy ky, sy): its norm is at most root 2 * max(s) * (1 + max(k)). What is no
 * number counts as near. */
void cull_frame(Cull *cull, int size, int t) {
    const float time = (float)t, middle = 0.5f * (float)size;
    const float *restrict x = cull->x, *restrict y = cull->y, *restrict dx = cull->dx, *restrict dy = cull->dy;
    const float *restrict speed = cull->speed, *restrict acceleration = cull->acceleration;
    const float *restrict reach = cull->reach, *restrict growth = cull->growth, *restrict shear = cull->shear;
    uint8_t *restrict may_show = cull->may_show;
    if (!cull->bounded) {
        /* compounded transforms grow like a power of t: no cheap bound, all are looked at one by one */
        memset(may_show, 1, (size_t)cull->count);
        return;
    }
    for (int i = 0; i < cull->count; i++) {
        /* the same path as motion.c, in float: MARGIN is above its rounding */
        float path = (speed[i] + acceleration[i] * time) * time;
        float norm = ROOT_2 * (1 + growth[i] * time) * (1 + shear[i] * time);
        /* a square of side 2 near around the middle of the canvas: beyond it no point of the object can touch */
        float near = middle + reach[i] * norm + MARGIN;
        int across = fabsf(x[i] + path * dx[i] - middle) > near, down = fabsf(y[i] + path * dy[i] - middle) > near;
        /* written so that a comparison with NaN, which is false, keeps the object */
        may_show[i] = (uint8_t) !(across | down);
    }
}
