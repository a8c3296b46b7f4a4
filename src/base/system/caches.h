/* base/system/caches - which processors share a third-level cache, as the kernel says (sysfs).
 *
 * Some containers do not show it, and some processors have no such cache. Then nothing is known, which is no error. */
#pragma once

#include "base/failure/err.h"

#include <sched.h>
#include <stdbool.h>

#define CACHES_FOLDER "/sys/devices/system/cpu"

/* Processors that share a cache with each other, of those in `among`. */
typedef struct {
    cpu_set_t *domains; /* ascending by their first processor */
    int count;          /* 0: not known */
} Caches;

/* `folder`: CACHES_FOLDER. Processors beyond CPU_SETSIZE are not seen. */
CHECKED Err caches_read(Caches *caches, const cpu_set_t *among, const char *folder);
void caches_free(Caches *caches);

/* "0-7,64-71" as a set; false: it is no such list. */
bool caches_parse(cpu_set_t *set, const char *list);
