/* Sky, ground, noise with a spectrum like that of photographs, and shaded blobs from large to small: enough structure
 * to stand for photographs where there are none. A picture is a function of its number. */
#include "gen/standin/procedural.h"

#include "math/rng.h"

#include <math.h>

/* Planes of one picture: brightness and two color differences, of which RGB is formed at the end, and the grain that
 * everything in it shares. */
enum { LUMA, RED_SHIFT, BLUE_SHIFT, COLOR_PLANES, GRAIN = COLOR_PLANES, PLANES };
/* Random streams of a picture: one for the layout, one a blob set, one a plane and octave. */
enum { STREAM_LAYOUT = 0, STREAM_BLOBS = 1, STREAM_NOISE = 16, OCTAVES_MAX = 16 };

typedef struct {
    int side;
    float *plane[PLANES];
    float *lattice; /* noise values of one octave, (side/2 + 1)^2 */
    float *row;     /* one row of the lattice, interpolated in y */
} Canvas;

static Rng stream(uint64_t number, uint32_t object) {
    return rng_stream(0, RNG_PROCEDURAL, number, object);
}

static float smooth(float x) {
    return x * x * (3 - 2 * x);
}

/* Adds one octave of value noise: independent values on a grid of `cells` x `cells`, smoothly interpolated. */
static void add_octave(const Canvas *canvas, float *plane, int cells, float gain, Rng rng) {
    int side = canvas->side, columns = cells + 1, step = side / cells;
    for (int i = 0; i < columns * columns; i++) canvas->lattice[i] = rng_uniform(&rng, -gain, gain);
    for (int y = 0; y < side; y++) {
        const float *top = canvas->lattice + (y / step) * columns, *bottom = top + columns;
        float v = smooth(((float)(y % step) + 0.5f) / (float)step);
        for (int i = 0; i < columns; i++) canvas->row[i] = top[i] + v * (bottom[i] - top[i]);
        float *out = plane + (size_t)y * (size_t)side;
        for (int k = 0; k < step; k++) {
            float u = smooth(((float)k + 0.5f) / (float)step);
            for (int i = 0; i < cells; i++)
                out[i * step + k] += canvas->row[i] + u * (canvas->row[i + 1] - canvas->row[i]);
        }
    }
}

/* Amplitude falls by 2^-fall from octave to octave: a spectrum of about 1/f^(1 + fall) in amplitude over area. */
static void add_noise(const Canvas *canvas, int plane, uint64_t number, float gain, float fall) {
    int octave = 0;
    for (int cells = 2; cells <= canvas->side / 2; cells *= 2, octave++) {
        uint32_t object = (uint32_t)(STREAM_NOISE + plane * OCTAVES_MAX + octave);
        add_octave(canvas, canvas->plane[plane], cells, gain * exp2f(-fall * (float)octave), stream(number, object));
    }
}

/* Sky above ground with a soft border, each with its own brightness, tint and slope of light. */
static void lay_out(const Canvas *canvas, uint64_t number) {
    Rng rng = stream(number, STREAM_LAYOUT);
    float horizon = rng_uniform(&rng, 0.2f, 0.9f), softness = rng_uniform(&rng, 0.02f, 0.4f);
    float level[COLOR_PLANES][2], slope = rng_uniform(&rng, -60, 60);
    for (int k = 0; k < 2; k++) {
        level[LUMA][k] = rng_uniform(&rng, 50, 205);
        level[RED_SHIFT][k] = rng_uniform(&rng, -35, 35);
        level[BLUE_SHIFT][k] = rng_uniform(&rng, -35, 35);
    }
    for (int y = 0; y < canvas->side; y++) {
        float height = ((float)y + 0.5f) / (float)canvas->side;
        float ground = 1 / (1 + expf((horizon - height) * 8 / softness));
        for (int x = 0; x < canvas->side; x++) {
            size_t at = (size_t)y * (size_t)canvas->side + (size_t)x;
            for (int p = 0; p < COLOR_PLANES; p++)
                canvas->plane[p][at] = level[p][0] + ground * (level[p][1] - level[p][0]);
            canvas->plane[LUMA][at] += slope * ((float)x / (float)canvas->side - 0.5f);
        }
    }
    float gain = rng_uniform(&rng, 25, 60), tint = rng_uniform(&rng, 4, 16), fall = rng_uniform(&rng, 0.3f, 0.9f);
    add_noise(canvas, GRAIN, number, gain, fall);
    size_t count = (size_t)canvas->side * (size_t)canvas->side;
    for (size_t i = 0; i < count; i++) canvas->plane[LUMA][i] += canvas->plane[GRAIN][i];
    add_noise(canvas, RED_SHIFT, number, tint, fall);
    add_noise(canvas, BLUE_SHIFT, number, tint, fall);
}

