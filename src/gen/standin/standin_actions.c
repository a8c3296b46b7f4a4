/* A figure does one of twelve actions before a photograph, or in a world. The phase at the middle of the video is
 * uniform. What does not move by the action hangs at rest, which lets a single pose tell of the class, or with idle =
 * held holds a pose of a random other action. */
#include "gen/standin/internal/standin_actions.h"

#include "gen/standin/internal/standin_background.h"
#include "gen/standin/internal/world.h"
#include "gen/variant/variant_config.h"

#include <math.h>

/* ---- the scene ---- */

/* A random action among those that move `group`, at a random moment. */
static void draw_held(ActionScene *scene, Rng *rng, int group) {
    int able[STANDIN_ACTIONS_CLASSES], count = 0;
    for (int i = 0; i < STANDIN_ACTIONS_CLASSES; i++)
        if (action_groups(i) & (1u << group)) able[count++] = i;
    int action = able[rng_below(rng, (uint32_t)count)];
    bool moves = action_groups(scene->label) & (1u << group);
    scene->held_phase[group] = rng_unit(rng);
    scene->held_action[group] = moves ? -1 : action;
}

static void draw_motion(ActionScene *scene, const Standin *standin, uint64_t item) {
    const StandinActionsConfig *config = &standin->config->actions;
    Rng rng = standin_stream(standin, item, STANDIN_MOTION);
    scene->style = action_style_draw(&rng);
    scene->phase = rng_unit(&rng);
    scene->cycles = standin_draw_in(&rng, config->cycles);
    for (int group = 0; group < POSE_GROUPS; group++) {
        scene->held_action[group] = -1;
        if (config->idle == IDLE_HELD) draw_held(scene, &rng, group);
    }
}

static void draw_figure(ActionScene *scene, const Standin *standin, uint64_t item) {
    const StandinActionsConfig *config = &standin->config->actions;
    Rng rng = standin_stream(standin, item, STANDIN_MOVER);
    scene->figure = figure_draw(&rng, config->textured);
    scene->shirt = standin_photo_draw(standin, &rng, &scene->used, (Range){0.2, 0.5});
    scene->place.height = standin_draw_in(&rng, config->height);
    /* smaller figures have more room to stand in */
    float room = fmaxf(0, 1 - scene->place.height);
    scene->place.x = 0.5f + rng_uniform(&rng, -0.45f, 0.45f) * room;
    scene->place.ground = 0.97f - rng_unit(&rng) * 0.4f * room;
    scene->place.mirrored = rng_below(&rng, 2);
}

ActionScene action_scene_draw(const Standin *standin, uint64_t item) {
    ActionScene scene = {.label = (int)(item % STANDIN_ACTIONS_CLASSES), .n_frames = standin_n_frames(standin, item)};
    Rng rng = standin_stream(standin, item, STANDIN_BACKGROUND);
    scene.background = standin_photo_draw(standin, &rng, &scene.used, (Range){0.5, 1});
    draw_figure(&scene, standin, item);
    draw_motion(&scene, standin, item);
    const StandinActionsConfig *config = &standin->config->actions;
    scene.camera = camera_path_draw(standin, item, config->camera_travel, config->camera_zoom);
    return scene;
}

Pose action_scene_pose(const ActionScene *scene, int frame) {
    Pose pose = action_rest(&scene->style);
    for (int group = 0; group < POSE_GROUPS; group++) {
        int held = scene->held_action[group];
        if (held >= 0) action_pose(&pose, held, 1u << group, scene->held_phase[group], &scene->style);
    }
    float phase = scene->phase + scene->cycles * standin_time(frame, scene->n_frames);
    action_pose(&pose, scene->label, action_groups(scene->label), phase, &scene->style);
    return pose;
}

/* ---- the picture ---- */

