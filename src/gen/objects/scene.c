/* The order of the draws is part of the format: a dataset is reproduced from (seed, item) alone, so a new random
 * quantity takes a stream of its own (math/rng.h) and draws are never skipped because a variant does not use them.
 * Variants of one progression that differ in one aspect so share everything else, object by object. */
#include "gen/objects/internal/scene.h"

#include "math/rng.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const float TWO_PI = 6.28318530717958647692f;

/* The paper's "half speed" (section 9.4) halves both bounds; the released class has 1.2..1.5, the upper one alone. */
static Range slowed(const Variant *variant) {
    Range speed = variant->speed;
    if (variant->slow == SLOW_HALF_BOTH) speed.low /= 2;
    if (variant->slow != SLOW_OFF) speed.high /= 2;
    if (speed.high < speed.low) speed.high = speed.low;
    return speed;
}

void scene_law_init(SceneLaw *law, const Variant *variant, uint64_t seed, const ImageLaw *textures,
                    const ImageLaw *images) {
    /* speeds are given for a canvas of 256 */
    double scale = variant->scale_motion ? variant->size / 256.0 : 1;
    *law = (SceneLaw){.variant = variant, .seed = seed, .textures = *textures, .images = *images};
    radius_table_init(&law->radii, variant);
    law->n_kinds = variant->kinds.count;
    for (int i = 0; i < variant->kinds.count; i++)
        law->kinds[i] = (ShapeKind)variant_kind_number(variant->kinds.items[i]);
    if (law->n_kinds == 0) { /* no list in the variant: all kinds */
        for (int i = 0; i < SHAPE_KIND_COUNT; i++) law->kinds[i] = (ShapeKind)i;
        law->n_kinds = SHAPE_KIND_COUNT;
    }
    Range speed = slowed(variant);
    law->speed = (Range){speed.low * scale, speed.high * scale};
    law->accel_max = variant->accel_max * scale;
}

static void draw_body(SceneObject *object, const SceneLaw *law, Rng *rng) {
    const Variant *v = law->variant;
    /* all kinds are equally likely */
    object->kind = (int32_t)law->kinds[rng_below(rng, (uint32_t)law->n_kinds)];
    for (int c = 0; c < 3; c++) object->color[c] = (int32_t)(rng_unit(rng) * 255); /* 0..254: int(random * 255) */
    object->radius = radius_draw(&law->radii, rng_unit_double(rng));
    for (int c = 0; c < 2; c++) {
        /* trunc(U(0, 2R)) in the code: three of four centers lie beyond the canvas, from where objects move in */
        float low = (float)(v->center_range.low * v->size), high = (float)(v->center_range.high * v->size);
        object->center[c] = (int32_t)rng_uniform(rng, low, high);
    }
}

/* Uniform in +- max. */
static float draw_around_zero(Rng *rng, double max) {
    return rng_uniform(rng, (float)-max, (float)max);
}

static void draw_motion(SceneObject *object, const SceneLaw *law, Rng *rng) {
    const Variant *v = law->variant;
    object->direction = rng_uniform(rng, 0, TWO_PI); /* the paper's U(-pi, pi) is the same law */
    object->speed = rng_uniform(rng, (float)law->speed.low, (float)law->speed.high);
    object->acceleration = draw_around_zero(rng, law->accel_max);
    object->rotation = draw_around_zero(rng, v->rotation_max);
    for (int c = 0; c < 2; c++) object->scale[c] = draw_around_zero(rng, v->scale_max);
    for (int c = 0; c < 2; c++) object->shear[c] = draw_around_zero(rng, v->shear_max);
}

/* Corners in order around the circle, so that the polygon is convex. Insertion sort: at most four. */
static void sort_angles(float *angles, int count) {
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && angles[j] < angles[j - 1]; j--) {
            float swapped = angles[j];
            angles[j] = angles[j - 1];
            angles[j - 1] = swapped;
        }
}

static void draw_angles(SceneObject *object, Rng *rng) {
    float range = object->kind == SHAPE_RECTANGLE
                      ? TWO_PI / 4
                      : TWO_PI; /* half the angle between its diagonals: a quarter turn has all proportions */
    for (int i = 0; i < 4; i++) object->angles[i] = rng_uniform(rng, 0, range);
    if (object->kind == SHAPE_TRIANGLE) sort_angles(object->angles, 3);
    if (object->kind == SHAPE_QUADRILATERAL) sort_angles(object->angles, 4);
}

/* The crop is the shape's box of side 2r in a texture brought to 2R x 2R. */
static void draw_texture(SceneObject *object, const SceneLaw *law, Rng *rng) {
    object->texture = law->textures.total ? (int32_t)image_law_draw(&law->textures, rng) : -1;
    int room = 2 * law->variant->size - 2 * object->radius; /* offsets at which the box lies inside */
    for (int c = 0; c < 2; c++) object->crop[c] = room > 0 ? (int32_t)rng_below(rng, (uint32_t)room) : 0;
    /* drawn all the same: the next draw of the stream must not depend on the setting */
    if (law->variant->crop_origin == CROP_CORNER) object->crop[0] = object->crop[1] = 0;
}

