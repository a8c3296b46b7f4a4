/* Files in tests/golden/import come from tests/oracle/import_golden.py: one model in many forms, and what it computes
 * in double precision. */
#include "eval/import/import.h"
#include "eval/import/pretrained.h"
#include "golden_file.h"
#include "nn/models/classifier.h"
#include "nn/models/mae.h"
#include "operator_check.h"
#include "store/checkpoint/checkpoint.h"
#include "store/foreign/foreign.h"
#include "store/foreign/internal/weightfile_formats.h"
#include "store/foreign/weightfile.h"

#include "support/unit.h"

#define TOLERANCE 2e-5

static const ModelConfig tiny = {.image_size = 8,
                                 .n_frames = 4,
                                 .patch_size = 4,
                                 .tubelet_size = 2,
                                 .width = 12,
                                 .depth = 2,
                                 .heads = 3,
                                 .decoder_width = 8,
                                 .decoder_depth = 1,
                                 .decoder_heads = 2,
                                 .mlp_ratio = 4};
/* What the tensors of that model do not tell. */
static const ImportOptions told = {.image_size = 8, .n_frames = 4, .heads = 3, .decoder_heads = 2};
enum { CLIPS = 2, CLASSES = 5 };

static char scratch[PATH_SIZE];

static int make_scratch(void **state) {
    (void)state;
    scratch_make(scratch);
    return 0;
}

static int remove_scratch(void **state) {
    (void)state;
    scratch_remove(scratch);
    return 0;
}

static const char *golden_path(char out[PATH_SIZE], const char *name) {
    assert_ok(text_format(out, PATH_SIZE, "%s/import/%s", SYNVID_TEST_DATA, name));
    return out;
}

static const char *scratch_path(char out[PATH_SIZE], const char *name) {
    assert_ok(path_join(out, PATH_SIZE, scratch, name));
    return out;
}

/* Imports a golden file into scratch/run, which may be there already, and reads the run. */
static WeightSet imported(const char *name, const char *run, const ImportOptions *options) {
    char from[PATH_SIZE], to[PATH_SIZE];
    WeightSet weights;
    scratch_path(to, run);
    scratch_remove(to);
    assert_ok(import_weights(golden_path(from, name), to, options));
    assert_ok(weights_read(&weights, to));
    assert_int_equal(weights.step, 0);
    return weights;
}

static float *flat_of(const WeightSet *weights, const ParamTable *table) {
    float *flat = calloc(table->total, sizeof *flat);
    assert_int_equal(weights->n_tensors, table->n_rows);
    for (int r = 0; r < table->n_rows; r++) {
        const Tensor *tensor = weights_find(weights, table->rows[r].name);
        if (!tensor) fail_msg("no tensor %s", table->rows[r].name);
        memcpy(flat + table->rows[r].offset, tensor->data, table->rows[r].count * sizeof *flat);
    }
    return flat;
}

/* ---- what the imported model computes ---- */

static void the_pretraining_model_computes_what_the_oracle_does(void **state) {
    (void)state;
    Golden golden = golden_read("import/pretrain.gold");
    WeightSet weights = imported("official.pth", "run", &told);
    Mae *mae;
    MaeScratch *memory;
    assert_ok(mae_new(&mae, &tiny, 0.75));
    assert_ok(mae_scratch_new(&memory, mae, CLIPS));
    float *params = flat_of(&weights, mae_params(mae)), features[CLIPS * 12];
    const uint8_t *clips = golden_get(&golden, "clips")->data;
    double loss = 0, expected = *(const double *)golden_get(&golden, "loss")->data;
    mae_step(mae, memory, params, NULL, &loss, &(MaeBatch){clips, golden_get(&golden, "masked")->data, CLIPS}, 1);
    assert_true(fabs(loss - expected) <= TOLERANCE * expected);
    const GoldenTensor *prediction = golden_get(&golden, "prediction");
    assert_true(relative_distance(mae_predictions(memory, 0), prediction->data, prediction->count) < TOLERANCE);
    mae_features(mae, memory, params, features, clips, CLIPS);
    assert_true(relative_distance(features, golden_get(&golden, "features")->data, CLIPS * 12) < TOLERANCE);
    mae_scratch_free(&memory);
    mae_free(&mae);
    free(params);
    weights_free(&weights);
    golden_free(&golden);
}

