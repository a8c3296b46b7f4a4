/* A variant as it is asked for: a name, settings over it, a size and a length. Rank 0 finds and resolves it, since
 * files are its business; the others get the resolved text, so that all work from the same bytes. */
#include "gen/dataset/generate.h"
#include "par/agree.h"
#include "par/spread.h"

const Field generate_fields[] = {
    FIELD_TEXT(GenerateConfig, variant, "slug or file of the variant (see `synvid variants`)", "",
               .flags = FIELD_REQUIRED),
    FIELD_TEXTS(GenerateConfig, with, "changes to the variant's settings, such as objects=100"),
    FIELD_TEXT(GenerateConfig, pool,
               "comma-separated: pools of images (files; :SHARE of the draws and :resident may follow), datasets of "
               "videos (folders)",
               "", .flags = FIELD_COSMETIC | FIELD_COMMAS),
    FIELD_TEXT(GenerateConfig, split, "stand-ins: train or test, which share no photograph and no figure", "train"),
    FIELD_INT64(GenerateConfig, videos, "videos to render (the paper's datasets have 9537)", 9537, 1, 1e9),
    FIELD_INT(GenerateConfig, size, "side of the frames, pixels; 0: the variant's", 0, 0, 4096),
    FIELD_INT(GenerateConfig, frames, "frames of every video; 0: lengths drawn as the variant says", 0, 0, 100000),
    FIELD_INT(GenerateConfig, shard_videos, "videos a shard; shards are the units of work and of resuming", 64, 1, 1e6),
    FIELD_BOOL(GenerateConfig, one_file,
               "one file, written by all ranks at once; raw storage only, begun anew after an interruption", false),
    FIELD_ENUM(GenerateConfig, storage, "how frames are stored; latent: none, rendered on reading", STORAGE_RAW,
               STORAGE_NAMES),
    FIELD_END,
};

enum { SETS_MAX = TEXT_LIST_MAX + 2 };

static Err resolve_variant(char **text, const VariantRequest *request) {
    char size[64], length[64];
    const char *sets[SETS_MAX];
    int n = 0;
    for (int i = 0; i < request->with->count; i++) sets[n++] = request->with->items[i];
    TRY(text_format(size, sizeof size, "size=%d", request->size));
    TRY(text_format(length, sizeof length, "length=[%d,%d]", request->frames, request->frames));
    /* behind the user's own settings: an option of the command goes before --with */
    if (request->size) sets[n++] = size;
    if (request->frames) sets[n++] = length;
    Variant *variant;
    TRY(variant_load(&variant, request->name, sets, n));
    Err err = variant_text(text, variant);
    variant_free(&variant);
    return err;
}

Err variant_request_all(Variant **variant, const VariantRequest *request, const Par *par) {
    *variant = NULL;
    char *text = NULL;
    Err err = par->rank == 0 ? resolve_variant(&text, request) : ERR_NONE;
    err = err_agree_all(err, par, "reading the variant");
    if (!err) err = spread_text_all(&text, par);
    if (!err) err = err_agree_all(variant_from_text(variant, text), par, "reading the variant");
    if (err) variant_free(variant);
    free(text);
    return err;
}

Err generate_variant_all(Variant **variant, const GenerateConfig *config, const Par *par) {
    return variant_request_all(variant, &(VariantRequest){config->variant, &config->with, config->size, config->frames},
                               par);
}
