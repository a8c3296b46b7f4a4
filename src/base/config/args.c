/* Options from tables: a row says name, letter, kind, and where in the caller's struct the value goes. What is asked
 * for twice takes the last value; lists and counts add up. Behind "--" everything is an argument. */
#include "base/config/args.h"

#include <errno.h>
#include <math.h>

/* What is left of the command line. */
typedef struct {
    int argc, at;
    char *const *argv;
} Words;

/* ---- finding an option ---- */

/* `length` bytes of a name that goes on behind an "=". */
static const Option *find_name(const Option *const *tables, const char *name, size_t length) {
    for (; *tables; tables++)
        for (const Option *option = *tables; option->kind != OPTION_IS_END; option++)
            if (!strncmp(option->name, name, length) && !option->name[length]) return option;
    return NULL;
}

static const Option *find_letter(const Option *const *tables, char letter) {
    for (; *tables; tables++)
        for (const Option *option = *tables; option->kind != OPTION_IS_END; option++)
            if (option->letter && option->letter == letter) return option;
    return NULL;
}

static Err unknown_option(const Option *const *tables, const char *name) {
    enum { MOST = 128 };
    const char *names[MOST];
    int n = 0;
    for (; *tables; tables++)
        for (const Option *option = *tables; option->kind != OPTION_IS_END && n < MOST - 1; option++)
            names[n++] = option->name;
    names[n] = NULL;
    const char *nearest = text_nearest(name, names);
    if (nearest) return RAISE(ERR_USAGE, "unknown option \"--%.80s\"; did you mean \"--%s\"?", name, nearest);
    return RAISE(ERR_USAGE, "unknown option \"--%.80s\"; --help lists what there is", name);
}

/* ---- storing a value ---- */

static Err store_int(int64_t *at, const char *name, const char *text) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno) return RAISE(ERR_USAGE, "--%s: \"%.60s\" is not a whole number", name, text);
    *at = value;
    return ERR_NONE;
}

static Err store_double(double *at, const char *name, const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value)) return RAISE(ERR_USAGE, "--%s: \"%.60s\" is not a number", name, text);
    *at = value;
    return ERR_NONE;
}

/* Items point into the command line, which lives as long as the program. */
static Err list_append(ArgList *list, const char *what, const char *text) {
    if (list->count == ARGS_LIST_MAX) return RAISE(ERR_USAGE, "%s: more than %d of them", what, ARGS_LIST_MAX);
    list->items[list->count++] = text;
    return ERR_NONE;
}

/* Flags and counts stand alone. */
static bool takes_value(const Option *option) {
    return option->kind != OPTION_IS_FLAG && option->kind != OPTION_IS_COUNT;
}

static Err store(void *target, const Option *option, const char *value) {
    void *at = (char *)target + option->offset;
    switch (option->kind) {
    case OPTION_IS_FLAG: *(bool *)at = true; break;
    case OPTION_IS_COUNT: ++*(int *)at; break;
    case OPTION_IS_TEXT: *(const char **)at = value; break;
    case OPTION_IS_INT: return store_int(at, option->name, value);
    case OPTION_IS_DOUBLE: return store_double(at, option->name, value);
    case OPTION_IS_LIST: return list_append(at, option->name, value);
    case OPTION_IS_END: break;
    }
    return ERR_NONE;
}

/* The next word as the value of `option`. A word that looks like another option is a value left out. */
static Err next_value(const char **value, Words *words, const Option *option) {
    bool there = words->at < words->argc && !text_starts(words->argv[words->at], "--");
    if (!there) return RAISE(ERR_USAGE, "--%s needs a value: --%s %s", option->name, option->name, option->value);
    *value = words->argv[words->at++];
    return ERR_NONE;
}

/* ---- parsing ---- */

/* --name, --name VALUE, --name=VALUE */
static Err parse_long(void *target, const Option *const *tables, const char *word, Words *words) {
    size_t length = strcspn(word, "=");
    const Option *option = find_name(tables, word, length);
    if (!option) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)length, word);
        return unknown_option(tables, name);
    }
    const char *value = word[length] ? word + length + 1 : NULL;
    if (value && !takes_value(option)) return RAISE(ERR_USAGE, "--%s takes no value", option->name);
    if (!value && takes_value(option)) TRY(next_value(&value, words, option));
    return store(target, option, value);
}

/* -x, -xyz, -x VALUE, -xVALUE */
static Err parse_letters(void *target, const Option *const *tables, const char *letters, Words *words) {
    for (; *letters; letters++) {
        const Option *option = find_letter(tables, *letters);
        if (!option) return RAISE(ERR_USAGE, "unknown option \"-%c\"; --help lists what there is", *letters);
        if (!takes_value(option)) {
            TRY(store(target, option, NULL));
            continue;
        }
        const char *value = letters + 1;
        if (!*value) TRY(next_value(&value, words, option));
        return store(target, option, value);
    }
    return ERR_NONE;
}

Err args_parse(void *target, ArgList *rest, const Option *const *tables, int argc, char *const *argv) {
    Words words = {argc, 0, argv};
    bool options_over = false;
    while (words.at < argc) {
        const char *word = argv[words.at++];
        if (!options_over && text_equal(word, "--"))
            options_over = true;
        else if (!options_over && text_starts(word, "--"))
            TRY(parse_long(target, tables, word + 2, &words));
        else if (!options_over && word[0] == '-' && word[1])
            TRY(parse_letters(target, tables, word + 1, &words));
        else
            TRY(list_append(rest, "arguments", word));
    }
    return ERR_NONE;
}

Err args_join(char **text, const ArgList *list) {
    Builder out = {0};
    for (int i = 0; i < list->count; i++) builder_add(&out, "%s%s", i ? "," : "", list->items[i]);
    *text = out.data;
    Err err = list->count ? builder_check(&out, "the command line") : ERR_NONE;
    if (err) builder_free(&out);
    return err;
}

Err args_expect(const CommandHelp *help, const ArgList *rest, int least, int most) {
    int first = (int)strcspn(help->usage, "\n"); /* of perhaps several lines */
    if (rest->count > most)
        return RAISE(ERR_USAGE, "unexpected argument \"%.80s\"; usage: synvid %.*s", rest->items[most], first,
                     help->usage);
    if (rest->count < least) return RAISE(ERR_USAGE, "an argument is missing; usage: synvid %.*s", first, help->usage);
    return ERR_NONE;
}