static void check_classifier(const char *name) {
    Golden golden = golden_read("import/classifier.gold");
    WeightSet weights = imported(name, "run", &told);
    Classifier *classifier;
    ClassifierScratch *memory;
    float logits[CLIPS * CLASSES];
    assert_ok(classifier_new(&classifier, &tiny, CLASSES, 0, 0));
    assert_ok(classifier_scratch_new(&memory, classifier, CLIPS));
    float *params = flat_of(&weights, classifier_params(classifier));
    classifier_forward(classifier, memory, params, logits, NULL, golden_get(&golden, "inputs")->data, CLIPS);
    assert_true(relative_distance(logits, golden_get(&golden, "logits")->data, CLIPS * CLASSES) < TOLERANCE);
    classifier_scratch_free(&memory);
    classifier_free(&classifier);
    free(params);
    weights_free(&weights);
    golden_free(&golden);
}

static void the_classifier_computes_what_the_oracle_does(void **state) {
    (void)state;
    check_classifier("classifier.pth");
    check_classifier("classifier-joined.pth"); /* with one bias for q, k and v */
}

/* ---- all forms are one model ---- */

static void assert_same(const WeightSet *a, const WeightSet *b) {
    assert_int_equal(a->n_tensors, b->n_tensors);
    for (int t = 0; t < a->n_tensors; t++) {
        const Tensor *x = &a->tensors[t], *y = weights_find(b, x->name);
        if (!y) fail_msg("no tensor %s", x->name);
        assert_int_equal(x->n_dims, y->n_dims);
        assert_memory_equal(x->dims, y->dims, (size_t)x->n_dims * sizeof *x->dims);
        assert_memory_equal(x->data, y->data, tensor_count(x) * sizeof *x->data);
    }
    assert_string_equal(a->digest, b->digest);
}

static void every_form_gives_the_same_bits(void **state) {
    (void)state;
    static const ImportOptions nothing = {0};
    static const struct {
        const char *name;
        const ImportOptions *options;
    } forms[] = {{"official-legacy.pth", &told},
                 {"transformers4", &nothing}, /* config.json tells the rest */
                 {"transformers4/model.safetensors", &nothing},
                 {"transformers5", &nothing},
                 {"separate-biases.safetensors", &told}};
    WeightSet first = imported("official.pth", "first", &told);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        WeightSet other = imported(forms[i].name, "other", forms[i].options);
        assert_same(&first, &other);
        weights_free(&other);
    }
    weights_free(&first);
}

/* bfloat16 has 8 significant bits, half precision 11, fewer below 2^-14. */
static void half_precision_is_the_nearest(void **state) {
    (void)state;
    WeightSet whole = imported("official.pth", "first", &told), half = imported("official-half.pth", "half", &told);
    assert_int_equal(whole.n_tensors, half.n_tensors);
    for (int t = 0; t < whole.n_tensors; t++)
        for (size_t i = 0; i < tensor_count(&whole.tensors[t]); i++) {
            double exact = whole.tensors[t].data[i], rounded = half.tensors[t].data[i];
            assert_true(fabs(exact - rounded) <= fabs(exact) * 0x1p-8 + 0x1p-25);
        }
    assert_string_not_equal(whole.digest, half.digest);
    weights_free(&whole);
    weights_free(&half);
}

