#include "base/system/estimate.h"

#include <stdio.h>
#include <string.h>

void estimate_print(double rank_bytes, double core_seconds) {
    printf("estimate: rank_bytes=%.0f core_seconds=%.1f\n", rank_bytes, core_seconds);
}

bool estimate_find(double *rank_bytes, double *core_seconds, const char *text) {
    const char *line = strstr(text, "estimate: ");
    return line && sscanf(line, "estimate: rank_bytes=%lf core_seconds=%lf", rank_bytes, core_seconds) == 2;
}
