#include "nn/layers/bf16_linear.h"

#include "nn/kernels/kernels.h"

void bf16_linear_forward(const Bf16Finish *finish, Bf16Rows x, const Bf16Weights *W, int R) {
    kernels_best()->bf16.product(&(Bf16Product){.left = x.data,
                                                .left_stride = x.stride,
                                                .right = W->forward,
                                                .right_panel = bf16_panel_words((size_t)W->Din),
                                                .rows = R,
                                                .columns = W->Dout,
                                                .depth = W->Din,
                                                .finish = *finish});
}

void bf16_linear_backward_input(const Bf16Finish *finish, Bf16Rows dy, const Bf16Weights *W, int R) {
    kernels_best()->bf16.product(&(Bf16Product){.left = dy.data,
                                                .left_stride = dy.stride,
                                                .right = W->backward,
                                                .right_panel = W->backward_panel,
                                                .rows = R,
                                                .columns = W->Din,
                                                .depth = W->Dout,
                                                .finish = *finish});
}

void bf16_linear_backward_weight(float *dW, Bf16Rows dy_turned, const uint32_t *x, int R, int Din, int Dout) {
    size_t width = (size_t)Din;
    kernels_best()->bf16.product(&(Bf16Product){
        .left = dy_turned.data,
        .left_stride = dy_turned.stride,
        .right = x,
        .right_panel = bf16_panel_words((size_t)R),
        .rows = Dout,
        .columns = Din,
        .depth = R,
        .finish = {.kind = BF16_TO_FLOATS, .floats = dW, .base = dW, .floats_stride = width, .base_stride = width}});
}

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
