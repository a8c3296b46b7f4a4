#include "base/file.h"
#include "sweep/plan.h"
#include "sweep/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/synvid-test-sweep-XXXXXX";
static char file[PATH_SIZE];

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? (int)path_join(file, sizeof file, folder, "sweep.json") : 1;
}

static int remove_folder(void **state) {
    (void)state;
    char command[PATH_SIZE];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static Err read_plan(SweepPlan *plan, const char *text, const char *var) {
    assert_int_equal(file_write_whole(file, text, strlen(text)), ERR_NONE);
    return sweep_plan_read(plan, file, folder, &var, var ? 1 : 0);
}

static const char good[] = "{\"name\": \"s\", \"help\": \"h\", \"vars\": {\"clips\": 10}, \"tasks\": ["
                           " {\"task\": \"pool\", \"run\": [\"ingest\", \"--out\", \"{out}/p.h5\"]},"
                           " {\"task\": \"train-{stage}-{seed}\", \"for\": {\"stage\": [\"a\", \"b\"], \"seed\": [1, "
                           "2]}, \"needs\": [\"pool\"], \"ranks\": 2,"
                           "  \"run\": [\"pretrain\", \"--seed\", \"{seed}\", \"--clips\", \"{clips}\"]},"
                           " {\"task\": \"report\", \"needs\": [\"train-*-1\"], \"run\": [\"report\"]}]}";

static void axes_expand_to_their_product_in_order(void **state) {
    (void)state;
    SweepPlan plan;
    assert_int_equal(read_plan(&plan, good, NULL), ERR_NONE);
    assert_int_equal(plan.n_tasks, 6);
    assert_string_equal(plan.tasks[1].name, "train-a-1");
    assert_string_equal(plan.tasks[4].name, "train-b-2");
    assert_string_equal(plan.tasks[4].arguments[2], "2");
    assert_string_equal(plan.tasks[4].arguments[4], "10");
    assert_int_equal(plan.tasks[4].ranks, 2);
    sweep_plan_free(&plan);
}

static void wildcard_needs_match_earlier_tasks_only(void **state) {
    (void)state;
    SweepPlan plan;
    assert_int_equal(read_plan(&plan, good, NULL), ERR_NONE);
    assert_int_equal(plan.tasks[5].n_needs, 2);
    assert_string_equal(plan.tasks[plan.tasks[5].needs[1]].name, "train-b-1");
    sweep_plan_free(&plan);
    const char *later = "{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"needs\": [\"*\"], \"run\": [\"x\"]}, "
                        "{\"task\": \"b\", \"run\": [\"x\"]}]}";
    assert_int_equal(read_plan(&plan, later, NULL), ERR_USAGE);
    assert_non_null(strstr(err_message(), "no earlier task"));
}

static void a_variable_can_be_overridden_but_not_invented(void **state) {
    (void)state;
    SweepPlan plan;
    assert_int_equal(read_plan(&plan, good, "clips=77"), ERR_NONE);
    assert_string_equal(plan.tasks[1].arguments[4], "77");
    sweep_plan_free(&plan);
    assert_int_equal(read_plan(&plan, good, "clip=77"), ERR_USAGE);
    assert_non_null(strstr(err_message(), "did you mean \"clips\""));
}

static void bad_files_are_refused_with_a_reason(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"[1]", "not a JSON object"},
        {"{\"name\": \"s\", \"task\": []}", "unknown key \"task\""},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\"}]}", "run: a list"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"run\": [\"x\"]}, {\"task\": \"a\", \"run\": [\"x\"]}]}",
         "two tasks are called"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a-{b}\", \"run\": [\"x\"]}]}", "{b} is neither"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"for\": {\"b\": []}, \"run\": [\"x\"]}]}", "for.b: a list"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"ranks\": 0, \"run\": [\"x\"]}]}", "ranks: a whole number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SweepPlan plan;
        assert_int_equal(read_plan(&plan, cases[i][0], NULL), ERR_USAGE);
        if (!strstr(err_message(), cases[i][1])) fail_msg("expected \"%s\" in \"%s\"", cases[i][1], err_message());
        assert_null(plan.tasks);
    }
}

static void a_file_that_extends_another_replaces_tasks_of_the_same_name(void **state) {
    (void)state;
    SweepPlan plan;
    char base[PATH_SIZE];
    assert_int_equal(path_join(base, sizeof base, folder, "base.json"), ERR_NONE);
    assert_int_equal(file_write_whole(base, good, strlen(good)), ERR_NONE);
    assert_int_equal(
        read_plan(&plan,
                  "{\"name\": \"t\", \"extends\": \"base.json\", \"vars\": {\"clips\": 5}, \"tasks\": ["
                  "{\"task\": \"pool\", \"run\": [\"textures\"]}, {\"task\": \"more\", \"run\": [\"x\"]}]}",
                  NULL),
        ERR_NONE);
    assert_int_equal(plan.n_tasks, 7);
    assert_string_equal(plan.name, "t");
    assert_string_equal(plan.tasks[0].arguments[0], "textures");
    assert_string_equal(plan.tasks[1].arguments[4], "5");
    assert_string_equal(plan.tasks[6].name, "more");
    sweep_plan_free(&plan);
    assert_int_equal(read_plan(&plan, "{\"extends\": \"nosuch.json\", \"tasks\": []}", NULL), ERR_INPUT);
    assert_non_null(strstr(err_message(), "nosuch.json"));
}

static void a_changed_argument_reruns_the_task_and_what_needs_it(void **state) {
    (void)state;
    SweepPlan plan;
    TaskRecord records[6];
    char sweep[PATH_SIZE];
    assert_int_equal(path_join(sweep, sizeof sweep, folder, "sweep"), ERR_NONE);
    assert_int_equal(folder_make(sweep), ERR_NONE);
    assert_int_equal(read_plan(&plan, good, NULL), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    for (int i = 0; i < plan.n_tasks; i++) {
        assert_int_equal(records[i].state, TASK_MISSING);
        records[i].state = TASK_FINISHED;
        assert_int_equal(sweep_state_write(&records[i], &plan, i), ERR_NONE);
    }
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    for (int i = 0; i < plan.n_tasks; i++) assert_int_equal(records[i].state, TASK_FINISHED);
    sweep_plan_free(&plan);

    assert_int_equal(read_plan(&plan, good, "clips=11"), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    assert_int_equal(records[0].state, TASK_FINISHED);
    for (int i = 1; i < plan.n_tasks; i++) assert_int_equal(records[i].state, TASK_CHANGED);
    sweep_plan_free(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_expand_to_their_product_in_order),
        cmocka_unit_test(wildcard_needs_match_earlier_tasks_only),
        cmocka_unit_test(a_variable_can_be_overridden_but_not_invented),
        cmocka_unit_test(bad_files_are_refused_with_a_reason),
        cmocka_unit_test(a_file_that_extends_another_replaces_tasks_of_the_same_name),
        cmocka_unit_test(a_changed_argument_reruns_the_task_and_what_needs_it),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
