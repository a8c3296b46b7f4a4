#include "store/foreign/hf_config.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>

enum { CONFIG_BYTES_MAX = 1 << 24, SIZE_LIMIT = 1 << 20 };

static Err read_size(int *value, const cJSON *tree, const char *key, const char *path) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);
    if (!item) return ERR_NONE;
    if (!cJSON_IsNumber(item) || item->valuedouble < 1 || item->valuedouble > SIZE_LIMIT ||
        item->valuedouble != item->valueint)
        return RAISE(ERR_INPUT, "%s: %s: a whole number from 1 to %d expected", path, key, SIZE_LIMIT);
    *value = item->valueint;
    return ERR_NONE;
}

static Err read_tree(HfConfig *config, const cJSON *tree, const char *path) {
    const struct {
        const char *key;
        int *value;
    } sizes[] = {
        {"image_size", &config->image_size},
        {"num_frames", &config->num_frames},
        {"num_attention_heads", &config->num_attention_heads},
        {"decoder_num_attention_heads", &config->decoder_num_attention_heads},
        {"patch_size", &config->patch_size},
        {"tubelet_size", &config->tubelet_size},
        {"hidden_size", &config->hidden_size},
        {"num_hidden_layers", &config->num_hidden_layers},
        {"decoder_hidden_size", &config->decoder_hidden_size},
        {"decoder_num_hidden_layers", &config->decoder_num_hidden_layers},
    };
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(tree, "model_type");
    const cJSON *activation = cJSON_GetObjectItemCaseSensitive(tree, "hidden_act");
    const cJSON *eps = cJSON_GetObjectItemCaseSensitive(tree, "layer_norm_eps");
    config->found = cJSON_IsString(type) && text_equal(type->valuestring, "videomae");
    if (!config->found) return ERR_NONE;
    if (cJSON_IsString(activation) && !text_equal(activation->valuestring, "gelu"))
        return RAISE(ERR_INPUT, "%s: hidden_act: \"%.40s\", only \"gelu\" is known here", path,
                     activation->valuestring);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) TRY(read_size(sizes[i].value, tree, sizes[i].key, path));
    config->layer_norm_eps = cJSON_IsNumber(eps) ? eps->valuedouble : 0;
    return ERR_NONE;
}

CHECKED Err hf_config_read(HfConfig *config, const char *folder) {
    char path[PATH_SIZE];
    cJSON *tree = NULL;
    *config = (HfConfig){0};
    TRY(path_join(path, sizeof path, folder, "config.json"));
    if (!file_exists(path)) return ERR_NONE;
    TRY(json_read(&tree, path, CONFIG_BYTES_MAX, ERR_INPUT));
    Err err = read_tree(config, tree, path);
    cJSON_Delete(tree);
    return err;
}
