/* support/unit - what every unit test includes: cmocka in its required order, and checks on Err with the message. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/failure/err.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <ftw.h>
#include <unistd.h>

#define assert_ok(expression) assert_ok_(expression, #expression, __FILE__, __LINE__)

static inline void assert_ok_(Err err, const char *expression, const char *file, int line) {
    if (err == ERR_NONE) return;
    print_error("%s failed: %s\n", expression, err_message());
    _fail(file, line);
}

/* The call fails with this code and its message holds this piece. */
#define assert_fails(expression, code, piece) assert_fails_(expression, code, piece, #expression, __FILE__, __LINE__)

static inline void assert_fails_(Err err, Err code, const char *piece, const char *expression, const char *file,
                                 int line) {
    if (err == code && strstr(err_message(), piece)) return;
    print_error("%s: code %d, message \"%s\"; expected code %d and \"%s\"\n", expression, (int)err,
                err ? err_message() : "", (int)code, piece);
    _fail(file, line);
}

/* First line of a test of the paper's sizes: minutes become hours where the processor is emulated. Skipped there, by
 * name. */
static inline void skip_if_emulated(void) {
    if (getenv("SYNVID_TEST_EMULATED")) skip();
}

/* A fresh scratch folder; removed with all its contents by scratch_remove. */
static inline void scratch_make(char out[PATH_SIZE]) {
    const char *base = getenv("TMPDIR");
    assert_ok(text_format(out, PATH_SIZE, "%s/synvid-test-XXXXXX", base ? base : "/tmp"));
    assert_non_null(mkdtemp(out));
}

static inline int scratch_unlink_(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

static inline void scratch_remove(const char *folder) {
    nftw(folder, scratch_unlink_, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes folder/name and returns its path in `out`. */
static inline const char *scratch_write(char out[PATH_SIZE], const char *folder, const char *name, const char *text) {
    char parent[PATH_SIZE];
    assert_ok(path_join(out, PATH_SIZE, folder, name));
    assert_ok(path_parent(parent, sizeof parent, out));
    assert_ok(folder_make(parent));
    assert_ok(file_write_whole(out, text, strlen(text)));
    return out;
}
