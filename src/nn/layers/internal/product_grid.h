/* nn/layers/internal/product_grid - how the outputs of a matrix product are cut for a team.
 *
 * Pieces are rectangles of the result, at multiples of a kernel's tile; the summed dimension is never cut. So every
 * element is the sum that one thread would have computed, by kernels whose sums do not depend on the block around them
 * (tests/unit/test_team_layers.c). */
#pragma once

#include "base/system/team.h"

typedef struct {
    int row, rows, column, columns; /* first and how many */
} ProductPiece;

typedef struct {
    int rows, columns;         /* of the result */
    int row_unit, column_unit; /* of a tile */
    int row_pieces, column_pieces;
} ProductGrid;

/* As many pieces as members, or fewer; those that are done soonest, when packing an operand's row or column costs as
 * much as `packing` of its products. */
ProductGrid product_grid(int rows, int columns, int row_unit, int column_unit, int members, int packing);
/* Pieces that depend on nothing but the product's shape, for a library whose sums might depend on theirs. */
ProductGrid product_grid_fixed(int rows, int columns, int depth);
static inline int product_grid_count(const ProductGrid *grid) {
    return grid->row_pieces * grid->column_pieces;
}
ProductPiece product_grid_piece(const ProductGrid *grid, int index);
