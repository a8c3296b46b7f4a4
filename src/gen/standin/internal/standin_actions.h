/* gen/standin/internal/standin_actions - the scene behind a standin-actions video: who does what, where, and how the
 * camera moves.
 *
 * Figure, clothes, place, background, tempo and camera come from streams that do not know the class, so that their
 * statistics are the same in all classes; only the pose does. With idle = held, the groups of limbs that the action
 * does not move stand still at a random moment of a random action that does move them: then a raised arm in one frame
 * no longer means that the arms act. */
#pragma once

#include "gen/standin/internal/figure.h"
#include "gen/standin/internal/standin_background.h"
#include "gen/standin/internal/world.h"

typedef struct {
    int label, n_frames;
    StandinPhoto background, shirt;
    PhotosUsed used;
    Figure figure;
    ActionStyle style;
    FigurePlace place;            /* shares of the side, at the middle of the video */
    float phase, cycles;          /* at the middle; over the video */
    int held_action[POSE_GROUPS]; /* of arms, legs, trunk; -1: at rest or moved by the action */
    float held_phase[POSE_GROUPS];
    CameraPath camera;
} ActionScene;

ActionScene action_scene_draw(const Standin *standin, uint64_t item);
Pose action_scene_pose(const ActionScene *scene, int frame);
/* Where the figure is seen in a world, in pixels. A camera that follows it keeps it in its place. */
FigurePlace action_place_in_world(const ActionScene *scene, const World *world, const WorldView *view);
