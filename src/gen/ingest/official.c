/* A set of videos is compared with the paper's key by key, through the variants' own table: a new key is compared as
 * soon as there is one. Both descriptions (the paper's text, the released code) are answered, since they differ. */
#include "gen/ingest/official.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/config/record.h"
#include "base/system/file.h"
#include "gen/dataset/generate.h"
#include "gen/variant/variant_config.h"
#include "store/data/dataset.h"
#include "store/data/shard.h"

enum { IMAGENET_TRAIN = 1281167 };

/* A set as it was made. */
typedef struct {
    const Variant *variant;
    bool files, trains;
    const char *storage; /* of files */
    int64_t n_images;    /* it drew from */
    PhotographsShown photographs;
    double visits; /* share of real videos that are mixed in when the files are read */
} Made;

/* ---- the official variant ---- */

/* "accelerating-images" of "release-accelerating-images". */
static const char *slug_of(const char *name) {
    static const char prefix[] = "release-";
    return text_starts(name, prefix) ? name + sizeof prefix - 1 : name;
}

/* False when the paper has no such set. */
static Err load_official(Variant **official, bool *found, const char *slug, int which) {
    char root[PATH_SIZE], path[PATH_SIZE];
    TRY(config_root(root, sizeof root));
    TRY(text_format(path, sizeof path, "%s/variants/release/%s.json", root, slug));
    if (which != SOURCE_RELEASED || !file_exists(path))
        TRY(text_format(path, sizeof path, "%s/variants/%s.json", root, slug));
    *found = file_exists(path);
    if (!*found) return ERR_NONE;
    TRY(variant_load(official, path, NULL, 0));
    /* A stand-in is no row of the paper; a release preset has the row of what it extends. */
    *found = which == SOURCE_RELEASED || (*official)->paper.row > 0;
    return ERR_NONE;
}

static void add_value(Builder *out, const cJSON *value) {
    char *text = cJSON_PrintUnformatted(value);
    builder_add(out, "%.50s", text ? text : "?");
    cJSON_free(text);
}

/* Two readings of a mixture's share, in the files and at every visit, are compared on their own. */
static bool is_mixture(const char *key) {
    return text_equal(key, "mix") || text_equal(key, "mix_share");
}

static void compare_trees(Builder *out, const char *path, const cJSON *values, const cJSON *official, bool visits) {
    const cJSON *value;
    cJSON_ArrayForEach(value, values) {
        char key[256];
        const cJSON *expected = cJSON_GetObjectItemCaseSensitive(official, value->string);
        field_path(key, sizeof key, path, value->string);
        if (cJSON_IsObject(value)) {
            compare_trees(out, key, value, expected, visits);
        } else if (!cJSON_Compare(value, expected, true) && !(visits && is_mixture(key))) {
            builder_add(out, "videos: %s ", key);
            add_value(out, value);
            builder_add_text(out, " instead of ");
            add_value(out, expected);
            builder_add_text(out, "\n");
        }
    }
}

/* Pictures that the paper's set draws from; 0: none, or as many as there are. */
static int64_t official_images(const Variant *official) {
    if (official->fill != FILL_TEXTURE) return 0;
    return strstr(official->paper.texture_source, "1.3M") ? IMAGENET_TRAIN : official->pool_size;
}

static void compare_photographs(Builder *out, const Made *made, const Variant *official) {
    if (!strstr(official->paper.texture_source, "images")) return;
    if (made->photographs == PHOTOGRAPHS_SQUARES)
        builder_add_text(out, "videos: middle squares of photographs instead of whole ones\n");
    if (made->photographs == PHOTOGRAPHS_STRETCHED && official->mix == MIX_STATIC_CLIPS_NATIVE)
        builder_add_text(out, "videos: still clips of stretched photographs instead of ones of their own size\n");
}

static void compare_making(Builder *out, const Made *made, const Variant *official) {
    int64_t expected = official_images(official);
    if (made->files && made->trains && official->paper.mode == MODE_LIVE)
        builder_add_text(out, "videos of files instead of rendered while training\n");
    if (!made->files && official->paper.mode == MODE_FILES)
        builder_add_text(out, "videos rendered while training instead of files\n");
    if (made->files && official->paper.mode == MODE_FILES && !text_equal(made->storage, storage_name(STORAGE_MPEG4)))
        builder_add(out, "videos: storage %s instead of %s\n", made->storage, storage_name(STORAGE_MPEG4));
    if (made->visits > 0 && (official->mix != MIX_REAL_VIDEOS || made->visits != official->mix_share))
        builder_add(out, "videos: %g of the visits to real videos instead of %g\n", made->visits,
                    official->mix == MIX_REAL_VIDEOS ? official->mix_share : 0);
    if (made->files && made->trains && made->visits == 0 && made->variant->mix == MIX_REAL_VIDEOS)
        builder_add_text(out, "videos: real ones drawn once instead of at every visit\n");
    if (made->n_images < expected)
        builder_add(out, "<%lld pool images instead of %lld\n", (long long)made->n_images, (long long)expected);
    compare_photographs(out, made, official);
}

static Err compare_variant(Builder *out, const Made *made, int which) {
    Variant *official = NULL;
    bool found;
    Err err = load_official(&official, &found, slug_of(made->variant->name), which);
    if (!err && !found) builder_add(out, "videos: %.100s is no set of the paper\n", made->variant->name);
    if (!err && found) {
        cJSON *values = fields_dump(made->variant, variant_fields, true);
        cJSON *expected = fields_dump(official, variant_fields, true);
        if (values && expected) compare_trees(out, "", values, expected, made->visits > 0);
        if (!values || !expected) err = RAISE(ERR_MEMORY, "comparing a variant: no memory");
        cJSON_Delete(values);
        cJSON_Delete(expected);
        compare_making(out, made, official);
    }
    variant_free(&official);
    return err;
}

