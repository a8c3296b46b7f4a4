/* How fast what is seen moves: displacements of square blocks between neighboring frames.
 *
 * Every block of BLOCK_SIDE pixels is looked for in the next frame within the search radius, full pixels, by the least
 * sum of absolute differences of gray values; the shorter displacement wins a tie, so that what stands still counts as
 * still. Blocks without contrast (mean absolute deviation below BLOCK_CONTRAST levels) say nothing and are counted
 * apart, as are blocks whose best match is no match (mean difference above half of the block's own deviation): there
 * something was covered, or left faster than the search reaches. */
#include "analysis/measure/internal/formulas.h"

void blockmatch_gray(uint8_t *gray, const uint8_t *pixels, size_t count) {
    for (size_t i = 0; i < count; i++) /* weights in 1/256 */
        gray[i] = (uint8_t)((77 * pixels[3 * i] + 150 * pixels[3 * i + 1] + 29 * pixels[3 * i + 2] + 128) >> 8);
}

static int block_sum(const uint8_t *block, int width) {
    int sum = 0;
    for (int y = 0; y < BLOCK_SIDE; y++)
        for (int x = 0; x < BLOCK_SIDE; x++) sum += block[y * width + x];
    return sum;
}

/* Sum of absolute deviations from the block's mean. */
static int block_deviation(const uint8_t *block, int width) {
    int mean = (block_sum(block, width) + BLOCK_SIDE * BLOCK_SIDE / 2) / (BLOCK_SIDE * BLOCK_SIDE), sum = 0;
    for (int y = 0; y < BLOCK_SIDE; y++)
        for (int x = 0; x < BLOCK_SIDE; x++) {
            int value = block[y * width + x];
            sum += value > mean ? value - mean : mean - value;
        }
    return sum;
}

/* Sum of absolute differences; stops early above `bound`, which only ever loses. */
static int block_difference(const uint8_t *a, const uint8_t *b, int width, int bound) {
    int sum = 0;
    for (int y = 0; y < BLOCK_SIDE && sum <= bound; y++) {
        int row = 0;
        for (int x = 0; x < BLOCK_SIDE; x++) {
            int difference = a[y * width + x] - b[y * width + x];
            row += difference < 0 ? -difference : difference;
        }
        sum += row;
    }
    return sum;
}

typedef struct {
    int difference, square; /* of the best displacement so far */
} Match;

static void try_place(Match *match, const uint8_t *a, const uint8_t *b, int width, int square) {
    int difference = block_difference(a, b, width, match->difference);
    if (difference > match->difference || (difference == match->difference && square >= match->square)) return;
    *match = (Match){difference, square};
}

/* Places in rows from the top left; the block's own place goes first, so that it wins every tie (its length is 0), and
 * its difference bounds the rest from the start. */
static Match search(const uint8_t *a, const uint8_t *b, int y, int x, int height, int width, int radius) {
    const uint8_t *block = a + y * width + x;
    Match match = {block_difference(block, b + y * width + x, width, BLOCK_SIDE * BLOCK_SIDE * 255), 0};
    for (int dy = -radius; dy <= radius; dy++) {
        if (y + dy < 0 || y + dy + BLOCK_SIDE > height) continue;
        for (int dx = -radius; dx <= radius; dx++) {
            if (x + dx < 0 || x + dx + BLOCK_SIDE > width || dx * dx + dy * dy > radius * radius) continue;
            try_place(&match, block, b + (y + dy) * width + x + dx, width, dx * dx + dy * dy);
        }
    }
    return match;
}

/* plain: nothing to recognize; lost: the best match is none; the others count by squared length. */
void blockmatch_pair(BlockCounts *counts, const uint8_t *a, const uint8_t *b, int height, int width, int radius) {
    for (int y = 0; y + BLOCK_SIDE <= height; y += BLOCK_SIDE)
        for (int x = 0; x + BLOCK_SIDE <= width; x += BLOCK_SIDE) {
            int deviation = block_deviation(a + y * width + x, width);
            if (deviation < BLOCK_CONTRAST * BLOCK_SIDE * BLOCK_SIDE) {
                counts->plain++;
                continue;
            }
            Match match = search(a, b, y, x, height, width, radius);
            if (2 * match.difference > deviation) {
                counts->lost++;
                continue;
            }
            counts->matched++;
            counts->by_square[match.square]++;
        }
}
