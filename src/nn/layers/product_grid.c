/* How a result is cut. Every number of column pieces up to the team's size is tried with as many row pieces as that
 * leaves; the grid whose largest piece costs least wins, since the team waits for the slowest. Packing an operand is
 * work that pieces repeat, so it counts by a piece's edges: square pieces repeat the least. */
#include "nn/layers/internal/product_grid.h"

#include "base/system/minmax.h"

static int units_of(int count, int unit) {
    return (count + unit - 1) / unit;
}

/* Multiply-adds of the largest piece, for each element of the summed dimension. */
static double piece_cost(const ProductGrid *g, int packing) {
    double rows = units_of(units_of(g->rows, g->row_unit), g->row_pieces) * (double)g->row_unit;
    double columns = units_of(units_of(g->columns, g->column_unit), g->column_pieces) * (double)g->column_unit;
    return rows * columns + packing * (rows + columns);
}

ProductGrid product_grid(int rows, int columns, int row_unit, int column_unit, int members, int packing) {
    const ProductGrid whole = {rows, columns, row_unit, column_unit, 1, 1};
    ProductGrid best = whole;
    for (int n = 1; n <= members; n++) {
        ProductGrid grid = whole;
        grid.column_pieces = min_int(n, units_of(columns, column_unit));
        grid.row_pieces = min_int(members / n, units_of(rows, row_unit));
        if (piece_cost(&grid, packing) < piece_cost(&best, packing)) best = grid;
    }
    return best;
}

ProductGrid product_grid_fixed(int rows, int columns, int depth) {
    /* a library may sum differently at another piece: pieces must be those of one thread, whatever the team */
    enum { UNIT = 96, LARGEST = 1 << 26 }; /* multiples of libraries' tiles; multiply-adds of a piece */
    ProductGrid grid = {rows, columns, UNIT, UNIT, 1, 1};
    while ((double)rows * columns * depth / product_grid_count(&grid) > LARGEST) {
        int row_units = units_of(rows, UNIT) / grid.row_pieces,
            column_units = units_of(columns, UNIT) / grid.column_pieces;
        if (max_int(row_units, column_units) < 2) break;
        if (row_units > column_units)
            grid.row_pieces *= 2;
        else
            grid.column_pieces *= 2;
    }
    return grid;
}

/* Piece `index` of `pieces` of [0, count). */
static void cut(int *first, int *many, int count, int unit, int pieces, int index) {
    int units = units_of(count, unit), begin = units * index / pieces * unit,
        end = min_int(count, units * (index + 1) / pieces * unit);
    *first = begin;
    *many = end - begin;
}

ProductPiece product_grid_piece(const ProductGrid *grid, int index) {
    ProductPiece piece;
    cut(&piece.row, &piece.rows, grid->rows, grid->row_unit, grid->row_pieces, index / grid->column_pieces);
    cut(&piece.column, &piece.columns, grid->columns, grid->column_unit, grid->column_pieces,
        index % grid->column_pieces);
    return piece;
}
