#include "gen/standin/standin.h"

#include "gen/standin/internal/standin_background.h"

static const Field motion_fields[] = {
    FIELD_RANGE(StandinMotionConfig, radius, "radius of the patch at mid-motion, shares of the side", 0.22, 0.36, 0.02,
                0.7),
    FIELD_RANGE(StandinMotionConfig, travel, "path of a moving patch over the video, shares of the side", 0.3, 0.6, 0,
                4),
    FIELD_RANGE(StandinMotionConfig, turn, "turn of a turning patch over the video, degrees", 60, 180, 0, 3600),
    FIELD_RANGE(StandinMotionConfig, growth, "last radius over first of a growing patch", 1.6, 2.6, 1, 10),
    FIELD_RANGE(StandinMotionConfig, center, "middle of the path, shares of the side", 0.35, 0.65, -0.5, 1.5),
    FIELD_INT(StandinMotionConfig, clutter, "patches of other photographs on the background", 0, 0, CLUTTER_MAX),
    FIELD_RANGE(StandinMotionConfig, clutter_radius, "radius of these patches, shares of the side", 0.05, 0.16, 0.02,
                0.5),
    FIELD_RANGE(StandinMotionConfig, clutter_travel,
                "path of these patches over the video, shares of the side; 0: still", 0, 0, 0, 4),
    FIELD_RANGE(StandinMotionConfig, camera_travel,
                "pan of the background over the video, shares of the side; 0: still", 0, 0, 0, 1),
    FIELD_DOUBLE(StandinMotionConfig, camera_zoom, "largest relative change of the background's scale", 0, 0, 0.5),
    FIELD_END,
};

static const Field actions_fields[] = {
    FIELD_RANGE(StandinActionsConfig, height, "height of the figure, shares of the side", 0.6, 0.78, 0.1, 1.5),
    FIELD_RANGE(StandinActionsConfig, cycles, "cycles of the action in a video", 2, 3.5, 0.25, 32),
    FIELD_RANGE(StandinActionsConfig, camera_travel, "pan of the camera over the video, shares of the side; 0: static",
                0, 0, 0, 1),
    FIELD_DOUBLE(StandinActionsConfig, camera_zoom, "largest relative change of scale over the video", 0, 0, 0.5),
    FIELD_DOUBLE(StandinActionsConfig, textured, "share of figures whose shirt is cut from a photograph", 0.3, 0, 1),
    FIELD_INT(StandinActionsConfig, clutter, "still patches of other photographs behind the figure", 0, 0, CLUTTER_MAX),
    FIELD_ENUM(StandinActionsConfig, idle, "limbs without a part in the action: at rest, or held in another's pose", 0,
               "rest|held"),
    FIELD_END,
};

static const Field world_fields[] = {
    FIELD_INT(StandinWorldConfig, things, "textured things around the actor, in depth order; 0: no world", 0, 0,
              WORLD_THINGS_MAX),
    FIELD_RANGE(StandinWorldConfig, radius, "radius of a thing, shares of the side", 0.1, 0.25, 0.02, 0.5),
    FIELD_RANGE(StandinWorldConfig, travel, "path of a thing over the video, shares of the side", 0.6, 1.5, 0, 8),
    FIELD_RANGE(StandinWorldConfig, sway, "amplitude beside its path, shares of the side", 0, 0.2, 0, 1),
    FIELD_DOUBLE(StandinWorldConfig, turn, "largest turn of a thing over the video, degrees", 120, 0, 3600),
    FIELD_DOUBLE(StandinWorldConfig, deform, "largest logarithm of the stretch of a thing", 0.25, 0, 1),
    FIELD_DOUBLE(StandinWorldConfig, front, "share of the things that lie before the actor", 0.2, 0, 1),
    FIELD_INT(StandinWorldConfig, photographs, "photographs that the things of a video are cut from", 12, 1,
              WORLD_PICTURES_MAX),
    FIELD_RANGE(StandinWorldConfig, crop, "part of it that a thing shows, shares of its short side; 1: all", 0.2, 0.6,
                0.02, 1),
    FIELD_DOUBLE(StandinWorldConfig, procedural, "share of these that are procedural pictures", 0, 0, 1),
    FIELD_ENUM(StandinWorldConfig, law, "things move along a line, or on a circle", 0, "drift|orbit"),
    FIELD_RANGE(StandinWorldConfig, camera_travel, "path of the camera's pan in x and in y, shares of the side", 0.05,
                0.15, 0, 1),
    FIELD_BOOL(StandinWorldConfig, camera_follows,
               "the camera pans after the figure, which keeps its place in the frame while the scene goes by", false),
    FIELD_DOUBLE(StandinWorldConfig, camera_zoom, "largest relative change of the camera's scale", 0.08, 0, 0.5),
    FIELD_DOUBLE(StandinWorldConfig, camera_roll, "largest roll of the camera, degrees", 4, 0, 45),
    FIELD_END,
};

const Field standin_fields[] = {
    FIELD_GROUP(StandinConfig, motion, "standin-motion: a photographed patch over a photograph", motion_fields),
    FIELD_GROUP(StandinConfig, actions, "standin-actions: a figure before a photograph", actions_fields),
    FIELD_GROUP(StandinConfig, world, "the scene around the actor of either", world_fields, .flags = FIELD_QUIET),
    FIELD_END,
};

const char *const standin_motion_names[STANDIN_MOTION_CLASSES] = {
    "left", "right", "up", "down", "clockwise", "counter-clockwise", "growing", "shrinking",
};

const char *const standin_actions_names[STANDIN_ACTIONS_CLASSES] = {
    "march",      "squat",      "jump",         "jumping-jack", "wave-one-arm", "wave-both-arms",
    "raise-arms", "lower-arms", "windmill-out", "windmill-in",  "bow",          "sway",
};
