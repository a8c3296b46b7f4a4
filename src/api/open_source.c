/* The one place that knows every kind of source. Files are opened by each rank itself, which agrees with the others
 * afterwards; what a variant needs is spread by its own functions. */
#include "api/open_source.h"

#include "gen/dataset/sources.h"
#include "par/agree.h"
#include "store/data/dataset.h"

/* An empty path is refused here, where the setting's name is known. */
CHECKED Err open_dataset_all(OpenSource *source, const char *key, const char *folder, const Par *par) {
    if (!folder[0]) return RAISE(ERR_USAGE, "%s is missing: give the folder of a dataset", key);
    Err err = err_within(dataset_source_open(&source->clips, folder), "%s: ", key);
    return err_agree_all(err, par, "opening the dataset");
}

/* The variant outlives its source, which borrows it. */
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

/* Made videos and real ones, drawn from in a fixed share (gen/dataset/visits.h). */
static Err open_visits(OpenSource *source, const PretrainData *data, uint64_t seed) {
    ClipSource *made = NULL, *real = NULL;
    TRY(err_within(dataset_source_open(&made, data->dataset), "data.dataset: "));
    Err err = err_within(dataset_source_open(&real, data->real), "data.real: ");
    if (err) clip_source_close(&made);
    return err ? err : visits_open(&source->clips, made, real, data->real_share, seed);
}

static Err open_visits_all(OpenSource *source, const PretrainData *data, uint64_t seed, const Par *par) {
    return err_agree_all(open_visits(source, data, seed), par, "opening the datasets");
}

/* Rank 0 writes results, so it alone asks. */
static Err find_departures(OpenSource *source, const PretrainData *data) {
    Departures *departures = &source->departures;
    Err err = data->real[0]      ? official_visits(departures, data->dataset, data->real, data->real_share)
              : data->dataset[0] ? official_dataset(departures, data->dataset, true)
                                 : official_live(departures, source->variant, live_source_n_images(source->clips),
                                                 live_source_photographs(source->clips));
    if (!err) official_attach(source->clips, departures);
    return err;
}

/* First what contradicts itself, which needs no file; then the source; then what sets it apart from the official one.
 */
CHECKED Err open_pretrain_source_all(OpenSource *source, const PretrainData *data, uint64_t seed, const Par *par) {
    if (data->dataset[0] && data->variant[0])
        return RAISE(ERR_USAGE, "data.dataset and data.variant are both given: choose one");
    if (!data->dataset[0] && !data->variant[0])
        return RAISE(ERR_USAGE, "nothing to train on: give data.dataset (a folder of shards) or data.variant (a slug, "
                                "see `synvid variants`)");
    if ((data->real[0] != 0) != (data->real_share > 0))
        return RAISE(ERR_USAGE, "data.real and data.real_share belong together: give both or neither");
    if (data->real[0] && !data->dataset[0])
        return RAISE(ERR_USAGE, "data.real goes with data.dataset, a folder of generated videos");
    Err err = data->real[0]      ? open_visits_all(source, data, seed, par)
              : data->dataset[0] ? open_dataset_all(source, "data.dataset", data->dataset, par)
                                 : open_pretrain_variant_all(source, data, seed, par);
    if (!err) err = err_agree_all(par->rank == 0 ? find_departures(source, data) : ERR_NONE, par, "the protocol");
    return err;
}

/* In this order: the source borrows the variant. */
void open_source_close(OpenSource *source) {
    departures_free(&source->departures);
    clip_source_close(&source->clips);
    variant_free(&source->variant);
}
