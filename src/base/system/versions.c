#include "base/system/versions.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <xxhash.h>

void versions_add(Builder *out, const char *name, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    builder_add(out, "  %-10s %s\n", name, text);
}

void base_versions(Builder *out) {
    unsigned number = XXH_versionNumber();
    versions_add(out, "cJSON", "%s", cJSON_Version());
    versions_add(out, "xxHash", "%u.%u.%u", number / 10000, number / 100 % 100, number % 100);
}
