/* Names of tensors, ours (those of the official VideoMAE release) against those of transformers, in both directions
 * from one table. The joint weight of queries, keys and values is three tensors there: a name then comes with a part.
 */
#include "store/foreign/internal/weightfile_formats.h"

#include "base/text/text.h"

typedef struct {
    const char *official, *hf;
    int part; /* of the official tensor; NAME_WHOLE but for the three behind attn.qkv.weight */
} Rename;

/* Beginnings of names; the first that fits wins. "#" stands for a block's number and the dot behind it, after which
 * block_renames go on. */
static const Rename pretrain_renames[] = {
    {"encoder.patch_embed.proj.", "videomae.embeddings.patch_embeddings.projection.", NAME_WHOLE},
    {"encoder.blocks.#", "videomae.encoder.layer.#", NAME_WHOLE},
    {"encoder.norm.", "videomae.layernorm.", NAME_WHOLE},
    {"encoder_to_decoder.", "encoder_to_decoder.", NAME_WHOLE},
    {"mask_token", "mask_token", NAME_WHOLE},
    {"decoder.blocks.#", "decoder.decoder_layers.#", NAME_WHOLE},
    {"decoder.norm.", "decoder.norm.", NAME_WHOLE},
    {"decoder.head.", "decoder.head.", NAME_WHOLE},
    {NULL, NULL, 0},
};

static const Rename classifier_renames[] = {
    {"patch_embed.proj.", "videomae.embeddings.patch_embeddings.projection.", NAME_WHOLE},
    {"blocks.#", "videomae.encoder.layer.#", NAME_WHOLE},
    {"fc_norm.", "fc_norm.", NAME_WHOLE},
    {"head.", "classifier.", NAME_WHOLE},
    {NULL, NULL, 0},
};

/* Of two rows with the same official name the first is written. */
static const Rename block_renames[] = {
    {"norm1.", "layernorm_before.", NAME_WHOLE},
    {"norm2.", "layernorm_after.", NAME_WHOLE},
    {"attn.qkv.weight", "attention.attention.query.weight", NAME_QUERY},
    {"attn.qkv.weight", "attention.attention.key.weight", NAME_KEY},
    {"attn.qkv.weight", "attention.attention.value.weight", NAME_VALUE},
    {"attn.q_bias", "attention.attention.q_bias", NAME_WHOLE},
    {"attn.v_bias", "attention.attention.v_bias", NAME_WHOLE},
    {"attn.q_bias", "attention.attention.query.bias", NAME_WHOLE},
    {"attn.k_bias", "attention.attention.key.bias", NAME_WHOLE},
    {"attn.v_bias", "attention.attention.value.bias", NAME_WHOLE},
    {"attn.proj.", "attention.output.dense.", NAME_WHOLE},
    {"mlp.fc1.", "intermediate.dense.", NAME_WHOLE},
    {"mlp.fc2.", "output.dense.", NAME_WHOLE},
    {NULL, NULL, 0},
};

typedef enum { TO_HF, TO_OFFICIAL } Direction;

static const char *from_of(const Rename *rename, Direction direction) {
    return direction == TO_HF ? rename->official : rename->hf;
}
static const char *to_of(const Rename *rename, Direction direction) {
    return direction == TO_HF ? rename->hf : rename->official;
}

/* `prefix` + the translated rest of a block's tensor. What is written asks for a part; what is read is told it. */
static bool name_in_block(char *out, size_t size, const char *prefix, const char *rest, Direction direction,
                          int *part) {
    for (const Rename *rename = block_renames; rename->official; rename++) {
        const char *from = from_of(rename, direction);
        if (!text_starts(rest, from)) continue;
        /* one official name stands in three rows: the part asked for chooses */
        if (direction == TO_HF && rename->part != NAME_WHOLE && rename->part != *part) continue;
        if (direction == TO_OFFICIAL) *part = rename->part;
        return !text_format(out, size, "%s%s%s", prefix, to_of(rename, direction), rest + strlen(from));
    }
    return false;
}

/* "encoder.blocks.#" against "encoder.blocks.11.norm1.weight". */
static bool name_of_block(char *out, size_t size, const Rename *rename, const char *name, Direction direction,
                          int *part) {
    const char *to = to_of(rename, direction), *number = name + strlen(from_of(rename, direction)) - 1;
    size_t digits = strspn(number, "0123456789");
    /* `number` begins at the block's number: all of the prefix but its "#" has matched */
    if (!digits || digits > 3 || number[digits] != '.') return false;
    char prefix[96];
    return !text_format(prefix, sizeof(prefix), "%.*s%.*s.", (int)strlen(to) - 1, to, (int)digits, number) &&
           name_in_block(out, size, prefix, number + digits + 1, direction, part);
}

static bool translate(char *out, size_t size, const Rename *renames, const char *name, Direction direction, int *part) {
    for (const Rename *rename = renames; rename->official; rename++) {
        const char *from = from_of(rename, direction);
        bool block = text_ends(from, "#");
        size_t length = strlen(from) - block;
        if (strncmp(name, from, length) != 0) continue;
        if (block) return name_of_block(out, size, rename, name, direction, part);
        if (direction == TO_OFFICIAL) *part = NAME_WHOLE;
        return !text_format(out, size, "%s%s", to_of(rename, direction), name + length);
    }
    return false;
}

CHECKED Err hf_name(char *out, size_t size, const char *official, int part) {
    if (translate(out, size, pretrain_renames, official, TO_HF, &part)) return ERR_NONE;
    if (translate(out, size, classifier_renames, official, TO_HF, &part)) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: not a tensor of a VideoMAE model", official);
}

bool hf_official(char *out, size_t size, int *part, const char *hf, bool classifier) {
    return translate(out, size, classifier ? classifier_renames : pretrain_renames, hf, TO_OFFICIAL, part);
}
