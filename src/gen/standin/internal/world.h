/* gen/standin/internal/world - the scene around a stand-in's actor: a photograph under a moving camera, and textured
 * things that move before and behind the actor.
 *
 * Real video is dense: the whole frame moves, is textured and hides parts of itself. The world imitates that. Things
 * lie in depth order; each drifts or circles, sways, turns and deforms on its own. The camera pans, zooms and rolls;
 * what is nearer shifts more. All of it comes from random streams of its own.
 *
 * Nothing of it tells the class, in no single frame: every motion of the world is stationary. Swaying has a random
 * phase, places are uniform on a torus larger than the frame, angles are uniform. So the world's state at a frame has
 * the same distribution at every frame, and does not depend on how far the actor has come. */
#pragma once

#include "gen/standin/internal/patch.h"
#include "gen/standin/internal/standin_stage.h"

/* One swaying quantity: amplitude * sin(2 pi (cycles * time + phase)), time from -1/2 to 1/2. */
typedef struct {
    float amplitude, cycles, phase;
} Sway;

/* Pan in sides at the actor's depth, log of the scale, roll in radians. */
typedef struct {
    Sway x, y, log_scale, roll;
} WorldCamera;

enum { WORLD_CAMERA_VALUES = sizeof(WorldCamera) / sizeof(float) };

/* The camera in one frame: the point (x, y) of the scene, in sides from its middle, at depth d is seen at
 * side / 2 + side / scale * R(-roll) ((x, y) - d * pan). */
typedef struct {
    float pan_x, pan_y, scale, cosine, sine, roll;
} WorldView;

typedef struct {
    PatchShape shape;
    int texture;          /* which of the world's pictures */
    PhotoCrop crop;       /* of that picture */
    float depth;          /* how much it shifts with the camera; the actor's is 1 */
    float radius;         /* sides */
    float x, y, vx, vy;   /* place at mid-video and path over the video, sides */
    float orbit, rate;    /* radius of the circle, sides, and radians over the video; 0: drifts */
    float angle, turn;    /* radians; over the video */
    Sway across, stretch; /* beside its path, sides; logarithm of the stretch */
    Frames image;         /* the texture; empty: not seen in any frame asked for */
} Thing;

typedef struct {
    const StandinWorldConfig *config;
    WorldCamera camera;
    int side, n_frames;
    float torus;  /* side of the square in which things move, in sides of the frame */
    int n_behind; /* the first things lie behind the actor, the others before it */
    Thing things[WORLD_THINGS_MAX];
    Frames plate; /* the background, larger than the frame */
} World;

WorldCamera world_camera_draw(const Standin *standin, uint64_t item);
/* The camera of a frame. */
WorldView world_view(const WorldCamera *camera, int frame, int n_frames);
/* Where something at the actor's depth is seen: pose in pixels of the scene -> pixels of the frame. */
PatchPose world_seen(const WorldView *view, const PatchPose *pose, int side);

/* ERR_USAGE for settings that contradict each other. */
CHECKED Err world_check(const StandinConfig *config, int clutter, Range camera_travel, double camera_zoom);
bool world_is_on(const StandinConfig *config);
/* Photographs a video takes for its things. */
int world_photos(const StandinConfig *config);
/* Draws the world and loads what the frames asked for show of it. `background` fills the plate. Release with
 * world_free, also after an error. */
CHECKED Err world_load(World *world, const Standin *standin, uint64_t item, const StandinPhoto *background,
                       PhotosUsed used, const int *frame_numbers, int n_frames);
/* The background and the things behind the actor, then the things before it. image: side x side x 3. */
void world_paint_behind(const World *world, uint8_t *image, int frame);
void world_paint_front(const World *world, uint8_t *image, int frame);
void world_free(World *world);
/* An upper bound of what world_load holds. */
size_t world_bytes(const StandinConfig *config, int side);
/* The latent column of a camera. */
LatentColumn world_camera_column(void);
