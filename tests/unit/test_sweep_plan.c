#include "base/system/file.h"
#include "sweep/plan/plan.h"
#include "sweep/task/internal/key.h"
#include "sweep/task/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/synvid-test-sweep-XXXXXX";
static char file[PATH_SIZE];

static int make_folder(void **state) {
    (void)state;
    char records[PATH_SIZE];
    if (!mkdtemp(folder) || path_join(records, sizeof records, folder, "sweep") || folder_make(records)) return 1;
    return (int)path_join(file, sizeof file, folder, "sweep.json");
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

/* In a list, in an object of one, and of an axis before; --var reaches all of them. */
static void values_of_axes_may_name_variables(void **state) {
    (void)state;
    static const char text[] =
        "{\"name\": \"s\", \"vars\": {\"long\": 9}, \"lists\": {\"sizes\": [{\"size\": \"s\", \"epochs\": 3},"
        " {\"size\": \"l\", \"epochs\": \"{long}\"}]}, \"tasks\": [{\"task\": \"train-{size}-{name}\", \"for\": "
        "{\"each\":"
        " \"@sizes\", \"name\": [\"{size}{epochs}\"]}, \"run\": [\"pretrain\", \"--epochs\", \"{epochs}\"]}]}";
    SweepPlan plan;
    assert_int_equal(read_plan(&plan, text, "long=27"), ERR_NONE);
    assert_int_equal(plan.n_tasks, 2);
    assert_string_equal(plan.tasks[0].name, "train-s-s3");
    assert_string_equal(plan.tasks[1].name, "train-l-l27");
    assert_string_equal(plan.tasks[1].arguments[2], "27");
    sweep_plan_free(&plan);
    assert_int_equal(read_plan(&plan,
                               "{\"name\": \"s\", \"tasks\": [{\"task\": \"t-{a}\", \"for\": {\"a\": [\"{b}\"]}, "
                               "\"run\": [\"x\"]}]}",
                               NULL),
                     ERR_USAGE);
    assert_non_null(strstr(err_message(), "{b} is neither a variable nor an axis"));
}

/* A name may hold what means something in a pattern; the exact name comes first, and is no wildcard. */
static void needs_are_met_by_exact_names(void **state) {
    (void)state;
    static const char *const names[] = {"a [1]", "back\\\\slash", "*", "; touch x", "'\\\"'"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[512];
        SweepPlan plan;
        snprintf(text, sizeof text,
                 "{\"name\": \"s\", \"tasks\": [{\"task\": \"%s\", \"run\": [\"x\"]}, "
                 "{\"task\": \"b\", \"needs\": [\"%s\"], \"run\": [\"y\"]}]}",
                 names[i], names[i]);
        assert_int_equal(read_plan(&plan, text, NULL), ERR_NONE);
        assert_int_equal(plan.tasks[1].n_needs, 1);
        assert_false(plan.tasks[1].soft[0]);
        sweep_plan_free(&plan);
    }
}

static void bad_files_are_refused_with_a_reason(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"[1]", "not a JSON object"},
        {"{\"name\": \"s\", \"task\": []}", "unknown key \"task\""},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\"}]}", "run: a list"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"run\": [\"x\"]}, {\"task\": \"a\", \"run\": [\"y\"]}]}",
         "two tasks are called"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a-{b}\", \"run\": [\"x\"]}]}", "{b} is neither"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"for\": {\"b\": []}, \"run\": [\"x\"]}]}", "for.b: a list"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"ranks\": 0, \"run\": [\"x\"]}]}", "ranks: a whole number"},
        {"{\"name\": \"a\\nb\", \"tasks\": []}", "name \"a\nb\": a name is one line of UTF-8 text"},
        {"{\"name\": \"\", \"tasks\": []}", "cannot be empty"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\\u001bb\", \"run\": [\"x\"]}]}", "task \"a\x1b"
                                                                                        "b\": a name is one line"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"caf\xe9\", \"run\": [\"x\"]}]}", "one line of UTF-8"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a/b\", \"run\": [\"x\"]}]}", "they name files"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"stage\": \"\\t\", \"run\": [\"x\"]}]}", "stage \"\t\""},
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
    assert_int_equal(read_plan(&plan, "{\"extends\": \"nosuch.json\", \"tasks\": []}", NULL), ERR_USAGE);
    assert_non_null(strstr(err_message(), "nosuch.json"));
}

