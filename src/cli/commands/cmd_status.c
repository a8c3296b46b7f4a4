/* Runs as their files tell of them, which another process may be writing. So it works from any machine that sees the
 * folder, and while a run is under way. */
#include "base/system/file.h"
#include "base/text/escape.h"
#include "cli/stage/cmd.h"
#include "run/folder.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH_MAX = 4, RUNS_MAX = 10000, NAME_COLUMNS = 44 };

typedef struct {
    int64_t watch;
    bool help;
} StatusArgs;

static const Option status_options[] = {
    OPTION_INT("watch", 'w', "SECONDS", offsetof(StatusArgs, watch),
               "show again every so many seconds, until no run is running"),
    OPTION_FLAG("help", 'h', offsetof(StatusArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const status_tables[] = {status_options, NULL};

static const CommandHelp status_help = {
    .name = "status",
    .summary = "how training runs stand: step, loss, rate, time left, host, last checkpoint",
    .usage = "status RUNS... [--watch SECONDS]",
    .description =
        "One line a run, from the files in its folder: works on any machine that sees them and disturbs nothing.\n"
        "RUNS are run folders, or folders that hold some. \"died\" means that the process is gone without a word\n"
        "(killed, or its machine went): the same command again goes on from the last checkpoint. The states of all\n"
        "tasks of a sweep, queued ones too, are shown by `synvid sweep status`.",
    .examples = "  synvid status runs\n"
                "  synvid status progression/runs/pretrain --watch 10\n",
    .options = status_tables,
};

/* ---- finding runs ---- */

typedef struct {
    char (*paths)[PATH_SIZE];
    int count, capacity;
} Runs;

static Err add_run(Runs *runs, const char *path) {
    if (runs->count == RUNS_MAX) return RAISE(ERR_USAGE, "more than %d runs; name fewer", RUNS_MAX);
    if (runs->count == runs->capacity) {
        int capacity = 2 * runs->capacity + 16;
        void *grown = realloc(runs->paths, (size_t)capacity * sizeof *runs->paths);
        if (!grown) return RAISE(ERR_MEMORY, "no memory for a list of runs");
        runs->paths = grown;
        runs->capacity = capacity;
    }
    return text_copy(runs->paths[runs->count++], PATH_SIZE, path);
}

static Err find_runs(Runs *runs, const char *folder, int depth);

/* Sorted: two calls show the same runs in the same places. */
static Err find_inside(Runs *runs, const char *folder, int depth) {
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0 && errno == ENOMEM) return RAISE(ERR_MEMORY, "%s: no memory for what is inside", folder);
    if (count < 0) return RAISE(ERR_INPUT, "%s: no such folder", folder);
    Err err = ERR_NONE;
    for (int i = 0; i < count; i++) {
        char inside[PATH_SIZE];
        if (!err && entries[i]->d_name[0] != '.') {
            err = path_join(inside, sizeof inside, folder, entries[i]->d_name);
            if (!err && file_is_directory(inside)) err = find_runs(runs, inside, depth + 1);
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

static Err find_runs(Runs *runs, const char *folder, int depth) {
    if (runstatus_is_run(folder)) return add_run(runs, folder);
    /* runs lie a few folders deep; below that are datasets, whose thousands of files need no looking through */
    return depth < DEPTH_MAX ? find_inside(runs, folder, depth) : ERR_NONE;
}

/* ---- showing them ---- */

static void text_steps(char *out, size_t size, const RunStatus *status) {
    char step[32], total[32];
    out[0] = 0;
    if (status->step == 0 && status->total == 0) return;
    snprintf(out, size, "%s/%s", text_count(step, sizeof step, status->step),
             status->total ? text_count(total, sizeof total, status->total) : "?");
}

/* "step 1,200, 3 min ago" */
static void text_checkpoint(char *out, size_t size, const RunStatus *status) {
    char step[32], age[32];
    out[0] = 0;
    if (status->checkpoint < 0) return;
    snprintf(out, size, "step %s, %s ago", text_count(step, sizeof step, status->checkpoint),
             text_duration(age, sizeof age, status->checkpoint_age_s));
}

/* A line of fixed columns, so that --watch does not jump; what does not fit a column follows below it. */
static void print_run(const char *path, const RunStatus *status) {
    char steps[64], loss[32] = "", rate[48] = "", left[32] = "", checkpoint[96], silent[32];
    bool runs = status->state == RUN_RUNNING;
    text_steps(steps, sizeof steps, status);
    if (!isnan(status->loss)) snprintf(loss, sizeof loss, "%.4f", status->loss);
    if (status->clips_per_s > 0) snprintf(rate, sizeof rate, "%.4g clips/s", status->clips_per_s);
    if (runs && !isnan(status->seconds_left)) text_duration(left, sizeof left, status->seconds_left);
    text_checkpoint(checkpoint, sizeof checkpoint, status);
    Builder name = {0}, note = {0};
    escape_column(&name, path_base(path), NAME_COLUMNS);
    escape_line(&note, status->note);
    printf("%s %-8s %15s %8s %15s %10s  %-12s %s\n", name.data ? name.data : "?", runstatus_name(status->state), steps,
           loss, rate, left, status->host, checkpoint);
    if (note.length) printf("    %s\n", note.data);
    builder_free(&name);
    builder_free(&note);
    /* a process may hang: the state alone would say that all is well */
    if (runs && status->silent_s > 3600)
        printf("    no step logged for %s\n", text_duration(silent, sizeof silent, status->silent_s));
}

/* *running: how many run. */
static Err show(const Runs *runs, int *running) {
    int counts[RUN_STATES] = {0};
    printf("%-44s %-8s %15s %8s %15s %10s  %-12s %s\n", "run", "state", "step", "loss", "rate", "left", "host",
           "last checkpoint");
    for (int i = 0; i < runs->count; i++) {
        RunStatus status;
        TRY(runstatus_read(&status, runs->paths[i]));
        counts[status.state]++;
        print_run(runs->paths[i], &status);
    }
    printf("%d runs:", runs->count);
    for (RunState s = RUN_FINISHED; s < RUN_STATES; s++)
        if (counts[s]) printf(" %d %s", counts[s], runstatus_name(s));
    printf("\n");
    *running = counts[RUN_RUNNING];
    return ERR_NONE;
}

static Err show_once(const ArgList *folders, int *running) {
    Runs runs = {0};
    Err err = ERR_NONE;
    for (int i = 0; i < folders->count && !err; i++) err = find_runs(&runs, folders->items[i], 0);
    if (!err && runs.count == 0) err = RAISE(ERR_INPUT, "%s: no runs there (folders with run.json)", folders->items[0]);
    if (!err) err = show(&runs, running);
    free(runs.paths);
    return err;
}

static Err status_main(int argc, char *const *argv) {
    StatusArgs args = {0};
    ArgList folders = {0};
    int running;
    TRY(args_begin(&args, &folders, &status_help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&status_help, &folders, 1, ARGS_LIST_MAX));
    if (args.watch < 0) return RAISE(ERR_USAGE, "--watch: %lld seconds", (long long)args.watch);
    for (;;) {
        /* the screen is cleared for people; in a file one table follows the other */
        if (args.watch && isatty(STDOUT_FILENO)) printf("\033[H\033[J");
        TRY(show_once(&folders, &running));
        /* a reader that left ends the watching */
        TRY(output_check());
        if (!args.watch || running == 0) return ERR_NONE;
        struct timespec pause = {.tv_sec = args.watch};
        nanosleep(&pause, NULL);
    }
}

const Command cmd_status = {.help = &status_help, .group = COMMAND_LOOKING, .run = status_main};
