/* Training of nn/models/mae with nn/models/adamw and nn/models/schedule against the double-precision oracle: parameters
 * after three steps and losses of ten, with activations kept and recomputed; the official sizes ViT-S and ViT-B. */
#include "mae_fixture.h"
#include "nn/models/optimizer.h"
#include "support/kernels.h"
#include "support/unit.h"

static const Schedule schedule = {.peak = 1e-3, .minimum = 1e-5, .warmup_steps = 3, .total_steps = 10};
static const AdamwConfig adamw = {.beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .weight_decay = 0.05f};

typedef struct {
    Bench bench;
    float *start, *m, *v; /* weights before the first step, moments */
} Training;

static Training training_open(const Case *c, bool recompute) {
    Training t = {.bench = bench_open(c, recompute)};
    size_t total = t.bench.table->total;
    t.start = malloc(total * sizeof(float));
    memcpy(t.start, t.bench.params, total * sizeof(float));
    t.m = calloc(total, sizeof(float));
    t.v = calloc(total, sizeof(float));
    return t;
}

static void training_close(Training *t) {
    bench_close(&t->bench);
    free(t->start);
    free(t->m);
    free(t->v);
}

/* One step on its own clips and masks; the loss before the update. Gradients stay in the bench. */
static double train(Training *t, int step) {
    Bench *b = &t->bench;
    double loss = 0;
    case_clips(b->clips, b->c, step);
    case_masked(b->masked, b->c, step);
    memset(b->grads, 0, b->table->total * sizeof(float));
    mae_step(b->mae, b->scratch, b->params, b->grads, &loss, &(MaeBatch){b->clips, b->masked, b->B}, 1);
    adamw_update(&(AdamwSlice){b->params, t->m, t->v, b->grads, 0, b->table->total}, b->table,
                 &(AdamwStep){&adamw, schedule_rate(&schedule, step), NULL, step + 1});
    return loss;
}

/* Norm of the difference of a parameter's change from its golden change, over the norm of the latter. The parameter
 * itself hardly moves in three steps, so the change is the sharper measure. */
static double change_distance(const Training *t, const Param *row) {
    char name[TENSOR_NAME_SIZE + 16];
    snprintf(name, sizeof name, "three.%s", row->name);
    const double *golden = golden_get(&t->bench.golden, name)->data;
    double before[SKETCH_SUMS], after[SKETCH_SUMS], difference = 0, change = 0;
    sketch_sums(before, t->start + row->offset, row->count);
    sketch_sums(after, t->bench.params + row->offset, row->count);
    for (int k = 0; k < SKETCH_SUMS; k++) {
        difference += (after[k] - golden[1 + k]) * (after[k] - golden[1 + k]);
        change += (golden[1 + k] - before[k]) * (golden[1 + k] - before[k]);
    }
    return sqrt(difference / change);
}

static void check_training(const Case *c, bool recompute) {
    Training t = training_open(c, recompute);
    const GoldenTensor *losses = golden_get(&t.bench.golden, "losses");
    const double *expected = losses->data;
    for (int step = 0; step < (int)losses->count; step++) {
        double loss = train(&t, step), tolerance = step == 0 ? TOLERANCE : 1e-4;
        if (!(fabs(loss - expected[step]) <= tolerance * expected[step]))
            fail_msg("%s: loss of step %d: %.9g instead of %.9g", c->file, step, loss, expected[step]);
        if (step == 0) golden_assert_near(&t.bench.golden, "grad", t.bench.table, t.bench.grads, TOLERANCE);
        if (step != 2) continue;
        golden_assert_near(&t.bench.golden, "three", t.bench.table, t.bench.params, TOLERANCE);
        for (int r = 0; r < t.bench.table->n_rows; r++) {
            double distance = change_distance(&t, &t.bench.table->rows[r]);
            if (!(distance <= 2e-4)) fail_msg("%s: change of %s: %.3g", c->file, t.bench.table->rows[r].name, distance);
        }
    }
    training_close(&t);
}

static void test_ten_steps_of_small_models_match_the_oracle(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++)
        for (int recompute = 0; recompute < 2; recompute++) check_training(&cases[i], recompute);
}

static void test_three_steps_of_vit_s_match_the_oracle(void **state) {
    (void)state;
    skip_if_emulated();
    check_training(&vit_s, false);
}

static void test_gradients_of_vit_b_match_the_oracle(void **state) {
    (void)state;
    skip_if_emulated();
    Bench b = bench_open(&vit_b, true);
    double loss = 0, expected = *(const double *)golden_get(&b.golden, "losses")->data;
    mae_step(b.mae, b.scratch, b.params, b.grads, &loss, &(MaeBatch){b.clips, b.masked, b.B}, 1);
    assert_true(fabs(loss - expected) <= TOLERANCE * expected);
    golden_assert_near(&b.golden, "grad", b.table, b.grads, TOLERANCE);
    bench_close(&b);
}

/* The estimate that stands for the norm of a difference, on differences whose norm is known. */
static void test_a_sketch_tells_the_size_of_a_difference(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    float x[COUNT], y[COUNT];
    double sketch[SKETCH_SIZE], norm = 0, difference = 0;
    formula_floats(x, COUNT, 1, "x", 0, 1);
    formula_floats(y, COUNT, 2, "y", 0, 0x1p-10);
    for (int i = 0; i < COUNT; i++) {
        float changed = x[i] + y[i];
        norm += (double)x[i] * x[i];
        difference += (double)(changed - x[i]) * (changed - x[i]);
        y[i] = changed;
    }
    sketch[0] = sqrt(norm);
    sketch_sums(sketch + 1, x, COUNT);
    assert_true(sketch_distance(x, COUNT, sketch) == 0);
    double ratio = sketch_distance(y, COUNT, sketch) / sqrt(difference / norm);
    assert_true(ratio > 0.6 && ratio < 1.4);
}

int main(void) {
    if (nothing_narrower()) return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sketch_tells_the_size_of_a_difference),
        cmocka_unit_test(test_ten_steps_of_small_models_match_the_oracle),
        cmocka_unit_test(test_three_steps_of_vit_s_match_the_oracle),
        cmocka_unit_test(test_gradients_of_vit_b_match_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
