#include "base/system/file.h"
#include "sweep/plan/plan.h"
#include "sweep/slurm/internal/batch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char folder[] = "/tmp/synvid-test-batch-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    char command[PATH_SIZE];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void read_plan(SweepPlan *plan, const char *tasks) {
    char file[PATH_SIZE], text[4096];
    assert_int_equal(path_join(file, sizeof file, folder, "sweep.json"), ERR_NONE);
    assert_int_equal(text_format(text, sizeof text, "{\"name\": \"s\", \"tasks\": [%s]}", tasks), ERR_NONE);
    assert_int_equal(file_write_whole(file, text, strlen(text)), ERR_NONE);
    assert_int_equal(sweep_plan_read(plan, file, folder, NULL, 0), ERR_NONE);
}

static const char chain[] =
    "{\"task\": \"set-{s}\", \"for\": {\"s\": [\"train\", \"test\"]}, \"run\": [\"x\"]},"
    "{\"task\": \"pre-{v}\", \"for\": {\"v\": [1, 2, 3]}, \"run\": [\"x\"]},"
    "{\"task\": \"fine-{v}\", \"for\": {\"v\": [1, 2, 3]}, \"needs\": [\"pre-{v}\", \"set-*\"], \"run\": [\"x\"]},"
    "{\"task\": \"one\", \"needs\": [\"set-test\"], \"run\": [\"x\"]},"
    "{\"task\": \"report\", \"needs\": [\"fine-*\", \"one\"], \"run\": [\"x\"]}";

static void chains_correspond_and_shared_needs_are_waited_for(void **state) {
    (void)state;
    SweepPlan plan;
    Batch batch;
    TaskRecord records[10] = {0};
    read_plan(&plan, chain);
    assert_int_equal(batch_plan(&batch, &plan, records, NULL), ERR_NONE);
    assert_int_equal(batch.n_arrays, 5);
    assert_string_equal(batch.arrays[1].stage, "pre");
    assert_int_equal(batch.arrays[1].n_tasks, 3);
    assert_string_equal(batch.arrays[1].dependency, "");
    assert_string_equal(batch.arrays[2].dependency, "aftercorr:$job_2,afterok:$job_1");
    for (int v = 0; v < 3; v++) assert_int_equal(batch.index[5 + v], batch.index[2 + v]);
    assert_string_equal(batch.arrays[3].dependency, "afterok:${job_1}_1");
    assert_string_equal(batch.arrays[4].dependency, "afterok:$job_3:$job_4");
    batch_free(&batch);
    sweep_plan_free(&plan);
}

/* pre-1 finished, pre-2 in the queue as job 17_3, pre-3 failed: only what is missing, by what it waits for. */
static void only_what_is_missing_is_submitted(void **state) {
    (void)state;
    SweepPlan plan;
    Batch batch;
    TaskRecord records[10] = {0};
    read_plan(&plan, chain);
    records[0].state = records[1].state = records[2].state = records[8].state = TASK_FINISHED;
    records[3].state = TASK_QUEUED;
    snprintf(records[3].job, sizeof records[3].job, "17_3");
    records[4].state = TASK_FAILED;
    assert_int_equal(batch_plan(&batch, &plan, records, NULL), ERR_NONE);
    assert_int_equal(batch.n_arrays, 5);
    assert_string_equal(batch.arrays[0].stage, "pre");
    assert_int_equal(batch.arrays[0].n_tasks, 1);
    assert_string_equal(batch.arrays[1].dependency, "");
    assert_string_equal(batch.arrays[2].dependency, "afterok:17_3");
    assert_string_equal(batch.arrays[3].dependency, "aftercorr:$job_1");
    assert_string_equal(batch.arrays[4].dependency, "afterok:$job_2:$job_3:$job_4");
    batch_free(&batch);
    for (int i = 0; i < plan.n_tasks; i++) records[i].state = TASK_FINISHED;
    assert_int_equal(batch_plan(&batch, &plan, records, NULL), ERR_NONE);
    assert_int_equal(batch.n_arrays, 0);
    batch_free(&batch);
    sweep_plan_free(&plan);
}

static void a_stage_that_needs_itself_becomes_several_arrays(void **state) {
    (void)state;
    SweepPlan plan;
    Batch batch;
    TaskRecord records[10] = {0};
    read_plan(&plan, "{\"task\": \"a-1\", \"stage\": \"a\", \"run\": [\"x\"]},"
                     "{\"task\": \"a-2\", \"stage\": \"a\", \"needs\": [\"a-1\"], \"run\": [\"x\"]},"
                     "{\"task\": \"b\", \"needs\": [\"a-1\"], \"run\": [\"x\"]},"
                     "{\"task\": \"a-3\", \"stage\": \"a\", \"needs\": [\"b\"], \"run\": [\"x\"]}");
    assert_int_equal(batch_plan(&batch, &plan, records, NULL), ERR_NONE);
    assert_int_equal(batch.n_arrays, 4);
    assert_int_equal(batch.arrays[0].tasks[0], 0);
    for (int a = 1; a < 4; a++) assert_non_null(strstr(batch.arrays[a].dependency, a < 3 ? "$job_1" : "$job_"));
    int seen = 0;
    for (int t = 0; t < plan.n_tasks; t++)
        for (int other = 0; other < t; other++)
            seen += text_equal(plan.tasks[t].stage, plan.tasks[other].stage) && batch.index[t] == batch.index[other];
    assert_int_equal(seen, 0);
    batch_free(&batch);
    sweep_plan_free(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_correspond_and_shared_needs_are_waited_for),
        cmocka_unit_test(only_what_is_missing_is_submitted),
        cmocka_unit_test(a_stage_that_needs_itself_becomes_several_arrays),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
