#include "base/config/record.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "store_fixture.h"

#include <dirent.h>

static int files_in(const char *path) {
    int count = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; (entry = readdir(folder));) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static ShardBenchPlan small_plan(const char *folder) {
    return (ShardBenchPlan){.folder = folder, .size = 20, .n_frames = 70, .videos = 2, .clips = 5};
}

static void test_a_small_benchmark_gives_every_row_and_leaves_nothing(void **state) {
    (void)state;
    Par par = par_serial(1);
    const ShardBenchPlan plan = small_plan(fixture_folder);
    BenchTable table;
    int rows = 0;
    assert_ok(bench_pairs_open(&table, true, "", &par));
    assert_ok(shards_plan_measure_all(&table, &plan, &par));
    const cJSON *row;
    cJSON_ArrayForEach(row, table.list) {
        for (int i = 0; i < 3; i++) {
            static const char *const keys[] = {"rate", "bound", "share"};
            assert_true(record_number_or(row, keys[i], 0) > 0);
        }
        assert_true(strlen(record_text_or(row, "name", "")) > 0 && strlen(record_text_or(row, "unit", "")) > 0);
        rows++;
    }
    assert_int_equal(rows, 6);
    assert_int_equal(files_in(fixture_folder), 0);
    assert_err(ERR_IO, "", bench_table_close(&table, RAISE(ERR_IO, "so that nothing is printed")));
}

static void test_a_folder_that_is_not_there_is_named(void **state) {
    (void)state;
    Par par = par_serial(1);
    const ShardBenchPlan plan = small_plan(fixture_path("absent"));
    BenchTable table;
    assert_ok(bench_pairs_open(&table, true, "", &par));
    assert_err(ERR_IO, "absent", bench_table_close(&table, shards_plan_measure_all(&table, &plan, &par)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_small_benchmark_gives_every_row_and_leaves_nothing),
        cmocka_unit_test(test_a_folder_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
