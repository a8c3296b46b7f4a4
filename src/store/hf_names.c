#include "store/hf_export.h"

#include "base/text.h"

typedef struct {
    const char *official, *hf;
} Rename;

/* Beginnings of names; the first that fits wins. "#" stands for a block's number and the dot behind it, after which
 * block_renames go on. */
static const Rename renames[] = {
    {"encoder.patch_embed.proj.", "videomae.embeddings.patch_embeddings.projection."},
    {"encoder.blocks.#", "videomae.encoder.layer.#"},
    {"encoder.norm.", "videomae.layernorm."},
    {"encoder_to_decoder.", "encoder_to_decoder."},
    {"mask_token", "mask_token"},
    {"decoder.blocks.#", "decoder.decoder_layers.#"},
    {"decoder.norm.", "decoder.norm."},
    {"decoder.head.", "decoder.head."},
    {"patch_embed.proj.", "videomae.embeddings.patch_embeddings.projection."},
    {"blocks.#", "videomae.encoder.layer.#"},
    {"fc_norm.", "fc_norm."},
    {"head.", "classifier."},
    {NULL, NULL},
};

static const Rename block_renames[] = {
    {"norm1.", "layernorm_before."},
    {"norm2.", "layernorm_after."},
    {"attn.q_bias", "attention.attention.q_bias"},
    {"attn.v_bias", "attention.attention.v_bias"},
    {"attn.proj.", "attention.output.dense."},
    {"mlp.fc1.", "intermediate.dense."},
    {"mlp.fc2.", "output.dense."},
    {NULL, NULL},
};

static const char *const qkv_parts[] = {"query", "key", "value"};

static Err unknown(const char *official) {
    return RAISE(ERR_INPUT, "%s: not a tensor of a VideoMAE model", official);
}

/* `prefix` + the translated rest of a block's tensor. */
static Err name_in_block(char *out, size_t size, const char *prefix, const char *rest, const char *official, int part) {
    if (text_equal(rest, "attn.qkv.weight"))
        return text_format(out, size, "%sattention.attention.%s.weight", prefix, qkv_parts[part]);
    for (const Rename *rename = block_renames; rename->official; rename++)
        if (text_starts(rest, rename->official))
            return text_format(out, size, "%s%s%s", prefix, rename->hf, rest + strlen(rename->official));
    return unknown(official);
}

/* "encoder.blocks.#" against "encoder.blocks.11.norm1.weight". */
static Err name_of_block(char *out, size_t size, const Rename *rename, const char *official, int part) {
    const char *number = official + strlen(rename->official) - 1;
    size_t digits = strspn(number, "0123456789");
    if (!digits || digits > 4 || number[digits] != '.') return unknown(official);
    char prefix[96];
    TRY(text_format(prefix, sizeof(prefix), "%.*s%.*s.", (int)strlen(rename->hf) - 1, rename->hf, (int)digits, number));
    return name_in_block(out, size, prefix, number + digits + 1, official, part);
}

CHECKED Err hf_name(char *out, size_t size, const char *official, int part) {
    for (const Rename *rename = renames; rename->official; rename++) {
        bool block = text_ends(rename->official, "#");
        size_t length = strlen(rename->official) - block;
        if (strncmp(official, rename->official, length) != 0) continue;
        if (block) return name_of_block(out, size, rename, official, part);
        return text_format(out, size, "%s%s", rename->hf, official + length);
    }
    return unknown(official);
}
