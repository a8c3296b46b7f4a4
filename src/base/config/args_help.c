/* base/config/args - what the tables tell: --help, man page, words for completion. */
#include "base/config/args.h"

enum { COLUMNS = 100, LABEL_MAX = 29 };

static void option_label(char *out, size_t size, const Option *option) {
    char letter[8] = "    ";
    if (option->letter) snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(out, size, "%s--%s%s%s", letter, option->name, option->value ? " " : "",
             option->value ? option->value : "");
}

/* The column where help begins: behind the widest label that is not too wide itself. */
static int help_column(const Option *const *tables) {
    int widest = 0;
    for (; *tables; tables++) {
        for (const Option *option = *tables; option->kind != OPTION_IS_END; option++) {
            char label[256];
            option_label(label, sizeof label, option);
            int width = text_columns(label);
            if (width > widest && width <= LABEL_MAX) widest = width;
        }
    }
    return widest + 4;
}

static void add_option(Builder *out, const Option *option, int column) {
    char label[256];
    option_label(label, sizeof label, option);
    int width = text_columns(label);
    if (width + 4 <= column) {
        builder_add(out, "  %s%*s", label, column - 2 - width, "");
        builder_add_wrapped(out, option->help, column, column, COLUMNS);
    } else {
        /* a label wider than the column has a line of its own */
        builder_add(out, "  %s\n", label);
        builder_add_wrapped(out, option->help, 0, column, COLUMNS);
    }
}

static void add_options(Builder *out, const Option *const *tables) {
    int column = help_column(tables);
    bool any = false;
    for (; *tables; tables++) {
        for (const Option *option = *tables; option->kind != OPTION_IS_END; option++) {
            /* a row with a group begins it; rows without one follow the row above */
            if (option->group || !any) builder_add(out, "\n%s:\n", option->group ? option->group : "Options");
            add_option(out, option, column);
            any = true;
        }
    }
}

/* Each line of `usage` is one way to call the command. */
static void add_usage(Builder *out, const char *usage) {
    for (const char *at = usage; *at;) {
        char line[512];
        at += strspn(at, " ");
        int length = (int)strcspn(at, "\n");
        snprintf(line, sizeof line, "synvid %.*s", length, at);
        builder_add_text(out, at == usage ? "Usage: " : "       ");
        builder_add_wrapped(out, line, 7, 7, COLUMNS);
        at += length + (at[length] == '\n');
    }
}

void args_help_text(Builder *out, const CommandHelp *help) {
    add_usage(out, help->usage);
    builder_add_text(out, "\n");
    builder_add_wrapped(out, help->description ? help->description : help->summary, 0, 0, COLUMNS);
    if (help->options) add_options(out, help->options);
    if (help->examples) {
        size_t length = strlen(help->examples);
        bool ended = length && help->examples[length - 1] == '\n';
        builder_add(out, "\nExamples:\n%s%s", help->examples, ended ? "" : "\n");
    }
}

void args_help(const CommandHelp *help) {
    Builder out = {0};
    args_help_text(&out, help);
    if (out.data) fputs(out.data, stdout);
    builder_free(&out);
}

static bool is_asked(const void *target, const CommandHelp *help) {
    for (const Option *const *table = help->options; *table; table++)
        for (const Option *option = *table; option->kind != OPTION_IS_END; option++)
            if (text_equal(option->name, "help")) return *(const bool *)((const char *)target + option->offset);
    return false;
}

Err args_begin(void *target, ArgList *rest, const CommandHelp *help, int argc, char *const *argv) {
    TRY(args_parse(target, rest, help->options, argc, argv));
    if (is_asked(target, help)) args_help(help);
    return ERR_NONE;
}

/* ---- man page ---- */

/* roff reads backslashes everywhere, and dots and quotes at the start of a line. */
static void add_roff(Builder *out, const char *text) {
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\'')) builder_add_text(out, "\\&");
        if (*text == '\\')
            builder_add_text(out, "\\e");
        else if (*text == '-')
            builder_add_text(out, "\\-");
        else
            builder_add(out, "%c", *text);
        start = *text == '\n';
    }
    builder_add_text(out, "\n");
}

static void add_man_option(Builder *out, const Option *option) {
    builder_add_text(out, ".TP\n.B ");
    char label[256];
    option_label(label, sizeof label, option);
    const char *trimmed = label;
    while (*trimmed == ' ') trimmed++;
    add_roff(out, trimmed);
    add_roff(out, option->help);
}

void args_man_page(Builder *out, const char *program, const char *version, const CommandHelp *help) {
    builder_add(out, ".TH \"%s-%s\" 1 \"\" \"%s %s\" \"%s manual\"\n.SH NAME\n", program, help->name, program, version,
                program);
    builder_add(out, "%s\\-%s \\- ", program, help->name);
    add_roff(out, help->summary);
    builder_add_text(out, ".SH SYNOPSIS\n.nf\n");
    for (const char *at = help->usage; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        char line[512];
        at += strspn(at, " ");
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        builder_add(out, ".B %s ", program);
        add_roff(out, line);
    }
    builder_add_text(out, ".fi\n");
    builder_add_text(out, ".SH DESCRIPTION\n");
    add_roff(out, help->description ? help->description : help->summary);
    builder_add_text(out, ".SH OPTIONS\n");
    for (const Option *const *table = help->options; table && *table; table++) {
        for (const Option *option = *table; option->kind != OPTION_IS_END; option++) {
            if (option->group) {
                builder_add_text(out, ".SS ");
                add_roff(out, option->group);
            }
            add_man_option(out, option);
        }
    }
    if (!help->examples) return;
    builder_add_text(out, ".SH EXAMPLES\n.nf\n");
    add_roff(out, help->examples);
    builder_add_text(out, ".fi\n");
}

/* ---- completion ---- */

void args_option_words(Builder *out, const CommandHelp *help) {
    for (const Option *const *table = help->options; table && *table; table++)
        for (const Option *option = *table; option->kind != OPTION_IS_END; option++)
            builder_add(out, " --%s%s", option->name, option->value ? "=" : "");
}
