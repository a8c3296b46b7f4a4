/* Where an object is at frame t, from its parameters alone: no state goes from frame to frame, so any frame can be
 * rendered first. The path is (v + a t) t along one direction, or with the physical law v t + a t^2 / 2. The
 * transform is rotation, scale and shear, whose parameters grow linearly with t, or the product of t equal steps
 * (compound). */
#include "gen/objects/internal/shape.h"

#include <math.h>

Course motion_course(const SceneObject *object) {
    return (Course){cos((double)object->direction), sin((double)object->direction)};
}

/* Signed: a braking object turns around at t = v / |a| and comes back on the same line. */
static double path_length(const SceneObject *object, const Variant *variant, double t) {
    double speed = variant->motion == MOTION_STATIC ? 0 : (double)object->speed;
    double acceleration = variant->acceleration ? (double)object->acceleration : 0;
    /* the code's v + a t times t is a path of acceleration 2 a: its 0.03 and the paper's 0.06 (table 8) are one law */
    if (variant->accel_law == ACCEL_PHYSICAL) acceleration /= 2;
    return (speed + acceleration * t) * t;
}

/* 2 x 2, row-major; `out` may be one of the factors. */
static void multiply(double out[4], const double a[4], const double b[4]) {
    double product[4] = {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
                         a[2] * b[1] + a[3] * b[3]};
    for (int i = 0; i < 4; i++) out[i] = product[i];
}

/* R(angle t) times rows of (sx, sx kx) and (sy ky, sy) */
static void transform_linear(double out[4], const SceneObject *object, double t) {
    double angle = (double)object->rotation * t, c = cos(angle), s = sin(angle);
    double sx = 1 + (double)object->scale[0] * t, sy = 1 + (double)object->scale[1] * t;
    double kx = (double)object->shear[0] * t, ky = (double)object->shear[1] * t;
    out[0] = c * sx - s * sy * ky;
    out[1] = c * sx * kx - s * sy;
    out[2] = s * sx + c * sy * ky;
    out[3] = s * sx * kx + c * sy;
}

/* power t by repeated squaring: the same products in the same order for every frame number */
static void transform_compound(double out[4], const SceneObject *object, int t) {
    double power[4];
    transform_linear(power, object, 1);
    out[0] = out[3] = 1;
    out[1] = out[2] = 0;
    for (int left = t; left > 0; left /= 2) {
        /* powers of one matrix commute: the order of the factors does not matter */
        if (left % 2) multiply(out, out, power);
        multiply(power, power, power);
    }
}

static void transform_at(double out[4], const SceneObject *object, const Variant *variant, int t) {
    if (!variant->transforms) {
        out[0] = out[3] = 1;
        out[1] = out[2] = 0;
    } else if (variant->transform_law == TRANSFORM_COMPOUND) {
        transform_compound(out, object, t);
    } else {
        transform_linear(out, object, t);
    }
}

Pose motion_pose(const SceneObject *object, Course course, const Variant *variant, int t) {
    double path = path_length(object, variant, t);
    Pose pose = {.x = object->center[0] + path * course.dx, .y = object->center[1] + path * course.dy};
    if (!variant->subpixel) {
        /* the code's int(): toward zero, so an object rests for a frame when it crosses the left or the top edge */
        pose.x = trunc(pose.x);
        pose.y = trunc(pose.y);
    }
    transform_at(pose.a, object, variant, t);
    return pose;
}

bool motion_is_culled(const Pose *pose, const Variant *variant) {
    if (variant->cull == CULL_EXACT) return false; /* clipping to the canvas is the exact test */
    double low = -variant->size, high = 2.0 * variant->size;
    return pose->x <= low || pose->x >= high || pose->y <= low || pose->y >= high;
}
