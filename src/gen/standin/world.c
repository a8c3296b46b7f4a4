#include "gen/standin/internal/world.h"

#include <math.h>

static const float two_pi = 6.2831853f;

/* Depths of the farthest and the nearest thing; the background lies behind all of them. */
static const float depth_far = 0.7f, depth_near = 1.3f, depth_background = 0.6f;

/* ---- the camera ---- */

static float sway_at(const Sway *sway, float time) {
    return sway->amplitude * sinf(two_pi * (sway->cycles * time + sway->phase));
}

static Sway sway_draw(Rng *rng, float amplitude, Range cycles) {
    Sway sway = {.amplitude = amplitude, .cycles = standin_draw_in(rng, cycles)};
    sway.phase = rng_unit(rng); /* uniform: the value has one distribution at all times */
    return sway;
}

WorldCamera world_camera_draw(const Standin *standin, uint64_t item) {
    const StandinWorldConfig *config = &standin->config->world;
    const Range cycles = {0.25, 0.75};
    Rng rng = standin_stream(standin, item, STANDIN_CAMERA);
    WorldCamera camera;
    /* from one end of a sway to the other is the path: twice the amplitude */
    camera.x = sway_draw(&rng, 0.5f * standin_draw_in(&rng, config->camera_travel), cycles);
    camera.y = sway_draw(&rng, 0.5f * standin_draw_in(&rng, config->camera_travel), cycles);
    camera.log_scale = sway_draw(&rng, log1pf((float)config->camera_zoom) * rng_unit(&rng), cycles);
    camera.roll = sway_draw(&rng, (float)config->camera_roll * (two_pi / 360) * rng_unit(&rng), cycles);
    return camera;
}

WorldView world_view(const WorldCamera *camera, int frame, int n_frames) {
    float time = standin_time(frame, n_frames), roll = sway_at(&camera->roll, time);
    return (WorldView){.pan_x = sway_at(&camera->x, time),
                       .pan_y = sway_at(&camera->y, time),
                       .scale = expf(sway_at(&camera->log_scale, time)),
                       .cosine = cosf(roll),
                       .sine = sinf(roll),
                       .roll = roll};
}

/* From sides around the middle of the scene, less the pan, to pixels of the frame. */
static void place_seen(PatchPose *pose, const WorldView *view, float x, float y, int side) {
    float middle = (float)side / 2, pixels = (float)side / view->scale;
    pose->x = middle + pixels * (view->cosine * x + view->sine * y);
    pose->y = middle + pixels * (view->cosine * y - view->sine * x);
}

PatchPose world_seen(const WorldView *view, const PatchPose *pose, int side) {
    PatchPose seen = *pose;
    float shares = 1 / (float)side;
    place_seen(&seen, view, pose->x * shares - 0.5f - view->pan_x, pose->y * shares - 0.5f - view->pan_y, side);
    seen.angle -= view->roll;
    seen.radius /= view->scale;
    return seen;
}

LatentColumn world_camera_column(void) {
    return (LatentColumn){"world_camera",
                          "amplitude, cycles, phase of pan in x, pan in y, log scale, roll",
                          "sides, 1, 1; log scale and radians for the last two",
                          LATENT_F32,
                          1,
                          WORLD_CAMERA_VALUES};
}

/* ---- how large things are ---- */

/* Half the side of the scene that a camera without pan can see, in sides. */
static float reach(const StandinWorldConfig *config) {
    float roll = (float)config->camera_roll * (two_pi / 360);
    return 0.5f * (cosf(roll) + sinf(roll)) * (1 + (float)config->camera_zoom);
}

static float torus_side(const StandinWorldConfig *config) {
    return 2 * (reach(config) + (float)config->radius.high * expf((float)config->deform));
}

/* The background must fill whatever the camera shows of it. */
static int plate_side(const StandinWorldConfig *config, int side) {
    float half = reach(config) + depth_background * 0.5f * (float)config->camera_travel.high;
    return 2 * (int)ceilf(half * (float)side) + 2;
}

static int image_side(const Thing *thing, int side) {
    return 2 * (int)ceilf(thing->radius * (float)side) + 2;
}

