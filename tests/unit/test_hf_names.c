#include "math/tensor.h"
#include "store/foreign/internal/weightfile_formats.h"

#include "support/unit.h"

static void names_follow_the_table_of_transformers(void **state) {
    (void)state;
    static const struct {
        const char *official, *hf;
        int part;
    } names[] = {
        {"mask_token", "mask_token", 0},
        {"encoder.patch_embed.proj.bias", "videomae.embeddings.patch_embeddings.projection.bias", 0},
        {"encoder.blocks.11.norm1.weight", "videomae.encoder.layer.11.layernorm_before.weight", 0},
        {"encoder.blocks.0.attn.q_bias", "videomae.encoder.layer.0.attention.attention.q_bias", 0},
        {"encoder.blocks.0.attn.qkv.weight", "videomae.encoder.layer.0.attention.attention.query.weight", 0},
        {"encoder.blocks.0.attn.qkv.weight", "videomae.encoder.layer.0.attention.attention.key.weight", 1},
        {"encoder.blocks.0.attn.qkv.weight", "videomae.encoder.layer.0.attention.attention.value.weight", 2},
        {"encoder.blocks.3.attn.proj.bias", "videomae.encoder.layer.3.attention.output.dense.bias", 0},
        {"encoder.blocks.3.norm2.bias", "videomae.encoder.layer.3.layernorm_after.bias", 0},
        {"encoder.blocks.3.mlp.fc1.weight", "videomae.encoder.layer.3.intermediate.dense.weight", 0},
        {"encoder.blocks.3.mlp.fc2.weight", "videomae.encoder.layer.3.output.dense.weight", 0},
        {"encoder.norm.weight", "videomae.layernorm.weight", 0},
        {"encoder_to_decoder.weight", "encoder_to_decoder.weight", 0},
        {"decoder.blocks.2.attn.v_bias", "decoder.decoder_layers.2.attention.attention.v_bias", 0},
        {"decoder.norm.bias", "decoder.norm.bias", 0},
        {"decoder.head.weight", "decoder.head.weight", 0},
        {"blocks.1.norm1.bias", "videomae.encoder.layer.1.layernorm_before.bias", 0},
        {"patch_embed.proj.weight", "videomae.embeddings.patch_embeddings.projection.weight", 0},
        {"fc_norm.weight", "fc_norm.weight", 0},
        {"head.bias", "classifier.bias", 0},
    };
    char name[TENSOR_NAME_SIZE];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(hf_name(name, sizeof(name), names[i].official, names[i].part), ERR_NONE);
        assert_string_equal(name, names[i].hf);
    }
    static const char *const unknown[] = {"",
                                          "conv1.weight",
                                          "encoder.blocks.x.norm1.weight",
                                          "encoder.blocks.1",
                                          "encoder.blocks.1.gamma",
                                          "encoder.blocks.99999.norm1.weight"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_int_equal(hf_name(name, sizeof(name), unknown[i], 0), ERR_INPUT);
}

/* What is written is read back as the same tensor and part. */
static void every_name_leads_back(void **state) {
    (void)state;
    static const struct {
        const char *official;
        int part;
        bool classifier;
    } names[] = {
        {"mask_token", NAME_WHOLE, false},
        {"encoder.patch_embed.proj.weight", NAME_WHOLE, false},
        {"encoder.blocks.11.attn.qkv.weight", NAME_QUERY, false},
        {"encoder.blocks.0.attn.qkv.weight", NAME_KEY, false},
        {"decoder.blocks.3.attn.qkv.weight", NAME_VALUE, false},
        {"decoder.blocks.3.attn.q_bias", NAME_WHOLE, false},
        {"encoder.norm.bias", NAME_WHOLE, false},
        {"encoder_to_decoder.weight", NAME_WHOLE, false},
        {"decoder.head.bias", NAME_WHOLE, false},
        {"blocks.7.mlp.fc2.bias", NAME_WHOLE, true},
        {"patch_embed.proj.bias", NAME_WHOLE, true},
        {"fc_norm.weight", NAME_WHOLE, true},
        {"head.weight", NAME_WHOLE, true},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char hf[TENSOR_NAME_SIZE], back[TENSOR_NAME_SIZE];
        int part = 99;
        assert_ok(hf_name(hf, sizeof hf, names[i].official, names[i].part));
        assert_true(hf_official(back, sizeof back, &part, hf, names[i].classifier));
        assert_string_equal(back, names[i].official);
        assert_int_equal(part, names[i].part);
    }
}

static void both_namings_of_biases_are_read(void **state) {
    (void)state;
    char name[TENSOR_NAME_SIZE];
    int part;
    assert_true(
        hf_official(name, sizeof name, &part, "videomae.encoder.layer.2.attention.attention.query.bias", false));
    assert_string_equal(name, "encoder.blocks.2.attn.q_bias");
    assert_true(hf_official(name, sizeof name, &part, "videomae.encoder.layer.2.attention.attention.value.bias", true));
    assert_string_equal(name, "blocks.2.attn.v_bias");
    assert_true(hf_official(name, sizeof name, &part, "decoder.decoder_layers.0.attention.attention.key.bias", false));
    assert_string_equal(name, "decoder.blocks.0.attn.k_bias");
    assert_false(hf_official(name, sizeof name, &part, "videomae.layernorm.weight", true));
    assert_false(hf_official(name, sizeof name, &part, "classifier.weight", false));
    assert_false(hf_official(name, sizeof name, &part, "videomae.encoder.layer.1.attention.attention.gate", false));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_table_of_transformers),
        cmocka_unit_test(every_name_leads_back),
        cmocka_unit_test(both_namings_of_biases_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
