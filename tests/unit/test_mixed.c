/* Mixed precision: whole steps of the networks against the double-precision oracle and against float32.
 *
 * The bound is derived in rounding_bound.h. A layout that is wrong in one place, or a block that is left out, is off by
 * tens of percent: tests at the end show that for the mildest cases.
 */
#include "mae_fixture.h"
#include "nn/models/classifier.h"
#include "operator_check.h"
#include "rounding_bound.h"
#include "support/kernels.h"
#include "support/unit.h"

/* A model of the golden files whose scratch computes in mixed precision. */
typedef struct {
    Bench b;
    Bf16Packed *packed;
} Mixed;

static Mixed mixed_open(const Case *c, bool recompute, int threads) {
    Mixed m = {.b = bench_open(c, recompute)};
    assert_int_equal(bf16_packed_new(&m.packed, mae_matrices(m.b.mae)), ERR_NONE);
    bf16_packed_update(m.packed, m.b.params, threads);
    mae_scratch_free(&m.b.scratch);
    assert_int_equal(mae_scratch_new_team(&m.b.scratch, m.b.mae, m.packed, NULL, c->B), ERR_NONE);
    return m;
}

static void mixed_close(Mixed *m) {
    bench_close(&m->b);
    bf16_packed_free(&m->packed);
}

static double mixed_step(const Mixed *m, float *grads) {
    double loss = 0;
    mae_step(m->b.mae, m->b.scratch, m->b.params, grads, &loss, &(MaeBatch){m->b.clips, m->b.masked, m->b.B}, 1);
    return loss;
}

static void check_gradients(const Case *c, bool recompute) {
    Mixed m = mixed_open(c, recompute, 1);
    double expected = *(const double *)golden_get(&m.b.golden, "losses")->data, loss = mixed_step(&m, m.b.grads);
    assert_true(loss != expected && fabs(loss - expected) <= rounding_bound(&c->model, 0) * expected / 4);
    golden_assert_near(&m.b.golden, "grad", m.b.table, m.b.grads, rounding_bound(&c->model, c->model.decoder_depth));
    mixed_close(&m);
}

static void test_loss_and_every_gradient_are_within_what_rounding_explains(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) check_gradients(&cases[i], false);
}

static void test_those_of_vit_s_and_vit_b_are(void **state) {
    (void)state;
    skip_if_emulated();
    check_gradients(&vit_s, false);
    check_gradients(&vit_b, true);
}

/* Two panels of ViT-S's weights in each other's place, or a block that adds nothing. */
static void test_a_wrong_layout_and_a_lost_block_of_vit_s_exceed_the_bound(void **state) {
    (void)state;
    skip_if_emulated();
    for (int mistake = 0; mistake < 2; mistake++) {
        Mixed m = mixed_open(&vit_s, false, 1);
        if (mistake == 0)
            swap_panels(m.b.params, m.b.table, "encoder.blocks.6.mlp.fc1.weight");
        else
            lose_block(m.b.params, m.b.table, "encoder.blocks.6");
        bf16_packed_update(m.packed, m.b.params, 1);
        (void)mixed_step(&m, m.b.grads);
        const Param *row = params_find(m.b.table, "encoder.blocks.6.mlp.fc1.weight");
        assert_true(golden_distance(&m.b.golden, "grad", row, m.b.grads) >
                    rounding_bound(&vit_s.model, vit_s.model.decoder_depth));
        mixed_close(&m);
    }
}

static void test_recomputing_and_threads_that_pack_change_no_bit(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Mixed keep = mixed_open(&cases[i], false, 1), again = mixed_open(&cases[i], true, 3);
        assert_true(mixed_step(&keep, keep.b.grads) == mixed_step(&again, again.b.grads));
        assert_memory_equal(keep.b.grads, again.b.grads, keep.b.table->total * sizeof(float));
        mixed_close(&keep);
        mixed_close(&again);
    }
}

static void test_a_second_step_in_the_same_scratch_repeats_the_first(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Mixed m = mixed_open(&cases[i], false, 1);
        float *first = calloc(m.b.table->total, sizeof(float));
        double loss = mixed_step(&m, first), unused = 0;
        mae_step(m.b.mae, m.b.scratch, m.b.params, first + 0, &unused, &(MaeBatch){m.b.clips, m.b.masked, 1}, 0);
        memset(m.b.grads, 0, m.b.table->total * sizeof(float));
        assert_true(loss == mixed_step(&m, m.b.grads));
        memset(first, 0, m.b.table->total * sizeof(float));
        (void)mixed_step(&m, first);
        assert_memory_equal(first, m.b.grads, m.b.table->total * sizeof(float));
        free(first);
        mixed_close(&m);
    }
}

