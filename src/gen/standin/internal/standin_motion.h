/* gen/standin/internal/standin_motion - the scene behind a standin-motion video: what moves, and where it is in every
 * frame.
 *
 * The patch has four degrees of freedom: x, y, angle, log radius. Each has a rest value and a rate. In the one that is
 * the video's class time runs, from -1/2 to 1/2; in the three others it stands still at a random moment of the same
 * law. So at a random frame all classes have the same joint distribution of place, angle and size, exactly, and no
 * single frame tells them apart. */
#pragma once

#include "gen/standin/internal/patch.h"
#include "gen/standin/internal/standin_background.h"

enum { MOTION_X, MOTION_Y, MOTION_ANGLE, MOTION_LOG_RADIUS, MOTION_FREEDOMS };

typedef struct {
    int label, n_frames;
    int active; /* the degree of freedom that moves */
    StandinPhoto background, patch;
    PhotosUsed used;
    PatchShape shape;
    CameraPath camera; /* of the background; the patch moves in the frame */
    /* value = rest + rate * time; shares of the side, radians, logarithm. Rates are totals over the video. */
    float rest[MOTION_FREEDOMS], rate[MOTION_FREEDOMS], held[MOTION_FREEDOMS];
} MotionScene;

MotionScene motion_scene_draw(const Standin *standin, uint64_t item);
/* The patch in frame `frame` of a side x side picture. */
PatchPose motion_scene_pose(const MotionScene *scene, int frame, int side);