static void draw_object(SceneObject *object, const SceneLaw *law, uint64_t item, uint32_t number) {
    /* three streams an object: body and motion, angles of its outline, texture. A change of one leaves the others. */
    Rng body = rng_stream(law->seed, RNG_OBJECT, item, number);
    Rng shape = rng_stream(law->seed, RNG_SHAPE, item, number);
    draw_body(object, law, &body);
    draw_motion(object, law, &body);
    draw_angles(object, &shape);
    object->texture = -1;
    object->crop[0] = object->crop[1] = 0;
    if (!law->textures.total) return;
    Rng texture = rng_stream(law->seed, RNG_TEXTURE, item, number);
    draw_texture(object, law, &texture);
}

/* The first draw of its stream, for scene_length draws nothing else. */
static int draw_length(const SceneLaw *law, Rng *rng) {
    return rng_between(rng, (int)law->variant->length.low, (int)law->variant->length.high);
}

int scene_length(const SceneLaw *law, uint64_t item) {
    Rng rng = rng_stream(law->seed, RNG_SCENE, item, 0);
    return draw_length(law, &rng);
}

void scene_draw(Scene *scene, const SceneLaw *law, uint64_t item) {
    Rng rng = rng_stream(law->seed, RNG_SCENE, item, 0);
    scene->n_frames = draw_length(law, &rng);
    for (int c = 0; c < 3; c++) scene->background_color[c] = rng_between(&rng, 0, 255);
    scene->background_image = law->images.total ? (int32_t)image_law_draw(&law->images, &rng) : -1;
    for (int i = 0; i < law->variant->objects; i++) draw_object(&scene->objects[i], law, item, (uint32_t)i);
}

/* ---- what is stored of a scene ---- */

typedef struct {
    const char *name, *description, *units;
    int type, cols;
    size_t offset; /* in SceneObject */
} ObjectColumn;

/* The names are the format: /latent/NAME of a shard (docs/formats.md). */
static const ObjectColumn object_columns[] = {
    {"kind", "0 circle, 1 square, 2 oriented square, 3 rectangle, 4 triangle, 5 quadrilateral", "", LATENT_I32, 1,
     offsetof(SceneObject, kind)},
    {"radius", "circumscribed radius", "pixels", LATENT_I32, 1, offsetof(SceneObject, radius)},
    {"center", "x, y at frame 0", "pixels", LATENT_I32, 2, offsetof(SceneObject, center)},
    {"color", "red, green, blue", "0..255", LATENT_I32, 3, offsetof(SceneObject, color)},
    {"direction", "angle of motion from the x axis toward the y axis", "radians", LATENT_F32, 1,
     offsetof(SceneObject, direction)},
    {"speed", "initial speed", "pixels/frame", LATENT_F32, 1, offsetof(SceneObject, speed)},
    {"acceleration", "along the direction", "pixels/frame^2", LATENT_F32, 1, offsetof(SceneObject, acceleration)},
    {"rotation", "rotation rate", "radians/frame", LATENT_F32, 1, offsetof(SceneObject, rotation)},
    {"scale", "scale rates of x and y", "1/frame", LATENT_F32, 2, offsetof(SceneObject, scale)},
    {"shear", "shear rates of x and y", "1/frame", LATENT_F32, 2, offsetof(SceneObject, shear)},
    {"angles", "the shape's own angles", "radians", LATENT_F32, 4, offsetof(SceneObject, angles)},
    {"texture", "pool image or texture video, -1 none", "", LATENT_I32, 1, offsetof(SceneObject, texture)},
    {"crop", "x, y of the crop in the texture at twice the canvas", "pixels", LATENT_I32, 2,
     offsetof(SceneObject, crop)},
};
enum { N_OBJECT_COLUMNS = sizeof object_columns / sizeof object_columns[0] };

int scene_columns(LatentColumn *columns, const Variant *variant) {
    int n = 0;
    for (int c = 0; c < N_OBJECT_COLUMNS; c++) {
        const ObjectColumn *from = &object_columns[c];
        columns[n++] = (LatentColumn){.name = from->name,
                                      .description = from->description,
                                      .units = from->units,
                                      .type = from->type,
                                      .rows = variant->objects,
                                      .cols = from->cols};
    }
    columns[n++] = (LatentColumn){.name = "background_color",
                                  .description = "red, green, blue behind the objects",
                                  .units = "0..255",
                                  .type = LATENT_I32,
                                  .rows = 1,
                                  .cols = 3};
    columns[n++] = (LatentColumn){.name = "background_image",
                                  .description = "pool image behind the objects, -1 none",
                                  .units = "",
                                  .type = LATENT_I32,
                                  .rows = 1,
                                  .cols = 1};
    return n;
}

/* One column of all objects, out of an array of structs: (rows, cols) in the order of the objects. */
static void gather(char *out, const Scene *scene, const ObjectColumn *column, int n_objects) {
    size_t bytes = (size_t)column->cols * 4; /* both types have four bytes */
    for (int i = 0; i < n_objects; i++)
        memcpy(out + (size_t)i * bytes, (const char *)&scene->objects[i] + column->offset, bytes);
}

void scene_latents(void *const *columns, const Scene *scene, const Variant *variant) {
    for (int c = 0; c < N_OBJECT_COLUMNS; c++) gather(columns[c], scene, &object_columns[c], variant->objects);
    memcpy(columns[N_OBJECT_COLUMNS], scene->background_color, sizeof scene->background_color);
    memcpy(columns[N_OBJECT_COLUMNS + 1], &scene->background_image, sizeof scene->background_image);
}
