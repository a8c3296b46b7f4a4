/* From angles to joints (body heights, y up, the pelvis at the origin), from joints to capsules on pixels. The figure
 * is put on its lower foot after the pose is known. Painting goes from back to front: legs, trunk, head, arms. */
#include "gen/standin/internal/figure.h"

#include "gen/standin/internal/patch.h"

#include <math.h>

typedef struct {
    float x, y;
} Point;

/* ---- drawing a figure ---- */

static void draw_color(float color[3], Rng *rng) {
    for (int c = 0; c < 3; c++) color[c] = rng_uniform(rng, 10, 250);
}

/* On the line between two colors. */
static void draw_between(float color[3], Rng *rng, const float from[3], const float to[3]) {
    float share = rng_unit(rng);
    for (int c = 0; c < 3; c++) color[c] = from[c] + share * (to[c] - from[c]);
}

static float vary(Rng *rng, float mean) {
    return mean * rng_uniform(rng, 0.88f, 1.12f);
}

/* Scales all lengths so that the standing figure has height 1. */
static void normalize_height(Figure *figure) {
    float height = figure->shin + figure->thigh + figure->trunk + figure->neck + 2 * figure->head;
    float *lengths[] = {&figure->trunk, &figure->neck, &figure->head,          &figure->upper_arm, &figure->forearm,
                        &figure->thigh, &figure->shin, &figure->shoulder_half, &figure->hip_half};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) *lengths[i] /= height;
}

Figure figure_draw(Rng *rng, double textured_share) {
    static const float dark_skin[3] = {75, 45, 30}, light_skin[3] = {250, 215, 185};
    static const float dark_hair[3] = {15, 12, 10}, light_hair[3] = {215, 185, 120};
    Figure figure = {.trunk = vary(rng, 0.29f), .neck = vary(rng, 0.03f), .head = vary(rng, 0.084f)};
    figure.upper_arm = vary(rng, 0.17f), figure.forearm = vary(rng, 0.18f);
    figure.thigh = vary(rng, 0.24f), figure.shin = vary(rng, 0.23f);
    figure.shoulder_half = vary(rng, 0.115f), figure.hip_half = vary(rng, 0.055f);
    figure.arm_width = vary(rng, 0.042f), figure.leg_width = vary(rng, 0.056f);
    figure.chest_width = vary(rng, 0.098f), figure.waist_width = vary(rng, 0.08f);
    draw_between(figure.skin, rng, dark_skin, light_skin);
    draw_between(figure.hair, rng, dark_hair, light_hair);
    draw_color(figure.shirt, rng);
    draw_color(figure.trousers, rng);
    draw_color(figure.shoes, rng);
    figure.long_sleeves = rng_below(rng, 2);
    figure.long_trousers = rng_below(rng, 2);
    figure.textured = rng_unit_double(rng) < textured_share;
    normalize_height(&figure);
    return figure;
}

/* ---- joints ---- */

enum { HAND = 2, FOOT = 2, JOINTS = 3 };

typedef struct {
    Point pelvis, chest, head;
    Point arm[2][JOINTS], leg[2][JOINTS]; /* shoulder, elbow, hand; hip, knee, foot */
} Skeleton;

/* From `start`, `length` along the direction that hangs down, turned outward by `angle`, seen from a body that leans.
 */
static Point reach(Point start, float length, int side, float angle, float lean) {
    float outward = side ? sinf(angle) : -sinf(angle), down = cosf(angle);
    return (Point){start.x + length * (outward * cosf(lean) - down * sinf(lean)),
                   start.y - length * (outward * sinf(lean) + down * cosf(lean))};
}

/* Joints in body heights, the lower foot `lift` above y = 0. */
static Skeleton skeleton_of(const Figure *figure, const Pose *pose) {
    Skeleton body = {.pelvis = {0, 0}};
    float lean = pose->trunk, half_pi = 1.57079633f;
    body.chest = (Point){figure->trunk * sinf(lean), figure->trunk * cosf(lean)};
    float top = figure->trunk + figure->neck + figure->head;
    body.head = (Point){top * sinf(lean), top * cosf(lean)};
    for (int i = 0; i < 2; i++) {
        Point *arm = body.arm[i], *leg = body.leg[i];
        arm[0] = reach(body.chest, figure->shoulder_half, i, half_pi, lean);
        arm[1] = reach(arm[0], figure->upper_arm, i, pose->shoulder[i], lean);
        arm[2] = reach(arm[1], figure->forearm, i, pose->shoulder[i] + pose->elbow[i], lean);
        leg[0] = reach(body.pelvis, figure->hip_half, i, half_pi, 0);
        leg[1] = reach(leg[0], figure->thigh, i, pose->hip[i], 0);
        leg[2] = reach(leg[1], figure->shin, i, pose->hip[i] - pose->knee[i], 0);
    }
    return body;
}

/* ---- painting ---- */

typedef struct {
    uint8_t *image;
    int height, width;
    FigurePlace place;
    float raise; /* added to y so that the lower foot stands where it should */
    const Frames *shirt;
    Point shirt_origin; /* of the photograph on the shirt: it moves with the body */
} Painter;

static Point place_point(const Painter *painter, Point point) {
    const FigurePlace *place = &painter->place;
    float x = place->mirrored ? -point.x : point.x, y = -(point.y + painter->raise);
    if (place->roll != 0) {
        float cosine = cosf(place->roll), sine = sinf(place->roll), unrolled = x;
        x = cosine * unrolled + sine * y, y = cosine * y - sine * unrolled;
    }
    return (Point){place->x + x * place->height, place->ground + y * place->height};
}

