/* From an object to its outline on the canvas. Frames of coordinates: local ones start at the object's anchor (its
 * center, or the box's corner as in the published code), the pivot is the point that transforms leave in place, and
 * the canvas has pixel (0, 0) at the top left, x to the right. A corner p goes to pose + pivot + A (p - pivot).
 *
 * trunc() follows the published code's int(): corners of polygons are whole pixels before they are transformed. */
#include "gen/objects/internal/shape.h"

#include <math.h>

static void set_corner(Body *body, int i, double x, double y) {
    body->corner[i][0] = x;
    body->corner[i][1] = y;
}

/* Its corner, not its middle, is at the object's position: the only kind that does not lie in a circle of radius r. */
static void corners_square(Body *body, int r) {
    double side = trunc(r * sqrt(2.0));
    set_corner(body, 0, 0, 0);
    set_corner(body, 1, side, 0);
    set_corner(body, 2, side, side);
    set_corner(body, 3, 0, side);
}

/* Turned by theta about (r, r); these corners stay fractions until the pose is known, as in the code. */
static void corners_oriented_square(Body *body, int r, double theta) {
    double half = trunc(r / sqrt(2.0)), c = cos(theta), s = sin(theta);
    const int signs[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
    for (int i = 0; i < 4; i++) {
        double x = half * signs[i][0], y = half * signs[i][1];
        set_corner(body, i, r + c * x - s * y, r + s * x + c * y);
    }
}

/* Corners on the circle of radius r around (r, r), at +- angle and opposite. */
static void corners_rectangle(Body *body, int r, double angle) {
    double x = r * cos(angle), y = r * sin(angle);
    set_corner(body, 0, trunc(r + x), trunc(r + y));
    set_corner(body, 1, trunc(r - x), trunc(r + y));
    set_corner(body, 2, trunc(r - x), trunc(r - y));
    set_corner(body, 3, trunc(r + x), trunc(r - y));
}

/* Triangles and quadrilaterals: inscribed in the circle around (r, r), slivers included. */
static void corners_on_circle(Body *body, int r, const float *angles, int count) {
    for (int i = 0; i < count; i++)
        set_corner(body, i, trunc(r + r * cos((double)angles[i])), trunc(r + r * sin((double)angles[i])));
}

static void set_corners(Body *body, const SceneObject *object) {
    int r = object->radius;
    body->n_corners = object->kind == SHAPE_CIRCLE ? 0 : object->kind == SHAPE_TRIANGLE ? 3 : 4;
    switch ((ShapeKind)object->kind) {
    case SHAPE_SQUARE: corners_square(body, r); break;
    case SHAPE_ORIENTED_SQUARE: corners_oriented_square(body, r, (double)object->angles[0]); break;
    case SHAPE_RECTANGLE: corners_rectangle(body, r, (double)object->angles[0]); break;
    case SHAPE_TRIANGLE: corners_on_circle(body, r, object->angles, 3); break;
    case SHAPE_QUADRILATERAL: corners_on_circle(body, r, object->angles, 4); break;
    case SHAPE_CIRCLE:
    case SHAPE_KIND_COUNT: break;
    }
}

/* Middle of the shape in the code's local coordinates. */
static double middle_of(const SceneObject *object) {
    if (object->kind == SHAPE_CIRCLE) return 0;
    if (object->kind == SHAPE_SQUARE) return trunc(object->radius * sqrt(2.0)) / 2;
    return object->radius;
}

/* A bound: the last digit of hypot is not needed. */
static double length(double x, double y) {
    return sqrt(x * x + y * y);
}

/* How far from the pivot the shape extends, whatever its rotation. */
static double reach_of(const Body *body) {
    if (body->round) return body->radius + length(body->pivot[0], body->pivot[1]);
    double reach = 0;
    for (int i = 0; i < body->n_corners; i++)
        reach = fmax(reach, length(body->corner[i][0] - body->pivot[0], body->corner[i][1] - body->pivot[1]));
    return reach;
}

void shape_body(Body *body, const SceneObject *object, const Variant *variant) {
    /* local coordinates are moved by `shift`; the texture is not, so it is added there again */
    double middle = middle_of(object), shift = variant->anchor == ANCHOR_CENTER ? middle : 0;
    double pivot = variant->pivot == PIVOT_CENTER ? middle : object->radius / 2; /* whole pixels, as the code */
    body->round = object->kind == SHAPE_CIRCLE;
    body->radius = object->radius;
    set_corners(body, object);
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < body->n_corners; i++) body->corner[i][c] -= shift;
        body->pivot[c] = pivot - shift;
        body->to_texture[c] = shift + object->crop[c] + (body->round ? body->radius : 0);
    }
    body->reach = reach_of(body);
    body->course = motion_course(object);
}