/* Where the figure appears: the camera's map the other way round. */
static FigurePlace place_seen(const ActionScene *scene, int side, const Camera *camera) {
    float middle = (float)side / 2;
    FigurePlace place = scene->place;
    place.x = middle + (place.x * (float)side - middle - camera->pan_x) / camera->scale;
    place.ground = middle + (place.ground * (float)side - middle - camera->pan_y) / camera->scale;
    place.height = place.height * (float)side / camera->scale;
    return place;
}

static void render_frame(uint8_t *image, int side, const ActionScene *scene, int frame, const Frames *world,
                         const Frames *shirt) {
    Camera camera = camera_at(&scene->camera, frame, scene->n_frames, side);
    camera_show(image, side, world, &camera);
    Pose pose = action_scene_pose(scene, frame);
    FigurePlace place = place_seen(scene, side, &camera);
    figure_paint(image, side, side, &scene->figure, &pose, &place, shirt);
}

/* ---- the generator ---- */

/* Columns in the order of `actions_latents`. */
static void add_columns(Generator *generator) {
    standin_column(generator,
                   (LatentColumn){"background_photo", "number of the background photograph", "", LATENT_I32, 1, 1});
    standin_column(generator, (LatentColumn){"shirt_photo", "number of the shirt's photograph; -1: plain shirt", "",
                                             LATENT_I32, 1, 1});
    standin_column(generator, (LatentColumn){"mirrored", "1: figure seen in a mirror", "", LATENT_I32, 1, 1});
    standin_column(generator, (LatentColumn){"place", "x, ground line, height of the figure at mid-video", "sides",
                                             LATENT_F32, 1, 3});
    standin_column(generator, (LatentColumn){"phase", "of the action at mid-video", "cycles", LATENT_F32, 1, 1});
    standin_column(generator, (LatentColumn){"cycles", "of the action in the video", "", LATENT_F32, 1, 1});
    standin_column(generator, (LatentColumn){"vigor", "scale of the amplitudes", "", LATENT_F32, 1, 1});
    standin_column(generator, (LatentColumn){"held_action", "action that idle arms, legs, trunk hold; -1: none", "",
                                             LATENT_I32, 1, POSE_GROUPS});
    standin_column(generator, camera_column());
    if (world_is_on(standin_of(generator)->config)) standin_column(generator, world_camera_column());
}

static Err actions_latents(const Generator *generator, uint64_t item, void *const *columns) {
    ActionScene scene = action_scene_draw(standin_of(generator), item);
    *(int32_t *)columns[0] = scene.background.number;
    *(int32_t *)columns[1] = scene.figure.textured ? scene.shirt.number : -1;
    *(int32_t *)columns[2] = scene.place.mirrored;
    memcpy(columns[3], (float[3]){scene.place.x, scene.place.ground, scene.place.height}, 3 * sizeof(float));
    *(float *)columns[4] = scene.phase;
    *(float *)columns[5] = scene.cycles;
    *(float *)columns[6] = scene.style.vigor;
    memcpy(columns[7], (int32_t[3]){scene.held_action[0], scene.held_action[1], scene.held_action[2]},
           3 * sizeof(int32_t));
    memcpy(columns[8], &scene.camera, sizeof scene.camera);
    if (generator->n_columns > 9) {
        WorldCamera camera = world_camera_draw(standin_of(generator), item);
        memcpy(columns[9], &camera, sizeof camera);
    }
    return ERR_NONE;
}

static Err actions_open(Generator *generator) {
    const Variant *variant = generator->setup.variant;
    const StandinActionsConfig *config = &variant->standin.actions;
    int photos = 2 + config->clutter + world_photos(&variant->standin);
    TRY(world_check(&variant->standin, config->clutter, config->camera_travel, config->camera_zoom));
    TRY(standin_open(generator, standin_actions_names, STANDIN_ACTIONS_CLASSES, photos));
    add_columns(generator);
    return ERR_NONE;
}

