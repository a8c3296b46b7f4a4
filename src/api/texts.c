/* The library's texts: version, last error, the list of variants. */
#include "api/library.h"
#include "gen/variant/variant.h"

#include <stdlib.h>
#include <synvid.h>

const char *synvid_version(void) {
    return SYNVID_VERSION;
}

const char *synvid_last_error(void) {
    return err_message();
}

void synvid_free(void *text) {
    free(text);
}

int synvid_variants(char **json) {
    library_begin();
    if (!json) return library_status(RAISE(ERR_USAGE, "listing the variants: the pointer is NULL"));
    *json = NULL;
    return library_status(variant_catalog_text(json));
}
