/* A frame is painted front to back, so every pixel is written once. One bit a pixel says whether it is still open:
 * bit x % 64 of word x / 64 of its row. What is beyond the last column starts closed, so that whole words can be
 * tested and counted without looking at the width. */
#include "gen/objects/internal/coverage.h"

void coverage_reset(Coverage *coverage, uint64_t *bits, int size) {
    *coverage =
        (Coverage){.size = size, .words = coverage_words(size), .open_pixels = (int64_t)size * size, .bits = bits};
    uint64_t tail = ~(uint64_t)0 >> (63 - (size - 1) % 64);
    for (int y = 0; y < size; y++)
        for (int w = 0; w < coverage->words; w++)
            bits[(int64_t)y * coverage->words + w] = w == coverage->words - 1 ? tail : ~(uint64_t)0;
}
