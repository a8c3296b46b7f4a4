#include "base/config/args.h"

#include "support/unit.h"

typedef struct {
    const char *out;
    int64_t seed;
    double rate;
    ArgList sets;
    int verbose;
    bool force;
} Args;

static const Option first[] = {
    OPTION_TEXT("out", 'o', "DIR", offsetof(Args, out), "where the output goes"),
    OPTION_INT("seed", 's', "N", offsetof(Args, seed), "of every random number"),
    OPTION_DOUBLE("rate", 0, "X", offsetof(Args, rate), "how fast"),
    OPTION_END,
};

static const Option second[] = {
    {.name = "set",
     .value = "KEY=VALUE",
     .kind = OPTION_IS_LIST,
     .offset = offsetof(Args, sets),
     .group = "More",
     .help =
         "override one setting; this help is long enough that it must be broken into more than a single line of the "
         "terminal, and the next lines must stand below the first"},
    OPTION_FLAG("force", 'f', offsetof(Args, force), "start over"),
    OPTION_COUNT_UP("verbose", 'v', offsetof(Args, verbose), "say more"),
    OPTION_END,
};

static const Option *const tables[] = {first, second, NULL};

static const CommandHelp help = {
    .name = "paint",
    .summary = "paint a picture",
    .usage = "paint [options] FILE",
    .description = "Paints.\n\n.Dots first.",
    .examples = "  synvid paint x.png",
    .options = tables,
};

enum { WORDS_MAX = 80 };

/* Splits at blanks; the words live in `line`. */
static Err parse(Args *args, ArgList *rest, char *line) {
    char *argv[WORDS_MAX];
    int argc = 0;
    for (char *at = line; *at && argc < WORDS_MAX;) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at) *at++ = 0;
    }
    *args = (Args){.seed = 1};
    *rest = (ArgList){0};
    return args_parse(args, rest, tables, argc, argv);
}

#define LINE(text)                                                                                                     \
    (char[]) {                                                                                                         \
        text                                                                                                           \
    }

static void every_form_of_an_option_is_read(void **state) {
    (void)state;
    Args args;
    ArgList rest;
    assert_ok(parse(&args, &rest, LINE("--out a --seed=-7 --rate 2.5e-1 -f -vv --set a=1 --set b=c=d")));
    assert_string_equal(args.out, "a");
    assert_int_equal(args.seed, -7);
    assert_true(args.rate == 0.25);
    assert_true(args.force);
    assert_int_equal(args.verbose, 2);
    assert_int_equal(args.sets.count, 2);
    assert_string_equal(args.sets.items[1], "b=c=d");
    assert_ok(parse(&args, &rest, LINE("-ob -vfs 9")));
    assert_string_equal(args.out, "b");
    assert_int_equal(args.seed, 9);
    assert_true(args.force && args.verbose == 1);
    assert_ok(parse(&args, &rest, LINE("--out=--strange")));
    assert_string_equal(args.out, "--strange");
}

static void the_rest_are_positional_in_order(void **state) {
    (void)state;
    Args args;
    ArgList rest;
    assert_ok(parse(&args, &rest, LINE("one -f - two -- --force -x")));
    assert_int_equal(rest.count, 5);
    assert_string_equal(rest.items[0], "one");
    assert_string_equal(rest.items[1], "-");
    assert_string_equal(rest.items[2], "two");
    assert_string_equal(rest.items[3], "--force");
    assert_ok(args_expect(&help, &rest, 5, 5));
    assert_fails(args_expect(&help, &rest, 0, 1), ERR_USAGE, "unexpected argument \"-\"; usage: synvid paint");
    assert_fails(args_expect(&help, &rest, 6, 9), ERR_USAGE, "an argument is missing; usage: synvid paint");
}

static void the_last_of_repeated_scalars_counts(void **state) {
    (void)state;
    Args args;
    ArgList rest;
    assert_ok(parse(&args, &rest, LINE("--seed 1 --seed 2")));
    assert_int_equal(args.seed, 2);
}

