/* gen/standin/internal/patch - a piece cut from a photograph, laid over a picture at any place, angle and size.
 *
 * Shapes are an ellipse or a convex polygon of 3 to 6 corners, inscribed in the unit circle. Edges are antialiased by
 * the signed distance to the outline, the texture is sampled bilinearly. Angles grow clockwise, since y points down. */
#pragma once

#include "math/rng.h"
#include "video/frames/clip.h"

enum { PATCH_CORNERS_MAX = 6 };

typedef struct {
    int corners;                    /* 0: ellipse */
    float aspect;                   /* ellipse: short axis over long axis */
    float angle[PATCH_CORNERS_MAX]; /* of the corners, ascending */
} PatchShape;

typedef struct {
    float x, y, angle, radius; /* center and radius in pixels, angle in radians */
    float log_stretch;         /* along the texture's u by exp of it, along v by its inverse; 0: none */
} PatchPose;

PatchShape patch_shape_draw(Rng *rng);
/* Radius of the circle that holds the patch, stretched as it is. */
float patch_reach(const PatchPose *pose);
/* Paints into image (height, width, 3). texture: one square frame that spans the unit circle. */
void patch_paint(uint8_t *image, int height, int width, const PatchShape *shape, const Frames *texture,
                 const PatchPose *pose);
/* Color of a one-frame picture at pixel coordinates (centers at .5), bilinear, edges repeated. */
void patch_sample(float color[3], const Frames *picture, float x, float y);
