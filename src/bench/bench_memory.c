/* How much memory generate holds at its peak, for few videos and for many: what grows with their number shows here.
 *
 * Runs this program itself as a child, so that nothing else counts: `generate` of raw videos of 16 frames of 256 x 256
 * into a folder of its own, which is removed afterwards (3 MB a video). The peak is the child's largest resident set as
 * the system tells it; page cache does not count. Nothing is timed, so nothing is compared: generate has its tests. */
#include "base/system/file.h"
#include "base/text/text.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const int counts[] = {10, 1000};
enum { N_COUNTS = sizeof counts / sizeof counts[0] };

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

/* /proc/self/exe: this very program, wherever it lies. */
static void run_child(const char *videos, const char *out) {
    (void)!freopen("/dev/null", "w", stdout); /* generate names its folder there */
    execl("/proc/self/exe", "synvid", "generate", "--variant", "accelerating-shapes", "--frames", "16", "--threads",
          "1", "--shard-videos", "10", "--quiet", "--videos", videos, "--out", out, (char *)NULL);
    _exit(127);
}

/* The child's own messages go to stderr as they are. */
static Err wait_for(double *peak_bytes, pid_t child) {
    int status = 0;
    struct rusage usage;
    pid_t done;
    do done = wait4(child, &status, 0, &usage);
    while (done < 0 && errno == EINTR);
    if (done < 0) return RAISE(ERR_INTERNAL, "waiting for generate: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return RAISE(ERR_IO, "generate failed (%s %d)", WIFEXITED(status) ? "exit code" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    *peak_bytes = 1024.0 * (double)usage.ru_maxrss;
    return ERR_NONE;
}

/* A folder of its own a child, removed with what is in it. */
static Err measure(double *peak_bytes, int videos, const char *folder) {
    char out[PATH_SIZE], digits[16];
    TRY(text_format(out, sizeof out, "%s/bench-memory-XXXXXX", folder));
    TRY(text_format(digits, sizeof digits, "%d", videos));
    if (!mkdtemp(out)) return RAISE(ERR_IO, "%s: cannot make a folder there: %s", folder, strerror(errno));
    pid_t child = fork();
    if (child == 0) run_child(digits, out);
    Err err = child < 0 ? RAISE(ERR_MEMORY, "starting generate: %s", strerror(errno)) : wait_for(peak_bytes, child);
    nftw(out, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return err_within(err, "%d videos: ", videos);
}

static const BenchColumn columns[] = {
    {.key = "videos", .heading = "videos", .width = 8, .style = 'f'},
    {.key = "peak_bytes", .style = 'f'},
    {.heading = "peak memory", .width = 14},
    {.heading = "ratio", .width = 9, .style = 'f', .digits = 3},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

static Err memory_rows(BenchTable *table, const char *folder) {
    double first = 0;
    for (int i = 0; i < N_COUNTS; i++) {
        double peak = 0;
        char bytes[32];
        TRY(measure(&peak, counts[i], folder));
        if (i == 0) first = peak;
        const BenchCell cells[] = {bench_number(counts[i]), bench_number(peak),
                                   bench_text(text_bytes(bytes, sizeof bytes, peak)), bench_number(peak / first)};
        TRY(bench_table_row(table, cells));
    }
    return ERR_NONE;
}

Err bench_memory_all(const BenchArgs *args, const Par *par) {
    BenchTable table;
    (void)par; /* one rank */
    Err err = bench_table_open(&table, columns, N_COLUMNS, args->json, false,
                               "generate, accelerating-shapes, 256 x 256, 16 frames, raw, one thread");
    if (!err) err = memory_rows(&table, args->folder);
    return bench_table_close(&table, err);
}
