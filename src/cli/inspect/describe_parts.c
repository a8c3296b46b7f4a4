#include "cli/inspect/internal/describe_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 100, NAME_COLUMNS = 14 };

void describe_fact(Builder *out, const char *name, const char *format, ...) {
    char value[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    int column = NAME_COLUMNS + 3;
    builder_add(out, "  %-*s ", NAME_COLUMNS, name);
    if (text_columns(name) > NAME_COLUMNS) column = text_columns(name) + 3;
    /* What has no blank to break at, such as a path, moves to a line of its own. */
    bool endless = strcspn(value, " ") > COLUMNS - NAME_COLUMNS - 3;
    builder_add_wrapped(out, *value ? value : "(empty)", column, endless ? 4 : NAME_COLUMNS + 3, COLUMNS);
}

void describe_head(Builder *out, const char *path, const char *format, ...) {
    char what[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    builder_add(out, "%s: ", path);
    builder_add_wrapped(out, what, text_columns(path) + 2, 2, COLUMNS);
}

void describe_next(Builder *out, const char *why, const char *format, ...) {
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int width = text_columns(command) + 8;
    if (width > COLUMNS) { /* the command's name on one line, its arguments on the next, as a shell takes it */
        int name = (int)strcspn(command, " ");
        name += 1 + (int)strcspn(command + name + 1, " ");
        builder_add(out, "  next: %.*s \\\n    %s\n", name, command, command + name + 1);
        return;
    }
    bool room = why && width + text_columns(why) + 5 <= COLUMNS;
    builder_add(out, "  next: %s", command);
    builder_add(out, room ? "   # %s\n" : "\n", why);
}
