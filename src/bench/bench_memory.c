#include "bench/bench_memory.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>
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

static void print_table(const double peaks[N_COUNTS]) {
    char bytes[32];
    printf("generate, accelerating-shapes, 256 x 256, 16 frames, raw, one thread\n%8s %14s %9s\n", "videos",
           "peak memory", "ratio");
    for (int i = 0; i < N_COUNTS; i++)
        printf("%8d %14s %9.3f\n", counts[i], text_bytes(bytes, sizeof bytes, peaks[i]), peaks[i] / peaks[0]);
}

static Err print_json(const double peaks[N_COUNTS]) {
    char *text = NULL;
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < N_COUNTS; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddNumberToObject(row, "videos", counts[i]);
        cJSON_AddNumberToObject(row, "peak_bytes", peaks[i]);
        cJSON_AddItemToArray(list, row);
    }
    Err err = json_print(&text, list);
    if (!err) fputs(text, stdout);
    free(text);
    cJSON_Delete(list);
    return err;
}

Err bench_memory(const char *folder, bool json) {
    double peaks[N_COUNTS];
    for (int i = 0; i < N_COUNTS; i++) TRY(measure(&peaks[i], counts[i], folder));
    if (json) return print_json(peaks);
    print_table(peaks);
    return ERR_NONE;
}
