#include "bench/bench_shards.h"
#include "store_fixture.h"

#include <dirent.h>

static void take_row(void *context, const PairRow *row) {
    int *rows = context;
    assert_true(row->rate > 0 && row->bound > 0 && row->share > 0);
    assert_true(strlen(row->name) > 0 && strlen(row->unit) > 0);
    (*rows)++;
}

static int files_in(const char *path) {
    int count = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; (entry = readdir(folder));) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void test_a_small_benchmark_gives_every_row_and_leaves_nothing(void **state) {
    (void)state;
    int rows = 0;
    Par par = par_serial(1);
    ShardBenchPlan plan = bench_shards_plan(fixture_folder);
    plan.size = 20;
    plan.videos = 2;
    plan.clips = 5;
    plan.seconds = 0;
    assert_ok(bench_shards_all((PairSink){take_row, &rows}, &plan, &par));
    assert_int_equal(rows, 6);
    assert_int_equal(files_in(fixture_folder), 0);
}

static void test_a_folder_that_is_not_there_is_named(void **state) {
    (void)state;
    int rows = 0;
    Par par = par_serial(1);
    ShardBenchPlan plan = bench_shards_plan(fixture_path("absent"));
    plan.size = 20;
    assert_err(ERR_IO, "absent", bench_shards_all((PairSink){take_row, &rows}, &plan, &par));
    assert_int_equal(rows, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_small_benchmark_gives_every_row_and_leaves_nothing),
        cmocka_unit_test(test_a_folder_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