typedef struct {
    float x, y, radius, aspect, cosine, sine; /* shares of the side */
    float level[COLOR_PLANES], gloss;
} Blob;

static Blob blob_draw(Rng *rng) {
    Blob blob = {.x = rng_uniform(rng, -0.05f, 1.05f), .y = rng_uniform(rng, 0, 1.1f)};
    float angle = rng_uniform(rng, 0, 6.2831853f);
    blob.cosine = cosf(angle), blob.sine = sinf(angle);
    blob.aspect = rng_uniform(rng, 0.4f, 1);
    blob.level[LUMA] = rng_uniform(rng, 40, 215);
    blob.level[RED_SHIFT] = rng_uniform(rng, -60, 60);
    blob.level[BLUE_SHIFT] = rng_uniform(rng, -60, 60);
    blob.gloss = rng_uniform(rng, 20, 90);
    return blob;
}

/* A bumpy ball under the light from (light_x, light_y): bright toward the light, dark away from it. The grain
 * stays visible at half its strength, so that blobs are not smoother than the rest. */
static void paint_blob(const Canvas *canvas, const Blob *blob, float light_x, float light_y) {
    float side = (float)canvas->side, reach = blob->radius * side;
    int x0 = (int)fmaxf(0, blob->x * side - reach), x1 = (int)fminf(side, blob->x * side + reach + 1);
    int y0 = (int)fmaxf(0, blob->y * side - reach), y1 = (int)fminf(side, blob->y * side + reach + 1);
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            float dx = ((float)x + 0.5f - blob->x * side) / reach, dy = ((float)y + 0.5f - blob->y * side) / reach;
            float u = blob->cosine * dx + blob->sine * dy, v = (blob->cosine * dy - blob->sine * dx) / blob->aspect;
            float distance = sqrtf(u * u + v * v);
            float cover = fminf(1, (1 - distance) * reach * blob->aspect);
            if (cover <= 0) continue;
            size_t at = (size_t)y * (size_t)canvas->side + (size_t)x;
            float grain = canvas->plane[GRAIN][at], light = -(dx * light_x + dy * light_y);
            float shade = blob->gloss * light - 40 * distance * distance + 0.5f * grain;
            for (int p = 0; p < COLOR_PLANES; p++) {
                float target = blob->level[p] + (p == LUMA ? shade : 0);
                canvas->plane[p][at] += cover * (target - canvas->plane[p][at]);
            }
        }
    }
}

static void add_blobs(const Canvas *canvas, uint64_t number) {
    Rng rng = stream(number, STREAM_BLOBS);
    float angle = rng_uniform(&rng, 0, 6.2831853f);
    int count = rng_between(&rng, 5, 22);
    for (int i = 0; i < count; i++) {
        Blob blob = blob_draw(&rng);
        /* from large to small: far things do not cover near ones */
        blob.radius = 0.32f * powf((float)count, -(float)i / (float)count) * rng_uniform(&rng, 0.6f, 1.1f);
        paint_blob(canvas, &blob, cosf(angle), sinf(angle));
    }
}

static uint8_t to_byte(float value) {
    return (uint8_t)fmaxf(0, fminf(255, value + 0.5f));
}

static void to_rgb(uint8_t *image, const Canvas *canvas) {
    size_t count = (size_t)canvas->side * (size_t)canvas->side;
    for (size_t i = 0; i < count; i++) {
        float luma = canvas->plane[LUMA][i], red = canvas->plane[RED_SHIFT][i], blue = canvas->plane[BLUE_SHIFT][i];
        image[3 * i] = to_byte(luma + red);
        image[3 * i + 1] = to_byte(luma - 0.5f * red - 0.2f * blue); /* keeps the brightness about the same */
        image[3 * i + 2] = to_byte(luma + blue);
    }
}

Err procedural_draw(uint8_t *image, int side, uint64_t number) {
    ASSERT(side >= 16 && side <= PROCEDURAL_SIDE_MAX && (side & (side - 1)) == 0);
    size_t pixels = (size_t)side * (size_t)side, columns = (size_t)side / 2 + 1;
    float *floats = calloc(PLANES * pixels + columns * columns + columns, sizeof(float));
    if (!floats) return RAISE(ERR_MEMORY, "drawing a procedural picture of %d x %d: out of memory", side, side);
    Canvas canvas = {.side = side, .lattice = floats + PLANES * pixels};
    for (int p = 0; p < PLANES; p++) canvas.plane[p] = floats + (size_t)p * pixels;
    canvas.row = canvas.lattice + columns * columns;
    lay_out(&canvas, number);
    add_blobs(&canvas, number);
    to_rgb(image, &canvas);
    free(floats);
    return ERR_NONE;
}
