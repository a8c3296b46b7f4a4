/* nn/layers/block - gradients by central differences, with and without dropped branches and with kept rows only. */
#include "math/blas.h"
#include "nn/layers/block.h"
#include "operator_check.h"

#include <float.h>

typedef struct {
    BlockShape shape;
    ParamTable table;
    BlockParams at;
    BlockActs acts;
    BlockScratch scratch;
    Arena arena;
    BlockDrops drops_values, *drops;
    size_t n_in, n_out;
    float *params, *grads, *x, *out, *dout, *dx, *projection;
} Bench;

static Bench bench_new(BlockShape shape, const float *attention_factors, const float *mlp_factors) {
    Bench b = {.shape = shape, .drops_values = {attention_factors, mlp_factors}};
    assert_int_equal(block_params_add(&b.at, &b.table, "b.", shape.width, shape.hidden, INIT_XAVIER, 0), ERR_NONE);
    Arena measure = {0};
    block_acts_layout(&b.acts, &measure, &shape);
    block_scratch_layout(&b.scratch, &measure, &shape, 1, 1);
    assert_int_equal(arena_alloc(&b.arena, measure.used, "test"), ERR_NONE);
    block_acts_layout(&b.acts, &b.arena, &shape);
    block_scratch_layout(&b.scratch, &b.arena, &shape, 1, 1);
    b.n_in = (size_t)block_rows_in(&shape) * (size_t)shape.width;
    b.n_out = (size_t)block_rows(&shape) * (size_t)shape.width;
    b.params = random_floats(b.table.total, 1, 0.3f);
    b.grads = calloc(b.table.total, sizeof(float));
    b.x = random_floats(b.n_in, 2, 1);
    b.projection = random_floats(b.n_out, 3, 1);
    b.out = calloc(b.n_out, sizeof(float));
    b.dout = calloc(b.n_out, sizeof(float));
    b.dx = calloc(b.n_in, sizeof(float));
    return b;
}

static void bench_free(Bench *b) {
    arena_free(&b->arena);
    params_free(&b->table);
    float *all[] = {b->params, b->grads, b->x, b->out, b->dout, b->dx, b->projection};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Block block_of(Bench *b) {
    return (Block){.shape = &b->shape,
                   .at = &b->at,
                   .drops = b->drops_values.mlp ? &b->drops_values : NULL,
                   .params = b->params,
                   .grads = b->grads,
                   .scratch = &b->scratch};
}

static double projected_output(void *context) {
    Bench *b = context;
    const Block block = block_of(b);
    block_forward(&block, b->out, b->x, &b->acts);
    return dot_floats(b->out, b->projection, b->n_out);
}

/* How far a slope by differences with `step` may be off: each output is a float whose last bits are as good as random,
 * so their weighted sum is off by about FLT_EPSILON times the norm of its terms. Of 31 arrays and two sets of kernels
 * the worst was 1.8 times that. */
static double rounding_of_slope(const Bench *b, float step) {
    enum { MARGIN = 4 };
    double squares = 0;
    for (size_t i = 0; i < b->n_out; i++) squares += pow((double)b->projection[i] * b->out[i], 2);
    return MARGIN * FLT_EPSILON * sqrt(squares) / step;
}

/* Differences with two steps, put together so that the error of third order cancels (Richardson): the step may be large
 * enough to leave little of the rounding. */
static void check_slope(Bench *b, float *x, const float *gradient, size_t count) {
    const float step = 1e-2f;
    float *direction = random_floats(count, 999, 1);
    double narrow = difference_quotient(projected_output, b, x, direction, count, step);
    double wide = difference_quotient(projected_output, b, x, direction, count, 2 * step);
    double expected = (4 * narrow - wide) / 3, found = dot_floats(gradient, direction, count);
    double tolerance = rounding_of_slope(b, step);
    if (fabs(found - expected) > tolerance)
        fail_msg("slope %.9g, by differences %.9g, tolerance %.3g", found, expected, tolerance);
    free(direction);
}

static void check_block(BlockShape shape, const float *attention_factors, const float *mlp_factors) {
    Bench b = bench_new(shape, attention_factors, mlp_factors);
    const Block block = block_of(&b);
    projected_output(&b);
    memcpy(b.dout, b.projection, b.n_out * sizeof(float));
    block_backward(&block, b.dx, b.dout, b.x, &b.acts);
    check_slope(&b, b.x, b.dx, b.n_in);
    for (int r = 0; r < b.table.n_rows; r++) {
        const Param *row = &b.table.rows[r];
        check_slope(&b, b.params + row->offset, b.grads + row->offset, row->count);
    }
    bench_free(&b);
}

static const BlockShape full = {.B = 3, .n_tokens = 11, .width = 12, .heads = 2, .hidden = 48};

static void test_gradients_of_a_full_block(void **state) {
    (void)state;
    check_block(full, NULL, NULL);
}

static void test_gradients_when_only_later_rows_are_kept(void **state) {
    (void)state;
    BlockShape kept = full;
    kept.first_kept = 4;
    check_block(kept, NULL, NULL);
}

static void test_gradients_with_dropped_branches(void **state) {
    (void)state;
    const float attention[] = {0, 1.25f, 1.25f}, mlp[] = {2, 0, 2};
    check_block(full, attention, mlp);
}

static void test_a_dropped_branch_leaves_the_residual(void **state) {
    (void)state;
    const float none[] = {0, 0, 0};
    Bench b = bench_new(full, none, none);
    projected_output(&b);
    assert_memory_equal(b.out, b.x, b.n_out * sizeof(float));
    bench_free(&b);
}

static void test_kept_rows_are_those_of_the_full_block(void **state) {
    (void)state;
    BlockShape kept = full;
    kept.first_kept = 4;
    Bench a = bench_new(full, NULL, NULL), b = bench_new(kept, NULL, NULL);
    projected_output(&a);
    projected_output(&b);
    for (size_t clip = 0; clip < 3; clip++) {
        assert_true(relative_distance(b.out + clip * 7 * 12, a.out + (clip * 11 + 4) * 12, 7 * 12) < 1e-6);
    }
    bench_free(&a);
    bench_free(&b);
}

int main(void) {
    blas_single_thread();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_a_full_block),
        cmocka_unit_test(test_gradients_when_only_later_rows_are_kept),
        cmocka_unit_test(test_gradients_with_dropped_branches),
        cmocka_unit_test(test_a_dropped_branch_leaves_the_residual),
        cmocka_unit_test(test_kept_rows_are_those_of_the_full_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
