/* A variant has three spellings: a slug, the path of a file, a JSON object. All end as one resolved text, which is what
 * travels between ranks, is written into datasets, and is read into the struct. */
#include "gen/variant/variant.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "gen/variant/variant_config.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* A variant given as the JSON object that its file would hold. */

static const char origin[] = "variant";

/* "key=value" of every member but "extends". lines: room for all members; filled ones are the caller's. */
/* Settings as those of --set, since these lie over a file in the one way that config_resolve has. */
static Err members_as_sets(char **lines, int *n, const cJSON *object) {
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        if (text_equal(item->string, "extends")) continue;
        Builder line = {0};
        char *value = cJSON_PrintUnformatted(item);
        builder_add(&line, "%s=%s", item->string, value ? value : "");
        cJSON_free(value);
        lines[(*n)++] = line.data;
        TRY(value && !line.failed ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory", origin));
    }
    return ERR_NONE;
}

static Err find_base(char *path, size_t size, const cJSON *object) {
    const cJSON *extends = cJSON_GetObjectItemCaseSensitive(object, "extends");
    path[0] = 0;
    if (!extends) return ERR_NONE;
    if (!cJSON_IsString(extends)) return RAISE(ERR_USAGE, "%s: extends: expected the name of a variant", origin);
    return config_find(path, size, "variants", extends->valuestring);
}

static Err resolve(Variant **variant, const cJSON *object, const char **all, int n_own, const char *const *sets,
                   int n_sets) {
    char path[PATH_SIZE], *text = NULL;
    TRY(find_base(path, sizeof path, object));
    for (int i = 0; i < n_sets; i++) all[n_own + i] = sets[i];
    TRY(config_resolve(&text, variant_fields, path[0] ? path : NULL, all, n_own + n_sets));
    Err err = variant_from_text(variant, text);
    free(text);
    return err;
}

/* {"extends": "moving-circles", "objects": 5}: the settings over those of a slug or a file, or without "extends" over
 * the defaults; then `sets`. */
static Err variant_load_object(Variant **variant, const char *text, const char *const *sets, int n_sets) {
    cJSON *object;
    TRY(json_parse(&object, text, strlen(text), origin, ERR_USAGE));
    int most = cJSON_GetArraySize(object), n = 0;
    char **own = calloc((size_t)most + 1, sizeof *own);
    const char **all = calloc((size_t)(most + n_sets) + 1, sizeof *all);
    Err err = own && all ? members_as_sets(own, &n, object) : RAISE(ERR_MEMORY, "%s: no memory", origin);
    for (int i = 0; !err && i < n; i++) all[i] = own[i];
    if (!err) err = err_within(resolve(variant, object, all, n, sets, n_sets), "%s: ", origin);
    for (int i = 0; own && i < n; i++) free(own[i]);
    free(own);
    free(all);
    cJSON_Delete(object);
    return err;
}

static const char *const kind_names[] = {"circle",        "square", "oriented-square", "rectangle", "triangle",
                                         "quadrilateral", NULL};

int variant_kind_number(const char *name) {
    for (int i = 0; kind_names[i]; i++)
        if (text_equal(kind_names[i], name)) return i;
    return -1;
}

