/* base/system/versions - which libraries a layer runs with. Each layer has one function (base_versions, math_versions,
 * ...) beside the only code that may see those libraries. It adds lines "name version" for `synvid --version`. */
#pragma once

#include "base/text/text.h"

void versions_add(Builder *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void base_versions(Builder *out); /* cJSON, xxHash */
