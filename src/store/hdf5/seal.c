/* Behind the end of an HDF5 file: a table of the ranges that hold numbers, then Tail. The digest covers everything
 * outside those ranges (headers, trees, heaps: what HDF5 follows) and the table. The numbers have digests of their
 * own, checked where they are read, so opening a file of 60 GB digests kilobytes. */
#include "store/hdf5/internal/seal.h"

#include "base/system/digest.h"
#include "base/system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DIGITS = DIGEST_SIZE - 1 };
static const char magic[8] = {'S', 'Y', 'N', 'V', 'S', 'E', 'A', 'L'}; /* no zero at the end */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the table is written as it lies in memory");

/* What stands behind the table. */
typedef struct {
    char digits[DIGITS];
    uint64_t n_ranges;
    char magic[sizeof magic];
} Tail;
_Static_assert(sizeof(Tail) == DIGITS + 16, "no padding");

/* ---- the digest ---- */

/* data[0..length): the file up to its seal. False: the table makes no sense. */
static bool digest_outside(Digest *digest, const unsigned char *data, uint64_t length, const SealRange *ranges,
                           uint64_t n_ranges) {
    uint64_t at = 0;
    /* ranges ascend and lie in the file: else they are no ranges of ours */
    for (uint64_t i = 0; i < n_ranges; i++) {
        if (ranges[i].begin < at || ranges[i].end < ranges[i].begin || ranges[i].end > length) return false;
        digest_add(digest, data + at, ranges[i].begin - at);
        at = ranges[i].end;
    }
    digest_add(digest, data + at, length - at);
    digest_add(digest, ranges, n_ranges * sizeof *ranges);
    digest_add(digest, &n_ranges, sizeof n_ranges);
    return true;
}

/* *whole: whether the table made sense. */
static Err digest_file(char hex[DIGEST_SIZE], bool *whole, const unsigned char *data, uint64_t length,
                       const SealRange *ranges, uint64_t n_ranges) {
    Digest *digest;
    TRY(digest_new(&digest));
    *whole = digest_outside(digest, data, length, ranges, n_ranges);
    digest_hex(digest, hex);
    digest_free(&digest);
    return ERR_NONE;
}

/* NULL with errno when it cannot be mapped. */
static const unsigned char *map(const char *path, uint64_t length) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    void *data = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    return data == MAP_FAILED ? NULL : data;
}

static void unmap(const unsigned char *data, uint64_t length) {
    munmap((void *)(uintptr_t)data, length);
}

/* ---- writing ---- */

static int by_begin(const void *a, const void *b) {
    const SealRange *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static Err append(const char *path, const SealRange *ranges, const Tail *tail) {
    FILE *file = fopen(path, "ab");
    if (!file) return RAISE(ERR_IO, "%s: cannot open for its seal: %s", path, strerror(errno));
    bool wrote = fwrite(ranges, sizeof *ranges, tail->n_ranges, file) == tail->n_ranges &&
                 fwrite(tail, sizeof *tail, 1, file) == 1;
    /* buffered writes may fail as late as in fclose */
    int code = errno;
    if (fclose(file) && wrote) {
        wrote = false;
        code = errno;
    }
    return wrote ? ERR_NONE : RAISE(ERR_IO, "%s: cannot write its seal: %s", path, strerror(code));
}

Err seal_write(const char *path, SealRange *ranges, int n_ranges) {
    Tail tail = {.n_ranges = (uint64_t)n_ranges};
    char hex[DIGEST_SIZE];
    bool whole = false;
    int64_t length = file_size(path);
    if (n_ranges) qsort(ranges, (size_t)n_ranges, sizeof *ranges, by_begin);
    const unsigned char *data = length > 0 ? map(path, (uint64_t)length) : NULL;
    if (!data) return RAISE(ERR_IO, "%s: cannot read it back for its seal: %s", path, strerror(errno));
    Err err = digest_file(hex, &whole, data, (uint64_t)length, ranges, tail.n_ranges);
    unmap(data, (uint64_t)length);
    TRY(err);
    ASSERT(whole);
    memcpy(tail.digits, hex, DIGITS);
    memcpy(tail.magic, magic, sizeof magic);
    return append(path, ranges, &tail);
}

/* ---- checking ---- */

static Err damaged(const char *path) {
    return RAISE(ERR_INPUT, "%s: damaged: its structures are not those that were written", path);
}

/* Nothing of what is read here is believed before it was compared with the length of the file. */
static Err check_mapped(bool *sealed, const char *path, const unsigned char *data, uint64_t length) {
    Tail tail;
    char hex[DIGEST_SIZE];
    bool whole = false;
    memcpy(&tail, data + length - sizeof tail, sizeof tail);
    *sealed = memcmp(tail.magic, magic, sizeof magic) == 0;
    if (!*sealed) return ERR_NONE;
    /* a number of ranges beyond what the file could hold must not become an allocation */
    uint64_t before = length - sizeof tail;
    if (tail.n_ranges > before / sizeof(SealRange)) return damaged(path);
    uint64_t table_bytes = tail.n_ranges * sizeof(SealRange);
    SealRange *ranges = malloc(table_bytes + 1); /* a copy: in the file it may lie anywhere */
    if (!ranges) return RAISE(ERR_MEMORY, "%s: no memory for its seal", path);
    memcpy(ranges, data + before - table_bytes, table_bytes);
    Err err = digest_file(hex, &whole, data, before - table_bytes, ranges, tail.n_ranges);
    free(ranges);
    if (!err && (!whole || memcmp(hex, tail.digits, DIGITS) != 0)) err = damaged(path);
    return err;
}

Err seal_check(bool *sealed, const char *path) {
    *sealed = false;
    int64_t length = file_size(path);
    if (length < (int64_t)sizeof(Tail)) return ERR_NONE;
    const unsigned char *data = map(path, (uint64_t)length);
    if (!data) return ERR_NONE;
    Err err = check_mapped(sealed, path, data, (uint64_t)length);
    unmap(data, (uint64_t)length);
    return err;
}
