/* Names come from strangers and end in documents, programs and terminals, each of which reads some characters as
 * commands. One walk over the characters serves all languages; a table says what is special in each. What is not text
 * (control characters, bytes that are no UTF-8) is shown as \x1b, so nothing is lost and nothing acts. */
#include "base/text/escape.h"

#include "base/system/digest.h"
#include "base/text/text.h"

/* ---- the walk ---- */

typedef struct {
    char character;
    const char *replacement;
} Replacement;

/* What the languages have in common: a table of characters that mean something (it ends with a zero character), and how
 * each writes the backslash of \x1b. */
typedef struct {
    const Replacement *table;
    const char *backslash;
} Language;

static const char *find_replacement(const Replacement *table, char character) {
    while (table->character && table->character != character) table++;
    return table->replacement;
}

/* A character that cannot stand in a line, or one byte that is no character. */
static void add_shown(Builder *out, const char *at, size_t length, const char *backslash) {
    const char *letter = *at == '\n' ? "n" : *at == '\t' ? "t" : *at == '\r' ? "r" : NULL;
    if (letter) builder_add(out, "%s%s", backslash, letter);
    for (size_t i = 0; !letter && i < length; i++) builder_add(out, "%sx%02x", backslash, (unsigned char)at[i]);
}

/* One character of `text`; returns its length. */
static size_t add_character(Builder *out, const char *at, const Language *language) {
    size_t length = utf8_character(at), shown = length ? length : 1;
    const char *replacement = find_replacement(language->table, *at);
    if (replacement)
        builder_add_text(out, replacement);
    else if (length && utf8_is_printable(at, length))
        builder_add(out, "%.*s", (int)length, at);
    else
        add_shown(out, at, shown, language->backslash);
    return shown;
}

static void add_all(Builder *out, const char *text, const Language *language) {
    while (*text) text += add_character(out, text, language);
}

/* ---- documents and tables ---- */

static const Replacement nothing[] = {{0, NULL}};
static const Language plain_line = {nothing, "\\"};

void escape_line(Builder *out, const char *text) {
    add_all(out, text, &plain_line);
}

/* Bytes of the first `columns` columns of a valid text. */
static size_t bytes_of_columns(const char *text, int columns) {
    size_t at = 0;
    for (int i = 0; i < columns && text[at]; i++) at += utf8_character(text + at);
    return at;
}

void escape_column(Builder *out, const char *text, int columns) {
    Builder line = {0};
    escape_line(&line, text);
    const char *shown = line.data ? line.data : "";
    int width = text_columns(shown), begin = (columns - 1) / 2;
    if (width > columns)
        builder_add(out, "%.*s…%s", (int)bytes_of_columns(shown, begin), shown,
                    shown + bytes_of_columns(shown, width - (columns - 1 - begin)));
    else
        builder_add(out, "%s%*s", shown, columns - width, "");
    out->failed = out->failed || line.failed;
    builder_free(&line);
}

