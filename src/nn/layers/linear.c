/* Products of linear layers, y = x W^T + b, and their gradients. Three ways, by shape and processor: hand-written
 * kernels on rows as they lie (small weights), packed blocks (large), and CBLAS. Which way is taken depends on the
 * shape alone, so that equal calls have equal bits. */
#include "nn/layers/linear.h"

#include "base/system/arena.h"
#include "base/system/minmax.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/internal/product_grid.h"

#include <cblas.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where the hand-written products on rows as they lie beat the library (OpenBLAS 0.3.21; Ice Lake with either vector
 * length): small weights, up to 32 vectors wide and high, or 8 where AMX takes the others. NULL: elsewhere. Where there
 * are large products, too, many rows of middling weights are theirs: packed, they do not go through the caches again
 * and again. */
static const Kernels *small_product(LinearShape s) {
    enum { MIDDLING = 192, MANY = 1 << 20 }; /* floats of x and y: twice the second-level cache */
    const Kernels *kernels = kernels_best();
    int lanes = kernels->lanes, largest = kernels->product_small_most;
    bool small = lanes >= 8 && s.Din <= largest && s.Dout <= largest && s.Din % lanes == 0 && s.Dout % lanes == 0;
    bool many = s.Din >= MIDDLING && s.Dout >= MIDDLING && s.R > MANY / (s.Din + s.Dout);
    return small && !(many && kernels->product_large) ? kernels : NULL;
}

/* Many rows and large weights, where a kernel beats the library: AVX-512 (OpenBLAS 0.3.21 on Sapphire Rapids, by 2 to
 * 12 %) and AMX. */
static bool takes_large_product(const LargeProduct *product) {
    enum { LEAST = 64 };
    const Kernels *kernels = kernels_best();
    if (!kernels->product_large || product->columns % (2 * kernels->lanes) != 0) return false;
    return product->rows >= LEAST && product->columns >= LEAST && product->depth >= LEAST;
}

/* ---- a thread's scratch for large products: mapped once, for all of them; without memory the library takes over ----
 */

static pthread_key_t scratch_key;
static bool scratch_ready;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *scratch) {
    arena_free(scratch);
    free(scratch);
}

static void scratch_start(void) {
    scratch_ready = !pthread_key_create(&scratch_key, scratch_free);
}

/* NULL: no memory. */
static float *large_scratch(void) {
    pthread_once(&scratch_once, scratch_start);
    if (!scratch_ready) return NULL;
    Arena *scratch = pthread_getspecific(scratch_key);
    if (scratch) return (float *)scratch->base;
    scratch = calloc(1, sizeof *scratch);
    if (!scratch) return NULL;
    if (arena_alloc(scratch, kernels_best()->product_large_scratch * sizeof(float), "a matrix product") ||
        pthread_setspecific(scratch_key, scratch)) {
        scratch_free(scratch);
        return NULL;
    }
    return (float *)scratch->base;
}

/* ---- products, cut for a team ---- */

typedef enum { PRODUCT_FORWARD, PRODUCT_INPUT, PRODUCT_WEIGHT } ProductKind;

/* c = base + bias + a b by one of three methods, which is that of the whole product for each of its pieces. */
typedef struct {
    ProductKind kind;
    LargeProduct whole;
    const Kernels *small; /* the first method */
    bool large;           /* the second; else the library */
    ProductGrid grid;
} Product;

/* The rectangle `at` of the result as a product of its own; the summed dimension stays whole. */
static LargeProduct piece_of(const LargeProduct *whole, ProductPiece at) {
    LargeProduct piece = *whole;
    size_t row = (size_t)at.row, column = (size_t)at.column;
    piece.c += row * whole->ldc + column;
    piece.a += row * whole->a_row;
    piece.b += column * whole->b_column;
    if (piece.base) piece.base += row * whole->base_row + column;
    if (piece.bias) piece.bias += column;
    piece.rows = at.rows;
    piece.columns = at.columns;
    return piece;
}

/* What a product that only adds is added to. */
static void lay_base(const LargeProduct *p) {
    Rows c = {p->c, (int)p->ldc};
    if (p->base == p->c) return;
    if (p->base) {
        for (int r = 0; r < p->rows; r++)
            rows_sum(p->c + (size_t)r * p->ldc, p->base + (size_t)r * p->base_row, p->bias, 1, p->columns);
    } else if (p->bias) {
        rows_set(c, p->bias, p->rows, p->columns);
    } else {
        for (int r = 0; r < p->rows; r++) memset(p->c + (size_t)r * p->ldc, 0, (size_t)p->columns * sizeof(float));
    }
}

