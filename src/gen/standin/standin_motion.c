/* A patch has four degrees of freedom, of which the class names one and its direction. The others stand at the value
 * that they would have had at a random moment, so that places, angles and sizes are distributed alike in all classes.
 */
#include "gen/standin/internal/standin_motion.h"

#include "gen/standin/internal/standin_background.h"
#include "gen/standin/internal/world.h"
#include "gen/variant/variant_config.h"

#include <math.h>

/* Class k moves freedom k / 2; odd classes in the positive sense, except that growing comes before shrinking and
 * clockwise before counter-clockwise. */
static const struct {
    int freedom;
    float sign;
} class_motion[STANDIN_MOTION_CLASSES] = {
    {MOTION_X, -1},    {MOTION_X, 1},      {MOTION_Y, -1},         {MOTION_Y, 1},
    {MOTION_ANGLE, 1}, {MOTION_ANGLE, -1}, {MOTION_LOG_RADIUS, 1}, {MOTION_LOG_RADIUS, -1},
};

/* Size of the rate of one degree of freedom, without its sign. */
static float draw_rate(Rng *rng, const StandinMotionConfig *config, int freedom) {
    switch (freedom) {
    case MOTION_ANGLE: return standin_draw_in(rng, config->turn) * (3.14159265f / 180);
    case MOTION_LOG_RADIUS: return logf(standin_draw_in(rng, config->growth));
    default: return standin_draw_in(rng, config->travel);
    }
}

static void draw_motion(MotionScene *scene, const Standin *standin, Rng *rng) {
    const StandinMotionConfig *config = &standin->config->motion;
    scene->rest[MOTION_X] = standin_draw_in(rng, config->center);
    scene->rest[MOTION_Y] = standin_draw_in(rng, config->center);
    scene->rest[MOTION_ANGLE] = rng_uniform(rng, 0, 6.2831853f);
    scene->rest[MOTION_LOG_RADIUS] = logf(standin_draw_in(rng, config->radius));
    for (int i = 0; i < MOTION_FREEDOMS; i++) {
        float size = draw_rate(rng, config, i), sign = rng_below(rng, 2) ? 1.0f : -1.0f;
        scene->held[i] = standin_time((int)rng_below(rng, (uint32_t)scene->n_frames), scene->n_frames);
        scene->rate[i] = size * (i == scene->active ? class_motion[scene->label].sign : sign);
    }
}

MotionScene motion_scene_draw(const Standin *standin, uint64_t item) {
    MotionScene scene = {.label = (int)(item % STANDIN_MOTION_CLASSES), .n_frames = standin_n_frames(standin, item)};
    scene.active = class_motion[scene.label].freedom;
    Rng background = standin_stream(standin, item, STANDIN_BACKGROUND);
    scene.background = standin_photo_draw(standin, &background, &scene.used, (Range){0.5, 1});
    Rng mover = standin_stream(standin, item, STANDIN_MOVER);
    scene.patch = standin_photo_draw(standin, &mover, &scene.used, (Range){0.25, 0.8});
    scene.shape = patch_shape_draw(&mover);
    Rng motion = standin_stream(standin, item, STANDIN_MOTION);
    draw_motion(&scene, standin, &motion);
    const StandinMotionConfig *config = &standin->config->motion;
    scene.camera = camera_path_draw(standin, item, config->camera_travel, config->camera_zoom);
    return scene;
}

PatchPose motion_scene_pose(const MotionScene *scene, int frame, int side) {
    float value[MOTION_FREEDOMS];
    for (int i = 0; i < MOTION_FREEDOMS; i++) {
        float time = i == scene->active ? standin_time(frame, scene->n_frames) : scene->held[i];
        value[i] = scene->rest[i] + scene->rate[i] * time;
    }
    return (PatchPose){.x = value[MOTION_X] * (float)side,
                       .y = value[MOTION_Y] * (float)side,
                       .angle = value[MOTION_ANGLE],
                       .radius = expf(value[MOTION_LOG_RADIUS]) * (float)side};
}

/* Columns in the order of `motion_latents`. */
static void add_columns(Generator *generator) {
    standin_column(generator,
                   (LatentColumn){"background_photo", "number of the background photograph", "", LATENT_I32, 1, 1});
    standin_column(generator, (LatentColumn){"patch_photo", "number of the patch's photograph", "", LATENT_I32, 1, 1});
    standin_column(generator, (LatentColumn){"corners", "corners of the patch; 0: ellipse", "", LATENT_I32, 1, 1});
    standin_column(generator, (LatentColumn){"rest", "x, y, angle, log radius at mid-motion", "sides, sides, rad, 1",
                                             LATENT_F32, 1, MOTION_FREEDOMS});
    standin_column(generator, (LatentColumn){"rate", "change of x, y, angle, log radius over the video",
                                             "sides, sides, rad, 1", LATENT_F32, 1, MOTION_FREEDOMS});
    standin_column(generator, (LatentColumn){"held", "time at which the freedoms that do not move stand still",
                                             "video lengths from the middle", LATENT_F32, 1, MOTION_FREEDOMS});
    standin_column(generator, camera_column());
    if (world_is_on(standin_of(generator)->config)) standin_column(generator, world_camera_column());
}

