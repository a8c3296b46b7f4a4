/* Programs and libraries that write files for us may stop half way with exit code 0. The end of a format tells: a mark
 * near the last byte, or boxes that fill the file. */
#include "base/system/file.h"

#include "base/text/text.h"

enum { MOST_BYTES = 1 << 30, TAIL_BYTES = 1024 };

typedef struct {
    const char *format, *end;
    size_t within; /* how far from the file's end it may begin */
} EndMark;

static const EndMark end_marks[] = {
    {"svg", "</svg>", 64},
    {"pdf", "%%EOF", TAIL_BYTES}, /* as far as readers look for it */
    {"png", "IEND\xae\x42\x60\x82", 8},
    {"jpg", "\xff\xd9", 2},
};

/* Within the last bytes: some programs write a line break behind the mark. */
static bool ends_with(const EndMark *mark, const unsigned char *bytes, size_t length) {
    size_t looked_at = length < mark->within ? length : mark->within;
    return memmem(bytes + length - looked_at, looked_at, mark->end, strlen(mark->end)) != NULL;
}

static uint64_t big_endian(const unsigned char *bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
    return value;
}

/* ISO/IEC 14496-12, 4.2: a box is its size, its type, and, where the size is 1, its size in 64 bits; 0: to the end. */
static bool boxes_fill(const unsigned char *bytes, size_t length) {
    enum { HEADER = 8, LONG_HEADER = 16 };
    bool index = false;
    size_t at = 0;
    while (at < length) {
        if (length - at < HEADER) return false;
        uint64_t size = big_endian(bytes + at, 4);
        size_t header = size == 1 ? LONG_HEADER : HEADER;
        if (length - at < header) return false;
        if (size == 1) size = big_endian(bytes + at + HEADER, 8);
        if (size == 0) size = length - at;
        if (size < header || size > length - at) return false;
        index = index || !memcmp(bytes + at + 4, "moov", 4);
        at += size;
    }
    return index;
}

bool whole_by_end(const char *format, const void *bytes, size_t length) {
    if (length == 0) return false;
    if (text_equal(format, "mp4")) return boxes_fill(bytes, length);
    for (size_t i = 0; i < sizeof end_marks / sizeof *end_marks; i++)
        if (text_equal(format, end_marks[i].format)) return ends_with(&end_marks[i], bytes, length);
    return true;
}

Err whole_check_file(const char *path, const char *format) {
    char *bytes = NULL;
    size_t length = 0;
    TRY(file_read(&bytes, &length, path, MOST_BYTES));
    bool whole = whole_by_end(format, bytes, length);
    free(bytes);
    if (whole) return ERR_NONE;
    return length ? RAISE(ERR_IO, "%s: ends after %zu bytes, before the end of its format", path, length)
                  : RAISE(ERR_IO, "%s: is empty", path);
}
