/* gen/standin/internal/standin_background - what a stand-in's mover is seen in front of: a photograph with patches of
 * others on it
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

/* A camera that pans and zooms evenly over a stand-in video, seen by its background.
 *
 * Direction, travel and zoom come from their own random stream, so that they say nothing about the class. */

/* Totals over the video: shares of the side, relative change of scale. All 0: the camera stands still. */
typedef struct {
    float pan_x, pan_y, zoom;
} CameraPath;

/* Frame pixel p shows world pixel center + (p - frame center) * scale + pan. */
typedef struct {
    float scale, pan_x, pan_y;
} Camera;

CameraPath camera_path_draw(const Standin *standin, uint64_t item, Range travel, double zoom);
Camera camera_at(const CameraPath *path, int frame, int n_frames, int side);
/* Side of the square world that the camera can ever see: even margins on both sides of the frame. */
int camera_world_side(const CameraPath *path, int side);
/* The world, of camera_world_side, as the camera sees it: side x side x 3 bytes. */
void camera_show(uint8_t *image, int side, const Frames *world, const Camera *camera);
/* The latent column of a path: pan in x, pan in y, zoom. */
LatentColumn camera_column(void);
