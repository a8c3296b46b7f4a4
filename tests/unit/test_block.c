/* nn/layers/block - gradients by central differences, with and without dropped branches and with kept rows only. */
#include "math/blas.h"
#include "nn/layers/block.h"
#include "operator_check.h"

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

static double projected_output(void *context) {
    Bench *b = context;
    const BlockDrops *drops = b->drops_values.mlp ? &b->drops_values : NULL;
    block_forward(b->out, b->x, &b->acts, &b->scratch, &b->shape, &b->at, b->params, drops);
    return dot_floats(b->out, b->projection, b->n_out);
}

static void check_block(BlockShape shape, const float *attention_factors, const float *mlp_factors) {
    Bench b = bench_new(shape, attention_factors, mlp_factors);
    const BlockDrops *drops = mlp_factors ? &b.drops_values : NULL;
    projected_output(&b);
    memcpy(b.dout, b.projection, b.n_out * sizeof(float));
    block_backward(b.dx, b.dout, b.x, &b.acts, &b.scratch, &b.shape, &b.at, b.params, b.grads, drops);
    check_gradient(projected_output, &b, b.x, b.dx, b.n_in, 1e-3f, 4e-3);
    for (int r = 0; r < b.table.n_rows; r++) {
        const Param *row = &b.table.rows[r];
        check_gradient(projected_output, &b, b.params + row->offset, b.grads + row->offset, row->count, 1e-3f, 4e-3);
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