static void export_and_import_lead_back(void **state) {
    (void)state;
    static const char *const names[] = {"official.pth", "classifier.pth"};
    static const ImportOptions nothing = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char folders[2][PATH_SIZE], file[PATH_SIZE], run[PATH_SIZE], *bytes[2];
        size_t lengths[2];
        HfModel model = {.image_size = 8, .n_frames = 4, .heads = 3, .decoder_heads = 2, .title = "test"};
        WeightSet weights = imported(names[i], "run", &told);
        for (int round = 0; round < 2; round++) {
            scratch_path(folders[round], round ? "second" : "first");
            assert_ok(hf_export(folders[round], &weights, &model));
            assert_ok(path_join(file, sizeof file, folders[round], "model.safetensors"));
            assert_ok(file_read(&bytes[round], &lengths[round], file, 1 << 20));
            weights_free(&weights);
            scratch_remove(scratch_path(run, "again"));
            assert_ok(import_weights(folders[round], run, &nothing));
            assert_ok(weights_read(&weights, run));
        }
        assert_int_equal(lengths[0], lengths[1]);
        assert_memory_equal(bytes[0], bytes[1], lengths[0]);
        free(bytes[0]);
        free(bytes[1]);
        weights_free(&weights);
    }
}

/* ---- stages that start from it ---- */

static void fine_tuning_starts_from_it(void **state) {
    (void)state;
    WeightSet weights = imported("official.pth", "run", &told);
    Classifier *classifier;
    Pretrained source;
    char run[PATH_SIZE];
    assert_ok(classifier_new(&classifier, &tiny, CLASSES, 0, 0));
    const ParamTable *table = classifier_params(classifier);
    float *flat = calloc(table->total, sizeof *flat);
    assert_ok(pretrained_load(flat, &source, table, &tiny, scratch_path(run, "run")));
    assert_string_equal(source.name, "official");
    assert_string_equal(source.digest, weights.digest);
    const Tensor *proj = weights_find(&weights, "encoder.blocks.1.attn.proj.weight");
    assert_memory_equal(flat + params_find(table, "blocks.1.attn.proj.weight")->offset, proj->data,
                        tensor_count(proj) * sizeof *flat);
    ModelConfig other = tiny;
    other.heads = 4;
    assert_fails(pretrained_load(flat, &source, table, &other, run), ERR_USAGE, "model.heads: 4");
    free(flat);
    classifier_free(&classifier);
    weights_free(&weights);
}

/* ---- what is refused ---- */

static void assert_nothing_written(void) {
    char path[PATH_SIZE];
    assert_false(file_exists(scratch_path(path, "refused")));
    assert_false(file_exists(scratch_path(path, "refused.partial")));
}

/* The tensors of the golden model, changed by `change`, as a file; importing it fails with this message. */
static void refuse(void (*change)(Tensor *tensors, int *n), Err code, const char *piece) {
    char from[PATH_SIZE], to[PATH_SIZE], golden[PATH_SIZE];
    Tensor tensors[128];
    WeightFile *file;
    assert_ok(weightfile_open(&file, golden_path(golden, "transformers4/model.safetensors")));
    int n = weightfile_count(file);
    assert_in_range(n, 1, 100);
    float *values = calloc(1 << 16, sizeof *values);
    for (int t = 0; t < n; t++) {
        const WeightEntry *entry = weightfile_entry(file, t);
        tensors[t] = (Tensor){.n_dims = entry->n_dims, .data = values};
        assert_ok(text_copy(tensors[t].name, sizeof tensors[t].name, entry->name));
        for (int d = 0; d < entry->n_dims; d++) tensors[t].dims[d] = (int)entry->dims[d];
    }
    weightfile_close(&file);
    change(tensors, &n);
    assert_ok(safetensors_write(scratch_path(from, "changed.safetensors"), tensors, n));
    assert_fails(import_weights(from, scratch_path(to, "refused"), &told), code, piece);
    assert_nothing_written();
    free(values);
}

