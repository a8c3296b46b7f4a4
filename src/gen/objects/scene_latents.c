#include "gen/objects/internal/scene.h"

#include <stddef.h>
#include <string.h>

typedef struct {
    const char *name, *description, *units;
    int type, cols;
    size_t offset; /* in SceneObject */
} ObjectColumn;

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