static void mistakes_are_named_with_a_way_out(void **state) {
    (void)state;
    Args args;
    ArgList rest;
    assert_fails(parse(&args, &rest, LINE("--uot x")), ERR_USAGE, "unknown option \"--uot\"; did you mean \"--out\"?");
    assert_fails(parse(&args, &rest, LINE("--xylophone=3")), ERR_USAGE, "unknown option \"--xylophone\"; --help lists");
    assert_fails(parse(&args, &rest, LINE("-x")), ERR_USAGE, "unknown option \"-x\"");
    assert_fails(parse(&args, &rest, LINE("--out")), ERR_USAGE, "--out needs a value: --out DIR");
    assert_fails(parse(&args, &rest, LINE("--out --force")), ERR_USAGE, "--out needs a value");
    assert_fails(parse(&args, &rest, LINE("-o")), ERR_USAGE, "--out needs a value");
    assert_fails(parse(&args, &rest, LINE("--force=1")), ERR_USAGE, "--force takes no value");
    assert_fails(parse(&args, &rest, LINE("--seed 1.5")), ERR_USAGE, "--seed: \"1.5\" is not a whole number");
    assert_fails(parse(&args, &rest, LINE("--seed 99999999999999999999")), ERR_USAGE, "not a whole number");
    assert_fails(parse(&args, &rest, LINE("--seed=")), ERR_USAGE, "not a whole number");
    assert_fails(parse(&args, &rest, LINE("--rate fast")), ERR_USAGE, "--rate: \"fast\" is not a number");
    assert_fails(parse(&args, &rest, LINE("--rate nan")), ERR_USAGE, "not a number");
}

static void a_list_has_an_end(void **state) {
    (void)state;
    Args args = {0};
    ArgList rest = {0};
    static char word[] = "--set=a";
    char *argv[ARGS_LIST_MAX + 1];
    for (int i = 0; i <= ARGS_LIST_MAX; i++) argv[i] = word;
    assert_ok(args_parse(&args, &rest, tables, ARGS_LIST_MAX, argv));
    assert_fails(args_parse(&args, &rest, tables, 1, argv), ERR_USAGE, "set: more than 64 of them");
}

static void help_fits_a_hundred_columns_and_shows_every_option(void **state) {
    (void)state;
    Builder out = {0};
    args_help_text(&out, &help);
    int column = 0, widest = 0;
    for (const char *at = out.data; *at; at++) {
        column = *at == '\n' ? 0 : column + 1;
        if (column > widest) widest = column;
    }
    assert_in_range(widest, 80, 100);
    assert_non_null(strstr(out.data, "Usage: synvid paint [options] FILE\n\nPaints.\n\n.Dots first.\n"));
    assert_non_null(strstr(out.data, "\nMore:\n      --set KEY=VALUE  override"));
    assert_non_null(strstr(out.data, "  -f, --force          start over\n"));
    assert_non_null(strstr(out.data, "\nExamples:\n  synvid paint x.png\n"));
    builder_free(&out);
}

static void the_man_page_escapes_what_roff_would_read(void **state) {
    (void)state;
    Builder out = {0};
    args_man_page(&out, "synvid", "1.2.3", &help);
    assert_non_null(strstr(out.data, ".TH \"synvid-paint\" 1 \"\" \"synvid 1.2.3\""));
    assert_non_null(strstr(out.data, "\n\\&.Dots first.\n"));
    assert_non_null(strstr(out.data, ".SS More\n"));
    assert_non_null(strstr(out.data, "\\-f, \\-\\-force\n"));
    builder_free(&out);
}

static void completion_knows_every_option(void **state) {
    (void)state;
    Builder out = {0};
    args_option_words(&out, &help);
    assert_string_equal(out.data, " --out= --seed= --rate= --set= --force --verbose");
    builder_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_an_option_is_read),
        cmocka_unit_test(the_rest_are_positional_in_order),
        cmocka_unit_test(the_last_of_repeated_scalars_counts),
        cmocka_unit_test(mistakes_are_named_with_a_way_out),
        cmocka_unit_test(a_list_has_an_end),
        cmocka_unit_test(help_fits_a_hundred_columns_and_shows_every_option),
        cmocka_unit_test(the_man_page_escapes_what_roff_would_read),
        cmocka_unit_test(completion_knows_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
