/* JSON of a caller as settings: any failure is a wrong call, ERR_USAGE, never a wrong file. */
#include "api/settings.h"

#include "base/config/json.h"

#include <string.h>

Err settings_parse(cJSON **tree, const char *text, const char *what) {
    if (!text) text = "{}";
    TRY(json_parse(tree, text, strlen(text), what, ERR_USAGE));
    if (cJSON_IsObject(*tree)) return ERR_NONE;
    cJSON_Delete(*tree);
    *tree = NULL;
    return RAISE(ERR_USAGE, "%s: expected a JSON object, such as {\"seed\": 1}", what);
}

Err settings_take(void *config, const Field *fields, const cJSON *tree, const char *what) {
    fields_default(config, fields);
    return err_within(fields_read(config, fields, tree, ""), "%s: ", what);
}

/* For callers who need nothing of the tree besides. */
Err settings_read(void *config, const Field *fields, const char *text, const char *what) {
    cJSON *tree;
    TRY(settings_parse(&tree, text, what));
    Err err = settings_take(config, fields, tree, what);
    cJSON_Delete(tree);
    return err;
}
