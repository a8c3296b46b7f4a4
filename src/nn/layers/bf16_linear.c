/* Products of mixed precision, their operands, and the plain functions that define their bits. A product goes through
 * one kernel, whatever its shape, and every element is one chain of sums over the whole depth; so it may be cut by rows
 * and columns in any way. */
#include "nn/layers/bf16_linear.h"

#include "nn/kernels/kernels.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/internal/product_grid.h"
#include "nn/layers/linear.h"

#include <stdbool.h>

/* ---- products, cut for a team ---- */

typedef struct {
    Bf16Product whole;
    ProductGrid grid;
} Shared;

/* Columns begin at whole panels. */
static Bf16Product piece_of(const Bf16Product *whole, ProductPiece at) {
    Bf16Product piece = *whole;
    Bf16Finish *f = &piece.finish;
    size_t row = (size_t)at.row, column = (size_t)at.column;
    piece.left += row * whole->left_stride;
    piece.right += column / BF16_PANEL * whole->right_panel;
    piece.rows = at.rows;
    piece.columns = at.columns;
    if (f->bias) f->bias += column;
    if (f->floats) f->floats += row * f->floats_stride + column;
    if (f->base) f->base += row * f->base_stride + column;
    if (f->rows) f->rows += row * f->rows_stride + column;
    if (f->gelu) f->gelu += row * f->rows_stride + column;
    if (f->hidden) f->hidden += row * f->rows_stride + column;
    if (f->column_sums) f->column_sums += column;
    return piece;
}

/* Pieces begin to end, one kernel call each. */
static void product_pieces(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Shared *shared = context;
    for (int i = (int)begin; i < (int)end; i++) {
        const Bf16Product piece = piece_of(&shared->whole, product_grid_piece(&shared->grid, i));
        kernels_best()->bf16.product(&piece);
    }
}

/* Rows are cut only where a finish takes each by itself. */
static void multiply(Team *team, const Bf16Product *product) {
    enum { TILE_ROWS = 14, AMX_TILE_ROWS = 32, VECTOR = 32 };
    int tile = kernels_best()->bf16.tiles ? AMX_TILE_ROWS : TILE_ROWS;
    bool whole_columns = product->finish.factors || product->finish.column_sums;
    Shared shared = {*product, product_grid(product->rows, product->columns, whole_columns ? product->rows : tile,
                                            BF16_PANEL, team_size(team), 0)};
    team_for(team, product_grid_count(&shared.grid), 1,
             (double)product->rows * product->columns * product->depth / VECTOR, product_pieces, &shared);
}

void bf16_linear_forward(Team *team, const Bf16Finish *finish, Bf16Rows x, const Bf16Weights *W, int R) {
    multiply(team, &(Bf16Product){.left = x.data,
                                  .left_stride = x.stride,
                                  .right = W->forward,
                                  .right_panel = bf16_panel_words((size_t)W->Din),
                                  .rows = R,
                                  .columns = W->Dout,
                                  .depth = W->Din,
                                  .finish = *finish});
}

void bf16_linear_backward_input(Team *team, const Bf16Finish *finish, Bf16Rows dy, const Bf16Weights *W, int R) {
    multiply(team, &(Bf16Product){.left = dy.data,
                                  .left_stride = dy.stride,
                                  .right = W->backward,
                                  .right_panel = W->backward_panel,
                                  .rows = R,
                                  .columns = W->Din,
                                  .depth = W->Dout,
                                  .finish = *finish});
}

/* ---- weight gradients ---- */

/* A weight gradient sums over tokens. Both operands lie token by token; a product wants the summed dimension along a
 * row of the left one and down the panels of the right one, so both are laid out anew first. */
typedef struct {
    const Bf16LinearScratch *to;
    Bf16Rows dy, x;
    LinearShape s;
} Turning;

static void turn_columns(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Turning *t = context;
    size_t stride = bf16_padded((size_t)t->s.R);
    kernels_best()->bf16.transpose(t->to->turned + (size_t)begin * stride, stride, t->dy.data + begin, t->dy.stride,
                                   t->s.R, (int)(end - begin));
}

