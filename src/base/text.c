#include "base/text.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>

Err text_copy(char *out, size_t size, const char *text) {
    size_t length = strlen(text);
    if (length >= size)
        return RAISE(ERR_USAGE, "\"%.80s...\" has %zu characters; at most %zu fit", text, length, size - 1);
    memcpy(out, text, length + 1);
    return ERR_NONE;
}

Err text_format(char *out, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(out, size, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= size)
        return RAISE(ERR_USAGE, "\"%.80s...\" would have %d characters; at most %zu fit", size ? out : "", length,
                     size - 1);
    return ERR_NONE;
}

Err path_join(char *out, size_t size, const char *dir, const char *name) {
    size_t length = strlen(dir);
    while (length > 1 && dir[length - 1] == '/') length--;
    if (length == 0) return text_copy(out, size, name);
    const char *slash = dir[length - 1] == '/' ? "" : "/";
    return text_format(out, size, "%.*s%s%s", (int)length, dir, slash, name);
}

const char *path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *path_extension(const char *path) {
    const char *base = path_base(path), *dot = strrchr(base, '.');
    return dot && dot != base ? dot + 1 : "";
}

Err path_parent(char *out, size_t size, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return text_copy(out, size, ".");
    int length = slash == path ? 1 : (int)(slash - path);
    return text_format(out, size, "%.*s", length, path);
}

bool text_equal(const char *a, const char *b) {
    return !strcmp(a, b);
}

bool text_starts(const char *text, const char *prefix) {
    return !strncmp(text, prefix, strlen(prefix));
}

bool text_ends(const char *text, const char *suffix) {
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && !strcmp(text + length - tail, suffix);
}

/* Levenshtein distance, case folded, with one row of the table; words beyond the row are "far". */
static int edit_distance(const char *a, const char *b) {
    enum { LONGEST = 127 };
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST) return INT_MAX;
    int row[LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++) row[j] = (int)j;
    for (size_t i = 1; i <= a_length; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_length; j++) {
            int substitute = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            int shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = substitute < shift ? substitute : shift;
        }
    }
    return row[b_length];
}

const char *text_nearest(const char *word, const char *const *names) {
    const char *nearest = NULL;
    int best = (int)strlen(word) / 3 + 2; /* further than this is no typo */
    for (; *names; names++) {
        int distance = edit_distance(word, *names);
        if (distance < best) {
            best = distance;
            nearest = *names;
        }
    }
    return nearest;
}

const char *text_bytes(char *out, size_t size, double bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    int unit = 0;
    while (bytes >= 999.5 && unit < 5) {
        bytes /= 1000;
        unit++;
    }
    snprintf(out, size,
             unit == 0 || bytes >= 99.95 ? "%.0f %s"
             : bytes >= 9.995            ? "%.1f %s"
                                         : "%.2f %s",
             bytes, units[unit]);
    return out;
}

const char *text_duration(char *out, size_t size, double seconds) {
    if (!(seconds >= 0)) seconds = 0;
    if (seconds < 9.95)
        snprintf(out, size, "%.1f s", seconds);
    else if (seconds < 119.5)
        snprintf(out, size, "%.0f s", seconds);
    else if (seconds < 7170)
        snprintf(out, size, "%.0f min", seconds / 60);
    else if (seconds < 48 * 3600.0)
        snprintf(out, size, "%d h %02d min", (int)(seconds / 3600), (int)(seconds / 60) % 60);
    else
        snprintf(out, size, "%.1f days", seconds / 86400);
    return out;
}

const char *text_count(char *out, size_t size, int64_t count) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
    size_t at = 0;
    for (int i = 0; i < length && at + 2 < size; i++) {
        bool group = i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-';
        if (group) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at < size ? at : size - 1] = 0;
    return out;
}

static bool builder_reserve(Builder *builder, size_t more) {
    if (builder->failed) return false;
    size_t needed = builder->length + more + 1;
    if (needed <= builder->capacity) return true;
    size_t capacity = builder->capacity ? builder->capacity * 2 : 256;
    while (capacity < needed) capacity *= 2;
    char *data = realloc(builder->data, capacity);
    if (!data) {
        builder->failed = true;
        return false;
    }
    builder->data = data;
    builder->capacity = capacity;
    return true;
}

void builder_add(Builder *builder, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) builder->failed = true;
    if (length >= 0 && builder_reserve(builder, (size_t)length)) {
        vsnprintf(builder->data + builder->length, (size_t)length + 1, format, again);
        builder->length += (size_t)length;
    }
    va_end(again);
}

void builder_add_text(Builder *builder, const char *text) {
    size_t length = strlen(text);
    if (!builder_reserve(builder, length)) return;
    memcpy(builder->data + builder->length, text, length + 1);
    builder->length += length;
}

Err builder_check(const Builder *builder, const char *purpose) {
    return builder->failed ? RAISE(ERR_MEMORY, "%s: out of memory after %zu bytes of text", purpose, builder->length)
                           : ERR_NONE;
}

void builder_free(Builder *builder) {
    free(builder->data);
    *builder = (Builder){0};
}
