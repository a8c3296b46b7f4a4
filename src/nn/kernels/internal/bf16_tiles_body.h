/* nn/kernels/internal/bf16_tiles_body - products of mixed precision in the tile units of AMX. See nn/kernels/kernels.h
 * for what is computed, nn/kernels/bf16.h for the layouts and the definition `tile`, nn/kernels/internal/split_tiles.h
 * for the registers.
 *
 * Both layouts are what the tile instructions load: 16 rows of 32 numbers of the left operand where they lie, and 16
 * rows of 16 words of a panel. Two tiles of rows and the two of a panel give four of sums over the whole depth, 32 x 32
 * of them, which go to the finish. A block of panels stays in the second-level cache while all rows pass by. */
#pragma once

#include "nn/kernels/internal/bf16_finish_body.h"
#include "nn/kernels/internal/blocks.h"
#include "nn/kernels/internal/split_tiles.h"

enum {
    AMX_ROWS = 2 * SPLIT_TILE,
    AMX_BLOCK = 224 * 1024, /* words of the panels of a block */
};

/* Tiles of `rows` rows, up to AMX_ROWS: sums and left operands have as many as there are. */
INLINE void bf16_tiles_begin(int rows) {
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } tiles = {.palette = 1};
    const uint8_t upper = (uint8_t)at_most(rows, SPLIT_TILE),
                  lower = rows > SPLIT_TILE ? (uint8_t)(rows - SPLIT_TILE) : 1;
    const uint8_t counts[8] = {upper, upper, lower, lower, upper, lower, SPLIT_TILE, SPLIT_TILE};
    for (int i = 0; i < 8; i++) {
        tiles.rows[i] = counts[i];
        tiles.row_bytes[i] = SPLIT_ROW_BYTES;
    }
    _tile_loadconfig(&tiles);
}

/* sums (AMX_ROWS, BF16_PANEL) of up to AMX_ROWS rows: `both` if there are more than those of one tile. */
INLINE void bf16_tile_sums(float *sums, const Bf16 *left, size_t stride, const uint32_t *right, int depth,
                           const bool both) {
    const size_t row_bytes = BF16_PANEL * sizeof(float);
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    if (both) _tile_zero(2);
    if (both) _tile_zero(3);
    for (int k = 0; k < depth;
         k += BF16_TILE_DEPTH, left += BF16_TILE_DEPTH, right += BF16_TILE_DEPTH / 2 * BF16_PANEL) {
        _tile_loadd(4, left, stride * sizeof *left);
        if (both) _tile_loadd(5, left + SPLIT_TILE * stride, stride * sizeof *left);
        _tile_loadd(6, right, row_bytes);
        _tile_loadd(7, right + SPLIT_TILE, row_bytes);
        split_multiply(both);
    }
    _tile_stored(0, sums, row_bytes);
    _tile_stored(1, sums + SPLIT_TILE, row_bytes);
    if (both) _tile_stored(2, sums + SPLIT_TILE * BF16_PANEL, row_bytes);
    if (both) _tile_stored(3, sums + SPLIT_TILE * BF16_PANEL + SPLIT_TILE, row_bytes);
    __asm__ volatile("" ::: "memory");
}

static void bf16_product_tiles(const Bf16Product *p) {
    float sums[AMX_ROWS * BF16_PANEL] __attribute__((aligned(64)));
    int panels = (p->columns + BF16_PANEL - 1) / BF16_PANEL, most = AMX_BLOCK / (int)bf16_panel_words((size_t)p->depth);
    int block = equal_blocks(panels, most > 1 ? most : 1, 1);
    for (int first = 0; first < panels; first += block) {
        for (int m = 0; m < p->rows; m += AMX_ROWS) {
            int rows = at_most(p->rows - m, AMX_ROWS);
            const Bf16 *left = p->left + (size_t)m * p->left_stride;
            bf16_tiles_begin(rows);
            for (int n = first; n < panels && n < first + block; n++) {
                const uint32_t *right = p->right + (size_t)n * p->right_panel;
                if (rows > SPLIT_TILE)
                    bf16_tile_sums(sums, left, p->left_stride, right, p->depth, true);
                else
                    bf16_tile_sums(sums, left, p->left_stride, right, p->depth, false);
                bf16_finish(&p->finish, sums, m, rows, n * BF16_PANEL, p->columns);
            }
        }
    }
    split_end();
}

#define PEAK_FLOPS (4.0 * 2 * SPLIT_TILE * SPLIT_TILE * BF16_TILE_DEPTH)

static void bf16_peak_tiles(int64_t steps) {
    split_begin();
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t s = 0; s < steps; s++) split_multiply(true);
    split_end();
}
