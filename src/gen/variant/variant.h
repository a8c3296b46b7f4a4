/* gen/variant/variant - a dataset of the paper as data: configs/variants/<slug>.json, each extending its predecessor by
 * one aspect.
 *
 * The struct and its table (variant.c) are the documentation of every switch where paper and released code differ; the
 * defaults are the recommended readings. Generators: "objects" (the paper's), "standin-motion" and "standin-actions"
 * (labelled stand-ins), "texture-video" (the dynamic texture rows). */
#pragma once

#include "base/config/field.h"
#include "base/text/text.h"

typedef enum {
    GENERATOR_OBJECTS,
    GENERATOR_STANDIN_MOTION,
    GENERATOR_STANDIN_ACTIONS,
    GENERATOR_TEXTURE_VIDEO
} GeneratorKind;

typedef struct Variant
    Variant; /* defined in gen/variant/variant_config.h by the generator; opaque to the stages above */

extern const Field variant_fields[];

/* `name`: slug, path, or a JSON object of settings over those of the slug or path it "extends" (none: the defaults);
 * `sets`: overrides. *variant is malloc'd and const afterwards. */
CHECKED Err variant_load(Variant **variant, const char *name, const char *const *sets, int n_sets);
CHECKED Err variant_from_text(Variant **variant, const char *resolved_text);
void variant_free(Variant **variant);
CHECKED Err variant_text(char **text, const Variant *variant); /* resolved JSON */
const char *variant_name(const Variant *variant);
GeneratorKind variant_generator(const Variant *variant);
bool variant_needs_pool(const Variant *variant);
int variant_n_classes(const Variant *variant);
int variant_size(const Variant *variant);
/* Frames of a video, on average. */
double variant_mean_frames(const Variant *variant);
/* The variants below configs/variants to stdout: the paper's in its order, then the others by name. */
CHECKED Err variant_print_catalog(bool json);
/* The same as JSON; the caller frees. */
CHECKED Err variant_catalog_text(char **json);

/* variant_catalog.c: all variants in configs/variants, loaded: the paper's rows in its order, then the
 * others by name. Presets in folders below are not in it. */

typedef struct {
    Variant **rows; /* owned */
    int count;
} VariantCatalog;

CHECKED Err variant_catalog_load(VariantCatalog *catalog);
void variant_catalog_free(VariantCatalog *catalog);