static Err motion_latents(const Generator *generator, uint64_t item, void *const *columns) {
    MotionScene scene = motion_scene_draw(standin_of(generator), item);
    *(int32_t *)columns[0] = scene.background.number;
    *(int32_t *)columns[1] = scene.patch.number;
    *(int32_t *)columns[2] = scene.shape.corners;
    memcpy(columns[3], scene.rest, sizeof scene.rest);
    memcpy(columns[4], scene.rate, sizeof scene.rate);
    memcpy(columns[5], scene.held, sizeof scene.held);
    memcpy(columns[6], &scene.camera, sizeof scene.camera);
    if (generator->n_columns > 7) {
        WorldCamera camera = world_camera_draw(standin_of(generator), item);
        memcpy(columns[7], &camera, sizeof camera);
    }
    return ERR_NONE;
}

static Err motion_open(Generator *generator) {
    const Variant *variant = generator->setup.variant;
    const StandinMotionConfig *config = &variant->standin.motion;
    int photos = 2 + config->clutter + world_photos(&variant->standin);
    TRY(world_check(&variant->standin, config->clutter, config->camera_travel, config->camera_zoom));
    TRY(standin_open(generator, standin_motion_names, STANDIN_MOTION_CLASSES, photos));
    add_columns(generator);
    return ERR_NONE;
}

static Err motion_info(const Generator *generator, uint64_t item, VideoInfo *info) {
    *info = standin_info(standin_of(generator), item, STANDIN_MOTION_CLASSES);
    return ERR_NONE;
}

static ClutterRule clutter_rule(const StandinMotionConfig *config) {
    return (ClutterRule){config->clutter, config->clutter_radius, config->clutter_travel};
}

/* The texture has one texel a pixel at the middle of the motion. */
static int texture_side(const MotionScene *scene, int side) {
    return 2 * (int)ceilf(expf(scene->rest[MOTION_LOG_RADIUS]) * (float)side);
}

/* The patch between the things of its world, all seen by one camera. */
static Err render_in_world(const Standin *standin, uint64_t item, const int *frame_numbers, int n_frames, Frames *out) {
    int side = standin->side;
    MotionScene scene = motion_scene_draw(standin, item);
    World world = {0};
    Frames texture = {0};
    Err err;
    TRY_OR(done, world_load(&world, standin, item, &scene.background, scene.used, frame_numbers, n_frames));
    TRY_OR(done,
           photo_load(&texture, &standin->bank, scene.patch.number, &scene.patch.crop, texture_side(&scene, side)));
    TRY_OR(done, frames_shape(out, n_frames, side, side));
    for (int i = 0; i < n_frames; i++) {
        PatchPose pose = motion_scene_pose(&scene, frame_numbers[i], side);
        WorldView view = world_view(&world.camera, frame_numbers[i], scene.n_frames);
        PatchPose seen = world_seen(&view, &pose, side);
        world_paint_behind(&world, frames_at(out, i), frame_numbers[i]);
        patch_paint(frames_at(out, i), side, side, &scene.shape, &texture, &seen);
        world_paint_front(&world, frames_at(out, i), frame_numbers[i]);
    }
done:
    frames_free(&texture);
    world_free(&world);
    return err;
}

static Err motion_render(const Generator *generator, uint64_t item, const int *frame_numbers, int n_frames,
                         Frames *out) {
    const Standin *standin = standin_of(generator);
    if (world_is_on(standin->config)) return render_in_world(standin, item, frame_numbers, n_frames, out);
    const ClutterRule rule = clutter_rule(&standin->config->motion);
    int side = standin->side;
    MotionScene scene = motion_scene_draw(standin, item);
    Background world = {0};
    Frames texture = {0};
    Err err;
    TRY_OR(done, background_load(&world, standin, item, &scene.background, scene.used, &rule,
                                 camera_world_side(&scene.camera, side)));
    TRY_OR(done,
           photo_load(&texture, &standin->bank, scene.patch.number, &scene.patch.crop, texture_side(&scene, side)));
    TRY_OR(done, frames_shape(out, n_frames, side, side));
    for (int i = 0; i < n_frames; i++) {
        PatchPose pose = motion_scene_pose(&scene, frame_numbers[i], side);
        Camera camera = camera_at(&scene.camera, frame_numbers[i], scene.n_frames, side);
        const Frames *seen = background_at(&world, standin_time(frame_numbers[i], scene.n_frames));
        camera_show(frames_at(out, i), side, seen, &camera);
        patch_paint(frames_at(out, i), side, side, &scene.shape, &texture, &pose);
    }
done:
    frames_free(&texture);
    background_free(&world);
    return err;
}

static size_t motion_scratch_bytes(const Generator *generator) {
    const StandinConfig *config = standin_of(generator)->config;
    const ClutterRule rule = clutter_rule(&config->motion);
    return standin_scratch_bytes(generator) + world_bytes(config, standin_of(generator)->side) +
           background_drift_bytes(&rule, standin_of(generator)->side);
}

const GeneratorOps standin_motion_generator = {
    .name = "standin-motion",
    .dataset_kind = "standin",
    .open = motion_open,
    .close = standin_close,
    .info = motion_info,
    .latents = motion_latents,
    .render = motion_render,
    .scratch_bytes = motion_scratch_bytes,
};
