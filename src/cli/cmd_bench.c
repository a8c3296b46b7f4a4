#include "base/text.h"
#include "cli/cmd.h"
#include "gen/bench_generate.h"

typedef struct {
    double seconds;
    bool json, help;
} BenchArgs;

/* A topic measures one part of the program on one thread; its picture or number is verified before it is timed. */
typedef struct {
    const char *name;
    Err (*run)(double seconds, bool json);
} Topic;

static const Topic topics[] = {
    {"generate", bench_generate},
};
enum { N_TOPICS = sizeof topics / sizeof topics[0] };

static const Option options[] = {
    OPTION_DOUBLE("seconds", 0, "S", offsetof(BenchArgs, seconds), "time for each row (default 1)"),
    OPTION_FLAG("json", 0, offsetof(BenchArgs, json), "as JSON"),
    OPTION_FLAG("help", 'h', offsetof(BenchArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "bench",
    .summary = "measure how fast this machine does the work, beside its bound",
    .usage = "bench generate [options]",
    .description = "Results are verified against the plain version before they are timed; rates are medians.\n\n"
                   "  generate   frames rendered a second, by kind of dataset",
    .examples = "  synvid bench generate\n  synvid bench generate --seconds 5 --json\n",
    .options = tables,
};

static Err find_topic(const Topic **found, const char *name) {
    const char *names[N_TOPICS + 1] = {NULL};
    for (int i = 0; i < N_TOPICS; i++) {
        names[i] = topics[i].name;
        if (text_equal(topics[i].name, name)) *found = &topics[i];
    }
    if (*found) return ERR_NONE;
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "nothing to measure is called \"%.60s\"%s%s%s", name, nearest ? "; did you mean \"" : "",
                 nearest ? nearest : "", nearest ? "\"?" : "");
}

static Err run(int argc, char *const *argv) {
    BenchArgs args = {.seconds = 1};
    ArgList rest = {0};
    const Topic *topic = NULL;
    TRY(args_parse(&args, &rest, tables, argc, argv));
    if (args.help) {
        args_help(&help);
        return ERR_NONE;
    }
    TRY(args_expect(&help, &rest, 1, 1));
    TRY(find_topic(&topic, rest.items[0]));
    if (!(args.seconds > 0 && args.seconds <= 600))
        return RAISE(ERR_USAGE, "--seconds %g is outside (0, 600]", args.seconds);
    return topic->run(args.seconds, args.json);
}

const Command cmd_bench = {.help = &help, .group = COMMAND_LOOKING, .run = run};
