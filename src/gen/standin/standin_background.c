/* The world is larger than the frame by what the camera will show of it. Patches that stand still are painted into it
 * once; those that drift are painted over a copy for every frame. */
#include "gen/standin/internal/standin_background.h"

#include "gen/standin/internal/patch.h"

#include <math.h>

CameraPath camera_path_draw(const Standin *standin, uint64_t item, Range travel, double zoom) {
    Rng rng = standin_stream(standin, item, STANDIN_CAMERA);
    float direction = rng_uniform(&rng, 0, 6.2831853f), length = standin_draw_in(&rng, travel);
    return (CameraPath){.pan_x = length * cosf(direction),
                        .pan_y = length * sinf(direction),
                        .zoom = rng_uniform(&rng, -1, 1) * (float)zoom};
}

Camera camera_at(const CameraPath *path, int frame, int n_frames, int side) {
    float time = standin_time(frame, n_frames), pixels = (float)side * time;
    return (Camera){1 + path->zoom * time, path->pan_x * pixels, path->pan_y * pixels};
}

int camera_world_side(const CameraPath *path, int side) {
    float pan = fmaxf(fabsf(path->pan_x), fabsf(path->pan_y)), margin = 0.25f * fabsf(path->zoom) + 0.5f * pan;
    return side + 2 * (int)ceilf(margin * (float)side);
}

void camera_show(uint8_t *image, int side, const Frames *world, const Camera *camera) {
    if (world->width == side) { /* the camera stands still */
        memcpy(image, world->data, frames_frame_bytes(world));
        return;
    }
    float middle = (float)side / 2, center = (float)world->width / 2;
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++, image += 3) {
            float color[3];
            patch_sample(color, world, center + ((float)x + 0.5f - middle) * camera->scale + camera->pan_x,
                         center + ((float)y + 0.5f - middle) * camera->scale + camera->pan_y);
            for (int c = 0; c < 3; c++) image[c] = (uint8_t)(color[c] + 0.5f);
        }
    }
}

LatentColumn camera_column(void) {
    return (LatentColumn){
        "camera", "pan in x, pan in y, relative zoom over the video", "sides, sides, 1", LATENT_F32, 1, 3};
}

static Err patch_load(ClutterPatch *patch, const Standin *standin, Rng *rng, PhotosUsed *used, Range radius, int side) {
    StandinPhoto photo = standin_photo_draw(standin, rng, used, (Range){0.2, 0.6});
    patch->shape = patch_shape_draw(rng);
    patch->pose.x = rng_unit(rng) * (float)side;
    patch->pose.y = rng_unit(rng) * (float)side;
    patch->pose.angle = rng_uniform(rng, 0, 6.2831853f);
    patch->pose.radius = standin_draw_in(rng, radius) * (float)side;
    return photo_load(&patch->texture, &standin->bank, photo.number, &photo.crop, 2 * (int)patch->pose.radius + 2);
}

static void draw_path(ClutterPatch *patch, Rng *rng, Range travel, int side) {
    float direction = rng_uniform(rng, 0, 6.2831853f), length = standin_draw_in(rng, travel) * (float)side;
    patch->dx = length * cosf(direction);
    patch->dy = length * sinf(direction);
}

static void paint(Frames *picture, const ClutterPatch *patch, float time) {
    PatchPose pose = patch->pose;
    pose.x += patch->dx * time;
    pose.y += patch->dy * time;
    patch_paint(picture->data, picture->height, picture->width, &patch->shape, &patch->texture, &pose);
}

Err background_load(Background *background, const Standin *standin, uint64_t item, const StandinPhoto *photo,
                    PhotosUsed used, const ClutterRule *rule, int side) {
    Rng looks = standin_stream(standin, item, STANDIN_CLUTTER), paths = standin_stream(standin, item, STANDIN_DRIFT);
    bool drifts = rule->travel.high > 0;
    *background = (Background){0};
    ASSERT(rule->count <= CLUTTER_MAX);
    TRY(photo_load(&background->plate, &standin->bank, photo->number, &photo->crop, side));
    for (int i = 0; i < rule->count; i++) {
        ClutterPatch *patch = &background->patches[background->n_patches++];
        TRY(patch_load(patch, standin, &looks, &used, rule->radius, side));
        if (drifts) {
            draw_path(patch, &paths, rule->travel, side);
        } else {
            paint(&background->plate, patch, 0);
            frames_free(&patch->texture);
            background->n_patches--;
        }
    }
    return background->n_patches ? frames_shape(&background->painted, 1, side, side) : ERR_NONE;
}

const Frames *background_at(Background *background, float time) {
    if (background->n_patches == 0) return &background->plate;
    memcpy(background->painted.data, background->plate.data, frames_frame_bytes(&background->plate));
    for (int i = 0; i < background->n_patches; i++) paint(&background->painted, &background->patches[i], time);
    return &background->painted;
}

void background_free(Background *background) {
    for (int i = 0; i < background->n_patches; i++) frames_free(&background->patches[i].texture);
    frames_free(&background->plate);
    frames_free(&background->painted);
    background->n_patches = 0;
}

size_t background_drift_bytes(const ClutterRule *rule, int side) {
    if (rule->travel.high <= 0) return 0;
    size_t world = STANDIN_WORLD_SIDE(side), texture = (size_t)(2 * rule->radius.high * (double)world) + 2;
    return 3 * (world * world + (size_t)rule->count * texture * texture);
}
