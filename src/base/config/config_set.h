/* base/config/config_set - one --set as a tree that is laid over the configuration. Inside base/config/config.
 *
 * "a.b=1" is {"a": {"b": 1}}. A value is a text for a text, a list of what commas part for a list, JSON for the rest.
 * Items of a list (FIELD_TEXTS) are added to those of the configuration and of earlier --set of the key; "key=" empties
 * it. A text with commas between its items (FIELD_COMMAS) replaces that of the configuration, and is added to when the
 * same key is set again. */
#pragma once

#include "base/config/field.h"

extern const char config_command_line[]; /* where such values stand, for messages */

/* *tree: the caller's (cJSON_Delete); NULL on failure. `under`: the configuration so far, with sets[0..number) in it.
 */
CHECKED Err config_set_tree(struct cJSON **tree, const Field *fields, const char *const *sets, int number,
                            const struct cJSON *under);