static Tensor *named(Tensor *tensors, int n, const char *name) {
    for (int t = 0; t < n; t++)
        if (text_equal(tensors[t].name, name)) return &tensors[t];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void drop(Tensor *tensors, int *n, const char *name) {
    *named(tensors, *n, name) = tensors[*n - 1];
    --*n;
}

static Tensor *add(Tensor *tensors, int *n, const char *like, const char *name) {
    tensors[*n] = *named(tensors, *n, like);
    assert_ok(text_copy(tensors[*n].name, sizeof tensors[*n].name, name));
    return &tensors[(*n)++];
}

#define KEY_WEIGHT "decoder.decoder_layers.0.attention.attention.key.weight"
#define Q_BIAS     "videomae.encoder.layer.0.attention.attention.q_bias"

static void without_one(Tensor *tensors, int *n) {
    drop(tensors, n, "videomae.encoder.layer.1.output.dense.bias");
}
static void without_several(Tensor *tensors, int *n) {
    drop(tensors, n, "decoder.norm.weight");
    drop(tensors, n, "mask_token");
}
static void without_keys(Tensor *tensors, int *n) {
    drop(tensors, n, KEY_WEIGHT);
}
static void of_another_shape(Tensor *tensors, int *n) {
    named(tensors, *n, "decoder.head.bias")->dims[0] = 95;
}
static void keys_of_another_shape(Tensor *tensors, int *n) {
    named(tensors, *n, KEY_WEIGHT)->dims[1] = 7;
}
static void with_another(Tensor *tensors, int *n) {
    add(tensors, n, "mask_token", "videomae.encoder.layer.0.gamma_1");
}
static void with_a_third_block_of_one_tensor(Tensor *tensors, int *n) {
    add(tensors, n, "videomae.encoder.layer.0.output.dense.bias", "videomae.encoder.layer.2.output.dense.bias");
}
static void with_both_biases(Tensor *tensors, int *n) {
    add(tensors, n, Q_BIAS, "videomae.encoder.layer.0.attention.attention.query.bias");
}
static void without_embedding(Tensor *tensors, int *n) {
    drop(tensors, n, "videomae.embeddings.patch_embeddings.projection.weight");
}
static void without_bridge(Tensor *tensors, int *n) {
    drop(tensors, n, "encoder_to_decoder.weight");
}
static void with_two_models(Tensor *tensors, int *n) {
    add(tensors, n, "videomae.embeddings.patch_embeddings.projection.weight", "ema.encoder.patch_embed.proj.weight");
}
static void of_no_patch(Tensor *tensors, int *n) {
    named(tensors, *n, "videomae.embeddings.patch_embeddings.projection.weight")->dims[3] = 5;
}

static void tensors_that_make_no_model_are_named(void **state) {
    (void)state;
    refuse(without_one, ERR_INPUT, "missing: encoder.blocks.1.mlp.fc2.bias");
    refuse(without_several, ERR_INPUT, "2 tensors are wrong: missing: mask_token, decoder.norm.weight");
    refuse(without_keys, ERR_INPUT, "decoder.blocks.0.attn.qkv.weight: query, key or value is missing");
    refuse(of_another_shape, ERR_INPUT, "of another shape: decoder.head.bias (95, expected 96)");
    refuse(keys_of_another_shape, ERR_INPUT, "decoder.blocks.0.attn.qkv.weight: query, key and value differ in shape");
    refuse(with_another, ERR_INPUT, "1 tensor is no part of a VideoMAE: videomae.encoder.layer.0.gamma_1");
    refuse(with_a_third_block_of_one_tensor, ERR_INPUT, "no part of this model: encoder.blocks.2.mlp.fc2.bias");
    refuse(with_both_biases, ERR_INPUT, "encoder.blocks.0.attn.q_bias stands in it twice");
    refuse(without_embedding, ERR_INPUT, "no patch embedding, so no VideoMAE");
    refuse(without_bridge, ERR_INPUT, "there is no tensor encoder_to_decoder.weight");
    refuse(with_two_models, ERR_INPUT, "several models");
    refuse(of_no_patch, ERR_USAGE, "model.image_size: 8 is not a positive multiple of model.patch_size 5");
}

/* One of the zeros that `refuse` writes; tensors share them, so the first of the file is told. */
static void with_a_value(Tensor *tensors, int n, const char *name, float value) {
    static float values[1 << 16];
    memset(values, 0, sizeof values);
    named(tensors, n, name)->data = values;
    values[3] = value;
}
static void with_a_nan(Tensor *tensors, int *n) {
    with_a_value(tensors, *n, "decoder.head.weight", NAN);
}
static void with_an_infinity(Tensor *tensors, int *n) {
    with_a_value(tensors, *n, Q_BIAS, -INFINITY);
}
static void with_a_key_that_is_none(Tensor *tensors, int *n) {
    with_a_value(tensors, *n, KEY_WEIGHT, NAN);
}
static void with_a_key_bias_that_is_none(Tensor *tensors, int *n) {
    add(tensors, n, Q_BIAS, "videomae.encoder.layer.0.attention.attention.key.bias");
    with_a_value(tensors, *n, "videomae.encoder.layer.0.attention.attention.key.bias", INFINITY);
}

/* The golden model in numbers of another size, all zero but one, as safetensors. */
static void write_with_one_odd(const char *path, const char *dtype, size_t bytes, const void *odd, const char *name) {
    char golden[PATH_SIZE];
    WeightFile *file;
    Builder header = {0};
    size_t at = 0, odd_at = 0;
    assert_ok(weightfile_open(&file, golden_path(golden, "transformers4/model.safetensors")));
    for (int t = 0; t < weightfile_count(file); t++) {
        const WeightEntry *entry = weightfile_entry(file, t);
        if (text_equal(entry->name, name)) odd_at = at + 2 * bytes;
        builder_add(&header, "%s\"%s\": {\"dtype\": \"%s\", \"shape\": [", t ? ", " : "{", entry->name, dtype);
        for (int d = 0; d < entry->n_dims; d++) builder_add(&header, "%s%d", d ? ", " : "", (int)entry->dims[d]);
        builder_add(&header, "], \"data_offsets\": [%zu, ", at);
        at += (size_t)entry->count * bytes;
        builder_add(&header, "%zu]}", at);
    }
    builder_add_text(&header, "}");
    weightfile_close(&file);
    char *whole = calloc(1, 8 + header.length + at);
    uint64_t length = header.length;
    memcpy(whole, &length, 8);
    memcpy(whole + 8, header.data, header.length);
    memcpy(whole + 8 + header.length + odd_at, odd, bytes);
    assert_ok(file_write_whole(path, whole, 8 + header.length + at));
    free(whole);
    builder_free(&header);
}

static void values_that_are_no_numbers_are_refused_by_name(void **state) {
    (void)state;
    const uint16_t half_inf = 0x7c00, half_nan = 0xfe01, bfloat_inf = 0xff80, bfloat_nan = 0x7fc0;
    const double beyond = 1e300, infinite = INFINITY;
    const struct {
        const char *dtype;
        size_t bytes;
        const void *odd;
        const char *piece;
    } kinds[] = {{"F16", 2, &half_inf, "the first is inf"},     {"F16", 2, &half_nan, "the first is -nan"},
                 {"BF16", 2, &bfloat_inf, "the first is -inf"}, {"BF16", 2, &bfloat_nan, "the first is nan"},
                 {"F64", 8, &beyond, "the first is inf"},       {"F64", 8, &infinite, "the first is inf"}};
    char path[PATH_SIZE], to[PATH_SIZE];
    refuse(with_a_nan, ERR_INPUT, "decoder.head.weight: 1 value is not finite");
    refuse(with_an_infinity, ERR_INPUT, Q_BIAS ": 1 value is not finite");
    refuse(with_a_key_that_is_none, ERR_INPUT, KEY_WEIGHT ": 1 value is not finite");
    refuse(with_a_key_bias_that_is_none, ERR_INPUT, "attention.key.bias: 1 value is not finite");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        scratch_path(path, "odd.safetensors");
        write_with_one_odd(path, kinds[i].dtype, kinds[i].bytes, kinds[i].odd,
                           "videomae.encoder.layer.1.output.dense.bias");
        assert_fails(import_weights(path, scratch_path(to, "refused"), &told), ERR_INPUT,
                     "videomae.encoder.layer.1.output.dense.bias: 1 value is not finite");
        assert_non_null(strstr(err_message(), "at index 2"));
        assert_non_null(strstr(err_message(), kinds[i].piece));
        assert_nothing_written();
    }
}