/* Whole rows of the result only, but for PRODUCT_FORWARD. */
static void small_piece(const Product *product, const LargeProduct *p) {
    const Kernels *small = product->small;
    switch (product->kind) {
    case PRODUCT_FORWARD:
        lay_base(p);
        small->product_forward(p);
        break;
    case PRODUCT_INPUT: small->product_input(p); break;
    case PRODUCT_WEIGHT: small->product_weight(p); break;
    }
}

/* CBLAS names a transposed operand by a flag; its leading dimension is the stride that is not 1. */
static void library_piece(const Product *product, const LargeProduct *p) {
    bool adds = product->kind != PRODUCT_INPUT, turned = product->kind == PRODUCT_WEIGHT;
    if (adds) lay_base(p);
    cblas_sgemm(CblasRowMajor, turned ? CblasTrans : CblasNoTrans,
                product->kind == PRODUCT_FORWARD ? CblasTrans : CblasNoTrans, p->rows, p->columns, p->depth, 1, p->a,
                (int)(turned ? p->a_step : p->a_row), p->b, (int)(p->b_step == 1 ? p->b_column : p->b_step),
                adds ? 1 : 0, p->c, (int)p->ldc);
}

/* Pieces begin to end, each by the method of the whole product. */
static void product_pieces(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Product *product = context;
    for (int i = (int)begin; i < (int)end; i++) {
        const LargeProduct piece = piece_of(&product->whole, product_grid_piece(&product->grid, i));
        float *scratch = product->large ? large_scratch() : NULL;
        if (product->small)
            small_piece(product, &piece);
        else if (scratch)
            kernels_best()->product_large(&piece, scratch);
        else
            library_piece(product, &piece);
    }
}

/* s: of the layer, whose shape decides the method; two products of equal shape have equal bits. */
static void multiply(Team *team, ProductKind kind, const LargeProduct *whole, LinearShape s) {
    enum { PACKING = 8, TILE_ROWS = 14, AMX_TILE_ROWS = 32, VECTOR = 16 };
    const Kernels *kernels = kernels_best();
    double work = (double)whole->rows * whole->columns * whole->depth / VECTOR;
    Product product = {.kind = kind, .whole = *whole, .small = small_product(s)};
    product.large = !product.small && takes_large_product(whole);
    int members = team_size(team), rows = whole->rows, columns = whole->columns;
    if (product.small)
        product.grid = product_grid(rows, columns, TILE_ROWS, columns, members, 0);
    else if (product.large)
        product.grid = product_grid(rows, columns, kernels->bf16.tiles ? AMX_TILE_ROWS : TILE_ROWS, 2 * kernels->lanes,
                                    members, PACKING);
    else
        product.grid = product_grid_fixed(rows, columns, whole->depth);
    team_for(team, product_grid_count(&product.grid), 1, work, product_pieces, &product);
}

/* y = base + bias + x W^T; base and bias may be NULL. */
static void forward(Team *team, Rows y, ConstRows x, const float *W, ConstRows base, const float *bias, LinearShape s) {
    multiply(team, PRODUCT_FORWARD,
             &(LargeProduct){.c = y.data,
                             .ldc = (size_t)y.stride,
                             .a = x.data,
                             .a_row = (size_t)x.stride,
                             .a_step = 1,
                             .b = W,
                             .b_step = 1,
                             .b_column = (size_t)s.Din,
                             .rows = s.R,
                             .columns = s.Dout,
                             .depth = s.Din,
                             .base = base.data,
                             .base_row = (size_t)base.stride,
                             .bias = bias},
             s);
}

void linear_add(Team *team, Rows y, ConstRows x, const float *W, LinearShape s) {
    forward(team, y, x, W, (ConstRows){y.data, y.stride}, NULL, s);
}

void linear_forward(Team *team, Rows y, ConstRows x, const float *W, const float *b, LinearShape s) {
    forward(team, y, x, W, (ConstRows){0}, b, s);
}

void linear_residual(Team *team, float *y, const float *residual, ConstRows x, const float *W, const float *b,
                     LinearShape s) {
    forward(team, (Rows){y, s.Dout}, x, W, (ConstRows){residual, s.Dout}, b, s);
}

