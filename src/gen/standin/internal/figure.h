/* gen/standin/figure - an articulated figure seen from the front: head, trunk, arms and legs with joints, in clothes.
 *
 * Proportions and colors are drawn once a figure. Limbs are tapered capsules with antialiased edges and a little
 * shading; the shirt may be cut from a photograph. Lengths are shares of the body height, y points up from the pelvis
 * until the figure is placed. */
#pragma once

#include "gen/standin/internal/action.h"
#include "video/frames/clip.h"

typedef struct {
    float trunk, neck, head, upper_arm, forearm, thigh, shin, shoulder_half, hip_half; /* lengths; head: radius */
    float arm_width, leg_width, chest_width, waist_width;                              /* radii */
    float skin[3], hair[3], shirt[3], trousers[3], shoes[3];                           /* colors, 0..255 */
    bool long_sleeves, long_trousers, textured;
} Figure;

typedef struct {
    float x, ground, height; /* pixels: middle of the feet, ground line, body height */
    bool mirrored;
    float roll; /* of the camera, radians: the figure leans the other way around the middle of its feet */
} FigurePlace;

Figure figure_draw(Rng *rng, double textured_share);
/* Paints into image (height, width, 3). shirt: a square frame, used if the figure is textured, else NULL. */
void figure_paint(uint8_t *image, int height, int width, const Figure *figure, const Pose *pose,
                  const FigurePlace *place, const Frames *shirt);
