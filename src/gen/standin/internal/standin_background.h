/* gen/standin/standin_background - what a stand-in's mover is seen in front of: a photograph with patches of others on
 * it
 * ("clutter"), still or drifting.
 *
 * What the patches show, where they are and where they go comes from random streams of their own: they say nothing
 * about the class. */
#pragma once

#include "gen/standin/internal/patch.h"
#include "gen/standin/internal/standin_stage.h"

enum { CLUTTER_MAX = 32 };

typedef struct {
    int count;
    Range radius, travel; /* shares of the background's side; travel over the video, 0: still */
} ClutterRule;

typedef struct {
    Frames texture; /* owned */
    PatchShape shape;
    PatchPose pose; /* at mid-video, pixels */
    float dx, dy;   /* path over the video, pixels */
} ClutterPatch;

typedef struct {
    Frames plate;                      /* the photograph with all patches that stand still */
    Frames painted;                    /* the plate with the drifting ones */
    ClutterPatch patches[CLUTTER_MAX]; /* drifting */
    int n_patches;
} Background;

/* A square of `side` pixels. Release with background_free, also after an error. */
CHECKED Err background_load(Background *background, const Standin *standin, uint64_t item, const StandinPhoto *photo,
                            PhotosUsed used, const ClutterRule *rule, int side);
/* One frame, at `time` from -1/2 to 1/2; valid until the next call. */
const Frames *background_at(Background *background, float time);
void background_free(Background *background);
/* What drifting patches take besides the plate: an upper bound for videos of `side` pixels. */
size_t background_drift_bytes(const ClutterRule *rule, int side);
