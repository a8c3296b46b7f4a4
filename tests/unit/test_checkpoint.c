#include "base/system/file.h"
#include "checkpoint_fixture.h"
#include "store/checkpoint/checkpoint.h"
#include "store/hdf5/h5.h"
#include "store_fixture.h"

#include <math.h>

static Err try_save(const char *folder, int64_t step) {
    Par par = par_serial(1);
    CheckpointSlice slice = fixture_slice(0, fixture_total(), step);
    const CheckpointState state = {.step = step, .seed = UINT64_MAX - 5, .config_text = "{\"name\": \"vit_test\"}"};
    Err err = checkpoint_write_all(folder, &slice, &state, &par);
    fixture_slice_free(&slice);
    return err;
}

static void save(const char *folder, int64_t step) {
    assert_ok(try_save(folder, step));
}

/* Step of the checkpoint that reading takes; 0: none. */
static int64_t load(const char *folder) {
    Par par = par_serial(1);
    CheckpointSlice slice = fixture_slice(0, fixture_total(), -1);
    CheckpointState state = {0};
    bool found;
    assert_ok(checkpoint_read_newest_all(folder, &slice, &state, &found, &par));
    if (found) {
        assert_true(state.seed == UINT64_MAX - 5);
        assert_int_equal(fixture_slice_wrong(&slice, state.step), 0);
    }
    fixture_slice_free(&slice);
    return found ? state.step : 0;
}

static void damage(const char *path, const void *pattern, size_t length) {
    char *data, *at;
    size_t size;
    assert_ok(file_read(&data, &size, path, 1 << 24));
    at = memmem(data, size, pattern, length);
    assert_non_null(at);
    at[0] ^= 1;
    assert_ok(file_write_whole(path, data, size));
    free(data);
}

static void test_a_checkpoint_comes_back_and_the_newest_wins(void **state) {
    (void)state;
    assert_int_equal(load(fixture_path("none")), 0);
    save(fixture_path("ckpt"), 900);
    save(fixture_path("ckpt"), 1200);
    save(fixture_path("ckpt"), 1100);
    assert_true(file_exists(fixture_path("ckpt/step-00001200.h5")));
    assert_int_equal(load(fixture_path("ckpt")), 1200);
}

static void test_damage_makes_reading_fall_back(void **state) {
    (void)state;
    const char *folder = fixture_path("back");
    for (int64_t step = 1; step <= 3; step++) save(folder, step);
    float moment = fixture_value(2, 3, 17);
    damage(fixture_path("back/step-00000003.h5"), &moment, sizeof moment);
    assert_int_equal(load(folder), 2);
    assert_int_equal(truncate(fixture_path("back/step-00000002.h5"), 3000), 0);
    assert_int_equal(load(folder), 1);
    assert_ok(file_write_whole(fixture_path("back/step-00000001.h5"), "text", 4));
    Par par = par_serial(1);
    CheckpointSlice slice = fixture_slice(0, fixture_total(), -1);
    CheckpointState found_state;
    bool found;
    assert_err(ERR_INPUT, "none of its 3 checkpoints is whole",
               checkpoint_read_newest_all(folder, &slice, &found_state, &found, &par));
    fixture_slice_free(&slice);
}

static void test_another_model_is_refused_and_not_taken_for_damage(void **state) {
    (void)state;
    Par par = par_serial(1);
    CheckpointState found_state;
    bool found;
    save(fixture_path("other"), 1);
    CheckpointSlice slice = fixture_slice(0, fixture_total(), -1);
    Tensor changed[FIXTURE_TENSORS];
    memcpy(changed, fixture_tensors, sizeof changed);
    changed[2].dims[0] = 7;
    changed[2].dims[1] = 12;
    slice.tensors = changed;
    assert_err(ERR_INPUT, "qkv.weight has another shape",
               checkpoint_read_newest_all(fixture_path("other"), &slice, &found_state, &found, &par));
    slice.tensors = fixture_tensors;
    slice.n_tensors = FIXTURE_TENSORS - 1;
    assert_err(ERR_INPUT, "has 6 tensors, the model of this run has 5",
               checkpoint_read_newest_all(fixture_path("other"), &slice, &found_state, &found, &par));
    fixture_slice_free(&slice);
}

