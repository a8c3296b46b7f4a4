/* gen/objects/internal/shape - from an object to the pixels it covers.
 *
 * Local coordinates: polygons lie in the box [0, 2r]^2 whose corner is the object's position c (the square in
 * [0, trunc(r sqrt 2)]^2), circles are centered at c: the released code's convention; `anchor = center` shifts polygons
 * by their middle. A local point q lies at c(t) + p + A(t)(q - p) on the canvas, p the pivot.
 *
 * Coverage is boundary-inclusive, without anti-aliasing, as OpenCV's fillPoly: vertices are truncated to integers, and
 * a row is filled between the outermost pixels of the 8-connected lines through them (all polygons here are convex).
 * Circles and ellipses fill a row between the outermost pixels of their 8-connected curve: the same half pixel of
 * dilation, without the polygon of 72 corners that OpenCV's ellipse goes through. */
#pragma once

#include "gen/objects/internal/scene.h"

#include <stdint.h>

/* motion.c: where an object is, and how it is deformed, at frame t.
 *
 * Position: c(t) = trunc(c0 + (v0 t + a t^2 / 2) d), always from frame 0, never accumulated; trunc goes toward zero, so
 * objects pause a step at coordinate 0. Transform, linear law: A(t) = Rot(w t) diag(1 + sx t, 1 + sy t)
 * [[1, kx t], [ky t, 1]], about the shape's pivot. Compound law: A(t) = A(1)^t.
 * (Paper section 3.1 and table 8; the closed form is the released code's.) */

typedef struct {
    double x, y; /* c(t) */
    double a[4]; /* A(t), row-major */
} Pose;

/* Values that are constant over a video, so that moving straight costs a frame no trigonometry. */
typedef struct {
    double dx, dy; /* unit vector of motion */
} Course;

Course motion_course(const SceneObject *object);
Pose motion_pose(const SceneObject *object, Course course, const Variant *variant, int t);
/* The released code's rule: c(t) a whole canvas outside. Such an object is not drawn, visible or not. */
bool motion_is_culled(const Pose *pose, const Variant *variant);

enum { SHAPE_CORNERS = 4 };

/* One object's unchanging geometry. */
typedef struct {
    bool round;
    int n_corners;
    double corner[SHAPE_CORNERS][2]; /* local */
    double pivot[2];
    double to_texture[2]; /* texture point minus local point, the object's crop included */
    double radius, reach; /* reach: of the farthest point from the pivot */
    Course course;
} Body;

/* One object in one frame: an integer polygon, or the image of the unit disc under m moved to (x, y). */
typedef struct {
    bool round;
    int n_points;
    int point[SHAPE_CORNERS][2];
    double x, y, m[4];
} Outline;

/* Rows top..bottom (none if top > bottom), clipped to the canvas; row y is left[y]..right[y], empty if reversed. */
typedef struct {
    int top, bottom;
    int *left, *right; /* the caller's, one entry a canvas row */
} Spans;

/* Texture coordinates of canvas pixel (x, y): origin + x * dx + y * dy, in pixels of the texture at twice the canvas.
 */
typedef struct {
    double origin[2], dx[2], dy[2];
} TextureMap;

void shape_body(Body *body, const SceneObject *object, const Variant *variant);
/* False when the object certainly does not touch the canvas. */
bool shape_may_touch(const Body *body, const Pose *pose, int size);
void shape_outline(Outline *outline, const Body *body, const SceneObject *object, const Pose *pose,
                   const Variant *variant, int t);
typedef struct {
    int left, top, right, bottom; /* inclusive; empty when reversed */
} ShapeBox;

/* Holds every pixel of the outline; clipped to the canvas. */
ShapeBox shape_box(const Outline *outline, int size);
void shape_spans(Spans *spans, const Outline *outline, int size);
/* The plain version: every line drawn pixel by pixel. */
void shape_spans_ref(Spans *spans, const Outline *outline, int size);
TextureMap shape_texture_map(const Body *body, const Pose *pose, const Variant *variant);

/* cull.c: which objects of a scene may show in a frame, for all of them at once.
 *
 * Most objects of a small canvas have moved off it. Working out the exact pose of every one costs more than painting
 * the few that show, so a bound in single precision comes first, on arrays that the compiler turns into vectors: an
 * object lies within `reach` of its pivot, stretched by at most its transform's norm. The bound errs only towards "may
 * show": it is wider than shape_may_touch's by MARGIN pixels, far more than rounding moves anything that is near the
 * canvas. */

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
