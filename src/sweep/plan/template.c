/* {name} is replaced where the braces hold a plain name, and copied otherwise ({made:TASK} is filled when a task
 * starts). */
#include "sweep/plan/internal/template.h"

#include "base/text/text.h"

/* Values that hold values double with every name; no argument of a program may be longer on Linux. */
enum { FILLED_MAX = 128 << 10 };

Err bindings_set(Bindings *bindings, const char *name, const char *value) {
    for (int i = 0; i < bindings->count; i++) {
        if (!text_equal(bindings->items[i].name, name)) continue;
        bindings->items[i].value = value;
        return ERR_NONE;
    }
    if (bindings->count == BINDINGS_MAX) return RAISE(ERR_USAGE, "more than %d names in one sweep", BINDINGS_MAX);
    bindings->items[bindings->count++] = (Binding){name, value};
    return ERR_NONE;
}

static Err unknown_name(const char *name, const Bindings *bindings, const char *place) {
    const char *names[BINDINGS_MAX + 1] = {0};
    for (int i = 0; i < bindings->count; i++) names[i] = bindings->items[i].name;
    const char *nearest = text_nearest(name, names);
    if (!nearest) return RAISE(ERR_USAGE, "%s: {%s} is neither a variable nor an axis", place, name);
    return RAISE(ERR_USAGE, "%s: {%s} is neither a variable nor an axis; did you mean {%s}?", place, name, nearest);
}

static Err add_value(Builder *filled, const char *name, const Bindings *bindings, const char *place) {
    for (int i = 0; i < bindings->count; i++) {
        if (!text_equal(bindings->items[i].name, name)) continue;
        builder_add_text(filled, bindings->items[i].value);
        return ERR_NONE;
    }
    return unknown_name(name, bindings, place);
}

/* Length of a plain {name} at `text` between the braces, or -1: a brace that opens anything else is copied. */
static int plain_name_length(const char *text) {
    size_t length = strspn(text + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return length > 0 && text[1 + length] == '}' ? (int)length : -1;
}

Err template_fill(char **filled, const char *text, const Bindings *bindings, const char *place) {
    Builder out = {0};
    Err err = ERR_NONE;
    *filled = NULL;
    builder_add_text(&out, "");
    for (const char *at = text; *at && !err;) {
        int length = *at == '{' ? plain_name_length(at) : -1;
        if (length < 0) {
            builder_add(&out, "%c", *at++);
            continue;
        }
        char name[NAME_SIZE];
        err = text_format(name, sizeof name, "%.*s", length, at + 1);
        if (!err) err = add_value(&out, name, bindings, place);
        if (!err && out.length > FILLED_MAX)
            err = RAISE(ERR_USAGE, "%s: more than %d bytes once {%s} is filled in", place, FILLED_MAX, name);
        at += length + 2;
    }
    if (!err) err = builder_check(&out, place);
    if (err) builder_free(&out);
    *filled = out.data;
    return err;
}
