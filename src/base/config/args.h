/* base/config/args - option tables: one table gives parsing, --help, completion and the man page.
 *
 *     static const Option options[] = {
 *         OPTION_TEXT("variant", 0, "SLUG", offsetof(Args, variant), "dataset to render (see `synvid variants`)"),
 *         OPTION_FLAG("force", 0, offsetof(Args, force), "start over"),
 *         OPTION_END,
 *     };
 * Options are --name VALUE, --name=VALUE, -x VALUE; "--" ends them; the rest are positional. An unknown option is
 * ERR_USAGE with the nearest name. */
#pragma once

#include "base/text/text.h"

typedef enum {
    OPTION_IS_END,
    OPTION_IS_FLAG,
    OPTION_IS_TEXT,
    OPTION_IS_INT,
    OPTION_IS_DOUBLE,
    OPTION_IS_LIST,
    OPTION_IS_COUNT
} OptionKind;

enum { ARGS_LIST_MAX = 64 };
typedef struct {
    const char *items[ARGS_LIST_MAX]; /* borrowed from argv */
    int count;
} ArgList;

typedef struct {
    const char *name;
    char letter;                      /* 0: none */
    const char *value, *help, *group; /* group: heading in --help, NULL: same as the row above */
    OptionKind kind;
    size_t offset;
} Option;

#define OPTION_FLAG(name_, letter_, offset_, help_)                                                                    \
    { .name = name_, .letter = letter_, .help = help_, .kind = OPTION_IS_FLAG, .offset = offset_ } /* bool */
#define OPTION_TEXT(name_, letter_, value_, offset_, help_)                                                            \
    {                                                                                                                  \
        .name = name_, .letter = letter_, .value = value_, .help = help_, .kind = OPTION_IS_TEXT, .offset = offset_    \
    } /* const char * */
#define OPTION_INT(name_, letter_, value_, offset_, help_)                                                             \
    {                                                                                                                  \
        .name = name_, .letter = letter_, .value = value_, .help = help_, .kind = OPTION_IS_INT, .offset = offset_     \
    } /* int64_t */
#define OPTION_DOUBLE(name_, letter_, value_, offset_, help_)                                                          \
    { .name = name_, .letter = letter_, .value = value_, .help = help_, .kind = OPTION_IS_DOUBLE, .offset = offset_ }
#define OPTION_LIST(name_, letter_, value_, offset_, help_)                                                            \
    {                                                                                                                  \
        .name = name_, .letter = letter_, .value = value_, .help = help_, .kind = OPTION_IS_LIST, .offset = offset_    \
    } /* ArgList, may repeat */
#define OPTION_COUNT_UP(name_, letter_, offset_, help_)                                                                \
    { .name = name_, .letter = letter_, .help = help_, .kind = OPTION_IS_COUNT, .offset = offset_ } /* int, -vv */
#define OPTION_END                                                                                                     \
    { .kind = OPTION_IS_END }

/* The texts and options of a subcommand. Help, man page and completion are made from these. */
typedef struct {
    const char *name, *summary;   /* one line */
    const char *usage;            /* "generate --variant SLUG --out DIR [options]"; a line for each way to call it */
    const char *description;      /* a paragraph or two */
    const char *examples;         /* lines that can be pasted */
    const Option *const *options; /* NULL-terminated list of tables */
    const char *words;            /* what the first argument may be ("show diff"), for completion; NULL: a path */
} CommandHelp;

/* The items of a list with commas between them, malloc'd; NULL for an empty list. */
CHECKED Err args_join(char **text, const ArgList *list);
/* Parses argv[0..argc) (without the command's name) into `target`; positionals in order into `rest`. */
CHECKED Err args_parse(void *target, ArgList *rest, const Option *const *tables, int argc, char *const *argv);
/* args_parse by the tables of `help`, one of which has the flag "help": where it is given, the help is printed and
 * there is nothing else to do. */
CHECKED Err args_begin(void *target, ArgList *rest, const CommandHelp *help, int argc, char *const *argv);
/* To stdout. Fits 100 columns, whatever the tables hold. */
void args_help(const CommandHelp *help);
/* The same as text. */
void args_help_text(Builder *out, const CommandHelp *help);
/* Checks positionals: between `least` and `most` of them, otherwise ERR_USAGE with the command's usage line. */
CHECKED Err args_expect(const CommandHelp *help, const ArgList *rest, int least, int most);

/* The man page of a command (roff, section 1) and the words bash completes for it; program is "synvid". */
void args_man_page(Builder *out, const char *program, const char *version, const CommandHelp *help);
void args_option_words(Builder *out, const CommandHelp *help);