static void panel_columns(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Turning *t = context;
    kernels_best()->bf16.panels(t->to->panels + (size_t)begin / BF16_PANEL * bf16_panel_words((size_t)t->s.R),
                                t->x.data + begin, t->x.stride, t->s.R, (int)(end - begin));
}

void bf16_linear_backward_weight(Team *team, float *dW, Bf16Rows dy, Bf16Rows x, LinearShape s,
                                 const Bf16LinearScratch *scratch) {
    size_t width = (size_t)s.Din;
    Turning turning = {scratch, dy, x, s};
    team_for(team, s.Dout, BF16_PANEL, (double)s.R * s.Dout, turn_columns, &turning);
    team_for(team, s.Din, BF16_PANEL, (double)s.R * s.Din, panel_columns, &turning);
    const Bf16Finish add = {
        .kind = BF16_TO_FLOATS, .floats = dW, .base = dW, .floats_stride = width, .base_stride = width};
    multiply(team, &(Bf16Product){.left = scratch->turned,
                                  .left_stride = bf16_padded((size_t)s.R),
                                  .right = scratch->panels,
                                  .right_panel = bf16_panel_words((size_t)s.R),
                                  .rows = s.Dout,
                                  .columns = s.Din,
                                  .depth = s.R,
                                  .finish = add});
}

/* ---- rows ---- */

/* Columns are cut, not rows: a column's sum is one chain over all rows. */
static void round_columns(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    Bf16Rounding piece = *(const Bf16Rounding *)context;
    piece.rows += begin;
    piece.x += begin;
    piece.width = (int)(end - begin);
    if (piece.sums) piece.sums += begin;
    kernels_best()->bf16.round_rows(&piece);
}

void bf16_round_rows(Team *team, const Bf16Rounding *rounding) {
    Bf16Rounding all = *rounding;
    team_for(team, all.width, BF16_PANEL, (double)all.R * all.width, round_columns, &all);
}

typedef struct {
    Bf16Rows y;
    const float *x;
    NormParams params;
} Norm;

static void norm_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Norm *n = context;
    kernels_best()->bf16.layernorm(n->y.data + (size_t)begin * n->y.stride, n->y.stride,
                                   n->x + (size_t)begin * (size_t)n->params.width, (size_t)(end - begin), &n->params);
}

void bf16_layernorm(Team *team, Bf16Rows y, const float *x, const float *weight, const float *bias, int R, int D) {
    Norm norm = {y, x, {weight, bias, D, LAYERNORM_EPS}};
    team_for(team, R, 1, (double)R * D, norm_rows, &norm);
}

/* ---- the definition ---- */

/* The sum of one element, in either of the two orders of nn/kernels/bf16.h; padding adds products of zeros. */
static float sum_ref(const Bf16Product *p, int row, int column, int tiles) {
    const uint32_t *left = (const uint32_t *)(p->left + (size_t)row * p->left_stride);
    const uint32_t *right = p->right + (size_t)(column / BF16_PANEL) * p->right_panel + column % BF16_PANEL;
    float sum = 0;
    if (tiles) {
        for (int k = 0; k < p->depth; k += BF16_TILE_DEPTH)
            sum = bf16_tile(sum, left + k / 2, right + (size_t)k / 2 * BF16_PANEL, BF16_PANEL);
        return sum;
    }
    for (int k = 0; k < p->depth; k += 2) sum = bf16_pair(sum, left[k / 2], right[(size_t)k / 2 * BF16_PANEL]);
    return sum;
}

void bf16_product_ref(const Bf16Product *p, int tiles) {
    const Bf16Finish *f = &p->finish;
    for (int r = 0; r < p->rows; r++) {
        float factor = f->factors ? f->factors[r / f->factor_rows] : 1;
        for (int c = 0; c < p->columns; c++) {
            float sum = sum_ref(p, r, c, tiles) + (f->bias ? f->bias[c] : 0);
            if (f->kind == BF16_TO_ROWS) {
                f->rows[(size_t)r * f->rows_stride + (size_t)c] = bf16_round(sum);
                continue;
            }
            size_t at = (size_t)r * f->floats_stride + (size_t)c;
            f->floats[at] = factor * sum + (f->base ? f->base[(size_t)r * f->base_stride + (size_t)c] : 0);
        }
    }
}