static Err actions_info(const Generator *generator, uint64_t item, VideoInfo *info) {
    *info = standin_info(standin_of(generator), item, STANDIN_ACTIONS_CLASSES);
    return ERR_NONE;
}

static Err load_shirt(Frames *shirt, const Standin *standin, const ActionScene *scene) {
    if (!scene->figure.textured) return ERR_NONE;
    int side = (int)ceilf(scene->place.height * (float)standin->side);
    return photo_load(shirt, &standin->bank, scene->shirt.number, &scene->shirt.crop, side);
}

FigurePlace action_place_in_world(const ActionScene *scene, const World *world, const WorldView *view) {
    float side = (float)world->side;
    WorldView relative = *view;
    if (world->config->camera_follows) relative.pan_x = relative.pan_y = 0; /* the figure went along */
    const PatchPose feet = {
        .x = scene->place.x * side, .y = scene->place.ground * side, .radius = scene->place.height * side};
    PatchPose seen = world_seen(&relative, &feet, world->side);
    return (FigurePlace){seen.x, seen.y, seen.radius, scene->place.mirrored, view->roll};
}

/* The figure between the things of its world, all seen by one camera. */
static Err render_in_world(const Standin *standin, uint64_t item, const int *frame_numbers, int n_frames, Frames *out) {
    int side = standin->side;
    ActionScene scene = action_scene_draw(standin, item);
    World world = {0};
    Frames shirt = {0};
    Err err;
    TRY_OR(done, world_load(&world, standin, item, &scene.background, scene.used, frame_numbers, n_frames));
    TRY_OR(done, load_shirt(&shirt, standin, &scene));
    TRY_OR(done, frames_shape(out, n_frames, side, side));
    for (int i = 0; i < n_frames; i++) {
        WorldView view = world_view(&world.camera, frame_numbers[i], scene.n_frames);
        FigurePlace place = action_place_in_world(&scene, &world, &view);
        Pose pose = action_scene_pose(&scene, frame_numbers[i]);
        world_paint_behind(&world, frames_at(out, i), frame_numbers[i]);
        figure_paint(frames_at(out, i), side, side, &scene.figure, &pose, &place, shirt.data ? &shirt : NULL);
        world_paint_front(&world, frames_at(out, i), frame_numbers[i]);
    }
done:
    frames_free(&shirt);
    world_free(&world);
    return err;
}

static Err actions_render(const Generator *generator, uint64_t item, const int *frame_numbers, int n_frames,
                          Frames *out) {
    const Standin *standin = standin_of(generator);
    if (world_is_on(standin->config)) return render_in_world(standin, item, frame_numbers, n_frames, out);
    const ClutterRule rule = {.count = standin->config->actions.clutter, .radius = {0.05, 0.16}};
    int side = standin->side;
    ActionScene scene = action_scene_draw(standin, item);
    Background world = {0};
    Frames shirt = {0};
    Err err;
    TRY_OR(done, background_load(&world, standin, item, &scene.background, scene.used, &rule,
                                 camera_world_side(&scene.camera, side)));
    TRY_OR(done, load_shirt(&shirt, standin, &scene));
    TRY_OR(done, frames_shape(out, n_frames, side, side));
    for (int i = 0; i < n_frames; i++)
        render_frame(frames_at(out, i), side, &scene, frame_numbers[i], background_at(&world, 0),
                     shirt.data ? &shirt : NULL);
done:
    frames_free(&shirt);
    background_free(&world);
    return err;
}

static size_t actions_scratch_bytes(const Generator *generator) {
    const Standin *standin = standin_of(generator);
    return standin_scratch_bytes(generator) + world_bytes(standin->config, standin->side);
}

const GeneratorOps standin_actions_generator = {
    .name = "standin-actions",
    .dataset_kind = "standin",
    .open = actions_open,
    .close = standin_close,
    .info = actions_info,
    .latents = actions_latents,
    .render = actions_render,
    .scratch_bytes = actions_scratch_bytes,
};
