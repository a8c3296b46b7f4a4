/* gen/variant_catalog - all variants below configs/variants, loaded: the paper's rows in its order, then the others by
 * name. */
#pragma once

#include "gen/variant_config.h"

typedef struct {
    Variant **rows; /* owned */
    int count;
} VariantCatalog;

CHECKED Err variant_catalog_load(VariantCatalog *catalog);
void variant_catalog_free(VariantCatalog *catalog);