/* ---- both descriptions ---- */

static Err take(char **text, Builder *out) {
    Err err = builder_check(out, "departures");
    *text = err ? NULL : strdup(out->data ? out->data : "");
    builder_free(out);
    return err ? err : *text ? ERR_NONE : RAISE(ERR_MEMORY, "departures: no memory");
}

static Err compare_both(Departures *departures, const Made *made) {
    for (int which = 0; which < SOURCE_DESCRIPTIONS; which++) {
        Builder out = {0};
        Err err = compare_variant(&out, made, which);
        if (err) builder_free(&out);
        TRY(err);
        TRY(take(&departures->text[which], &out));
    }
    return ERR_NONE;
}

CHECKED Err official_live(Departures *departures, const Variant *variant, int64_t n_images,
                          PhotographsShown photographs) {
    *departures = (Departures){{0}};
    return compare_both(departures,
                        &(Made){.variant = variant, .trains = true, .n_images = n_images, .photographs = photographs});
}

/* ---- a dataset folder ---- */

static PhotographsShown photographs_of(const cJSON *provenance) {
    const char *shown = record_text_or(provenance, GENERATE_PHOTOGRAPHS, "");
    return text_equal(shown, GENERATE_KEPT)    ? PHOTOGRAPHS_KEPT
           : text_equal(shown, GENERATE_WHOLE) ? PHOTOGRAPHS_STRETCHED
                                               : PHOTOGRAPHS_SQUARES;
}

static Err compare_generated(Departures *departures, const cJSON *config, const cJSON *provenance, double visits,
                             bool trains) {
    const cJSON *images = cJSON_GetObjectItemCaseSensitive(provenance, "images");
    char *text = NULL;
    Variant *variant = NULL;
    TRY(json_print(&text, cJSON_GetObjectItemCaseSensitive(config, "variant")));
    Err err = variant_from_text(&variant, text);
    free(text);
    if (!err)
        err = compare_both(departures, &(Made){.variant = variant,
                                               .files = true,
                                               .trains = trains,
                                               .storage = record_text_or(config, "storage", ""),
                                               .n_images = cJSON_IsNumber(images) ? (int64_t)images->valuedouble : 0,
                                               .photographs = photographs_of(provenance),
                                               .visits = visits});
    variant_free(&variant);
    return err;
}

/* Both protocols pre-train on real videos in one way: the training part of the official list, frames as they are. */
static Err compare_real(Departures *departures, const Dataset *dataset, const cJSON *provenance) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(provenance, "list");
    for (int which = 0; which < SOURCE_DESCRIPTIONS; which++) {
        Builder out = {0};
        bool known = text_equal(dataset->name, "ucf101") || text_equal(dataset->name, "kinetics400");
        if (!known) builder_add(&out, "videos of %.100s, which the paper does not pre-train on\n", dataset->name);
        if (known && !list) builder_add_text(&out, "videos of a folder instead of the official list\n");
        if (dataset->height) builder_add(&out, "squares of %d pixels instead of whole frames\n", dataset->height);
        TRY(take(&departures->text[which], &out));
    }
    return ERR_NONE;
}

static Err parse(cJSON **tree, const char *text, const char *folder) {
    *tree = NULL;
    return text ? json_parse(tree, text, strlen(text), folder, ERR_INPUT) : ERR_NONE;
}

static Err look_at(Departures *departures, const char *folder, double visits, bool trains) {
    Dataset dataset;
    cJSON *config = NULL, *provenance = NULL;
    *departures = (Departures){{0}};
    TRY(dataset_read(&dataset, folder));
    Err err = parse(&config, dataset.config_text, folder);
    if (!err) err = parse(&provenance, dataset.provenance, folder);
    if (!err && text_equal(dataset.kind, "ingested"))
        err = compare_real(departures, &dataset, provenance);
    else if (!err && cJSON_GetObjectItemCaseSensitive(config, "variant"))
        err = compare_generated(departures, config, provenance, visits, trains);
    cJSON_Delete(config);
    cJSON_Delete(provenance);
    dataset_free(&dataset);
    return err;
}

CHECKED Err official_dataset(Departures *departures, const char *folder, bool trains) {
    return look_at(departures, folder, 0, trains);
}

/* ---- two folders ---- */

static Err join(char **out, const char *first, const char *second) {
    Builder text = {0};
    builder_add_text(&text, first);
    builder_add_text(&text, second);
    return take(out, &text);
}

CHECKED Err official_visits(Departures *departures, const char *made, const char *real, double share) {
    Departures first = {{0}}, second = {{0}};
    *departures = (Departures){{0}};
    Err err = look_at(&first, made, share, true);
    if (!err) err = official_dataset(&second, real, true);
    for (int which = 0; which < SOURCE_DESCRIPTIONS && !err; which++)
        if (first.text[which] && second.text[which])
            err = join(&departures->text[which], first.text[which], second.text[which]);
    departures_free(&first);
    departures_free(&second);
    return err;
}

void official_attach(ClipSource *source, const Departures *departures) {
    for (int which = 0; which < SOURCE_DESCRIPTIONS; which++) source->departures[which] = departures->text[which];
}

void departures_free(Departures *departures) {
    for (int which = 0; which < SOURCE_DESCRIPTIONS; which++) free(departures->text[which]);
    *departures = (Departures){{0}};
}
