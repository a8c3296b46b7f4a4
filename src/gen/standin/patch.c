/* A patch is a convex outline in the unit circle with a texture. Coverage of a pixel is half a pixel less its signed
 * distance from the outline: antialiasing in one formula for ellipses and polygons. */
#include "gen/standin/internal/patch.h"

#include <math.h>

static const float two_pi = 6.2831853f;

PatchShape patch_shape_draw(Rng *rng) {
    PatchShape shape = {.corners = rng_between(rng, 2, PATCH_CORNERS_MAX), .aspect = rng_uniform(rng, 0.55f, 0.85f)};
    if (shape.corners == 2) shape.corners = 0;
    float step = shape.corners ? two_pi / (float)shape.corners : 0;
    /* a jitter of a fifth of the step either way keeps the center inside, even of a triangle */
    for (int i = 0; i < shape.corners; i++) shape.angle[i] = step * ((float)i + rng_uniform(rng, -0.2f, 0.2f));
    return shape;
}

/* The lines of a polygon's edges: a point is inside when normal . point < offset for all. */
typedef struct {
    int count;
    float x[PATCH_CORNERS_MAX], y[PATCH_CORNERS_MAX], offset[PATCH_CORNERS_MAX];
} Edges;

static Edges edges_of(const PatchShape *shape) {
    Edges edges = {.count = shape->corners};
    for (int i = 0; i < shape->corners; i++) {
        float here = shape->angle[i], next = shape->angle[(i + 1) % shape->corners];
        if (i + 1 == shape->corners) next += two_pi;
        /* both corners lie on the unit circle, so the normal is the bisector */
        edges.x[i] = cosf((here + next) / 2);
        edges.y[i] = sinf((here + next) / 2);
        edges.offset[i] = cosf((next - here) / 2);
    }
    return edges;
}

/* Signed distance to the outline at (u, v), negative inside; exact for edges, to first order for ellipses. */
static float outline_distance(const PatchShape *shape, const Edges *edges, float u, float v) {
    if (edges->count == 0) {
        float b = shape->aspect, norm = sqrtf(u * u + v * v / (b * b));
        float slope = sqrtf(u * u + v * v / (b * b * b * b));
        return slope > 1e-6f ? (norm - 1) * norm / slope : -b;
    }
    float distance = -1;
    for (int i = 0; i < edges->count; i++)
        distance = fmaxf(distance, edges->x[i] * u + edges->y[i] * v - edges->offset[i]);
    return distance;
}

void patch_sample(float color[3], const Frames *picture, float x, float y) {
    float u = fmaxf(0, fminf((float)(picture->width - 1), x - 0.5f));
    float v = fmaxf(0, fminf((float)(picture->height - 1), y - 0.5f));
    int i = (int)u, j = (int)v;
    size_t right = i + 1 < picture->width ? 3 : 0, below = j + 1 < picture->height ? 3 * (size_t)picture->width : 0;
    const uint8_t *pixel = picture->data + 3 * ((size_t)j * (size_t)picture->width + (size_t)i);
    u -= (float)i, v -= (float)j;
    for (size_t c = 0; c < 3; c++) {
        float top = (float)pixel[c] + u * ((float)pixel[c + right] - (float)pixel[c]);
        float bottom = (float)pixel[c + below] + u * ((float)pixel[c + below + right] - (float)pixel[c + below]);
        color[c] = top + v * (bottom - top);
    }
}

static void blend(uint8_t *pixel, const float color[3], float cover) {
    for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)((float)pixel[c] + cover * (color[c] - (float)pixel[c]) + 0.5f);
}

float patch_reach(const PatchPose *pose) {
    return pose->radius * expf(fabsf(pose->log_stretch));
}

void patch_paint(uint8_t *image, int height, int width, const PatchShape *shape, const Frames *texture,
                 const PatchPose *pose) {
    Edges edges = edges_of(shape);
    float cosine = cosf(pose->angle) / pose->radius, sine = sinf(pose->angle) / pose->radius;
    float half = (float)texture->width / 2, reach = patch_reach(pose), stretch = expf(pose->log_stretch);
    float narrow = pose->radius * fminf(stretch, 1 / stretch); /* a texel there is a pixel times this, at least */
    int x0 = (int)fmaxf(0, pose->x - reach - 1), x1 = (int)fminf((float)width, pose->x + reach + 2);
    int y0 = (int)fmaxf(0, pose->y - reach - 1), y1 = (int)fminf((float)height, pose->y + reach + 2);
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            float dx = (float)x + 0.5f - pose->x, dy = (float)y + 0.5f - pose->y, color[3];
            float u = (cosine * dx + sine * dy) / stretch, v = (cosine * dy - sine * dx) * stretch;
            float cover = fminf(1, 0.5f - narrow * outline_distance(shape, &edges, u, v));
            if (cover <= 0) continue;
            patch_sample(color, texture, half * (u + 1), half * (v + 1));
            blend(image + 3 * ((size_t)y * (size_t)width + (size_t)x), color, cover);
        }
    }
}