static void lists_products_and_objects_are_expanded_and_what_coincides_is_one_task(void **state) {
    (void)state;
    SweepPlan plan;
    assert_int_equal(
        read_plan(
            &plan,
            "{\"name\": \"s\", \"out\": \"shared\", \"lists\": {\"few\": [\"a\", \"b\"], \"more\": [\"@few\", \"c\"],"
            " \"pairs\": [{\"v\": \"d\", \"p\": 1}, {\"v\": \"e\", \"p\": 2}]}, \"tasks\": ["
            "{\"task\": \"x-{v}\", \"for\": [{\"v\": \"@more\"}, {\"v\": \"@few\"}], \"run\": [\"{sweep}\", \"{v}\"]},"
            "{\"task\": \"y-{v}\", \"stage\": \"why\", \"for\": {\"of\": \"@pairs\"}, \"hours\": 1.5, \"nodes\": 2,"
            " \"run\": [\"y\", \"{p}\"]}]}",
            NULL),
        ERR_NONE);
    const char *const names[] = {"x-a", "x-b", "x-c", "y-d", "y-e"};
    assert_int_equal(plan.n_tasks, 5);
    for (int i = 0; i < 5; i++) assert_string_equal(plan.tasks[i].name, names[i]);
    assert_string_equal(plan.tasks[0].stage, "x");
    assert_string_equal(plan.tasks[0].arguments[0], "s");
    assert_string_equal(plan.tasks[4].stage, "why");
    assert_string_equal(plan.tasks[4].arguments[1], "2");
    assert_true(plan.tasks[4].hours == 1.5);
    assert_int_equal(plan.tasks[4].nodes, 2);
    sweep_plan_free(&plan);
    static const char *const bad[][2] = {
        {"{\"name\": \"s\", \"lists\": {\"few\": [1]}, \"tasks\": [{\"task\": \"{a}\", \"for\": {\"a\": \"@few2\"}, "
         "\"run\": [\"x\"]}]}",
         "did you mean \"@few\""},
        {"{\"name\": \"s\", \"lists\": {\"a\": [\"@a\"]}, \"tasks\": [{\"task\": \"{v}\", \"for\": {\"v\": \"@a\"}, "
         "\"run\": [\"x\"]}]}",
         "circle"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"for\": 3, \"run\": [\"x\"]}]}", "for: an object"},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a/b\", \"run\": [\"x\"]}]}", "no \"/\""},
        {"{\"name\": \"s\", \"tasks\": [{\"task\": \"a\", \"run\": [\"x\"]}], \"only\": [\"b\"]}", "no task is called"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_plan(&plan, bad[i][0], NULL), ERR_USAGE);
        if (!strstr(err_message(), bad[i][1])) fail_msg("expected \"%s\" in \"%s\"", bad[i][1], err_message());
    }
}

