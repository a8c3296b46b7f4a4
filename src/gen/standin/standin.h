/* gen/standin/standin - two labelled stand-ins for an action dataset, for where none is at hand. They are called what
 * they are everywhere: results on them are never results on UCF101.
 *
 * standin-motion: a photographed patch over a still photograph, 8 classes of motion. standin-actions: an articulated
 * figure before a photograph, 12 classes of movement. Item k has class k mod K; train and test share no photograph
 * (gen/standin/photo) and no figure (their random streams differ). docs/standins.md describes both, with their rules.
 *
 * Amounts of motion are totals over a whole video, so that a dataset keeps its meaning when its length changes. */
#pragma once

#include "base/config/field.h"
#include "gen/dataset/generator.h"

enum { STANDIN_MOTION_CLASSES = 8, STANDIN_ACTIONS_CLASSES = 12 };

typedef struct {
    Range radius;                         /* of the patch at mid-motion, shares of the side */
    Range travel;                         /* path of a moving patch, shares of the side */
    Range turn;                           /* of a turning patch, degrees */
    Range growth;                         /* of a growing patch: last radius over first */
    Range center;                         /* where the middle of the path lies, shares of the side */
    int clutter;                          /* patches of other photographs on the background */
    Range clutter_radius, clutter_travel; /* their size and path, shares of the background's side; travel 0: still */
    Range camera_travel;                  /* pan of the background over the video, shares of the side; 0: still */
    double camera_zoom;                   /* its largest relative change of scale over the video */
} StandinMotionConfig;

/* What limbs do that have no part in the action: hang at rest, or hold a moment of another action, so that their pose
 * alone does not tell which limbs act. */
typedef enum { IDLE_REST, IDLE_HELD } IdleRule;

typedef struct {
    Range height;        /* of the figure, shares of the side */
    Range cycles;        /* of the action in a video */
    Range camera_travel; /* pan over the video, shares of the side; 0: static */
    double camera_zoom;  /* largest relative change of scale over the video */
    double textured;     /* share of figures whose shirt is a photograph */
    int clutter;         /* still patches of other photographs behind the figure */
    int idle;            /* IdleRule */
} StandinActionsConfig;

/* How the things of a world move: along a line with a sway across it, or on a circle. */
typedef enum { WORLD_DRIFT, WORLD_ORBIT } WorldLaw;

enum { WORLD_THINGS_MAX = 96, WORLD_PICTURES_MAX = 24 };

/* The scene around the actor, for either stand-in. Without things there is none. */
typedef struct {
    int things;          /* textured patches in depth order; 0: no world */
    Range radius;        /* of a thing, shares of the side */
    Range travel;        /* length of its path over the video, shares of the side */
    Range sway;          /* amplitude beside its path, shares of the side */
    double turn;         /* largest turn over the video, degrees */
    double deform;       /* largest logarithm of its stretch */
    double front;        /* share of the things that lie before the actor */
    int photographs;     /* that the things of a video are cut from */
    Range crop;          /* part of a photograph that a thing shows, shares of its short side; 1: the whole */
    double procedural;   /* share of these that are procedural pictures instead */
    int law;             /* WorldLaw */
    Range camera_travel; /* path of the pan in x and in y, shares of the side */
    bool camera_follows; /* the pan is that of a camera that follows its figure: what is around it goes by */
    double camera_zoom;  /* largest relative change of scale */
    double camera_roll;  /* largest roll, degrees */
} StandinWorldConfig;

typedef struct {
    StandinMotionConfig motion;
    StandinActionsConfig actions;
    StandinWorldConfig world;
} StandinConfig;

extern const Field standin_fields[];

extern const char *const standin_motion_names[STANDIN_MOTION_CLASSES];
extern const char *const standin_actions_names[STANDIN_ACTIONS_CLASSES];

extern const GeneratorOps standin_motion_generator, standin_actions_generator;
