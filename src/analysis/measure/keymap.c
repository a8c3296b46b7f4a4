/* Projected keys as colors: component c of three is channel c, stretched from its smallest to its largest value. */
#include "analysis/measure/internal/formulas.h"

#include <math.h>

typedef struct {
    double low[3], high[3];
} ColorRange;

/* values (tokens, 3). */
static ColorRange range_of(const double *values, size_t tokens) {
    ColorRange range = {{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
    for (size_t i = 0; i < 3 * tokens; i++) {
        range.low[i % 3] = fmin(range.low[i % 3], values[i]);
        range.high[i % 3] = fmax(range.high[i % 3], values[i]);
    }
    return range;
}

/* 0 at the low end, 255 at the high one; what does not vary is black. */
static uint8_t shade(const ColorRange *range, int c, double value) {
    double span = range->high[c] - range->low[c];
    return span > 0 ? (uint8_t)(255 * (value - range->low[c]) / span) : 0;
}

/* values (slots, grid, grid, 3). over_all: one range for all slots, so that colors do not flicker. */
Err keymap_paint(Frames *out, const double *values, int slots, int grid, int side, bool over_all) {
    size_t tokens = (size_t)grid * (size_t)grid;
    ColorRange whole = range_of(values, (size_t)slots * tokens);
    TRY(frames_shape(out, slots, side, side));
    for (int slot = 0; slot < slots; slot++) {
        const double *map = values + 3 * tokens * (size_t)slot;
        ColorRange range = over_all ? whole : range_of(map, tokens);
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++) {
                /* the nearest token; both grids start at the same corner */
                const double *token = map + 3 * (size_t)(y * grid / side * grid + x * grid / side);
                uint8_t *pixel = frames_at(out, slot) + 3 * (y * side + x);
                for (int c = 0; c < 3; c++) pixel[c] = shade(&range, c, token[c]);
            }
    }
    return ERR_NONE;
}
