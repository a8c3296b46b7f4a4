#include "base/system/file.h"
#include "run/folder.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

#define DIGEST "0123456789abcdef0123456789abcdef"

static Run a_run(const char *out) {
    return (Run){
        .par = par_serial(1), .out = out, .seed = 1, .config_text = "{\"epochs\": 3}\n", .command = "synvid pretrain"};
}

static void write_in(const RunFolder *folder, const char *name, const char *text) {
    char path[PATH_SIZE];
    assert_ok(runfolder_path(path, sizeof path, folder, name));
    assert_ok(file_write_whole(path, text, strlen(text)));
}

static bool exists_in(const RunFolder *folder, const char *name) {
    char path[PATH_SIZE];
    assert_ok(runfolder_path(path, sizeof path, folder, name));
    return file_exists(path);
}

static void assert_log_has(const RunFolder *folder, const char *part) {
    char path[PATH_SIZE], *text;
    size_t length;
    assert_ok(runfolder_path(path, sizeof path, folder, "run.json"));
    assert_ok(file_read(&text, &length, path, 1 << 20));
    if (!strstr(text, part)) fail_msg("run.json lacks %s:\n%s", part, text);
    free(text);
}

static void test_the_same_experiment_finds_its_folder_again(void **state) {
    (void)state;
    RunFolder folder;
    Run run = a_run(fixture_path("runs"));
    assert_ok(runfolder_open_all(&folder, "moving-circles", DIGEST, &run));
    assert_string_equal(folder.id, "moving-circles-0123456789");
    assert_false(folder.finished);
    assert_true(exists_in(&folder, "config.json"));
    write_in(&folder, "result.json", "{}");
    runfolder_close_all(&folder, &run, "finished");
    assert_log_has(&folder, "\"exit\": \"finished\"");
    assert_ok(runfolder_open_all(&folder, "moving-circles", DIGEST, &run));
    assert_true(folder.finished);
    runfolder_close_all(&folder, &run, "finished");
}

static void test_force_starts_over(void **state) {
    (void)state;
    RunFolder folder;
    Run run = a_run(fixture_path("force"));
    char deep[PATH_SIZE];
    assert_ok(runfolder_open_all(&folder, "x", DIGEST, &run));
    assert_ok(runfolder_path(deep, sizeof deep, &folder, "ckpt/deep"));
    assert_ok(folder_make(deep));
    write_in(&folder, "ckpt/deep/file", "old");
    write_in(&folder, "result.json", "{}");
    assert_int_equal(symlink(fixture_folder, fixture_path("force/x-0123456789/link")), 0);
    runfolder_close_all(&folder, &run, "finished");
    run.force = true;
    assert_ok(runfolder_open_all(&folder, "x", DIGEST, &run));
    assert_false(folder.finished || exists_in(&folder, "ckpt") || exists_in(&folder, "link"));
    assert_true(file_is_directory(fixture_folder)); /* what a link points to stays */
    runfolder_close_all(&folder, &run, "finished");
}

static void test_a_folder_in_use_is_refused_and_names_the_holder(void **state) {
    (void)state;
    RunFolder folder, second;
    Run run = a_run(fixture_path("busy"));
    char process[32];
    snprintf(process, sizeof process, "process %d", (int)getpid());
    assert_ok(runfolder_open_all(&folder, "x", DIGEST, &run));
    assert_err(ERR_USAGE, process, runfolder_open_all(&second, "x", DIGEST, &run));
    assert_true(second.lock_fd < 0);
    runfolder_close_all(&second, &run, "never opened");
    assert_log_has(&folder, "\"exit\": \"running\"");
    runfolder_close_all(&folder, &run, "stopped: SIGUSR1");
    assert_log_has(&folder, "stopped: SIGUSR1");
    assert_ok(runfolder_open_all(&folder, "x", DIGEST, &run));
    runfolder_close_all(&folder, &run, "finished");
}

static void test_the_lock_of_a_dead_process_is_taken_over(void **state) {
    (void)state;
    RunFolder folder;
    Run run = a_run(fixture_path("dead"));
    pid_t child = fork();
    if (child == 0) {
        Err err = runfolder_open_all(&folder, "x", DIGEST, &run);
        _exit(err ? 1 : 0); /* dies with the lock in its hand */
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_ok(runfolder_open_all(&folder, "x", DIGEST, &run));
    assert_log_has(&folder, "ended without a word");
    runfolder_close_all(&folder, &run, "finished");
}

static void test_the_lock_of_another_host_is_believed_unless_it_is_our_own_job(void **state) {
    (void)state;
    int descriptor;
    assert_ok(file_write_whole(fixture_path(".lock"), "elsewhere 77 4711\n", 18));
    unsetenv("SLURM_JOB_ID");
    assert_err(ERR_USAGE, "process 77 on elsewhere", runlock_take(&descriptor, fixture_folder));
    setenv("SLURM_JOB_ID", "4711", 1);
    assert_ok(runlock_take(&descriptor, fixture_folder));
    unsetenv("SLURM_JOB_ID");
    runlock_release(&descriptor);
    assert_int_equal(file_size(fixture_path(".lock")), 0);
    assert_ok(runlock_take(&descriptor, fixture_folder));
    runlock_release(&descriptor);
    runlock_release(&descriptor);
}

static void test_names_that_are_no_folder_are_refused(void **state) {
    (void)state;
    RunFolder folder;
    Run run = a_run("");
    assert_err(ERR_USAGE, "--out", runfolder_open_all(&folder, "x", DIGEST, &run));
    run.out = fixture_path("names");
    assert_err(ERR_USAGE, "cannot name a folder", runfolder_open_all(&folder, "../x", DIGEST, &run));
    assert_err(ERR_USAGE, "cannot name a folder", runfolder_open_all(&folder, "", DIGEST, &run));
    assert_ok(file_write_whole(fixture_path("file"), "x", 1));
    run.out = fixture_path("file");
    assert_err(ERR_IO, "file", runfolder_open_all(&folder, "x", DIGEST, &run));
}

static void test_stale_partials_are_cleared_and_a_torn_log_does_no_harm(void **state) {
    (void)state;
    RunFolder folder;
    Run run = a_run(fixture_path("torn"));
    assert_ok(runfolder_open_all(&folder, "x", DIGEST, &run));
    write_in(&folder, "run.json", "{\"schema\": \"synv");
    write_in(&folder, "result.json.partial", "half");
    runfolder_close_all(&folder, &run, "error");
    assert_ok(runfolder_open_all(&folder, "x", DIGEST, &run));
    assert_false(exists_in(&folder, "result.json.partial"));
    assert_log_has(&folder, "\"exit\": \"running\"");
    runfolder_close_all(&folder, &run, "finished");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_experiment_finds_its_folder_again),
        cmocka_unit_test(test_force_starts_over),
        cmocka_unit_test(test_a_folder_in_use_is_refused_and_names_the_holder),
        cmocka_unit_test(test_the_lock_of_a_dead_process_is_taken_over),
        cmocka_unit_test(test_the_lock_of_another_host_is_believed_unless_it_is_our_own_job),
        cmocka_unit_test(test_names_that_are_no_folder_are_refused),
        cmocka_unit_test(test_stale_partials_are_cleared_and_a_torn_log_does_no_harm),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
