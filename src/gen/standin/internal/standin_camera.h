/* gen/standin/standin_camera - a camera that pans and zooms evenly over a stand-in video, seen by its background.
 *
 * Direction, travel and zoom come from their own random stream, so that they say nothing about the class. */
#pragma once

#include "gen/standin/internal/standin_stage.h"

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
