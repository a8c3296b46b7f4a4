#include "cli/stage/open_source.h"

#include "gen/dataset/generate.h"
#include "par/agree.h"
#include "store/data/dataset.h"

CHECKED Err open_dataset_all(OpenSource *source, const char *key, const char *folder, const Par *par) {
    if (!folder[0]) return RAISE(ERR_USAGE, "%s is missing: give the folder of a dataset", key);
    Err err = err_within(shard_source_open(&source->clips, folder), "%s: ", key);
    return err_agree_all(err, par, "opening the dataset");
}

/* The settings of `generate` that say the same. */
static Err generator_settings(GenerateConfig *config, const PretrainData *data) {
    fields_default(config, generate_fields);
    TRY(text_copy(config->variant, sizeof(config->variant), data->variant));
    TRY(text_copy(config->pool, sizeof(config->pool), data->pool));
    config->with = data->with;
    config->size = data->size;
    config->frames = data->frames;
    return ERR_NONE;
}

static Err open_variant_all(OpenSource *source, const PretrainData *data, uint64_t seed, const Par *par) {
    GenerateConfig *config = calloc(1, sizeof(*config));
    Err err = config ? generator_settings(config, data) : RAISE(ERR_MEMORY, "variant: no memory");
    err = err_agree_all(err, par, "the variant's settings");
    if (!err) err = generate_variant_all(&source->variant, config, par);
    if (!err)
        err =
            live_source_open_all(&source->clips, source->variant, config->pool, config->split, data->clips, seed, par);
    free(config);
    return err;
}

CHECKED Err open_pretrain_source_all(OpenSource *source, const PretrainData *data, uint64_t seed, const Par *par) {
    if (data->dataset[0] && data->variant[0])
        return RAISE(ERR_USAGE, "data.dataset and data.variant are both given: choose one");
    if (!data->dataset[0] && !data->variant[0])
        return RAISE(ERR_USAGE, "nothing to train on: give data.dataset (a folder of shards) or data.variant (a slug, "
                                "see `synvid variants`)");
    if (data->dataset[0]) return open_dataset_all(source, "data.dataset", data->dataset, par);
    return open_variant_all(source, data, seed, par);
}

void open_source_close(OpenSource *source) {
    clip_source_close(&source->clips);
    variant_free(&source->variant);
}