/* A value of every part that is none: what was written is whole, so no older checkpoint is taken instead. */
static void test_values_that_are_no_numbers_are_refused_by_name(void **state) {
    (void)state;
    static const char *const groups[] = {"/model/", "/adamw/m/", "/adamw/v/"};
    const float odd[] = {NAN, INFINITY, -INFINITY};
    Par par = par_serial(1);
    const size_t place = tensor_count(&fixture_tensors[0]) + tensor_count(&fixture_tensors[1]) + 9; /* of qkv.weight */
    for (int part = 0; part < 3; part++) {
        char folder[64], expected[128];
        assert_ok(text_format(folder, sizeof folder, "nan%d/ckpt", part));
        assert_ok(folder_make(fixture_path(folder)));
        save(fixture_path(folder), 6);
        CheckpointSlice slice = fixture_slice(0, fixture_total(), 7);
        float *const parts[] = {slice.params, slice.m, slice.v};
        parts[part][place] = parts[part][place + 3] = odd[part];
        CheckpointState found_state = {.step = 7, .config_text = "{}"};
        assert_ok(checkpoint_write_all(fixture_path(folder), &slice, &found_state, &par));
        bool found;
        assert_ok(text_format(expected, sizeof expected,
                              "%sencoder.blocks.0.attn.qkv.weight: 2 values are not finite (as 32-bit floating point), "
                              "the first is %g at index 9",
                              groups[part], (double)odd[part]));
        assert_err(ERR_INPUT, expected,
                   checkpoint_read_newest_all(fixture_path(folder), &slice, &found_state, &found, &par));
        fixture_slice_free(&slice);
    }
    WeightSet weights;
    assert_err(ERR_INPUT, "encoder.blocks.0.attn.qkv.weight: 2 values are not finite",
               weights_read(&weights, fixture_path("nan0")));
    assert_true(!weights.tensors && !weights.storage && !weights.config_text);
    assert_err(ERR_INPUT, "encoder.blocks.0.attn.qkv.weight: 2 values are not finite",
               weights_read(&weights, fixture_path("nan0/ckpt/step-00000007.h5")));
    assert_ok(weights_read(&weights, fixture_path("nan1"))); /* of moments only training makes use */
    weights_free(&weights);
}

static void test_old_checkpoints_are_pruned_but_landmarks_kept(void **state) {
    (void)state;
    Par par = par_serial(1);
    for (int64_t step = 10; step <= 60; step += 10) save(fixture_path("prune"), step);
    assert_ok(checkpoint_prune_all(fixture_path("prune"), 2, 30, &par));
    const int kept[] = {0, 0, 1, 0, 1, 1};
    for (int i = 0; i < 6; i++) {
        char name[64];
        assert_ok(text_format(name, sizeof name, "prune/step-%08d.h5", 10 * (i + 1)));
        assert_int_equal(file_exists(fixture_path(name)), kept[i]);
    }
    assert_ok(checkpoint_prune_all(fixture_path("prune"), 0, 0, &par));
    assert_int_equal(load(fixture_path("prune")), 60);
}

static void test_weights_are_read_by_name_from_a_file_or_a_run(void **state) {
    (void)state;
    WeightSet weights, again;
    save(fixture_path("run/ckpt"), 7);
    assert_ok(weights_read(&weights, fixture_path("run")));
    assert_ok(weights_read(&again, fixture_path("run/ckpt/step-00000007.h5")));
    assert_string_equal(weights.digest, again.digest);
    assert_int_equal(weights.n_tensors, FIXTURE_TENSORS);
    assert_int_equal(weights.step, 7);
    assert_string_equal(weights.config_text, "{\"name\": \"vit_test\"}");
    int64_t offset = 0;
    for (int t = 0; t < FIXTURE_TENSORS; t++) {
        const Tensor *tensor = weights_find(&weights, fixture_tensors[t].name);
        assert_non_null(tensor);
        assert_int_equal(tensor->n_dims, fixture_tensors[t].n_dims);
        for (size_t i = 0; i < tensor_count(tensor); i++)
            assert_true(tensor->data[i] == fixture_value(0, 7, offset + (int64_t)i));
        offset += (int64_t)tensor_count(tensor);
    }
    assert_null(weights_find(&weights, "encoder"));
    weights_free(&weights);
    weights_free(&again);
    weights_free(&again);
}

