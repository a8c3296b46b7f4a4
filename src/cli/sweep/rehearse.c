/* Settings are laid over each other as JSON: each number of the overlay is the most that may stay. What is no size or
 * count is refused, so a rehearsal walks the very same code as the experiment it stands for. */
#include "cli/sweep/sweep.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/text/text.h"
#include "run/protocol.h"

#include <cjson/cJSON.h>

enum { OVERLAY_BYTES_MAX = 1 << 16 };

static Err shrink(cJSON *config, const cJSON *overlay, const char *path, const char *origin) {
    const cJSON *most;
    cJSON_ArrayForEach(most, overlay) {
        char key[256];
        cJSON *value = cJSON_GetObjectItemCaseSensitive(config, most->string);
        field_path(key, sizeof key, path, most->string);
        if (!value) return RAISE(ERR_USAGE, "%s: there is no setting %s", origin, key);
        if (cJSON_IsObject(most)) {
            TRY(shrink(value, most, key, origin)); /* a group */
            continue;
        }
        if (!cJSON_IsNumber(most) || !cJSON_IsNumber(value) || !rehearsal_may_shrink(key))
            return RAISE(ERR_USAGE, "%s: %s: a rehearsal makes sizes and counts smaller and changes nothing else",
                         origin, key);
        if (value->valuedouble > most->valuedouble) cJSON_SetNumberHelper(value, most->valuedouble); /* never larger */
    }
    return ERR_NONE;
}

static Err apply(char **text, cJSON *config, const cJSON *overlay, const char *origin) {
    TRY(shrink(config, overlay, "", origin));
    return json_print(text, config);
}

/* The smaller config must be one the stage takes. */
static Err check(const char *text, const Field *fields, const char *origin) {
    cJSON *tree = NULL;
    TRY(json_parse(&tree, text, strlen(text), origin, ERR_USAGE));
    Err err = fields_read(NULL, fields, tree, "");
    cJSON_Delete(tree);
    return err_within(err, "%s: ", origin);
}

CHECKED Err rehearse(char **text, char **original, const char *overlay, const char *stage, const Field *fields) {
    char path[PATH_SIZE];
    cJSON *all = NULL, *config = NULL;
    char *smaller = NULL;
    TRY(config_find(path, sizeof path, "rehearsals", overlay));
    TRY(json_read(&all, path, OVERLAY_BYTES_MAX, ERR_USAGE));
    Err err = json_parse(&config, *text, strlen(*text), "settings", ERR_USAGE);
    if (!err) err = apply(&smaller, config, cJSON_GetObjectItemCaseSensitive(all, stage), path);
    if (!err) err = check(smaller, fields, path);
    cJSON_Delete(config);
    cJSON_Delete(all);
    if (err) {
        free(smaller);
        return err;
    }
    /* kept: protocols are compared with what was asked for */
    *original = *text;
    *text = smaller;
    return ERR_NONE;
}
