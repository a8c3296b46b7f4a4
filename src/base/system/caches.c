#include "base/system/caches.h"

#include "base/text/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { INDEXES_MAX = 8 }; /* caches of a processor */

bool caches_parse(cpu_set_t *set, const char *list) {
    CPU_ZERO(set);
    for (const char *at = list; *at && *at != '\n';) {
        char *end;
        long first = strtol(at, &end, 10), last = first;
        if (end == at || first < 0) return false;
        if (*end == '-') {
            at = end + 1;
            last = strtol(at, &end, 10);
            if (end == at || last < first) return false;
        }
        for (long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++) CPU_SET((size_t)cpu, set);
        if (*end == ',')
            end++;
        else if (*end && *end != '\n')
            return false;
        at = end;
    }
    return true;
}

/* The first line of a file of a processor's cache; false: there is none. */
static bool read_line(char *line, size_t size, const char *folder, int cpu, int index, const char *name) {
    char path[PATH_SIZE];
    if (text_format(path, sizeof path, "%s/cpu%d/cache/index%d/%s", folder, cpu, index, name)) return false;
    FILE *file = fopen(path, "re");
    if (!file) return false;
    bool read = fgets(line, (int)size, file) != NULL;
    fclose(file);
    return read;
}

static bool find_domain(cpu_set_t *domain, const char *folder, int cpu) {
    char line[4096];
    for (int index = 0; index < INDEXES_MAX; index++) {
        if (!read_line(line, sizeof line, folder, cpu, index, "level") || strtol(line, NULL, 10) != 3) continue;
        return read_line(line, sizeof line, folder, cpu, index, "shared_cpu_list") && caches_parse(domain, line) &&
               CPU_ISSET((size_t)cpu, domain);
    }
    return false;
}

CHECKED Err caches_read(Caches *caches, const cpu_set_t *among, const char *folder) {
    cpu_set_t left = *among;
    *caches = (Caches){.domains = calloc((size_t)CPU_COUNT(among) + 1, sizeof(cpu_set_t))};
    if (!caches->domains) return RAISE(ERR_MEMORY, "caches: no memory for those of %d processors", CPU_COUNT(among));
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, &left)) continue;
        cpu_set_t domain;
        if (!find_domain(&domain, folder, cpu)) {
            caches->count = 0; /* a part of the truth would be worse */
            return ERR_NONE;
        }
        CPU_AND(&domain, &domain, &left);
        CPU_XOR(&left, &left, &domain);
        caches->domains[caches->count++] = domain;
    }
    return ERR_NONE;
}

void caches_free(Caches *caches) {
    free(caches->domains);
    *caches = (Caches){0};
}