static void what_nobody_tells_is_asked_for(void **state) {
    (void)state;
    char from[PATH_SIZE], to[PATH_SIZE];
    ImportOptions options = {.image_size = 8, .n_frames = 4};
    golden_path(from, "official.pth");
    scratch_path(to, "refused");
    assert_fails(import_weights(from, to, &options), ERR_USAGE, "give --heads");
    options.heads = 3;
    assert_fails(import_weights(from, to, &options), ERR_USAGE, "give --decoder-heads");
    options.decoder_heads = 3;
    assert_fails(import_weights(from, to, &options), ERR_USAGE, "decoder_width: 8 is not a positive multiple");
    options.decoder_heads = 2;
    options.group = "module.";
    assert_fails(import_weights(from, to, &options), ERR_INPUT, "the group \"module.\" has no patch embedding");
    assert_nothing_written();
}

static void a_config_that_contradicts_the_tensors_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *piece;
    } configs[] = {
        {"{\"model_type\": \"videomae\", \"hidden_size\": 13}", "hidden_size 13, the tensors 12"},
        {"{\"model_type\": \"videomae\", \"decoder_hidden_size\": 9}", "decoder_hidden_size 9"},
        {"{\"model_type\": \"videomae\", \"image_size\": 1e99}", "image_size: a whole number"},
        {"{\"model_type\": \"videomae\", \"hidden_act\": \"relu\"}", "hidden_act: \"relu\""},
        {"{\"model_type\": \"videomae\", \"hidden_act\": 3}", "hidden_act: \"(no text)\""},
        {"{\"model_type\": \"videomae\", \"intermediate_size\": 49}", "intermediate_size 49, the tensors 48"},
        {"{\"model_type\": \"videomae\", \"decoder_intermediate_size\": 31}",
         "decoder_intermediate_size 31, the tensors 32"},
        {"{\"model_type\": \"videomae\", \"num_channels\": 1}", "num_channels 1, the tensors 3"},
        {"{\"model_type\": \"videomae\", \"qkv_bias\": false}", "qkv_bias: false"},
        {"{\"model_type\": \"videomae\", \"qkv_bias\": 1}", "qkv_bias: true or false"},
        {"{\"model_type\": \"videomae\", \"layer_norm_eps\": 0.001}", "layer_norm_eps: a number from 0"},
        {"{\"model_type\": \"videomae\", \"norm_pix_loss\": false}", "norm_pix_loss false"},
        {"{\"model_type\": \"videomae\", \"tubelet_size\": 4}", "tubelet_size 4, the tensors 2"},
        {"{\"model_type\": \"videomae\", \"num_labels\": 2, \"id2label\": {\"0\": \"a\"}}", "num_labels is 2"},
        {"{\"model_type\": \"videomae\", \"architectures\": [\"VideoMAEForVideoClassification\"]}",
         "the tensors are those of VideoMAEForPreTraining"},
        {"{\"model_type\": ", "ends too early"}};
    char golden[PATH_SIZE], file[PATH_SIZE], path[PATH_SIZE], to[PATH_SIZE], *bytes;
    size_t length;
    assert_ok(file_read(&bytes, &length, golden_path(golden, "separate-biases.safetensors"), 1 << 20));
    assert_ok(folder_make(scratch_path(path, "odd")));
    assert_ok(file_write_whole(scratch_path(file, "odd/model.safetensors"), bytes, length));
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        scratch_write(path, scratch, "odd/config.json", configs[i].text);
        assert_fails(import_weights(file, scratch_path(to, "refused"), &told), ERR_INPUT, configs[i].piece);
        assert_nothing_written();
    }
    free(bytes);
}

