/* Products of linear layers, y = x W^T + b, and their gradients. Three ways, by shape and processor: hand-written
 * kernels on rows as they lie (small weights), packed blocks (large), and CBLAS. Which way is taken depends on the
 * shape alone, so that equal calls have equal bits. */
#include "nn/layers/linear.h"

#include "base/system/arena.h"
#include "nn/kernels/kernels.h"

#include <cblas.h>
#include <stdbool.h>
#include <string.h>

/* Where the hand-written products on rows as they lie beat the library (OpenBLAS 0.3.21; Ice Lake with either vector
 * length): small weights, up to 32 vectors wide and high, or 8 where AMX takes the others. NULL: elsewhere. Where there
 * are large products, too, many rows of middling weights are theirs: packed, they do not go through the caches again
 * and again. */
static const Kernels *small_product(int R, int Din, int Dout) {
    enum { MIDDLING = 192, MANY = 1 << 20 }; /* floats of x and y: twice the second-level cache */
    const Kernels *kernels = kernels_best();
    int lanes = kernels->lanes, largest = kernels->product_small_most;
    bool small = lanes >= 8 && Din <= largest && Dout <= largest && Din % lanes == 0 && Dout % lanes == 0;
    bool many = Din >= MIDDLING && Dout >= MIDDLING && R > MANY / (Din + Dout);
    return small && !(many && kernels->product_large) ? kernels : NULL;
}

/* Many rows and large weights, where a kernel beats the library: AVX-512 (OpenBLAS 0.3.21 on Sapphire Rapids, by 2 to
 * 12 %) and AMX. A thread's scratch is mapped once and serves all its products; without memory the library takes over.
 */
static bool large_product(const LargeProduct *product) {
    enum { LEAST = 64 };
    static _Thread_local Arena scratch;
    const Kernels *kernels = kernels_best();
    if (!kernels->product_large || product->columns % (2 * kernels->lanes) != 0) return false;
    if (product->rows < LEAST || product->columns < LEAST || product->depth < LEAST) return false;
    if (!scratch.base && arena_alloc(&scratch, kernels->product_large_scratch * sizeof(float), "a matrix product"))
        return false;
    kernels->product_large(product, (float *)scratch.base);
    return true;
}

/* y = base + bias + x W^T; either may be NULL. */
static bool large_forward(Rows y, ConstRows x, const float *W, ConstRows base, const float *bias, int R, int Din,
                          int Dout) {
    return large_product(&(LargeProduct){.c = y.data,
                                         .ldc = (size_t)y.stride,
                                         .a = x.data,
                                         .a_row = (size_t)x.stride,
                                         .a_step = 1,
                                         .b = W,
                                         .b_step = 1,
                                         .b_column = (size_t)Din,
                                         .rows = R,
                                         .columns = Dout,
                                         .depth = Din,
                                         .base = base.data,
                                         .base_row = (size_t)base.stride,
                                         .bias = bias});
}

void linear_add(Rows y, ConstRows x, const float *W, int R, int Din, int Dout) {
    const Kernels *small = small_product(R, Din, Dout);
    if (small) {
        small->product_forward(y.data, (size_t)y.stride, x.data, (size_t)x.stride, W, R, Din, Dout);
        return;
    }
    if (large_forward(y, x, W, (ConstRows){y.data, y.stride}, NULL, R, Din, Dout)) return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, R, Dout, Din, 1, x.data, x.stride, W, Din, 1, y.data,
                y.stride);
}

void linear_forward(Rows y, ConstRows x, const float *W, const float *b, int R, int Din, int Dout) {
    if (!small_product(R, Din, Dout) && large_forward(y, x, W, (ConstRows){0}, b, R, Din, Dout)) return;
    for (int r = 0; !b && r < R; r++) memset(y.data + (size_t)r * (size_t)y.stride, 0, (size_t)Dout * sizeof(float));
    if (b) rows_set(y, b, R, Dout);
    linear_add(y, x, W, R, Din, Dout);
}

void linear_residual(float *y, const float *residual, ConstRows x, const float *W, const float *b, int R, int Din,
                     int Dout) {
    Rows to = {y, Dout};
    if (!small_product(R, Din, Dout) && large_forward(to, x, W, (ConstRows){residual, Dout}, b, R, Din, Dout)) return;
    rows_sum(y, residual, b, R, Dout);
    linear_add(to, x, W, R, Din, Dout);
}

void linear_backward_weight(float *dW, float *db, ConstRows dy, ConstRows x, int R, int Din, int Dout) {
    const Kernels *small = small_product(R, Din, Dout);
    if (db) rows_add_to(db, dy, R, Dout);
    if (small) {
        small->product_weight(dW, dy.data, (size_t)dy.stride, x.data, (size_t)x.stride, R, Din, Dout);
        return;
    }
    if (large_product(&(LargeProduct){.c = dW,
                                      .ldc = (size_t)Din,
                                      .a = dy.data,
                                      .a_row = 1,
                                      .a_step = (size_t)dy.stride,
                                      .b = x.data,
                                      .b_step = (size_t)x.stride,
                                      .b_column = 1,
                                      .rows = Dout,
                                      .columns = Din,
                                      .depth = R,
                                      .base = dW,
                                      .base_row = (size_t)Din}))
        return;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, Dout, Din, R, 1, dy.data, dy.stride, x.data, x.stride, 1, dW,
                Din);
}

