/* nn/models/mae - loss, predictions, features and every gradient against a double-precision oracle; sizes; invariances.
 */
#include "mae_fixture.h"

#include "grads_told.h"
#include "nn/layers/patch.h"
#include "nn/models/mask.h"
#include "operator_check.h"
#include "support/official_sizes.h"

static double golden_loss(const Bench *b) {
    return *(const double *)golden_get(&b->golden, "losses")->data;
}

static size_t hidden_tokens(const ModelConfig *model, double ratio) {
    return (size_t)(mask_hidden_cells(model, ratio) * (model->n_frames / model->tubelet_size));
}

static void test_loss_and_every_gradient_match_the_double_precision_oracle(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Bench b = bench_open(&cases[i], false);
        double loss = 0, expected = golden_loss(&b);
        mae_step(b.mae, b.scratch, b.params, b.grads, &loss, &(MaeBatch){b.clips, b.masked, b.B}, 1);
        assert_true(fabs(loss - expected) <= TOLERANCE * expected);
        golden_assert_near(&b.golden, "grad", b.table, b.grads, TOLERANCE);
        size_t count = hidden_tokens(&cases[i].model, cases[i].mask_ratio) *
                       (size_t)model_patch_values(&cases[i].model);
        const double *prediction = golden_get(&b.golden, "prediction")->data;
        assert_true(sketch_distance(mae_predictions(b.scratch, 0), count, prediction) < TOLERANCE);
        bench_close(&b);
    }
}

static void test_targets_match_the_oracle_and_constant_patches_are_zero(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Bench b = bench_open(&cases[i], false);
        size_t n_hidden = hidden_tokens(&cases[i].model, cases[i].mask_ratio);
        size_t n_values = (size_t)model_patch_values(&cases[i].model);
        int *hidden = malloc(b.n_tokens * sizeof(int));
        float *target = malloc(n_hidden * n_values * sizeof(float));
        mask_split(NULL, hidden, b.masked, (int)b.n_tokens);
        patch_target_ref(target, b.clips, hidden, (int)n_hidden, &cases[i].model);
        assert_true(sketch_distance(target, n_hidden * n_values, golden_get(&b.golden, "target")->data) < 1e-6);
        for (size_t k = 0; k < n_hidden; k++)
            for (size_t v = 0; hidden[k] == 0 && v < n_values; v++) assert_true(target[k * n_values + v] == 0);
        free(hidden);
        free(target);
        bench_close(&b);
    }
}

static void test_features_match_the_oracle_for_any_number_of_clips(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Bench b = bench_open(&cases[i], false);
        const GoldenTensor *expected = golden_get(&b.golden, "features");
        float *features = malloc(expected->count * sizeof(float));
        mae_features(b.mae, b.scratch, b.params, features, b.clips, b.B);
        assert_true(relative_distance(features, expected->data, expected->count) < TOLERANCE);
        free(features);
        bench_close(&b);
    }
}

/* Rows of the last block's qkv weight, (3*width, width): queries, keys, values. */
static float *last_qkv(const Bench *b, const ModelConfig *model) {
    char name[TENSOR_NAME_SIZE];
    snprintf(name, sizeof name, "encoder.blocks.%d.attn.qkv.weight", model->depth - 1);
    for (int r = 0; r < b->table->n_rows; r++)
        if (strcmp(b->table->rows[r].name, name) == 0) return b->params + b->table->rows[r].offset;
    fail_msg("no parameter %s", name);
    return NULL;
}

/* Keys are linear in the key rows of the last block's weight (they have no bias) and in nothing else of it; clips do
 * not touch one another. */