void escape_html(Builder *out, const char *text) {
    static const Replacement table[] = {{'&', "&amp;"},  {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"},
                                        {'\'', "&#39;"}, {'\n', "\n"},  {'\t', "\t"},  {0, NULL}};
    add_all(out, text, &(Language){table, "\\"});
}

void escape_latex(Builder *out, const char *text) {
    static const Replacement table[] = {
        {'\\', "\\textbackslash{}"},
        {'{', "\\{"},
        {'}', "\\}"},
        {'$', "\\$"},
        {'&', "\\&"},
        {'#', "\\#"},
        {'_', "\\_"},
        {'%', "\\%"},
        {'~', "\\textasciitilde{}"},
        {'^', "\\textasciicircum{}"},
        {'<', "\\textless{}"},
        {'>', "\\textgreater{}"},
        {'|', "\\textbar{}"},
        {'"', "\\textquotedbl{}"},
        {'`', "\\textasciigrave{}"},
        {'\n', " "},
        {'\r', " "},
        {'\t', " "},
        {0, NULL},
    };
    const Language latex = {table, "\\textbackslash{}"};
    if (*text == '[' || *text == '*') { /* behind the \\ of the row above it would be an argument */
        builder_add(out, "{%c}", *text);
        text++;
    }
    while (*text) {
        /* LaTeX sets --, ,, and '' as one other character */
        bool ligature = (*text == '-' || *text == ',' || *text == '\'') && text[1] == *text;
        text += add_character(out, text, &latex);
        if (ligature) builder_add_text(out, "{}");
    }
}

static bool is_number(const char *text) {
    char *end;
    (void)strtod(text, &end);
    return end != text && !*end;
}

void escape_csv(Builder *out, const char *text) {
    static const Replacement table[] = {{'"', "\"\""}, {0, NULL}};
    bool quoted = strpbrk(text, ",\"\r\n") || text[0] == ' ';
    /* spreadsheets run cells that begin so; negative numbers stay numbers */
    bool computed = *text && strchr("=+-@\t\r", *text) && !is_number(text);
    if (quoted) builder_add_text(out, "\"");
    if (computed) builder_add_text(out, "'");
    add_all(out, text, &(Language){table, "\\"});
    if (quoted) builder_add_text(out, "\"");
}

void escape_markdown(Builder *out, const char *text) {
    static const Replacement table[] = {{'|', "\\|"},  {'*', "\\*"},   {'_', "\\_"},   {'`', "\\`"},
                                        {'<', "&lt;"}, {'&', "&amp;"}, {'\\', "\\\\"}, {'~', "\\~"},
                                        {'$', "\\$"},  {'\n', " "},    {0, NULL}};
    const Language markdown = {table, "\\\\"};
    while (*text) {
        if (*text == ']' && (text[1] == '(' || text[1] == '[')) builder_add_text(out, "\\"); /* no link */
        text += add_character(out, text, &markdown);
    }
}

enum { SHOWN = 4 /* characters of \\xNN */ };

/* The byte that "\xNN" at `text` stands for in escape_utf8: one that is not ASCII, or the backslash; 0: none. */
static unsigned shown_byte(const char *text) {
    unsigned byte = 0;
    if (text[0] != '\\' || text[1] != 'x') return 0;
    for (int i = 2; i < SHOWN; i++) {
        const char *digits = "0123456789abcdef", *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit) return 0;
        byte = byte << 4 | (unsigned)(digit - digits);
    }
    return byte >= 0x80 || byte == '\\' ? byte : 0;
}

void escape_utf8(Builder *out, const char *text) {
    while (*text) {
        size_t length = shown_byte(text) ? 0 : utf8_character(text);
        if (length)
            builder_add(out, "%.*s", (int)length, text);
        else
            add_shown(out, text, 1, "\\");
        text += length ? length : 1;
    }
}

void escape_utf8_undo(char *text) {
    char *to = text;
    while (*text) {
        unsigned byte = shown_byte(text);
        *to++ = byte ? (char)byte : *text;
        text += byte ? SHOWN : 1;
    }
    *to = 0;
}

bool escape_utf8_changes(const char *text) {
    if (!utf8_is_valid(text)) return true;
    for (const char *at = strchr(text, '\\'); at; at = strchr(at + 1, '\\'))
        if (shown_byte(at)) return true;
    return false;
}

/* \u001b; of a character that is no text, which has three bytes at most. */
static void add_unicode(Builder *out, const char *at, size_t length) {
    unsigned code = (unsigned char)at[0] & (length == 1 ? 0x7f : length == 2 ? 0x1f : 0x0f);
    for (size_t i = 1; i < length; i++) code = code << 6 | ((unsigned char)at[i] & 0x3f);
    builder_add(out, "\\u%04x", code);
}

void escape_json(Builder *out, const char *text) {
    static const Replacement table[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"}, {'\f', "\\f"},
                                        {'\n', "\\n"}, {'\r', "\\r"},  {'\t', "\\t"}, {0, NULL}};
    const Language json = {table, "\\\\"};
    Builder utf8 = {0};
    if (escape_utf8_changes(text)) escape_utf8(&utf8, text);
    for (const char *at = utf8.data ? utf8.data : text; *at;) {
        size_t length = utf8_character(at);
        if (utf8_is_printable(at, length) || find_replacement(table, *at))
            (void)add_character(out, at, &json);
        else
            add_unicode(out, at, length);
        at += length;
    }
    out->failed = out->failed || utf8.failed;
    builder_free(&utf8);
}

/* ---- programs ---- */

/* gnuplot runs what stands between backquotes, also inside double quotes; macros (@) are off unless somebody's start
 * file turns them on. A character's octal number is never looked at again. */
