#include "base/system/file.h"
#include "par_check.h"
#include "run/folder.h"

#include <string.h>

#define DIGEST "0123456789abcdef0123456789abcdef"

static char parent[64] = "/tmp/synvid-par-XXXXXX";

static void test_all_ranks_hear_where_the_run_is_and_whether_it_is_finished(const Run *run) {
    RunFolder folder;
    char path[PATH_SIZE];
    CHECK_OK(runfolder_open_all(&folder, "x", DIGEST, run));
    CHECK(strcmp(folder.id, "x-0123456789") == 0 && !folder.finished);
    CHECK((folder.lock_fd >= 0) == (run->par.rank == 0));
    CHECK_OK(runfolder_path(path, sizeof path, &folder, "result.json"));
    par_barrier_all(&run->par);
    if (run->par.rank == 0) CHECK_OK(file_write_whole(path, "{}", 2));
    runfolder_close_all(&folder, run, "finished");
    CHECK_OK(runfolder_open_all(&folder, "x", DIGEST, run));
    CHECK(folder.finished);
    runfolder_close_all(&folder, run, "finished");
}

/* Rank 0 alone meets the lock; nobody may go on without it. */
static void test_a_folder_in_use_stops_all_ranks(const Run *run) {
    RunFolder folder;
    int lock = -1;
    char path[PATH_SIZE];
    CHECK_OK(path_join(path, sizeof path, parent, "x-0123456789"));
    if (run->par.rank == 0) CHECK_OK(runlock_take(&lock, path));
    par_barrier_all(&run->par);
    CHECK_ERR(ERR_USAGE, runfolder_open_all(&folder, "x", DIGEST, run));
    CHECK(strstr(err_message(), "in use by process") != NULL);
    runlock_release(&lock);
    CHECK(folder.lock_fd < 0);
}

int main(void) {
    Run run = {.config_text = "{}\n", .command = "a test", .seed = 1, .out = parent};
    char command[96];
    par_check_start_all(&run.par);
    if (run.par.rank == 0) CHECK(mkdtemp(parent) != NULL);
    CHECK_OK(spread_bytes_all(parent, sizeof parent, &run.par));
    test_all_ranks_hear_where_the_run_is_and_whether_it_is_finished(&run);
    test_a_folder_in_use_stops_all_ranks(&run);
    par_barrier_all(&run.par);
    snprintf(command, sizeof command, "rm -rf '%s'", parent);
    if (run.par.rank == 0) CHECK(system(command) == 0);
    return par_check_finish_all(&run.par);
}
