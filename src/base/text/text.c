/* Texts of fixed size (copying and formatting fail rather than cut), paths, what people read and write (bytes,
 * durations, counts), and Builder, which grows. Columns are counted as characters of UTF-8, all taken as one wide. */
#include "base/text/text.h"

#include "base/system/memory.h"

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

const char *text_fit(char *out, size_t size, const char *text) {
    static const char gap[] = "...";
    size_t length = strlen(text), room = size - sizeof gap;
    size_t head = length < size ? length : utf8_cut(text, room / 2);
    const char *tail = length < size ? text + length : text + length - (room - room / 2);
    while (((unsigned char)*tail & 0xc0) == 0x80) tail++; /* the rest of a character that is cut */
    (void)snprintf(out, size, "%.*s%s%s", (int)head, text, length < size ? "" : gap, tail);
    return out;
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
    /* three digits: the limits are where rounding would give a fourth */
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
    /* also NaN */
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

/* The factor of "h", "min", ... at *at, which moves behind it; 0 if there is none. */
static double take_unit(const char **at) {
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"days", 86400}, {"day", 86400}, {"d", 86400}, {"hours", 3600}, {"hour", 3600}, {"h", 3600},
                 {"minutes", 60}, {"min", 60},    {"m", 60},    {"seconds", 1},  {"sec", 1},     {"s", 1}};
    while (**at == ' ') ++*at;
    if (!**at) return 1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(*at, units[i].name, length) || isalpha((unsigned char)(*at)[length])) continue;
        *at += length;
        while (**at == ' ') ++*at;
        return units[i].seconds;
    }
    return 0;
}

Err text_parse_duration(double *seconds, const char *text) {
    const char *at = text;
    double total = 0, unit = 1;
    do {
        char *end;
        double number = isdigit((unsigned char)*at) || *at == '.' ? strtod(at, &end) : -1;
        if (number < 0) unit = 0;
        if (unit == 0) break;
        at = end;
        unit = take_unit(&at);
        total += number * unit;
    } while (*at && unit > 0);
    if (!(unit > 0) || !(total < 1e12))
        return RAISE(ERR_USAGE, "\"%.60s\" is no duration; write 90, 90s, 15min or 2h30m", text);
    *seconds = total;
    return ERR_NONE;
}

int text_columns(const char *text) {
    int columns = 0;
    for (; *text; text++) columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

static bool builder_reserve(Builder *builder, size_t more) {
    if (builder->failed) return false;
    size_t needed = builder->length + more + 1;
    if (needed <= builder->capacity) return true;
    size_t capacity = builder->capacity ? builder->capacity * 2 : 256;
    while (capacity < needed) capacity *= 2;
    char *data = memory_resize(builder->data, capacity);
    if (!data) {
        builder->failed = true;
        return false;
    }
    builder->data = data;
    builder->capacity = capacity;
    return true;
}

void builder_add(Builder *builder, const char *format, ...) {
    /* twice over the arguments: first for the length, then for the text */
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

/* Where a wrapped text stands. The indent is written with the first word of a line, so that blank lines are empty. */
typedef struct {
    Builder *out;
    int column, indent, columns;
    int gap;    /* blanks before the next word */
    bool fresh; /* no word on this line yet */
} Wrap;

static void wrap_break(Wrap *wrap) {
    builder_add_text(wrap->out, "\n");
    wrap->column = 0;
    wrap->fresh = true;
}

static void wrap_pad(Wrap *wrap, int column) {
    if (column <= wrap->column) return;
    builder_add(wrap->out, "%*s", column - wrap->column, "");
    wrap->column = column;
}

static void wrap_word(Wrap *wrap, const char *word, int length) {
    int width = 0;
    for (int i = 0; i < length; i++) width += ((unsigned char)word[i] & 0xc0) != 0x80;
    /* words are never broken: one that is too long stands alone on its line */
    int needed = wrap->fresh ? width : wrap->gap + width;
    if (wrap->column > wrap->indent && wrap->column + needed > wrap->columns) wrap_break(wrap);
    wrap_pad(wrap, wrap->fresh ? wrap->indent : wrap->column + wrap->gap);
    builder_add(wrap->out, "%.*s", length, word);
    wrap->column += width;
    wrap->fresh = false;
}

void builder_add_wrapped(Builder *builder, const char *text, int column, int indent, int columns) {
    Wrap wrap = {.out = builder, .column = column, .indent = indent, .columns = columns, .gap = 1, .fresh = true};
    for (const char *at = text; *at;) {
        int length = (int)strcspn(at, " \n");
        if (length > 0) wrap_word(&wrap, at, length);
        at += length;
        wrap.gap = (int)strspn(at, " ");
        at += wrap.gap;
        /* a line break is a blank; two, or one before an indented line, end the line */
        if (*at != '\n') continue;
        wrap.gap = 1;
        if (!*++at) break;
        if (*at == '\n') wrap_break(&wrap);
        if (*at == '\n' || *at == ' ') wrap_break(&wrap);
        at += strspn(at, "\n");
        if (wrap.column == 0) wrap_pad(&wrap, indent + (int)strspn(at, " "));
        at += strspn(at, " ");
    }
    if (wrap.column > 0) wrap_break(&wrap);
}

Err builder_check(const Builder *builder, const char *purpose) {
    return builder->failed ? RAISE(ERR_MEMORY, "%s: out of memory after %zu bytes of text", purpose, builder->length)
                           : err_out_of_memory(purpose);
}

void builder_free(Builder *builder) {
    free(builder->data);
    *builder = (Builder){0};
}