size_t world_bytes(const StandinConfig *config, int side) {
    if (!world_is_on(config)) return 0;
    const StandinWorldConfig *world = &config->world;
    const Thing largest = {.radius = (float)world->radius.high};
    size_t plate = (size_t)plate_side(world, side), image = (size_t)image_side(&largest, side);
    return sizeof(World) + 3 * (plate * plate + (size_t)world->things * image * image);
}

/* ---- the things ---- */

/* What a thing does, from here on: a drift with a sway across it, or a circle. */
static void draw_path(Thing *thing, Rng *rng, const StandinWorldConfig *config) {
    float direction = rng_uniform(rng, 0, two_pi), path = standin_draw_in(rng, config->travel);
    float across = standin_draw_in(rng, config->sway);
    float orbit = rng_uniform(rng, 0.1f, 0.3f), sense = rng_below(rng, 2) ? 1.0f : -1.0f;
    thing->across = sway_draw(rng, across, (Range){0.5, 1.5});
    thing->vx = path * cosf(direction);
    thing->vy = path * sinf(direction);
    if (config->law == WORLD_ORBIT) { /* the same length of path, wound up */
        thing->orbit = orbit;
        thing->rate = sense * path / orbit;
        thing->angle = direction;
    }
}

static Thing thing_draw(Rng *rng, const StandinWorldConfig *config, float torus, int number, int n_pictures) {
    Thing thing = {.texture = (int)rng_below(rng, (uint32_t)n_pictures),
                   .crop = photo_crop_draw(rng, config->crop),
                   .shape = patch_shape_draw(rng)};
    thing.radius = standin_draw_in(rng, config->radius);
    thing.x = (rng_unit(rng) - 0.5f) * torus;
    thing.y = (rng_unit(rng) - 0.5f) * torus;
    draw_path(&thing, rng, config);
    thing.angle += rng_uniform(rng, 0, two_pi);
    thing.turn = rng_uniform(rng, -1, 1) * (float)config->turn * (two_pi / 360);
    thing.stretch = sway_draw(rng, (float)config->deform * rng_unit(rng), (Range){0.5, 1.5});
    /* one depth a step, so that things are in depth order as they come */
    thing.depth = depth_far + (depth_near - depth_far) * ((float)number + rng_unit(rng)) / (float)config->things;
    return thing;
}

/* To the nearest image of it around the middle. */
static float wrap(float x, float period) {
    return x - period * floorf(x / period + 0.5f);
}

static PatchPose thing_pose(const World *world, const Thing *thing, const WorldView *view, int frame) {
    float time = standin_time(frame, world->n_frames), across = sway_at(&thing->across, time);
    float length = fmaxf(hypotf(thing->vx, thing->vy), 1e-6f), x = thing->x, y = thing->y;
    if (thing->orbit > 0) {
        float turn = thing->angle + thing->rate * time;
        x += (thing->orbit + across) * cosf(turn), y += (thing->orbit + across) * sinf(turn);
    } else {
        x += thing->vx * time - across * thing->vy / length, y += thing->vy * time + across * thing->vx / length;
    }
    PatchPose pose = {.angle = thing->angle + thing->turn * time - view->roll,
                      .radius = thing->radius * (float)world->side / view->scale,
                      .log_stretch = sway_at(&thing->stretch, time)};
    place_seen(&pose, view, wrap(x - thing->depth * view->pan_x, world->torus),
               wrap(y - thing->depth * view->pan_y, world->torus), world->side);
    return pose;
}

static bool is_seen(const World *world, const Thing *thing, const int *frame_numbers, int n_frames) {
    for (int i = 0; i < n_frames; i++) {
        WorldView view = world_view(&world->camera, frame_numbers[i], world->n_frames);
        PatchPose pose = thing_pose(world, thing, &view, frame_numbers[i]);
        float reach = patch_reach(&pose) + 1, side = (float)world->side;
        if (pose.x > -reach && pose.x < side + reach && pose.y > -reach && pose.y < side + reach) return true;
    }
    return false;
}

/* ---- loading ---- */

/* The pictures that things are cut from: photographs of the split, some of them exchanged for procedural ones. */
typedef struct {
    PhotoBank bank[WORLD_PICTURES_MAX];
    int32_t number[WORLD_PICTURES_MAX];
    int count;
} Palette;