/* What agrees, what is missing and what is null is no contradiction. */
static void a_config_that_agrees_is_taken(void **state) {
    (void)state;
    char golden[PATH_SIZE], file[PATH_SIZE], path[PATH_SIZE], to[PATH_SIZE], *bytes;
    size_t length;
    assert_ok(file_read(&bytes, &length, golden_path(golden, "separate-biases.safetensors"), 1 << 20));
    assert_ok(folder_make(scratch_path(path, "even")));
    assert_ok(file_write_whole(scratch_path(file, "even/model.safetensors"), bytes, length));
    scratch_write(
        path, scratch, "even/config.json",
        "{\"model_type\": \"videomae\", \"intermediate_size\": 48, \"num_channels\": 3, \"qkv_bias\": true,"
        " \"decoder_intermediate_size\": null, \"use_mean_pooling\": false, \"layer_norm_eps\": 1e-12,"
        " \"architectures\": [\"VideoMAEForPreTraining\"], \"norm_pix_loss\": true, \"hidden_act\": \"gelu\"}");
    assert_ok(import_weights(file, scratch_path(to, "agrees"), &told));
    scratch_remove(to);
    free(bytes);
}

/* ---- models in several files ---- */

enum { SHARDS = 3 };

/* The golden model dealt out to files, tensor by tensor, and an index into `folder`, changed: `skip` is in no file,
 * `moved` is said to be in another, `odd` stands for the name of the last file in the index. */