void linear_backward_input(Rows dx, ConstRows dy, const float *W, int R, int Din, int Dout) {
    const Kernels *small = small_product(R, Din, Dout);
    if (small) {
        small->product_input(dx.data, (size_t)dx.stride, dy.data, (size_t)dy.stride, W, R, Din, Dout);
        return;
    }
    if (large_product(&(LargeProduct){.c = dx.data,
                                      .ldc = (size_t)dx.stride,
                                      .a = dy.data,
                                      .a_row = (size_t)dy.stride,
                                      .a_step = 1,
                                      .b = W,
                                      .b_step = (size_t)Din,
                                      .b_column = 1,
                                      .rows = R,
                                      .columns = Din,
                                      .depth = Dout}))
        return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, R, Din, Dout, 1, dy.data, dy.stride, W, Din, 0, dx.data,
                dx.stride);
}

void linear_forward_ref(Rows y, ConstRows x, const float *W, const float *b, int R, int Din, int Dout) {
    for (int r = 0; r < R; r++) {
        const float *x_r = x.data + (size_t)r * (size_t)x.stride;
        for (int o = 0; o < Dout; o++) {
            double sum = b ? b[o] : 0;
            for (int i = 0; i < Din; i++) sum += (double)x_r[i] * W[(size_t)o * (size_t)Din + (size_t)i];
            y.data[(size_t)r * (size_t)y.stride + (size_t)o] = (float)sum;
        }
    }
}

void linear_backward_weight_ref(float *dW, float *db, ConstRows dy, ConstRows x, int R, int Din, int Dout) {
    for (int r = 0; r < R; r++) {
        const float *x_r = x.data + (size_t)r * (size_t)x.stride, *dy_r = dy.data + (size_t)r * (size_t)dy.stride;
        for (int o = 0; o < Dout; o++) {
            for (int i = 0; i < Din; i++) dW[(size_t)o * (size_t)Din + (size_t)i] += dy_r[o] * x_r[i];
            if (db) db[o] += dy_r[o];
        }
    }
}

void linear_backward_input_ref(Rows dx, ConstRows dy, const float *W, int R, int Din, int Dout) {
    for (int r = 0; r < R; r++) {
        const float *dy_r = dy.data + (size_t)r * (size_t)dy.stride;
        for (int i = 0; i < Din; i++) {
            double sum = 0;
            for (int o = 0; o < Dout; o++) sum += (double)dy_r[o] * W[(size_t)o * (size_t)Din + (size_t)i];
            dx.data[(size_t)r * (size_t)dx.stride + (size_t)i] = (float)sum;
        }
    }
}

void rows_set(Rows y, const float *b, int R, int D) {
    for (int r = 0; r < R; r++) memcpy(y.data + (size_t)r * (size_t)y.stride, b, (size_t)D * sizeof(float));
}

void rows_sum(float *restrict y, const float *restrict x, const float *restrict b, int R, int D) {
    for (int r = 0; r < R; r++, y += D, x += D) {
#pragma omp simd
        for (int i = 0; i < D; i++) y[i] = x[i] + b[i];
    }
}

/* partial += four rows. */
static void four_rows_add(float *restrict partial, const float *restrict x, size_t stride, int width) {
    const float *restrict a = x, *restrict b = x + stride, *restrict c = b + stride, *restrict d = c + stride;
#pragma omp simd
    for (int i = 0; i < width; i++) partial[i] += (a[i] + b[i]) + (c[i] + d[i]);
}

/* Strips of columns, so that the partial sums stay in the first-level cache; some rows at a time, whose sum then joins
 * the total: sums of sums keep the rounding error of thousands of rows small. */
void rows_add_to(float *sum, ConstRows x, int R, int D) {
    enum { STRIP = 512, ROWS_A_PARTIAL = 128 };
    size_t stride = (size_t)x.stride;
    for (int first = 0; first < R; first += ROWS_A_PARTIAL) {
        int end = first + ROWS_A_PARTIAL < R ? first + ROWS_A_PARTIAL : R;
        for (int column = 0; column < D; column += STRIP) {
            float partial[STRIP] = {0};
            int width = D - column < STRIP ? D - column : STRIP, r = first;
            const float *strip = x.data + column;
            for (; r + 4 <= end; r += 4) four_rows_add(partial, strip + (size_t)r * stride, stride, width);
            for (; r < end; r++) {
                for (int i = 0; i < width; i++) partial[i] += strip[(size_t)r * stride + (size_t)i];
            }
            for (int i = 0; i < width; i++) sum[column + i] += partial[i];
        }
    }
}