static Err check_kinds(const Variant *variant) {
    if (variant->kinds.count > VARIANT_KINDS) {
        return RAISE(ERR_USAGE, "%s: kinds: %d names, expected at most %d", variant->name, variant->kinds.count,
                     VARIANT_KINDS);
    }
    for (int i = 0; i < variant->kinds.count; i++) {
        const char *name = variant->kinds.items[i];
        if (variant_kind_number(name) >= 0) continue;
        const char *nearest = text_nearest(name, kind_names);
        return RAISE(ERR_USAGE, "%s: kinds: unknown shape kind \"%s\"%s%s%s", variant->name, name,
                     nearest ? ", did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    }
    return ERR_NONE;
}

static Err check_range(const Variant *variant, const char *key, Range range) {
    if (range.low <= range.high) return ERR_NONE;
    return RAISE(ERR_USAGE, "%s: %s: [%g, %g] runs backwards, expected [low, high]", variant->name, key, range.low,
                 range.high);
}

/* What the table cannot say: settings that contradict each other. */
static Err check_variant(const Variant *variant) {
    TRY(check_kinds(variant));
    TRY(check_range(variant, "length", variant->length));
    TRY(check_range(variant, "speed", variant->speed));
    TRY(check_range(variant, "center_range", variant->center_range));
    double last = variant->length.high - 1; /* frames after the first */
    if (variant->transforms && variant->transform_law == TRANSFORM_LINEAR && variant->scale_max * last >= 1) {
        return RAISE(ERR_USAGE, "%s: scale_max %g over %g frames shrinks objects to nothing; lower it or length",
                     variant->name, variant->scale_max, variant->length.high);
    }
    /* one without the other would be passed over in silence */
    if ((variant->mix != MIX_NONE) != (variant->mix_share > 0)) {
        return RAISE(ERR_USAGE, "%s: mix and mix_share belong together: mix %s a kind, mix_share is %g", variant->name,
                     variant->mix == MIX_NONE ? "does not name" : "names", variant->mix_share);
    }
    return ERR_NONE;
}

Err variant_from_text(Variant **variant, const char *resolved_text) {
    Variant *made = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "reading a variant: out of memory");
    Err err = config_parse(made, variant_fields, resolved_text, "variant");
    if (!err) err = check_variant(made);
    if (err)
        free(made);
    else
        *variant = made;
    return err;
}

Err variant_load(Variant **variant, const char *name, const char *const *sets, int n_sets) {
    char path[PATH_SIZE];
    char *text = NULL;
    if (name[0] == '{') return variant_load_object(variant, name, sets, n_sets);
    TRY(config_find(path, sizeof path, "variants", name));
    TRY(config_resolve(&text, variant_fields, path, sets, n_sets));
    Err err = variant_from_text(variant, text);
    free(text);
    return err_within(err, "%s: ", path);
}

void variant_free(Variant **variant) {
    free(*variant);
    *variant = NULL;
}

Err variant_text(char **text, const Variant *variant) {
    cJSON *object = fields_dump(variant, variant_fields, false);
    *text = object ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    return *text ? ERR_NONE : RAISE(ERR_MEMORY, "%s: writing the variant: out of memory", variant->name);
}

const char *variant_name(const Variant *variant) {
    return variant->name;
}

GeneratorKind variant_generator(const Variant *variant) {
    return (GeneratorKind)variant->generator;
}

bool variant_needs_pool(const Variant *variant) {
    switch (variant_generator(variant)) {
    case GENERATOR_OBJECTS:
        return variant->fill != FILL_COLOR || variant->background == BACKGROUND_IMAGE || variant->mix != MIX_NONE;
    case GENERATOR_TEXTURE_VIDEO: break;
    case GENERATOR_STANDIN_MOTION:
    case GENERATOR_STANDIN_ACTIONS: break;
    }
    return false; /* the stand-ins draw procedural pictures where there is no pool */
}

int variant_n_classes(const Variant *variant) {
    switch (variant_generator(variant)) {
    case GENERATOR_STANDIN_MOTION: return STANDIN_MOTION_CLASSES;
    case GENERATOR_STANDIN_ACTIONS: return STANDIN_ACTIONS_CLASSES;
    case GENERATOR_OBJECTS:
    case GENERATOR_TEXTURE_VIDEO: break;
    }
    return 0;
}

int variant_size(const Variant *variant) {
    return variant->size;
}

double variant_mean_frames(const Variant *variant) {
    return (variant->length.low + variant->length.high) / 2;
}

bool variant_is_still(const Variant *variant) {
    return variant->motion == MOTION_STATIC && !variant->acceleration && !variant->transforms &&
           variant->fill != FILL_TEXTURE_VIDEO;
}