/* A clip's numbers do not depend on its neighbors: roundings fall alike, and only the last sums are of floats. */
static void test_a_batch_is_the_mean_of_its_clips(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Mixed m = mixed_open(&cases[i], false, 1);
        float *alone = calloc(m.b.table->total, sizeof(float));
        double whole = mixed_step(&m, m.b.grads), loss = 0;
        for (int k = 0; k < m.b.B; k++)
            mae_step(m.b.mae, m.b.scratch, m.b.params, alone, &loss,
                     &(MaeBatch){m.b.clips + (size_t)k * m.b.clip_bytes, m.b.masked + (size_t)k * m.b.n_tokens, 1},
                     1.0f / (float)m.b.B);
        assert_true(fabs(loss - whole) < 1e-6 * whole);
        assert_true(relative_distance(alone, m.b.grads, m.b.table->total) < 2e-3); /* gradients round as 1/B of them */
        free(alone);
        mixed_close(&m);
    }
}

/* The mildest mistakes a layout can make, against the bound: two rows of a weight matrix swapped, one bias left out. */
static void test_small_mistakes_exceed_the_bound(void **state) {
    (void)state;
    const Case *c = &cases[2];
    for (int mistake = 0; mistake < 2; mistake++) {
        Mixed m = mixed_open(c, false, 1);
        float *expected = calloc(m.b.table->total, sizeof(float)), *params = m.b.params;
        (void)mixed_step(&m, expected);
        const Param *weight = params_find(m.b.table, "encoder.blocks.0.mlp.fc1.weight"),
                    *bias = params_find(m.b.table, "encoder.blocks.0.attn.v_bias");
        size_t width = (size_t)weight->dims[1];
        for (size_t k = 0; mistake == 0 && k < width; k++) {
            float *a = params + weight->offset + k, *b = a + width, kept = *a;
            *a = *b;
            *b = kept;
        }
        if (mistake == 1) memset(params + bias->offset, 0, bias->count * sizeof(float));
        bf16_packed_update(m.packed, params, 1);
        (void)mixed_step(&m, m.b.grads);
        assert_true(relative_distance(m.b.grads + weight->offset, expected + weight->offset, weight->count) >
                    rounding_bound(&c->model, c->model.decoder_depth));
        free(expected);
        mixed_close(&m);
    }
}

/* ---- fine-tuning ---- */

enum { CLIPS = 3, CLASSES = 7 };

typedef struct {
    Classifier *network;
    ClassifierScratch *scratch;
    Bf16Packed *packed;
    const ParamTable *table;
    float *params, *inputs, *targets;
} Tuning;

static Tuning tuning_new(const ModelConfig *model, bool mixed) {
    Tuning t = {0};
    size_t values = CLIPS * 3 * (size_t)model->n_frames * (size_t)model->image_size * (size_t)model->image_size;
    assert_int_equal(classifier_new(&t.network, model, CLASSES, 0.4, 0.3), ERR_NONE);
    t.table = classifier_params(t.network);
    t.params = formula_params(t.table, 3);
    t.inputs = random_floats(values, 1, 1);
    t.targets = random_floats(CLIPS * CLASSES, 2, 1);
    for (int i = 0; i < CLIPS * CLASSES; i++) t.targets[i] = 1.0f / CLASSES;
    if (mixed) {
        assert_int_equal(bf16_packed_new(&t.packed, classifier_matrices(t.network)), ERR_NONE);
        bf16_packed_update(t.packed, t.params, 1);
        assert_int_equal(classifier_scratch_new_team(&t.scratch, t.network, t.packed, NULL, CLIPS), ERR_NONE);
    } else {
        assert_int_equal(classifier_scratch_new(&t.scratch, t.network, CLIPS), ERR_NONE);
    }
    return t;
}

static double tuning_step(const Tuning *t, float *grads) {
    static const uint64_t samples[CLIPS] = {5, 6, 9};
    const ClassifierDraws draws = {.seed = 4, .samples = samples};
    double loss = 0;
    classifier_step(t->network, t->scratch, t->params, grads, &loss,
                    &(ClassifierBatch){t->inputs, t->targets, CLIPS, &draws}, 1);
    return loss;
}

static void tuning_free(Tuning *t) {
    classifier_scratch_free(&t->scratch);
    bf16_packed_free(&t->packed);
    classifier_free(&t->network);
    free(t->params);
    free(t->inputs);
    free(t->targets);
}