static void test_keys_are_those_of_the_last_layer(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Bench b = bench_open(&cases[i], false);
        size_t width = (size_t)cases[i].model.width, clip = b.n_tokens * width, rows = width * width;
        float *keys = malloc((size_t)b.B * clip * sizeof(float)), *again = malloc((size_t)b.B * clip * sizeof(float));
        float *weight = last_qkv(&b, &cases[i].model);
        mae_keys(b.mae, b.scratch, b.params, keys, b.clips, b.B);
        mae_keys(b.mae, b.scratch, b.params, again, b.clips + b.clip_bytes, 1);
        assert_true(relative_distance(again, keys + clip, clip) < 1e-6);
        for (size_t k = 0; k < rows; k++) weight[k] = weight[2 * rows + k] = 0.25f; /* queries and values */
        for (size_t k = 0; k < rows; k++) weight[rows + k] *= 2;
        mae_keys(b.mae, b.scratch, b.params, again, b.clips, b.B);
        for (size_t k = 0; k < (size_t)b.B * clip; k++) assert_true(again[k] == 2 * keys[k]);
        free(keys);
        free(again);
        bench_close(&b);
    }
}

/* After the bridge, and after each block of the encoder. */
static void test_gradients_that_are_told_final_do_not_change(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Bench b = bench_open(&cases[i], i % 2);
        GradsTold told;
        double loss = 0;
        grads_told_open(&told, b.grads, b.table->total);
        mae_scratch_watch(b.scratch, &told.watch);
        mae_step(b.mae, b.scratch, b.params, b.grads, &loss, &(MaeBatch){b.clips, b.masked, b.B}, 1);
        grads_told_check(&told, cases[i].model.depth + 1);
        bench_close(&b);
    }
}

static void test_recomputing_gives_the_same_bits(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        Bench keep = bench_open(&cases[i], false), again = bench_open(&cases[i], true);
        double loss = 0, loss_again = 0;
        mae_step(keep.mae, keep.scratch, keep.params, keep.grads, &loss, &(MaeBatch){keep.clips, keep.masked, keep.B},
                 1);
        mae_step(again.mae, again.scratch, again.params, again.grads, &loss_again,
                 &(MaeBatch){again.clips, again.masked, again.B}, 1);
        assert_true(loss == loss_again);
        assert_memory_equal(keep.grads, again.grads, keep.table->total * sizeof(float));
        if (cases[i].model.depth > 2) {
            assert_true(mae_scratch_bytes(again.mae, PRECISION_FLOAT32, 1, again.B) <
                        mae_scratch_bytes(keep.mae, PRECISION_FLOAT32, 1, keep.B));
        }
        bench_close(&keep);
        bench_close(&again);
    }
}

static void test_a_second_step_in_the_same_scratch_repeats_the_first(void **state) {
    (void)state;
    Bench b = bench_open(&cases[0], false);
    float *first = calloc(b.table->total, sizeof(float)), features[3 * 36];
    double loss = 0, again = 0;
    mae_step(b.mae, b.scratch, b.params, first, &loss, &(MaeBatch){b.clips, b.masked, b.B}, 1);
    mae_features(b.mae, b.scratch, b.params, features, b.clips, b.B);
    mae_step(b.mae, b.scratch, b.params, NULL, &again, &(MaeBatch){b.clips, b.masked, 1}, 1);
    again = 0;
    mae_step(b.mae, b.scratch, b.params, b.grads, &again, &(MaeBatch){b.clips, b.masked, b.B}, 1);
    assert_true(loss == again);
    assert_memory_equal(first, b.grads, b.table->total * sizeof(float));
    free(first);
    bench_close(&b);
}

static void test_a_batch_is_the_mean_of_its_clips_and_gradients_add_up(void **state) {
    (void)state;
    Bench b = bench_open(&cases[0], false);
    double loss = 0, whole = golden_loss(&b);
    for (int i = 0; i < b.B; i++) {
        mae_step(b.mae, b.scratch, b.params, b.grads, &loss,
                 &(MaeBatch){b.clips + (size_t)i * b.clip_bytes, b.masked + (size_t)i * b.n_tokens, 1},
                 1.0f / (float)b.B);
    }
    assert_true(fabs(loss - whole) <= TOLERANCE * whole);
    golden_assert_near(&b.golden, "grad", b.table, b.grads, TOLERANCE);
    bench_close(&b);
}