static Palette palette_draw(const Standin *standin, Rng *rng, PhotosUsed used) {
    const StandinWorldConfig *config = &standin->config->world;
    const PhotoBank painted = photo_bank(NULL, standin->bank.split, standin->side);
    PhotosUsed painted_used = {.count = 0};
    Palette palette = {.count = config->photographs};
    for (int i = 0; i < palette.count; i++) {
        bool procedural = rng_unit_double(rng) < config->procedural;
        palette.bank[i] = procedural ? painted : standin->bank;
        palette.number[i] = photo_pick(&palette.bank[i], rng, procedural ? &painted_used : &used);
    }
    return palette;
}

Err world_load(World *world, const Standin *standin, uint64_t item, const StandinPhoto *background, PhotosUsed used,
               const int *frame_numbers, int n_frames) {
    const StandinWorldConfig *config = &standin->config->world;
    *world = (World){.config = config,
                     .camera = world_camera_draw(standin, item),
                     .side = standin->side,
                     .n_frames = standin_n_frames(standin, item),
                     .torus = torus_side(config)};
    world->n_behind = config->things - (int)(config->front * config->things + 0.5);
    Rng rng = standin_stream(standin, item, STANDIN_WORLD);
    Palette palette = palette_draw(standin, &rng, used);
    TRY(photo_load(&world->plate, &standin->bank, background->number, &background->crop,
                   plate_side(config, standin->side)));
    for (int i = 0; i < config->things; i++) {
        Thing *thing = &world->things[i];
        *thing = thing_draw(&rng, config, world->torus, i, palette.count);
        if (i >= world->n_behind) thing->radius *= 0.6f; /* what is before the actor must not hide it whole */
        if (!is_seen(world, thing, frame_numbers, n_frames)) continue;
        TRY(photo_load(&thing->image, &palette.bank[thing->texture], palette.number[thing->texture], &thing->crop,
                       image_side(thing, standin->side)));
    }
    return ERR_NONE;
}

void world_free(World *world) {
    for (int i = 0; world->config && i < world->config->things; i++) frames_free(&world->things[i].image);
    frames_free(&world->plate);
    world->config = NULL;
}

/* ---- painting ---- */

static void paint_plate(const World *world, uint8_t *image, const WorldView *view) {
    float side = (float)world->side, middle = side / 2, center = (float)world->plate.width / 2;
    float pan_x = depth_background * view->pan_x * side, pan_y = depth_background * view->pan_y * side;
    for (int y = 0; y < world->side; y++) {
        for (int x = 0; x < world->side; x++, image += 3) {
            float u = ((float)x + 0.5f - middle) * view->scale, v = ((float)y + 0.5f - middle) * view->scale, color[3];
            patch_sample(color, &world->plate, center + view->cosine * u - view->sine * v + pan_x,
                         center + view->sine * u + view->cosine * v + pan_y);
            for (int c = 0; c < 3; c++) image[c] = (uint8_t)(color[c] + 0.5f);
        }
    }
}

static void paint_things(const World *world, uint8_t *image, int frame, const WorldView *view, int from, int to) {
    for (int i = from; i < to; i++) {
        const Thing *thing = &world->things[i];
        if (!thing->image.data) continue;
        PatchPose pose = thing_pose(world, thing, view, frame);
        patch_paint(image, world->side, world->side, &thing->shape, &thing->image, &pose);
    }
}

void world_paint_behind(const World *world, uint8_t *image, int frame) {
    WorldView view = world_view(&world->camera, frame, world->n_frames);
    paint_plate(world, image, &view);
    paint_things(world, image, frame, &view, 0, world->n_behind);
}

void world_paint_front(const World *world, uint8_t *image, int frame) {
    WorldView view = world_view(&world->camera, frame, world->n_frames);
    paint_things(world, image, frame, &view, world->n_behind, world->config->things);
}

/* ---- settings ---- */

bool world_is_on(const StandinConfig *config) {
    return config->world.things > 0;
}

int world_photos(const StandinConfig *config) {
    return world_is_on(config) ? config->world.photographs : 0;
}

Err world_check(const StandinConfig *config, int clutter, Range camera_travel, double camera_zoom) {
    if (!world_is_on(config) || (clutter == 0 && camera_travel.high <= 0 && camera_zoom <= 0)) return ERR_NONE;
    return RAISE(ERR_USAGE,
                 "standin.world has %d things and a camera of its own: clutter, camera_travel and camera_zoom "
                 "of the stand-in itself must be 0 with them",
                 config->world.things);
}
