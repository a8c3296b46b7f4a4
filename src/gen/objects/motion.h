/* gen/objects/motion - where an object is, and how it is deformed, at frame t.
 *
 * Position: c(t) = trunc(c0 + (v0 t + a t^2 / 2) d), always from frame 0, never accumulated; trunc goes toward zero, so
 * objects pause a step at coordinate 0. Transform, linear law: A(t) = Rot(w t) diag(1 + sx t, 1 + sy t)
 * [[1, kx t], [ky t, 1]], about the shape's pivot. Compound law: A(t) = A(1)^t.
 * (Paper section 3.1 and table 8; the closed form is the released code's.) */
#pragma once

#include "gen/objects/internal/scene.h"

typedef struct {
    double x, y; /* c(t) */
    double a[4]; /* A(t), row-major */
} Pose;

/* What does not change over a video, so that a frame costs no trigonometry for moving straight. */
typedef struct {
    double dx, dy; /* unit vector of motion */
} Course;

Course motion_course(const SceneObject *object);
Pose motion_pose(const SceneObject *object, Course course, const Variant *variant, int t);
/* The released code's rule: c(t) a whole canvas outside. Such an object is not drawn, visible or not. */
bool motion_is_culled(const Pose *pose, const Variant *variant);
/* Every frame is the same picture. */
bool motion_is_still(const Variant *variant);
