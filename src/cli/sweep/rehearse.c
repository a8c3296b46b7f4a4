/* Settings are laid over each other as JSON: each number of the overlay is the most that may stay. What is no size or
 * count is refused, so a rehearsal walks the very same code as the experiment it stands for. */
#include "cli/sweep/sweep.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/text/text.h"
#include "run/protocol.h"

#include <cjson/cJSON.h>

#include <math.h>

enum { OVERLAY_BYTES_MAX = 1 << 16 };

static double at_most(double value, double most) {
    double target = most < 1 ? ceil(value * most) : most;
    return value < target ? value : target;
}

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
        cJSON_SetNumberHelper(value, at_most(value->valuedouble, most->valuedouble));
    }
    return ERR_NONE;
}

/* Numbers of `base` where `overlay` has none. */
static bool fill_in(cJSON *overlay, const cJSON *base) {
    const cJSON *item;
    bool complete = true;
    cJSON_ArrayForEach(item, base) {
        cJSON *own = cJSON_GetObjectItemCaseSensitive(overlay, item->string);
        if (own && cJSON_IsObject(own) && cJSON_IsObject(item)) complete = complete && fill_in(own, item);
        if (own) continue;
        cJSON *copy = cJSON_Duplicate(item, true);
        complete = complete && copy && cJSON_AddItemToObject(overlay, item->string, copy);
    }
    return complete;
}

static Err read_overlay(cJSON **overlay, char path[PATH_SIZE], const char *name) {
    char base_path[PATH_SIZE];
    cJSON *base = NULL;
    TRY(config_find(path, PATH_SIZE, "rehearsals", name));
    TRY(json_read(overlay, path, OVERLAY_BYTES_MAX, ERR_USAGE));
    const char *extends = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(*overlay, "extends"));
    if (!extends) return ERR_NONE;
    Err err = config_find(base_path, sizeof base_path, "rehearsals", extends);
    if (!err) err = json_read(&base, base_path, OVERLAY_BYTES_MAX, ERR_USAGE);
    if (!err && cJSON_GetObjectItemCaseSensitive(base, "extends"))
        err = RAISE(ERR_USAGE, "%s: extends %s, which extends another; one step is enough", path, extends);
    if (!err && !fill_in(*overlay, base)) err = RAISE(ERR_MEMORY, "%s: no memory", path);
    cJSON_Delete(base);
    if (err) cJSON_Delete(*overlay);
    return err;
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
    TRY(read_overlay(&all, path, overlay));
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
