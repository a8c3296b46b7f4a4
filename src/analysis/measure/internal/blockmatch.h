/* analysis/measure/blockmatch - how fast what is seen moves: displacements of square blocks between neighboring frames.
 *
 * Every block of BLOCK_SIDE pixels is looked for in the next frame within the search radius, full pixels, by the least
 * sum of absolute differences of gray values; the shorter displacement wins a tie, so that what stands still counts as
 * still. Blocks without contrast (mean absolute deviation below BLOCK_CONTRAST levels) say nothing and are counted
 * apart, as are blocks whose best match is no match (mean difference above half of the block's own deviation): there
 * something was covered, or left faster than the search reaches. */
#pragma once

#include "video/frames/clip.h"

enum { BLOCK_SIDE = 16, BLOCK_CONTRAST = 4, BLOCK_RADIUS_MAX = 32 };

typedef struct {
    int plain, lost, matched;                                   /* blocks of one pair of frames */
    int by_square[2 * BLOCK_RADIUS_MAX * BLOCK_RADIUS_MAX + 1]; /* matched blocks by squared length, pixels */
} BlockCounts;

/* Adds the blocks of the frames a and b (height, width; gray) to the counts. radius <= BLOCK_RADIUS_MAX. */
void blockmatch_pair(BlockCounts *counts, const uint8_t *a, const uint8_t *b, int height, int width, int radius);
/* Rounded 0.299 R + 0.587 G + 0.114 B. */
void blockmatch_gray(uint8_t *gray, const uint8_t *pixels, size_t count);