static void only_keeps_what_is_named_and_what_that_needs_by_name(void **state) {
    (void)state;
    SweepPlan plan;
    assert_int_equal(
        read_plan(&plan,
                  "{\"name\": \"s\", \"tasks\": [{\"task\": \"pool\", \"run\": [\"x\"]}, {\"task\": \"unused\", "
                  "\"run\": [\"x\"]},"
                  "{\"task\": \"train-{v}\", \"for\": {\"v\": [1, 2, 3]}, \"needs\": [\"pool\"], \"run\": [\"x\"]},"
                  "{\"task\": \"test-{v}\", \"for\": {\"v\": [1, 2, 3]}, \"needs\": [\"train-{v}\"], \"run\": [\"x\"]},"
                  "{\"task\": \"report\", \"needs\": [\"test-*\"], \"run\": [\"x\"]}],"
                  "\"only\": [\"report\", {\"task\": \"test-{v}\", \"for\": {\"v\": [1, 3]}}]}",
                  NULL),
        ERR_NONE);
    const char *const names[] = {"pool", "train-1", "train-3", "test-1", "test-3", "report"};
    assert_int_equal(plan.n_tasks, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(plan.tasks[i].name, names[i]);
    assert_int_equal(plan.tasks[4].n_needs, 1);
    assert_int_equal(plan.tasks[4].needs[0], 2);
    assert_int_equal(plan.tasks[5].n_needs, 2);
    assert_int_equal(plan.tasks[5].needs[1], 4);
    sweep_plan_free(&plan);
}

static void a_deleted_result_is_made_again_alone(void **state) {
    (void)state;
    SweepPlan plan;
    TaskRecord records[6];
    char made[PATH_SIZE], file_made[PATH_SIZE];
    assert_int_equal(path_join(made, sizeof made, folder, "made"), ERR_NONE);
    assert_int_equal(folder_make(made), ERR_NONE);
    assert_int_equal(path_join(file_made, sizeof file_made, made, "result.json"), ERR_NONE);
    assert_int_equal(file_write_whole(file_made, "{}", 2), ERR_NONE);
    assert_int_equal(read_plan(&plan, good, NULL), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    for (int i = 0; i < plan.n_tasks; i++) {
        records[i].state = TASK_FINISHED;
        memcpy(records[i].made, made, sizeof made);
        assert_int_equal(content_digest(records[i].content, made), ERR_NONE);
    }
    snprintf(records[0].made, sizeof records[0].made, "%s", ""); /* one that made nothing */
    records[0].content[0] = 0;
    for (int i = 0; i < plan.n_tasks; i++) {
        assert_int_equal(sweep_state_inputs(records[i].inputs, &plan, i, records), ERR_NONE);
        assert_int_equal(sweep_state_write(&records[i], &plan, i), ERR_NONE);
    }
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    for (int i = 0; i < plan.n_tasks; i++) assert_int_equal(records[i].state, TASK_FINISHED);
    assert_int_equal(file_remove(file_made), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    assert_int_equal(records[0].state, TASK_FINISHED);
    for (int i = 1; i < plan.n_tasks; i++) assert_int_equal(records[i].state, TASK_CHANGED);
    sweep_plan_free(&plan);
}

static void a_record_of_a_dead_process_says_stopped(void **state) {
    (void)state;
    SweepPlan plan;
    TaskRecord records[6];
    assert_int_equal(read_plan(&plan, good, NULL), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    sweep_state_begin(&records[0]);
    records[0].state = TASK_RUNNING;
    assert_int_equal(sweep_state_write(&records[0], &plan, 0), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    assert_int_equal(records[0].state, TASK_RUNNING);
    records[0].pid = 0x3fffffff; /* above any pid */
    assert_int_equal(sweep_state_write(&records[0], &plan, 0), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    assert_int_equal(records[0].state, TASK_STOPPED);
    snprintf(records[0].host, sizeof records[0].host, "elsewhere");
    records[0].state = TASK_RUNNING;
    assert_int_equal(sweep_state_write(&records[0], &plan, 0), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    assert_int_equal(records[0].state, TASK_RUNNING);
    sweep_plan_free(&plan);
}

static void a_changed_argument_reruns_the_task_and_what_needs_it(void **state) {
    (void)state;
    SweepPlan plan;
    TaskRecord records[6];
    assert_int_equal(read_plan(&plan, good, NULL), ERR_NONE);
    assert_int_equal(sweep_state_read(records, &plan), ERR_NONE);
    for (int i = 0; i < plan.n_tasks; i++) {
        assert_int_equal(records[i].state, TASK_MISSING);
        records[i].state = TASK_FINISHED;
        assert_int_equal(sweep_state_inputs(records[i].inputs, &plan, i, records), ERR_NONE);
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

/* A file of a few hundred bytes that would keep the reader busy for ever, or fill the memory. */
static void a_small_file_stands_for_no_endless_sweep(void **state) {
    (void)state;
    static const char head[] = "{\"name\": \"s\", \"vars\": {\"x\": \"0123456789abcdef\"}, \"lists\": {"
                               "\"a\": [1,2,3,4,5,6,7,8,9,10]}, "
                               "\"tasks\": [";
    static const struct {
        const char *tasks, *piece;
    } cases[] = {
        {"{\"task\": \"t\", \"run\": [\"x\"], \"for\": {\"b\": \"@a\", \"c\": \"@a\", \"d\": \"@a\", \"e\": \"@a\", "
         "\"f\": \"@a\", \"g\": \"@a\", \"h\": \"@a\", \"i\": \"@a\"}}",
         "more than 1000000 combinations"},
        {"{\"task\": \"t\", \"run\": [\"x\"], \"for\": {\"b\": \"{x}{x}{x}{x}{x}{x}{x}{x}\", \"c\": "
         "\"{b}{b}{b}{b}{b}{b}{b}{b}\", \"d\": \"{c}{c}{c}{c}{c}{c}{c}{c}\", \"e\": \"{d}{d}{d}{d}{d}{d}{d}{d}\", "
         "\"f\": \"{e}{e}{e}{e}{e}{e}{e}{e}\"}}",
         "more than 131072 bytes once {e} is filled in"},
        {"{\"task\": \"t{b}{c}{d}{e}\", \"run\": [\"x\"], \"needs\": [], \"for\": {\"b\": \"@a\", \"c\": \"@a\", "
         "\"d\": \"@a\", \"e\": \"@a\"}}, {\"task\": \"u{b}{c}{d}\", \"run\": [\"x\"], \"needs\": [\"t*\"], \"for\": "
         "{\"b\": \"@a\", \"c\": \"@a\", \"d\": \"@a\"}}",
         "needs of all tasks together"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Builder text = {0};
        SweepPlan plan;
        builder_add(&text, "%s%s]}", head, cases[i].tasks);
        assert_int_equal(read_plan(&plan, text.data, NULL), ERR_USAGE);
        if (!strstr(err_message(), cases[i].piece)) fail_msg("%s instead of %s", err_message(), cases[i].piece);
        assert_null(plan.tasks);
        builder_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_stands_for_no_endless_sweep),
        cmocka_unit_test(a_changed_argument_reruns_the_task_and_what_needs_it), /* first: no records yet */
        cmocka_unit_test(axes_expand_to_their_product_in_order),
        cmocka_unit_test(wildcard_needs_match_earlier_tasks_only),
        cmocka_unit_test(a_variable_can_be_overridden_but_not_invented),
        cmocka_unit_test(values_of_axes_may_name_variables),
        cmocka_unit_test(needs_are_met_by_exact_names),
        cmocka_unit_test(bad_files_are_refused_with_a_reason),
        cmocka_unit_test(a_file_that_extends_another_replaces_tasks_of_the_same_name),
        cmocka_unit_test(lists_products_and_objects_are_expanded_and_what_coincides_is_one_task),
        cmocka_unit_test(only_keeps_what_is_named_and_what_that_needs_by_name),
        cmocka_unit_test(a_deleted_result_is_made_again_alone),
        cmocka_unit_test(a_record_of_a_dead_process_says_stopped),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
