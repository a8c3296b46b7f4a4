/* What is exported, against a folder that transformers itself saved of the same model
 * (tests/golden/import/transformers5, by tests/oracle/import_golden.py): the same tensors to the bit, the same meaning
 * of config.json. */
#include "base/config/json.h"
#include "store/foreign/foreign.h"

#include "support/unit.h"

#include <cjson/cJSON.h>

static char scratch[PATH_SIZE], exported[PATH_SIZE], golden[PATH_SIZE];

static int export_golden_model(void **state) {
    (void)state;
    char path[PATH_SIZE];
    WeightFile *file;
    WeightSet weights;
    ForeignFacts facts;
    HfModel model = {.image_size = 8, .n_frames = 4, .heads = 3, .decoder_heads = 2, .title = "test"};
    scratch_make(scratch);
    assert_ok(path_join(exported, sizeof exported, scratch, "hf"));
    assert_ok(text_format(golden, sizeof golden, "%s/import/transformers5", SYNVID_TEST_DATA));
    assert_ok(text_format(path, sizeof path, "%s/import/official.pth", SYNVID_TEST_DATA));
    assert_ok(weightfile_open(&file, path));
    assert_ok(foreign_read(&weights, &facts, file, path, NULL));
    assert_ok(hf_export(exported, &weights, &model));
    weights_free(&weights);
    weightfile_close(&file);
    return 0;
}

static int remove_scratch(void **state) {
    (void)state;
    scratch_remove(scratch);
    return 0;
}

static WeightFile *open_in(const char *folder) {
    char path[PATH_SIZE];
    WeightFile *file;
    assert_ok(path_join(path, sizeof path, folder, "model.safetensors"));
    assert_ok(weightfile_open(&file, path));
    return file;
}

static void tensors_are_those_that_transformers_saves(void **state) {
    (void)state;
    WeightFile *mine = open_in(exported), *theirs = open_in(golden);
    assert_int_equal(weightfile_count(mine), weightfile_count(theirs));
    for (int i = 0; i < weightfile_count(theirs); i++) {
        const WeightEntry *expected = weightfile_entry(theirs, i);
        int found = weightfile_find(mine, expected->name);
        if (found < 0) fail_msg("%s is not exported", expected->name);
        const WeightEntry *entry = weightfile_entry(mine, found);
        float a[4096], b[4096];
        assert_int_equal(entry->dtype, expected->dtype);
        assert_int_equal(entry->n_dims, expected->n_dims);
        assert_memory_equal(entry->dims, expected->dims, (size_t)entry->n_dims * sizeof *entry->dims);
        assert_in_range(entry->count, 1, 4096);
        assert_ok(weightfile_read(a, mine, found));
        assert_ok(weightfile_read(b, theirs, i));
        assert_memory_equal(a, b, (size_t)entry->count * sizeof *a);
    }
    weightfile_close(&mine);
    weightfile_close(&theirs);
}

static cJSON *config_in(const char *folder) {
    char path[PATH_SIZE];
    cJSON *tree;
    assert_ok(path_join(path, sizeof path, folder, "config.json"));
    assert_ok(json_read(&tree, path, 1 << 20, ERR_INPUT));
    return tree;
}

/* Of what version 5 writes, only its own version and the two keys it renamed (dtype, qv_bias) are not ours. */
static void config_says_what_transformers_says(void **state) {
    (void)state;
    cJSON *mine = config_in(exported), *theirs = config_in(golden), *expected;
    int n_compared = 0;
    cJSON_ArrayForEach(expected, theirs) {
        const char *key = expected->string;
        if (text_equal(key, "transformers_version") || text_equal(key, "dtype") || text_equal(key, "qv_bias")) continue;
        const cJSON *found = cJSON_GetObjectItemCaseSensitive(mine, key);
        if (!found) fail_msg("config.json has no %s", key);
        if (!cJSON_Compare(found, expected, true)) fail_msg("config.json: %s differs", key);
        n_compared++;
    }
    assert_true(n_compared >= 20);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(mine, "qkv_bias")));
    cJSON_Delete(mine);
    cJSON_Delete(theirs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_those_that_transformers_saves),
        cmocka_unit_test(config_says_what_transformers_says),
    };
    return cmocka_run_group_tests(tests, export_golden_model, remove_scratch);
}
