#include "nn/layers/bf16_linear.h"

#include "nn/kernels/kernels.h"
#include "nn/layers/layernorm.h"

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

void bf16_linear_backward_weight(float *dW, Bf16Rows dy, Bf16Rows x, int R, int Din, int Dout,
                                 const Bf16LinearScratch *scratch) {
    const Bf16Kernels *kernels = &kernels_best()->bf16;
    size_t width = (size_t)Din, turned_stride = bf16_padded((size_t)R);
    kernels->transpose(scratch->turned, turned_stride, dy.data, dy.stride, R, Dout);
    kernels->panels(scratch->panels, x.data, x.stride, R, Din);
    const Bf16Finish add = {
        .kind = BF16_TO_FLOATS, .floats = dW, .base = dW, .floats_stride = width, .base_stride = width};
    kernels->product(&(Bf16Product){.left = scratch->turned,
                                    .left_stride = turned_stride,
                                    .right = scratch->panels,
                                    .right_panel = bf16_panel_words((size_t)R),
                                    .rows = Dout,
                                    .columns = Din,
                                    .depth = R,
                                    .finish = add});
}

void bf16_round_rows(Bf16Rows y, const float *x, int R, int width, const float *factors, int factor_rows, float *sums) {
    kernels_best()->bf16.round_rows(y.data, y.stride, x, (size_t)width, R, width, factors, factor_rows, sums);
}

void bf16_layernorm(Bf16Rows y, const float *x, const float *weight, const float *bias, int R, int D) {
    kernels_best()->bf16.layernorm(y.data, y.stride, x, weight, bias, (size_t)R, D, LAYERNORM_EPS);
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