bool shape_may_touch(const Body *body, const Pose *pose, int size) {
    /* the Frobenius norm bounds how far A can push a point from the pivot; 2 covers rounding and the half pixel */
    double norm =
        sqrt(pose->a[0] * pose->a[0] + pose->a[1] * pose->a[1] + pose->a[2] * pose->a[2] + pose->a[3] * pose->a[3]);
    double around = body->reach * fmax(norm, 1) + 2, x = pose->x + body->pivot[0], y = pose->y + body->pivot[1];
    return x + around >= 0 && x - around <= size && y + around >= 0 && y - around <= size;
}

/* Far corners are pulled in: compounded transforms of very long videos leave the range of int. */
static int to_pixel(double value, bool subpixel) {
    double near = fmax(fmin(value, 1e6), -1e6);
    return (int)(subpixel ? floor(near + 0.5) : near);
}

/* Corner q goes to c(t) + p + A (q - p), then to a whole pixel. */
static void outline_polygon(Outline *outline, const Body *body, const Pose *pose, bool subpixel) {
    outline->n_points = body->n_corners;
    for (int i = 0; i < body->n_corners; i++) {
        double qx = body->corner[i][0] - body->pivot[0], qy = body->corner[i][1] - body->pivot[1];
        double x = pose->x + body->pivot[0] + pose->a[0] * qx + pose->a[1] * qy;
        double y = pose->y + body->pivot[1] + pose->a[2] * qx + pose->a[3] * qy;
        outline->point[i][0] = to_pixel(x, subpixel);
        outline->point[i][1] = to_pixel(y, subpixel);
    }
}

/* Without transforms every circle is rigid. */
static CircleTransform circle_rule(const Variant *variant) {
    return variant->transforms ? (CircleTransform)variant->circle_transform : CIRCLE_RIGID;
}

/* The code on the fly: whole semi-axes, and an angle in radians handed over as degrees, so that it hardly turns. */
static void outline_ellipse(Outline *outline, const Body *body, const SceneObject *object, int t) {
    double across = fabs(trunc(body->radius * (1 + (double)object->scale[0] * t)));
    double down = fabs(trunc(body->radius * (1 + (double)object->scale[1] * t)));
    double angle = (double)object->rotation * t * (3.14159265358979323846 / 180), c = cos(angle), s = sin(angle);
    outline->m[0] = across * c;
    outline->m[1] = -down * s;
    outline->m[2] = across * s;
    outline->m[3] = down * c;
}

/* m maps the unit disc to the outline around (x, y): r times the identity, the ellipse, or r A. */
static void outline_round(Outline *outline, const Body *body, const SceneObject *object, const Pose *pose,
                          CircleTransform rule, int t) {
    outline->x = pose->x;
    outline->y = pose->y;
    if (rule == CIRCLE_ELLIPSE) {
        outline_ellipse(outline, body, object, t);
        return;
    }
    bool affine = rule == CIRCLE_FULL_AFFINE;
    for (int i = 0; i < 4; i++) outline->m[i] = body->radius * (affine ? pose->a[i] : i == 0 || i == 3);
    if (!affine) return;
    /* a circle's center is the local origin, which A moves about the pivot: p - A p */
    outline->x += body->pivot[0] - pose->a[0] * body->pivot[0] - pose->a[1] * body->pivot[1];
    outline->y += body->pivot[1] - pose->a[2] * body->pivot[0] - pose->a[3] * body->pivot[1];
}

void shape_outline(Outline *outline, const Body *body, const SceneObject *object, const Pose *pose,
                   const Variant *variant, int t) {
    outline->round = body->round;
    if (body->round)
        outline_round(outline, body, object, pose, circle_rule(variant), t);
    else
        outline_polygon(outline, body, pose, variant->subpixel);
}

/* q = p + A^-1 (canvas - c - p), then to the texture. Textures of circles only move, unless they are fully affine. */
TextureMap shape_texture_map(const Body *body, const Pose *pose, const Variant *variant) {
    bool shifted = body->round && circle_rule(variant) != CIRCLE_FULL_AFFINE;
    double inverse[4] = {1, 0, 0, 1};
    if (!shifted) {
        /* above 0 in a video of 200 frames (scale >= 0.005, |shear| < 1); in longer ones fill.c keeps what comes finite
         */
        double determinant = pose->a[0] * pose->a[3] - pose->a[1] * pose->a[2];
        inverse[0] = pose->a[3] / determinant;
        inverse[1] = -pose->a[1] / determinant;
        inverse[2] = -pose->a[2] / determinant;
        inverse[3] = pose->a[0] / determinant;
    }
    double x = pose->x + body->pivot[0], y = pose->y + body->pivot[1];
    TextureMap map = {.dx = {inverse[0], inverse[2]}, .dy = {inverse[1], inverse[3]}};
    for (int c = 0; c < 2; c++)
        map.origin[c] = body->pivot[c] + body->to_texture[c] - inverse[2 * c] * x - inverse[2 * c + 1] * y;
    return map;
}
