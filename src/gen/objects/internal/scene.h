/* gen/objects/internal/scene - draws everything random about one video of moving objects.
 *
 * A scene is a pure function of (seed, item). Every parameter is always drawn, used or not, each object from streams of
 * its own: variants that differ in one aspect share everything else (the same circles, moving or not), and object i
 * does not depend on how many objects there are. Units are pixels of the canvas, frames and radians; the values here
 * are what is stored as latents. */
#pragma once

#include "gen/variant/media.h"
#include "gen/variant/variant_config.h"
#include "store/data/shard.h"

/* radius.c: the law of object sizes.
 *
 * Power law (the released code, exact): grid rho_k = min + (1 - min) k / 199, k = 0..199; weights rho_k^-3 - 1; C their
 * normalized cumulative sum; a draw u in [0, 1) takes the k whose C_k is nearest to u, the lowest on ties; the radius
 * is max(1, trunc(rho_k R)). Nearest is not inverse: point k has mass (C_(k+1) - C_(k-1)) / 2. Exponential (the paper's
 * word; no parameter given): min + an excess with the power law's mean, cut at 1. */

enum { RADIUS_POINTS = 200 };

typedef struct {
    RadiusLaw law;
    double min, excess; /* exponential: smallest share of R and mean excess */
    double cumulative[RADIUS_POINTS];
    int radius[RADIUS_POINTS]; /* pixels */
    int size;
} RadiusTable;

void radius_table_init(RadiusTable *table, const Variant *variant);
/* u in [0, 1) -> radius in pixels, at least 1. */
int radius_draw(const RadiusTable *table, double u);
/* Probability of grid point k under the power law. */
double radius_point_mass(const RadiusTable *table, int k);

typedef enum {
    SHAPE_CIRCLE,
    SHAPE_SQUARE,
    SHAPE_ORIENTED_SQUARE,
    SHAPE_RECTANGLE,
    SHAPE_TRIANGLE,
    SHAPE_QUADRILATERAL,
    SHAPE_KIND_COUNT
} ShapeKind;

typedef struct {
    int32_t kind, radius;
    int32_t center[2]; /* x, y at frame 0 */
    int32_t color[3];
    float direction; /* angle of motion */
    float speed, acceleration;
    float rotation, scale[2], shear[2]; /* rates a frame */
    float angles[4];                    /* the shape's own: corners on its circle, or its orientation in [0] */
    int32_t texture, crop[2];           /* pool image (or texture video) and where its crop starts, x, y */
} SceneObject;

typedef struct {
    int32_t n_frames;
    int32_t background_color[3], background_image;
    SceneObject *objects; /* the caller's */
} Scene;

/* The distributions that scenes are drawn from; const after scene_law_init. */
typedef struct {
    const Variant *variant;
    uint64_t seed;
    RadiusTable radii;
    int n_kinds;
    ShapeKind kinds[VARIANT_KINDS];
    Range speed;       /* with `slow` and the canvas scale applied */
    double accel_max;  /* with the canvas scale applied */
    ImageLaw textures; /* pool images or texture videos to fill objects with */
    ImageLaw images;   /* for image backgrounds */
} SceneLaw;

void scene_law_init(SceneLaw *law, const Variant *variant, uint64_t seed, const ImageLaw *textures,
                    const ImageLaw *images);
/* scene->objects has room for variant->objects. */
void scene_draw(Scene *scene, const SceneLaw *law, uint64_t item);
/* The length alone, which VideoInfo needs. */
int scene_length(const SceneLaw *law, uint64_t item);

/* The columns of a scene in a shard, and their values. */
int scene_columns(LatentColumn *columns, const Variant *variant);
void scene_latents(void *const *columns, const Scene *scene, const Variant *variant);
