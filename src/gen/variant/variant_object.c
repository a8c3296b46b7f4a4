#include "gen/variant/variant_object.h"

#include "base/config/config.h"
#include "base/config/json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static const char origin[] = "variant";

/* "key=value" of every member but "extends". lines: room for all members; filled ones are the caller's. */
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

Err variant_load_object(Variant **variant, const char *text, const char *const *sets, int n_sets) {
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
