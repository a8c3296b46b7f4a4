#include "base/text/escape.h"

typedef struct {
    char character;
    const char *replacement;
} Replacement;

/* Table ends with a zero character. */
static void replace_all(Builder *out, const char *text, const Replacement *table) {
    for (; *text; text++) {
        const Replacement *row = table;
        while (row->character && row->character != *text) row++;
        if (row->character)
            builder_add_text(out, row->replacement);
        else
            builder_add(out, "%c", *text);
    }
}

void escape_html(Builder *out, const char *text) {
    static const Replacement table[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                                        {'"', "&quot;"}, {'\'', "&#39;"}, {0, NULL}};
    replace_all(out, text, table);
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
        {0, NULL},
    };
    replace_all(out, text, table);
}

void escape_csv(Builder *out, const char *text) {
    static const Replacement table[] = {{'"', "\"\""}, {0, NULL}};
    bool quoted = strpbrk(text, ",\"\r\n") || text[0] == ' ';
    if (quoted) builder_add_text(out, "\"");
    replace_all(out, text, table);
    if (quoted) builder_add_text(out, "\"");
}

void escape_markdown(Builder *out, const char *text) {
    static const Replacement table[] = {{'|', "\\|"},  {'*', "\\*"},   {'_', "\\_"}, {'`', "\\`"},
                                        {'<', "&lt;"}, {'\\', "\\\\"}, {'\n', " "},  {0, NULL}};
    replace_all(out, text, table);
}

void escape_gnuplot(Builder *out, const char *text) {
    static const Replacement table[] = {{'\\', "\\\\"}, {'"', "\\\""}, {'\n', " "}, {0, NULL}};
    replace_all(out, text, table);
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
            unsigned word = (unsigned)in[0] << 16 | (have > 1 ? (unsigned)in[1] << 8 : 0) | (have > 2 ? in[2] : 0u);
            for (size_t i = 0; i < 4; i++) text[at++] = i <= have ? digits[word >> (18 - 6 * i) & 63] : '=';
            in += have;
            length -= have;
        }
        text[at] = 0;
        builder_add_text(out, text);
    }
}