static void test_parameter_counts_of_the_official_sizes(void **state) {
    (void)state;
    const struct {
        ModelConfig model;
        size_t total, encoder, decoder;
    } sizes[] = {
        {VIT_S, 24029376, 21879936, 2075520},
        {VIT_B, 94210944, 86227200, 7688448},
        {VIT_L, 342996992, 303860736, 38611456},
        {VIT_H, 692487296, 631607040, 60060416},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Mae *mae;
        assert_int_equal(mae_new(&mae, &sizes[i].model, 0.75), ERR_NONE);
        const ParamTable *table = mae_params(mae);
        size_t encoder = 0, decoder = 0;
        for (int r = 0; r < table->n_rows; r++) {
            if (strncmp(table->rows[r].name, "encoder.", 8) == 0) encoder += table->rows[r].count;
            if (strncmp(table->rows[r].name, "decoder.", 8) == 0) decoder += table->rows[r].count;
        }
        assert_int_equal(table->total, sizes[i].total);
        assert_int_equal(encoder, sizes[i].encoder);
        assert_int_equal(decoder, sizes[i].decoder);
        mae_free(&mae);
    }
}

static void test_names_decay_and_order_are_the_official_checkpoints(void **state) {
    (void)state;
    const ModelConfig model = VIT_B;
    Mae *mae;
    assert_int_equal(mae_new(&mae, &model, 0.9), ERR_NONE);
    const ParamTable *table = mae_params(mae);
    assert_int_equal(table->n_rows, 218);
    assert_string_equal(table->rows[0].name, "mask_token");
    assert_string_equal(table->rows[1].name, "encoder.patch_embed.proj.weight");
    assert_string_equal(table->rows[3].name, "encoder.blocks.0.norm1.weight");
    assert_string_equal(table->rows[7].name, "encoder.blocks.0.attn.qkv.weight");
    assert_string_equal(table->rows[217].name, "encoder_to_decoder.weight");
    assert_false(params_find(table, "mask_token")->decays);
    assert_true(params_find(table, "encoder.patch_embed.proj.weight")->decays);
    for (int r = 0; r < table->n_rows; r++) {
        const Param *row = &table->rows[r];
        if (row->n_dims == 1)
            assert_false(row->decays);
        else if (r > 0)
            assert_true(row->decays);
    }
    assert_int_equal(params_find(table, "decoder.blocks.3.attn.qkv.weight")->init, INIT_XAVIER);
    assert_int_equal(params_find(table, "decoder.blocks.3.attn.qkv.weight")->fan_out, 3 * 384);
    assert_int_equal(params_find(table, "encoder_to_decoder.weight")->init, INIT_FRAMEWORK);
    assert_int_equal(params_find(table, "encoder.patch_embed.proj.bias")->fan_in, 1536);
    mae_free(&mae);
}

static void test_bad_sizes_and_ratios_are_refused(void **state) {
    (void)state;
    ModelConfig model = cases[0].model;
    Mae *mae;
    assert_int_equal(mae_new(&mae, &model, 0.01), ERR_USAGE);
    assert_null(mae);
    model.heads = 5;
    assert_int_equal(mae_new(&mae, &model, 0.75), ERR_USAGE);
    assert_null(mae);
    mae_free(&mae);
    MaeScratch *scratch = NULL;
    mae_scratch_free(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_and_every_gradient_match_the_double_precision_oracle),
        cmocka_unit_test(test_targets_match_the_oracle_and_constant_patches_are_zero),
        cmocka_unit_test(test_features_match_the_oracle_for_any_number_of_clips),
        cmocka_unit_test(test_keys_are_those_of_the_last_layer),
        cmocka_unit_test(test_gradients_that_are_told_final_do_not_change),
        cmocka_unit_test(test_recomputing_gives_the_same_bits),
        cmocka_unit_test(test_a_second_step_in_the_same_scratch_repeats_the_first),
        cmocka_unit_test(test_a_batch_is_the_mean_of_its_clips_and_gradients_add_up),
        cmocka_unit_test(test_parameter_counts_of_the_official_sizes),
        cmocka_unit_test(test_names_decay_and_order_are_the_official_checkpoints),
        cmocka_unit_test(test_bad_sizes_and_ratios_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