static void test_weights_fall_back_too_and_say_what_is_missing(void **state) {
    (void)state;
    WeightSet weights;
    save(fixture_path("fall/ckpt"), 1);
    save(fixture_path("fall/ckpt"), 2);
    float parameter = fixture_value(0, 2, 40);
    damage(fixture_path("fall/ckpt/step-00000002.h5"), &parameter, sizeof parameter);
    assert_err(ERR_INPUT, "damaged", weights_read(&weights, fixture_path("fall/ckpt/step-00000002.h5")));
    assert_ok(weights_read(&weights, fixture_path("fall")));
    assert_int_equal(weights.step, 1);
    weights_free(&weights);
    assert_err(ERR_INPUT, "holds no checkpoint", weights_read(&weights, fixture_path("prune")));
    assert_err(ERR_INPUT, "no such file", weights_read(&weights, fixture_path("absent.h5")));
}

static void test_weights_without_moments_make_a_smaller_file(void **state) {
    (void)state;
    Par par = par_serial(1);
    CheckpointSlice slice = fixture_slice(0, fixture_total(), 3);
    free(slice.m);
    free(slice.v);
    slice.m = slice.v = NULL;
    const CheckpointState written = {.step = 3, .seed = 1};
    CheckpointState read;
    bool found;
    assert_ok(checkpoint_write_all(fixture_path("light"), &slice, &written, &par));
    memset(slice.params, 0, (size_t)fixture_total() * sizeof(float));
    assert_ok(checkpoint_read_newest_all(fixture_path("light"), &slice, &read, &found, &par));
    assert_true(found && slice.params[5] == fixture_value(0, 3, 5));
    fixture_slice_free(&slice);
}

static void test_verifying_a_file_reads_the_moments_too(void **state) {
    (void)state;
    const char *path = fixture_path("verify/step-00000004.h5");
    char digest[DIGEST_SIZE];
    WeightSet weights;
    save(fixture_path("verify"), 4);
    assert_ok(checkpoint_file_verify(path, digest));
    assert_ok(weights_read(&weights, path));
    assert_string_equal(digest, weights.digest);
    weights_free(&weights);
    float moment = fixture_value(2, 4, 17);
    damage(path, &moment, sizeof moment);
    assert_ok(weights_read(&weights, path));
    weights_free(&weights);
    assert_err(ERR_INPUT, "/adamw/v/", checkpoint_file_verify(path, digest));
}

static void test_a_disk_that_fills_up_leaves_the_checkpoint_before(void **state) {
    (void)state;
    save(fixture_path("full"), 1);
    int64_t size = file_size(fixture_path("full/step-00000001.h5"));
    for (int64_t limit = 100; limit < size; limit += 1 + size / 20) {
        fixture_limit_files((rlim_t)limit);
        Err err = try_save(fixture_path("full"), 2);
        fixture_limit_files(RLIM_INFINITY);
        assert_int_equal(err, ERR_IO);
        assert_false(file_exists(fixture_path("full/step-00000002.h5.partial")));
        assert_int_equal(load(fixture_path("full")), 1);
    }
    save(fixture_path("full"), 2);
    assert_int_equal(load(fixture_path("full")), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_checkpoint_comes_back_and_the_newest_wins),
        cmocka_unit_test(test_damage_makes_reading_fall_back),
        cmocka_unit_test(test_a_disk_that_fills_up_leaves_the_checkpoint_before),
        cmocka_unit_test(test_another_model_is_refused_and_not_taken_for_damage),
        cmocka_unit_test(test_values_that_are_no_numbers_are_refused_by_name),
        cmocka_unit_test(test_old_checkpoints_are_pruned_but_landmarks_kept),
        cmocka_unit_test(test_weights_are_read_by_name_from_a_file_or_a_run),
        cmocka_unit_test(test_weights_fall_back_too_and_say_what_is_missing),
        cmocka_unit_test(test_weights_without_moments_make_a_smaller_file),
        cmocka_unit_test(test_verifying_a_file_reads_the_moments_too),
    };
    int failed = cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
    return failed || H5close() < 0; /* crashes if a full disk left the library in pieces */
}
