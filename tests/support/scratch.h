/* One scratch folder a program: group setup and teardown, and paths in it. */
#pragma once

#include "support/unit.h"

static char scratch[PATH_SIZE];

static int make_scratch(void **state) {
    (void)state;
    scratch_make(scratch);
    return 0;
}

static int drop_scratch(void **state) {
    (void)state;
    scratch_remove(scratch);
    return 0;
}

/* Good until the next call. */
static inline const char *in_scratch(const char *name) {
    static char path[PATH_SIZE];
    assert_ok(path_join(path, sizeof path, scratch, name));
    return path;
}
