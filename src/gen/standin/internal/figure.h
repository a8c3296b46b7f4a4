/* gen/standin/internal/figure - an articulated figure seen from the front: head, trunk, arms and legs with joints, in
 * clothes.
 *
 * Proportions and colors are drawn once a figure. Limbs are tapered capsules with antialiased edges and a little
 * shading; the shirt may be cut from a photograph. Lengths are shares of the body height, y points up from the pelvis
 * until the figure is placed. */
#pragma once

#include "math/rng.h"
#include "video/frames/clip.h"

/* How a figure moves: the joint angles of every action at every phase of its cycle.
 *
 * A pose has three groups: arms, legs (with the height above ground) and trunk. An action moves one or two of them; the
 * figure's other groups hang at rest or hold a moment of another action. Actions look the same in a mirror, so that
 * flipping a video never changes its class. Several share all their poses and differ only in time: raise-arms and
 * lower-arms, windmill-out and windmill-in run the same cycle in opposite senses; sway passes through half of bow. */
typedef enum { POSE_ARMS = 1, POSE_LEGS = 2, POSE_TRUNK = 4, POSE_GROUPS = 3 } PoseGroup;

/* Angles in radians; [0] is one side of the body, [1] the other. */
typedef struct {
    float shoulder[2], elbow[2]; /* from hanging straight down, outward; elbows bend further outward and up */
    float hip[2], knee[2];       /* thigh from straight down, outward; the knee brings the shin back */
    float lift;                  /* of the lower foot above ground, body heights */
    float trunk;                 /* lean to the side of [1] */
} Pose;

/* What differs between two people doing the same: drawn once a video. */
typedef struct {
    int side;         /* 0 or 1: the arm that waves, the side of a bow */
    float vigor;      /* scales amplitudes, about 1 */
    float elbow_bend; /* of idle arms */
} ActionStyle;

ActionStyle action_style_draw(Rng *rng);
/* PoseGroup bits that the action moves. Actions are numbered as standin_actions_names. */
unsigned action_groups(int action);
/* Overwrites in `pose` the groups of `which` with the action's at `phase` (any real; cycles have length 1). */
void action_pose(Pose *pose, int action, unsigned which, float phase, const ActionStyle *style);
Pose action_rest(const ActionStyle *style);

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