static void write_shards(const char *folder, const char *skip, const char *moved, const char *odd) {
    char golden[PATH_SIZE], path[PATH_SIZE], name[64];
    Tensor tensors[SHARDS][128];
    int counts[SHARDS] = {0};
    WeightFile *file;
    Builder index = {0};
    float *values = calloc(1 << 16, sizeof *values), *at = values;
    assert_ok(folder_make(scratch_path(path, folder)));
    assert_ok(weightfile_open(&file, golden_path(golden, "transformers4/model.safetensors")));
    builder_add_text(&index, "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {");
    for (int t = 0; t < weightfile_count(file); t++) {
        const WeightEntry *entry = weightfile_entry(file, t);
        int shard = t % SHARDS, said = moved && text_equal(moved, entry->name) ? (shard + 1) % SHARDS : shard;
        Tensor *tensor = &tensors[shard][counts[shard]];
        *tensor = (Tensor){.n_dims = entry->n_dims, .data = at};
        assert_ok(text_copy(tensor->name, sizeof tensor->name, entry->name));
        for (int d = 0; d < entry->n_dims; d++) tensor->dims[d] = (int)entry->dims[d];
        assert_ok(weightfile_read(at, file, t));
        at += entry->count;
        counts[shard] += !(skip && text_equal(skip, entry->name));
        builder_add(&index, "%s\"%s\": \"", t ? ", " : "", entry->name);
        if (odd && said == SHARDS - 1)
            builder_add(&index, "%s\"", odd);
        else
            builder_add(&index, "model-%05d-of-%05d.safetensors\"", said + 1, SHARDS);
    }
    weightfile_close(&file);
    builder_add_text(&index, "}}");
    for (int s = 0; s < SHARDS; s++) {
        assert_ok(text_format(name, sizeof name, "%s/model-%05d-of-%05d.safetensors", folder, s + 1, SHARDS));
        assert_ok(safetensors_write(scratch_path(path, name), tensors[s], counts[s]));
    }
    assert_ok(text_format(name, sizeof name, "%s/model.safetensors.index.json", folder));
    assert_ok(file_write_whole(scratch_path(path, name), index.data, index.length));
    builder_free(&index);
    free(values);
}

static void a_model_in_several_files_is_the_same_model(void **state) {
    (void)state;
    char folder[PATH_SIZE], to[PATH_SIZE];
    WeightSet whole = imported("transformers4", "run", &told), parts;
    write_shards("parts", NULL, NULL, NULL);
    assert_ok(import_weights(scratch_path(folder, "parts"), scratch_path(to, "joined"), &told));
    assert_ok(weights_read(&parts, to));
    assert_same(&whole, &parts);
    weights_free(&parts);
    scratch_remove(to);
    assert_ok(import_weights(scratch_path(folder, "parts/model.safetensors.index.json"), to, &told));
    assert_ok(weights_read(&parts, to));
    assert_same(&whole, &parts);
    weights_free(&parts);
    weights_free(&whole);
    scratch_remove(to);
}

