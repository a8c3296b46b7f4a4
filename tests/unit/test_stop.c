#include "base/system/stop.h"

#include "support/unit.h"

#include <signal.h>

static int clear(void **state) {
    (void)state;
    stop_clear();
    stop_watch_folder(NULL);
    return 0;
}

static void nobody_asks_at_first(void **state) {
    (void)state;
    assert_false(stop_requested());
    assert_string_equal(stop_reason(), "");
}

static void a_request_stays_until_cleared(void **state) {
    (void)state;
    stop_request("stop file");
    assert_true(stop_requested());
    assert_true(stop_requested());
    assert_string_equal(stop_reason(), "stop file");
    stop_clear();
    assert_false(stop_requested());
}

static void signals_ask_to_stop_and_kill_nothing(void **state) {
    (void)state;
    static const struct {
        int number;
        const char *name;
    } cases[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGUSR1, "SIGUSR1"}};
    stop_install_handlers();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop_clear();
        assert_false(stop_requested());
        assert_int_equal(raise(cases[i].number), 0);
        assert_true(stop_requested());
        assert_string_equal(stop_reason(), cases[i].name);
    }
}

static void the_time_budget_runs_out(void **state) {
    (void)state;
    stop_set_budget(1000);
    assert_false(stop_requested());
    stop_set_budget(0.01);
    usleep(20000);
    assert_true(stop_requested());
    assert_string_equal(stop_reason(), "time budget");
    stop_clear();
    stop_set_budget(0);
    assert_false(stop_requested());
}

static void a_stop_file_is_seen(void **state) {
    (void)state;
    char scratch[PATH_SIZE], path[PATH_SIZE];
    scratch_make(scratch);
    scratch_write(path, scratch, "stop", "");
    stop_watch_folder(scratch);
    bool seen = stop_requested();
    for (int i = 0; i < 30 && !seen; i++) { /* it looks at most once a second */
        usleep(100000);
        seen = stop_requested();
    }
    assert_true(seen);
    assert_string_equal(stop_reason(), "stop file");
    scratch_remove(scratch);
}

int main(void) {
#define FRESH(test) cmocka_unit_test_setup_teardown(test, clear, clear)
    const struct CMUnitTest tests[] = {
        FRESH(nobody_asks_at_first),
        FRESH(a_request_stays_until_cleared),
        FRESH(signals_ask_to_stop_and_kill_nothing),
        FRESH(the_time_budget_runs_out),
        FRESH(a_stop_file_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
