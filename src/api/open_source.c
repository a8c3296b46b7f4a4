#include "api/open_source.h"

#include "par/agree.h"
#include "store/data/dataset.h"

CHECKED Err open_dataset_all(OpenSource *source, const char *key, const char *folder, const Par *par) {
    if (!folder[0]) return RAISE(ERR_USAGE, "%s is missing: give the folder of a dataset", key);
    Err err = err_within(shard_source_open(&source->clips, folder), "%s: ", key);
    return err_agree_all(err, par, "opening the dataset");
}

Err open_variant_all(OpenSource *source, const GenerateConfig *settings, uint64_t seed, const Par *par) {
    TRY(generate_variant_all(&source->variant, settings, par));
    return live_source_open_all(&source->clips, source->variant, settings->pool, settings->split, settings->videos,
                                seed, par);
}

static Err open_pretrain_variant_all(OpenSource *source, const PretrainData *data, uint64_t seed, const Par *par) {
    const VariantRequest request = {data->variant, &data->with, data->size, data->frames};
    TRY(variant_request_all(&source->variant, &request, par));
    return live_source_open_all(&source->clips, source->variant, data->pool, "train", data->clips, seed, par);
}

CHECKED Err open_pretrain_source_all(OpenSource *source, const PretrainData *data, uint64_t seed, const Par *par) {
    if (data->dataset[0] && data->variant[0])
        return RAISE(ERR_USAGE, "data.dataset and data.variant are both given: choose one");
    if (!data->dataset[0] && !data->variant[0])
        return RAISE(ERR_USAGE, "nothing to train on: give data.dataset (a folder of shards) or data.variant (a slug, "
                                "see `synvid variants`)");
    if (data->dataset[0]) return open_dataset_all(source, "data.dataset", data->dataset, par);
    return open_pretrain_variant_all(source, data, seed, par);
}

void open_source_close(OpenSource *source) {
    clip_source_close(&source->clips);
    variant_free(&source->variant);
}