static void an_index_that_does_not_hold_is_refused_by_name(void **state) {
    (void)state;
    static const char tensor[] = "videomae.encoder.layer.1.output.dense.bias";
    const struct {
        const char *skip, *moved, *odd, *piece;
    } cases[] = {
        {tensor, NULL, NULL, "videomae.encoder.layer.1.output.dense.bias is not in model-0000"},
        {NULL, tensor, NULL, "videomae.encoder.layer.1.output.dense.bias is not in model-0000"},
        {NULL, NULL, "gone.safetensors", "gone.safetensors: no such file"},
        {NULL, NULL, "../parts/model-00003-of-00003.safetensors", "is no name of a file beside it"},
        {NULL, NULL, "/etc/passwd", "\"/etc/passwd\" is no name of a file beside it"},
        {NULL, NULL, "..", "\"..\" is no name of a file beside it"},
        {NULL, NULL, "", "\"\" is no name of a file beside it"},
        {NULL, NULL, "model.safetensors.index.json", "not a weight file"},
        {NULL, NULL, "model-00001-of-00003.safetensors", "is not in model-00001-of-00003.safetensors"},
    };
    char folder[PATH_SIZE], to[PATH_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_shards("bad", cases[i].skip, cases[i].moved, cases[i].odd);
        assert_fails(import_weights(scratch_path(folder, "bad"), scratch_path(to, "refused"), &told), ERR_INPUT,
                     cases[i].piece);
        assert_nothing_written();
    }
    static const struct {
        const char *text, *piece;
    } texts[] = {
        {"{\"weight_map\": {}}", "weight_map: an object of 1 to"},
        {"{\"weight_map\": []}", "weight_map: an object of 1 to"},
        {"{\"weight_map\": {\"a\": 3}}", "weight_map: a: the name of a file"},
        {"{\"weight_map\": {\"mask_token\": \"one.safetensors\"", "ends too early"},
        {"{\"weight_map\": {\"mask_token\": \"one.safetensors\"}}", "which the index does not list there"},
    };
    char from[PATH_SIZE], golden[PATH_SIZE], *bytes;
    size_t length;
    assert_ok(file_read(&bytes, &length, golden_path(golden, "transformers4/model.safetensors"), 1 << 20));
    assert_ok(file_write_whole(scratch_path(from, "bad/one.safetensors"), bytes, length));
    free(bytes);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scratch_write(from, scratch, "bad/model.safetensors.index.json", texts[i].text);
        assert_fails(import_weights(scratch_path(folder, "bad"), scratch_path(to, "refused"), &told), ERR_INPUT,
                     texts[i].piece);
    }
}

static void a_failure_leaves_nothing_and_a_run_is_kept(void **state) {
    (void)state;
    char from[PATH_SIZE], to[PATH_SIZE];
    golden_path(from, "official.pth");
    scratch_path(to, "refused");
    assert_fails(import_weights("/nowhere/at.all", to, &told), ERR_INPUT, "no such file");
    assert_fails(import_weights(scratch, to, &told), ERR_INPUT, "neither model.safetensors nor pytorch_model.bin");
    assert_nothing_written();
    assert_ok(import_weights(from, to, &told));
    assert_fails(import_weights(from, to, &told), ERR_USAGE, "is there already");
    scratch_remove(to);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pretraining_model_computes_what_the_oracle_does),
        cmocka_unit_test(the_classifier_computes_what_the_oracle_does),
        cmocka_unit_test(every_form_gives_the_same_bits),
        cmocka_unit_test(half_precision_is_the_nearest),
        cmocka_unit_test(export_and_import_lead_back),
        cmocka_unit_test(fine_tuning_starts_from_it),
        cmocka_unit_test(tensors_that_make_no_model_are_named),
        cmocka_unit_test(values_that_are_no_numbers_are_refused_by_name),
        cmocka_unit_test(what_nobody_tells_is_asked_for),
        cmocka_unit_test(a_config_that_contradicts_the_tensors_is_refused),
        cmocka_unit_test(a_config_that_agrees_is_taken),
        cmocka_unit_test(a_model_in_several_files_is_the_same_model),
        cmocka_unit_test(an_index_that_does_not_hold_is_refused_by_name),
        cmocka_unit_test(a_failure_leaves_nothing_and_a_run_is_kept),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