static void test_fine_tuning_is_within_what_rounding_explains_of_float32(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        const ModelConfig *model = &cases[i].model;
        Tuning plain = tuning_new(model, false), mixed = tuning_new(model, true);
        float *expected = calloc(plain.table->total, sizeof(float)), *found = calloc(plain.table->total, sizeof(float));
        double loss = tuning_step(&plain, expected), rounded = tuning_step(&mixed, found);
        assert_true(loss != rounded && fabs(loss - rounded) < rounding_bound(model, 0) * loss / 4);
        for (int r = 0; r < plain.table->n_rows; r++) {
            const Param *row = &plain.table->rows[r];
            double distance = relative_distance(found + row->offset, expected + row->offset, row->count);
            if (!(distance <= rounding_bound(model, 0))) fail_msg("%s: relative distance %.3g", row->name, distance);
        }
        free(expected);
        free(found);
        tuning_free(&plain);
        tuning_free(&mixed);
    }
}

/* ---- what is not ordinary ---- */

/* Infinities, NaN and the largest floats in a weight: the loss says so, as in float32, or a gradient does. Denormal
 * numbers change nothing but themselves. */
static void test_hostile_weights_are_never_silent(void **state) {
    (void)state;
    static const char *const names[] = {"encoder.patch_embed.proj.weight", "encoder.blocks.0.attn.qkv.weight",
                                        "encoder.blocks.0.mlp.fc1.weight", "decoder.blocks.0.mlp.fc2.weight",
                                        "encoder.blocks.0.norm1.weight",   "decoder.head.bias"};
    const float bad[] = {INFINITY, -INFINITY, NAN, 3.4028235e38f};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        for (int i = 0; i < 4; i++) {
            Mixed m = mixed_open(&cases[2], false, 1);
            const Param *row = params_find(m.b.table, names[n]);
            m.b.params[row->offset + row->count / 2] = bad[i];
            bf16_packed_update(m.packed, m.b.params, 1);
            double loss = mixed_step(&m, m.b.grads), sum = 0;
            for (size_t k = 0; k < m.b.table->total; k++) sum += (double)m.b.grads[k] * m.b.grads[k];
            bool silent = isfinite(loss) && isfinite(sum);
            if (silent && i < 3) fail_msg("%s %g: loss %g, squared gradient %g", names[n], bad[i], loss, sum);
            mixed_close(&m);
        }
    }
    Mixed m = mixed_open(&cases[2], false, 1);
    const Param *row = params_find(m.b.table, names[2]);
    for (size_t k = 0; k < row->count; k++) m.b.params[row->offset + k] = 1e-40f;
    bf16_packed_update(m.packed, m.b.params, 1);
    assert_true(isfinite(mixed_step(&m, m.b.grads)));
    mixed_close(&m);
}

/* ViT-B of 16 x 224 x 224 at mask 0.75: a clip takes at most three quarters of what it takes in float32. */
static void test_a_clip_takes_a_quarter_less_memory(void **state) {
    (void)state;
    const ModelConfig base = MODEL(224, 16, 16, 2, 768, 12, 12, 384, 4, 6);
    Mae *mae;
    assert_int_equal(mae_new(&mae, &base, 0.75), ERR_NONE);
    for (int B = 1; B <= 2; B++)
        assert_true((double)mae_scratch_bytes(mae, PRECISION_BFLOAT16, 1, B) <=
                    0.75 * (double)mae_scratch_bytes(mae, PRECISION_FLOAT32, 1, B));
    mae_free(&mae);
}

int main(void) {
    if (nothing_narrower()) return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_and_every_gradient_are_within_what_rounding_explains),
        cmocka_unit_test(test_those_of_vit_s_and_vit_b_are),
        cmocka_unit_test(test_a_wrong_layout_and_a_lost_block_of_vit_s_exceed_the_bound),
        cmocka_unit_test(test_recomputing_and_threads_that_pack_change_no_bit),
        cmocka_unit_test(test_a_second_step_in_the_same_scratch_repeats_the_first),
        cmocka_unit_test(test_a_batch_is_the_mean_of_its_clips),
        cmocka_unit_test(test_small_mistakes_exceed_the_bound),
        cmocka_unit_test(test_fine_tuning_is_within_what_rounding_explains_of_float32),
        cmocka_unit_test(test_hostile_weights_are_never_silent),
        cmocka_unit_test(test_a_clip_takes_a_quarter_less_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
