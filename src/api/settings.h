/* api/settings - a JSON object from a caller as a configuration, read as strictly as the program's files. `what` names
 * it in messages ("source settings"). */
#pragma once

#include "base/config/field.h"

#include <cjson/cJSON.h>

/* NULL is the empty object. Free with cJSON_Delete. */
CHECKED Err settings_parse(cJSON **tree, const char *text, const char *what);
/* The object over the defaults of the table. */
CHECKED Err settings_take(void *config, const Field *fields, const cJSON *tree, const char *what);
/* Both. */
CHECKED Err settings_read(void *config, const Field *fields, const char *text, const char *what);