/* color: NULL for the photographed shirt. */
static void paint_pixel(const Painter *painter, int x, int y, const float *color, float cover, float shade) {
    float fabric[3];
    if (!color) {
        float half = (float)painter->shirt->width / 2;
        patch_sample(fabric, painter->shirt, (float)x - painter->shirt_origin.x + half,
                     (float)y - painter->shirt_origin.y + half);
        color = fabric;
    }
    uint8_t *pixel = painter->image + 3 * ((size_t)y * (size_t)painter->width + (size_t)x);
    for (int c = 0; c < 3; c++) {
        float old = (float)pixel[c];
        pixel[c] = (uint8_t)(old + cover * (shade * color[c] - old) + 0.5f);
    }
}

/* A capsule from `from` to `to` whose radius goes from r0 to r1: distance to the axis less the radius there. */
static void paint_limb(const Painter *painter, Point from, Point to, float r0, float r1, const float *color) {
    Point a = place_point(painter, from), b = place_point(painter, to);
    r0 *= painter->place.height, r1 *= painter->place.height;
    float widest = fmaxf(r0, r1) + 1, dx = b.x - a.x, dy = b.y - a.y, square = fmaxf(dx * dx + dy * dy, 1e-9f);
    int x0 = (int)fmaxf(0, fminf(a.x, b.x) - widest), y0 = (int)fmaxf(0, fminf(a.y, b.y) - widest);
    int x1 = (int)fminf((float)painter->width, fmaxf(a.x, b.x) + widest + 1);
    int y1 = (int)fminf((float)painter->height, fmaxf(a.y, b.y) + widest + 1);
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            /* the nearest point of the axis, by the middle of the pixel */
            float px = (float)x + 0.5f - a.x, py = (float)y + 0.5f - a.y;
            float along = fmaxf(0, fminf(1, (px * dx + py * dy) / square));
            float ex = px - along * dx, ey = py - along * dy, radius = r0 + along * (r1 - r0);
            float distance = sqrtf(ex * ex + ey * ey), cover = fminf(1, radius + 0.5f - distance);
            if (cover <= 0) continue;
            float across = fminf(1, distance / radius); /* limbs are round: darker toward their edges */
            paint_pixel(painter, x, y, color, cover, 1 - 0.3f * across * across);
        }
    }
}

static void paint_leg(const Painter *painter, const Figure *figure, const Point leg[JOINTS]) {
    float width = figure->leg_width;
    const float *shin = figure->long_trousers ? figure->trousers : figure->skin;
    paint_limb(painter, leg[1], leg[2], 0.75f * width, 0.6f * width, shin);
    paint_limb(painter, leg[0], leg[1], width, 0.8f * width, figure->trousers);
    paint_limb(painter, leg[FOOT], leg[FOOT], 0.75f * width, 0.75f * width, figure->shoes);
}

static void paint_arm(const Painter *painter, const Figure *figure, const Point arm[JOINTS], const float *shirt) {
    float width = figure->arm_width;
    paint_limb(painter, arm[1], arm[2], 0.9f * width, 0.75f * width, figure->long_sleeves ? shirt : figure->skin);
    paint_limb(painter, arm[0], arm[1], 1.1f * width, 0.9f * width, shirt);
    paint_limb(painter, arm[HAND], arm[HAND], 0.9f * width, 0.9f * width, figure->skin);
}

static void paint_head(const Painter *painter, const Figure *figure, const Skeleton *body) {
    float toward = 0.45f; /* the hair covers the upper part of the head */
    Point chest = body->chest, head = body->head;
    Point crown = {head.x + toward * figure->head * (head.x - chest.x) / (figure->neck + figure->head),
                   head.y + toward * figure->head * (head.y - chest.y) / (figure->neck + figure->head)};
    paint_limb(painter, chest, head, 0.5f * figure->head, 0.5f * figure->head, figure->skin);
    paint_limb(painter, crown, crown, 0.8f * figure->head, 0.8f * figure->head, figure->hair);
    paint_limb(painter, head, head, 0.85f * figure->head, 0.85f * figure->head, figure->skin);
}

void figure_paint(uint8_t *image, int height, int width, const Figure *figure, const Pose *pose,
                  const FigurePlace *place, const Frames *shirt) {
    Skeleton body = skeleton_of(figure, pose);
    float sole = 0.75f * figure->leg_width, lower = fminf(body.leg[0][FOOT].y, body.leg[1][FOOT].y);
    Painter painter = {image, height, width, *place, pose->lift + sole - lower, shirt, {0, 0}};
    painter.shirt_origin = place_point(&painter, body.chest);
    const float *cloth = figure->textured && shirt ? NULL : figure->shirt;
    for (int i = 0; i < 2; i++) paint_leg(&painter, figure, body.leg[i]);
    paint_limb(&painter, body.pelvis, body.pelvis, figure->waist_width, figure->waist_width, figure->trousers);
    paint_limb(&painter, (Point){body.chest.x * 0.2f, body.chest.y * 0.2f},
               (Point){body.chest.x * 0.8f, body.chest.y * 0.8f}, figure->waist_width, figure->chest_width, cloth);
    paint_head(&painter, figure, &body);
    for (int i = 0; i < 2; i++) paint_arm(&painter, figure, body.arm[i], cloth);
}
