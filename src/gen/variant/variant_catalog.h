/* gen/variant/variant_catalog - all variants in configs/variants, loaded: the paper's rows in its order, then the
 * others by name. Presets in folders below are not in it. */
#pragma once

#include "gen/variant/variant_config.h"

typedef struct {
    Variant **rows; /* owned */
    int count;
} VariantCatalog;

CHECKED Err variant_catalog_load(VariantCatalog *catalog);
void variant_catalog_free(VariantCatalog *catalog);