void linear_backward_weight(Team *team, float *dW, float *db, ConstRows dy, ConstRows x, LinearShape s) {
    if (db) rows_add_to(team, db, dy, s.R, s.Dout);
    /* dW = dW + dy^T x: rows are outputs, and what is summed is the layer's rows */
    multiply(team, PRODUCT_WEIGHT,
             &(LargeProduct){.c = dW,
                             .ldc = (size_t)s.Din,
                             .a = dy.data,
                             .a_row = 1,
                             .a_step = (size_t)dy.stride,
                             .b = x.data,
                             .b_step = (size_t)x.stride,
                             .b_column = 1,
                             .rows = s.Dout,
                             .columns = s.Din,
                             .depth = s.R,
                             .base = dW,
                             .base_row = (size_t)s.Din},
             s);
}

void linear_backward_input(Team *team, Rows dx, ConstRows dy, const float *W, LinearShape s) {
    /* dx = dy W: what is summed is the layer's outputs */
    multiply(team, PRODUCT_INPUT,
             &(LargeProduct){.c = dx.data,
                             .ldc = (size_t)dx.stride,
                             .a = dy.data,
                             .a_row = (size_t)dy.stride,
                             .a_step = 1,
                             .b = W,
                             .b_step = (size_t)s.Din,
                             .b_column = 1,
                             .rows = s.R,
                             .columns = s.Din,
                             .depth = s.Dout},
             s);
}

/* ---- the definitions, in double ---- */

void linear_forward_ref(Rows y, ConstRows x, const float *W, const float *b, LinearShape s) {
    for (int r = 0; r < s.R; r++) {
        const float *x_r = x.data + (size_t)r * (size_t)x.stride;
        for (int o = 0; o < s.Dout; o++) {
            double sum = b ? b[o] : 0;
            for (int i = 0; i < s.Din; i++) sum += (double)x_r[i] * W[(size_t)o * (size_t)s.Din + (size_t)i];
            y.data[(size_t)r * (size_t)y.stride + (size_t)o] = (float)sum;
        }
    }
}

void linear_backward_weight_ref(float *dW, float *db, ConstRows dy, ConstRows x, LinearShape s) {
    for (int r = 0; r < s.R; r++) {
        const float *x_r = x.data + (size_t)r * (size_t)x.stride, *dy_r = dy.data + (size_t)r * (size_t)dy.stride;
        for (int o = 0; o < s.Dout; o++) {
            for (int i = 0; i < s.Din; i++) dW[(size_t)o * (size_t)s.Din + (size_t)i] += dy_r[o] * x_r[i];
            if (db) db[o] += dy_r[o];
        }
    }
}

void linear_backward_input_ref(Rows dx, ConstRows dy, const float *W, LinearShape s) {
    for (int r = 0; r < s.R; r++) {
        const float *dy_r = dy.data + (size_t)r * (size_t)dy.stride;
        for (int i = 0; i < s.Din; i++) {
            double sum = 0;
            for (int o = 0; o < s.Dout; o++) sum += (double)dy_r[o] * W[(size_t)o * (size_t)s.Din + (size_t)i];
            dx.data[(size_t)r * (size_t)dx.stride + (size_t)i] = (float)sum;
        }
    }
}

/* ---- rows ---- */

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

typedef struct {
    float *sum;
    ConstRows x;
    int R;
} ColumnSums;

/* Strips of columns, so that the partial sums stay in the first-level cache; some rows at a time, whose sum then joins
 * the total: sums of sums keep the rounding error of thousands of rows small. */
static void add_columns(void *context, int member, int64_t begin, int64_t columns_end) {
    enum { STRIP = 512, ROWS_A_PARTIAL = 128 };
    (void)member;
    const ColumnSums *sums = context;
    size_t stride = (size_t)sums->x.stride;
    for (int first = 0; first < sums->R; first += ROWS_A_PARTIAL) {
        int end = min_int(first + ROWS_A_PARTIAL, sums->R);
        for (int column = (int)begin; column < (int)columns_end; column += STRIP) {
            float partial[STRIP] = {0};
            int width = min_int((int)columns_end - column, STRIP), r = first;
            const float *strip = sums->x.data + column;
            for (; r + 4 <= end; r += 4) four_rows_add(partial, strip + (size_t)r * stride, stride, width);
            for (; r < end; r++) {
                for (int i = 0; i < width; i++) partial[i] += strip[(size_t)r * stride + (size_t)i];
            }
            for (int i = 0; i < width; i++) sums->sum[column + i] += partial[i];
        }
    }
}

void rows_add_to(Team *team, float *sum, ConstRows x, int R, int D) {
    enum { COLUMNS = 32 };
    ColumnSums sums = {sum, x, R};
    team_for(team, D, COLUMNS, (double)R * D, add_columns, &sums);
}
