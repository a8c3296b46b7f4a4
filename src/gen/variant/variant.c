#include "gen/variant/variant.h"

#include "base/config/config.h"
#include "gen/variant/variant_config.h"
#include "gen/variant/variant_object.h"

#include <cjson/cJSON.h>

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
    double last = variant->length.high - 1;
    if (variant->transforms && variant->transform_law == TRANSFORM_LINEAR && variant->scale_max * last >= 1) {
        return RAISE(ERR_USAGE, "%s: scale_max %g over %g frames shrinks objects to nothing; lower it or length",
                     variant->name, variant->scale_max, variant->length.high);
    }
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
