/* Lines of a description. Whatever comes from a file is escaped here, so that no name or value can move a terminal's
 * cursor. */
#include "cli/inspect/internal/describe_parts.h"

#include "base/text/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 100, NAME_COLUMNS = 14 };

/* `text` as lines of a description: broken at blanks, behind an indent. */
static void add_wrapped(Builder *out, const char *text, int column, int indent) {
    Builder line = {0};
    escape_line(&line, text);
    builder_add_wrapped(out, line.data ? line.data : "(empty)", column, indent, COLUMNS);
    out->failed = out->failed || line.failed;
    builder_free(&line);
}

void describe_fact(Builder *out, const char *name, const char *format, ...) {
    char value[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    int column = NAME_COLUMNS + 3;
    builder_add_text(out, "  ");
    escape_line(out, name);
    builder_add(out, "%*s ", text_columns(name) < NAME_COLUMNS ? NAME_COLUMNS - text_columns(name) : 0, "");
    if (text_columns(name) > NAME_COLUMNS) column = text_columns(name) + 3;
    /* What has no blank to break at, such as a path, moves to a line of its own. */
    bool endless = strcspn(value, " ") > COLUMNS - NAME_COLUMNS - 3;
    add_wrapped(out, value, column, endless ? 4 : NAME_COLUMNS + 3);
}

void describe_head(Builder *out, const char *path, const char *format, ...) {
    char what[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    escape_line(out, path);
    builder_add_text(out, ": ");
    add_wrapped(out, what, text_columns(path) + 2, 2);
}

void describe_next(Builder *out, const char *why, const char *before, const char *path, const char *after) {
    Builder command = {0};
    builder_add(&command, "%s ", before);
    escape_shell_path(&command, path);
    builder_add_text(&command, after);
    if (command.failed) {
        out->failed = true;
        builder_free(&command);
        return;
    }
    const char *text = command.data;
    int width = text_columns(text) + 8;
    bool room = why && width + text_columns(why) + 5 <= COLUMNS;
    if (width > COLUMNS) { /* the command's name on one line, its arguments on the next, as a shell takes it */
        int name = (int)strcspn(text, " ");
        name += 1 + (int)strcspn(text + name + 1, " ");
        builder_add(out, "  next: %.*s \\\n    %s\n", name, text, text + name + 1);
    } else {
        builder_add(out, "  next: %s", text);
        builder_add(out, room ? "   # %s\n" : "\n", why);
    }
    builder_free(&command);
}
