/* The program: what is asked about itself, which command is meant, and the one place that prints an error and turns it
 * into an exit code. Nothing here starts MPI; a stage does, when it has ranks to start. */
#include "base/failure/fault.h"
#include "base/system/versions.h"
#include "base/text/text.h"
#include "cli/stage/cmd.h"
#include "cli/stage/stage.h"
#include "math/blas.h"
#include "nn/kernels/kernels.h"
#include "par/versions.h"
#include "store/hdf5/describe.h"
#include "video/media/decode.h"

#include <stdlib.h>

/* What this program is made of: version, compiler, libraries. Starts nothing. */

#if defined __clang__
static const char compiler[] = __VERSION__;
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

/* What -march gave the compiler. */
static const char *vector_width(void) {
#if defined __AVX512F__
    return "AVX-512";
#elif defined __AVX2__
    return "AVX2";
#elif defined __AVX__
    return "AVX";
#elif defined __ARM_NEON
    return "NEON";
#else
    return "the base instruction set";
#endif
}

/* To stdout. */
static void version_print(void) {
    Builder out = {0};
    builder_add(&out, "synvid %s\n", SYNVID_VERSION);
    versions_add(&out, "compiler", "%s", compiler);
    versions_add(&out, "build", "%s, compiled for %s", SYNVID_BUILD, vector_width());
    const char *kernels = kernels_best()->name, *asked = getenv("SYNVID_KERNELS");
    versions_add(&out, "kernels", "%s, %s", kernels,
                 asked && text_equal(asked, kernels) ? "as SYNVID_KERNELS asks" : "the widest this processor has");
    par_versions(&out);
    store_versions(&out);
    video_versions(&out);
    math_versions(&out);
    base_versions(&out);
    if (out.data) fputs(out.data, stdout);
    builder_free(&out);
}

enum { COLUMNS = 100, NAME_COLUMN = 14 };

static const char *const group_titles[] = {
    [COMMAND_CHAIN] = "The chain, in order",
    [COMMAND_LOOKING] = "Looking at what there is",
    [COMMAND_PLUMBING] = "Plumbing",
};

/* ---- overview ---- */

static void add_group(Builder *out, CommandGroup group) {
    bool any = false;
    for (const Command *const *command = commands; *command; command++) {
        if ((*command)->group != group) continue;
        if (!any) builder_add(out, "\n%s:\n", group_titles[group]);
        builder_add(out, "  %-*s", NAME_COLUMN - 2, (*command)->help->name);
        builder_add_wrapped(out, (*command)->help->summary, NAME_COLUMN, NAME_COLUMN, COLUMNS);
        any = true;
    }
}

/* From the list of commands and the table of errors, so neither can be forgotten here. */
static void show_overview(void) {
    Builder out = {0};
    builder_add_text(&out, "synvid - learn video representations without natural videos: from random numbers to the "
                           "report\n\nUsage: synvid COMMAND [options]\n\n"
                           "Start here:\n"
                           "  synvid variants\n"
                           "  synvid generate --variant moving-circles --out data/moving-circles --videos 100\n"
                           "  synvid inspect data/moving-circles --sheet sheet.png\n");
    for (CommandGroup group = COMMAND_CHAIN; group <= COMMAND_PLUMBING; group++) add_group(&out, group);
    builder_add_text(&out, "\nExit codes:\n");
    for (Err code = ERR_NONE; code < ERR_COUNT; code++)
        builder_add(&out, "  %-*d%s\n", NAME_COLUMN - 2, err_exit_code(code), err_text(code));
    builder_add_text(&out, "\n`synvid COMMAND --help` explains one of them. Commands of the chain run on one rank as "
                           "they are and\non many under mpirun or srun: mpirun -n 4 synvid pretrain ...\n");
    if (out.data) fputs(out.data, stdout);
    builder_free(&out);
}

/* ---- choosing ---- */

static const Command *find_command(const char *name) {
    for (const Command *const *command = commands; *command; command++)
        if (text_equal((*command)->help->name, name)) return *command;
    return NULL;
}

static Err unknown_command(const char *name) {
    enum { MOST = 64 };
    const char *names[MOST + 1];
    int n = 0;
    for (; commands[n] && n < MOST; n++) names[n] = commands[n]->help->name;
    names[n] = NULL;
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "unknown command \"%.60s\"%s%s%s; `synvid --help` lists them", name,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* Commands of one rank leave all others under a launcher at once, with exit code 0. */
static Err run_command(const Command *command, int argc, char *const *argv) {
    if (!command->many_ranks && par_launcher_rank() > 0) return ERR_NONE;
    if (command->run) return command->run(argc, argv);
    return stage_main(command->stage, argc, argv);
}

static bool is_one_of(const char *word, const char *const *words) {
    for (; *words; words++)
        if (text_equal(*words, word)) return true;
    return false;
}

static void show_fault_points(void) {
    for (const char *const *point = fault_points; *point; point++) printf("%s\n", *point);
}

/* "--version", "--help" and the like; `speaks` is false on all but one rank. --fault-points is for tests. */
static bool about_the_program(const char *word, int argc, bool speaks) {
    static const char *const help_words[] = {"help", "--help", "-h", NULL};
    static const char *const version_words[] = {"version", "--version", "-V", NULL};
    bool help = is_one_of(word, help_words) && argc == 0, version = is_one_of(word, version_words);
    if (speaks && help) show_overview();
    bool points = text_equal(word, "--fault-points");
    if (speaks && version) version_print();
    if (speaks && points) show_fault_points();
    return help || version || points;
}

/* "help generate" is "generate --help". */
static Err dispatch(const char *word, int argc, char *const *argv, const Command **chosen) {
    static char help_option[] = "--help";
    char *const help_argv[] = {help_option};
    bool turned = text_equal(word, "help");
    *chosen = find_command(turned ? argv[0] : word);
    if (!*chosen) return unknown_command(turned ? argv[0] : word);
    return turned ? run_command(*chosen, 1, help_argv) : run_command(*chosen, argc, argv);
}

int cli_main(int argc, char **argv) {
    bool speaks = par_launcher_rank() == 0;
    /* before anything can open a file */
    output_guard();
    if (argc < 2) {
        if (speaks) show_overview();
        int lost = output_finish(ERR_NONE, speaks, "");
        return lost ? lost : err_exit_code(ERR_USAGE);
    }
    if (about_the_program(argv[1], argc - 2, speaks)) return output_finish(ERR_NONE, speaks, "");
    const Command *chosen = NULL;
    /* SYNVID_KERNELS may ask for a set that this processor does not have */
    Err err = kernels_check();
    if (!err) err = dispatch(argv[1], argc - 2, argv + 2, &chosen);
    const char *name = chosen ? chosen->help->name : argv[1];
    /* a text that could not be printed for want of memory is a failure, whatever the command said */
    if (!err) err = err_out_of_memory(name);
    return output_finish(err, speaks, chosen ? name : "");
}
