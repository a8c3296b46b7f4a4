#include "gen/standin/internal/standin_camera.h"

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
