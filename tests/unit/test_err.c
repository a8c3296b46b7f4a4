#include "base/failure/err.h"

#include "support/unit.h"

#include <pthread.h>
#include <sys/wait.h>

static Err fail_below(void) {
    return RAISE(ERR_IO, "pwrite: %s", "disk full");
}

static Err fail_through(void) {
    TRY(err_within(fail_below(), "shard %d: ", 12));
    return ERR_NONE;
}

static Err fail_with_one_exit(int *cleaned) {
    Err err = ERR_NONE;
    TRY_OR(done, fail_through());
    *cleaned = -1;
done:
    ++*cleaned;
    return err;
}

static void a_failure_carries_code_message_and_place(void **state) {
    (void)state;
    assert_int_equal(fail_below(), ERR_IO);
    assert_string_equal(err_message(), "pwrite: disk full");
    assert_non_null(strstr(err_place(), "test_err.c:"));
    assert_null(strchr(err_place(), '/'));
}

static void context_goes_in_front(void **state) {
    (void)state;
    assert_int_equal(fail_through(), ERR_IO);
    assert_string_equal(err_message(), "shard 12: pwrite: disk full");
    assert_int_equal(err_within(ERR_NONE, "unused"), ERR_NONE);
    assert_string_equal(err_message(), "shard 12: pwrite: disk full");
}

static void cleanup_has_one_exit(void **state) {
    (void)state;
    int cleaned = 0;
    assert_int_equal(fail_with_one_exit(&cleaned), ERR_IO);
    assert_int_equal(cleaned, 1);
}

static void a_message_from_another_rank_replaces_ours(void **state) {
    (void)state;
    (void)fail_below();
    err_adopt(ERR_INPUT, "rank 3: no such file");
    assert_string_equal(err_message(), "rank 3: no such file");
    assert_string_equal(err_place(), "");
}

static void a_message_may_hold_the_old_one_and_any_length(void **state) {
    (void)state;
    (void)fail_below();
    assert_int_equal(RAISE(ERR_USAGE, "again: %s", err_message()), ERR_USAGE);
    assert_string_equal(err_message(), "again: pwrite: disk full");
    char long_text[5000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    assert_int_equal(RAISE(ERR_USAGE, "%s", long_text), ERR_USAGE);
    size_t length = strlen(err_message());
    assert_in_range(length, 1000, 4096);
    assert_int_equal(err_within(ERR_USAGE, "front: "), ERR_USAGE);
    assert_true(text_starts(err_message(), "front: xxx"));
    assert_int_equal(strlen(err_message()), length);
}

static void exit_codes_are_those_of_the_list(void **state) {
    (void)state;
    static const int expected[ERR_COUNT] = {0, 2, 3, 4, 5, 6, 70, 75};
    for (int code = 0; code < ERR_COUNT; code++) {
        assert_int_equal(err_exit_code((Err)code), expected[code]);
        assert_true(strlen(err_text((Err)code)) > 1);
    }
    assert_int_equal(err_exit_code((Err)99), 70);
}

static void *raise_elsewhere(void *unused) {
    (void)unused;
    (void)RAISE(ERR_MEMORY, "from a thread");
    return NULL;
}

static void every_thread_has_its_own_message(void **state) {
    (void)state;
    pthread_t thread;
    (void)fail_below();
    assert_int_equal(pthread_create(&thread, NULL, raise_elsewhere, NULL), 0);
    pthread_join(thread, NULL);
    assert_string_equal(err_message(), "pwrite: disk full");
}

static void exit_hook(int code) {
    _exit(code);
}

static void an_assertion_calls_the_hook_with_the_code_of_a_bug(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        err_abort_hook = exit_hook;
        ASSERT(1 + 1 == 3);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 70);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_carries_code_message_and_place),
        cmocka_unit_test(context_goes_in_front),
        cmocka_unit_test(cleanup_has_one_exit),
        cmocka_unit_test(a_message_from_another_rank_replaces_ours),
        cmocka_unit_test(a_message_may_hold_the_old_one_and_any_length),
        cmocka_unit_test(exit_codes_are_those_of_the_list),
        cmocka_unit_test(every_thread_has_its_own_message),
        cmocka_unit_test(an_assertion_calls_the_hook_with_the_code_of_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