#define GNUPLOT_SPECIALS                                                                                               \
    {'\\', "\\\\"}, {'"', "\\\""}, {'`', "\\140"}, {'@', "\\100"}, {'\n', " "}, {'\r', " "}, {                         \
        '\t', " "                                                                                                      \
    }

void escape_gnuplot(Builder *out, const char *text) {
    static const Replacement table[] = {GNUPLOT_SPECIALS, {0, NULL}};
    add_all(out, text, &(Language){table, "\\\\"});
}

void escape_gnuplot_tic(Builder *out, const char *text) {
    static const Replacement table[] = {GNUPLOT_SPECIALS, {'%', "%%"}, {0, NULL}};
    add_all(out, text, &(Language){table, "\\\\"});
}

void escape_shell(Builder *out, const char *word) {
    static const Replacement in_quotes[] = {{'\'', "'\\''"}, {0, NULL}},
                             in_dollars[] = {{'\'', "\\'"}, {'\\', "\\\\"}, {0, NULL}};
    bool line = utf8_is_line(word);
    /* what no shell reads anything into stands as it is, for people who read the line */
    if (line && *word && *word != '=' && !strpbrk(word, " \"'\\$&|;<>()*?[]{}#~`!^")) {
        builder_add_text(out, word);
        return;
    }
    builder_add_text(out, line ? "'" : "$'"); /* $'...' of bash has escapes for what is not a line */
    add_all(out, word, &(Language){line ? in_quotes : in_dollars, "\\"});
    builder_add_text(out, "'");
}

void escape_shell_path(Builder *out, const char *path) {
    /* no option */
    if (*path == '-') builder_add_text(out, "./");
    escape_shell(out, path);
}

static bool is_plain(char c) {
    return c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", c);
}

void escape_slurm_job(Builder *out, const char *text) {
    enum { LONGEST = 64 };
    for (int i = 0; i < LONGEST && *text; i++) {
        size_t length = utf8_character(text);
        bool stays = is_plain(*text) && (i > 0 || (*text != '.' && *text != '-'));
        builder_add(out, "%c", stays ? *text : '_');
        text += length ? length : 1;
    }
}

void escape_hdf5_source(Builder *out, const char *path) {
    for (; *path; path++) builder_add(out, *path == '%' ? "%%%%" : "%c", *path);
}

/* ---- names of files ---- */

void escape_url(Builder *out, const char *text) {
    for (; *text; text++) builder_add(out, is_plain(*text) ? "%c" : "%%%02X", (unsigned char)*text);
}

const char *escape_file_name(char *out, size_t size, const char *text) {
    enum { DIGITS = 8, SUFFIX = DIGITS + 1 };
    char digest[DIGEST_SIZE];
    size_t used = 0, kept = 0; /* kept: what fits before the digest */
    bool same = *text && !strchr(".- ", *text);
    const char *at = text;
    while (*at) {
        size_t length = utf8_character(at);
        bool stays = length > 1 ? utf8_is_printable(at, length) : is_plain(*at) || *at == ' ' || *at == '+';
        if (used == 0 && strchr(".- ", *at)) stays = false;
        if (used + (stays ? length : 1) >= size) break;
        memcpy(out + used, stays ? at : "_", stays ? length : 1);
        same = same && stays;
        used += stays ? length : 1;
        if (used + SUFFIX < size) kept = used;
        at += length ? length : 1;
    }
    out[used] = 0;
    if (same && !*at) return out;
    /* two names that differ in what was replaced or cut stay two files */
    digest_of(digest, text, strlen(text));
    (void)snprintf(out + kept, size - kept, "%s%.*s", kept ? "-" : "_-", DIGITS, digest);
    return out;
}

void escape_base64(Builder *out, const void *bytes, size_t length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { GROUPS = 256 };
    const unsigned char *in = bytes;
    char text[4 * GROUPS + 1];
    while (length > 0) {
        size_t at = 0;
        for (int group = 0; group < GROUPS && length > 0; group++) {
            size_t have = length < 3 ? length : 3;
            /* three bytes are four digits of six bits; missing bytes are zero, and their digits "=" */
            unsigned word = (unsigned)in[0] << 16 | (have > 1 ? (unsigned)in[1] << 8 : 0) | (have > 2 ? in[2] : 0u);
            for (size_t i = 0; i < 4; i++) text[at++] = i <= have ? digits[word >> (18 - 6 * i) & 63] : '=';
            in += have;
            length -= have;
        }
        text[at] = 0;
        builder_add_text(out, text);
    }
}
