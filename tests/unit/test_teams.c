/* run/teams - teams in caches, whatever their sizes; base/system/caches - what a folder like the kernel's says. */
#include "run/teams.h"

#include "base/system/caches.h"
#include "base/system/file.h"
#include "base/text/text.h"
#include "support/scratch.h"

static void check_caches(int count, int size, const int *processors, int n_caches, const int *expected) {
    int cache[64];
    const Teams teams = {.count = count, .size = size};
    teams_caches(cache, &teams, processors, n_caches);
    for (int t = 0; t < count; t++) assert_int_equal(cache[t], expected[t]);
}

static void test_teams_never_straddle_a_cache(void **state) {
    (void)state;
    const int eight[] = {8, 8, 8, 8}, uneven[] = {2, 6}, two[] = {2, 2};
    check_caches(8, 4, eight, 4, (const int[]){0, 0, 1, 1, 2, 2, 3, 3});
    check_caches(4, 4, eight, 4, (const int[]){0, 1, 2, 3}); /* two threads of a core: half of them, everywhere */
    check_caches(4, 8, eight, 4, (const int[]){0, 1, 2, 3});
    check_caches(2, 16, eight, 4, (const int[]){-1, -1});
    check_caches(10, 3, eight, 4, (const int[]){0, 0, 1, 1, -1, 2, 2, 3, 3, -1});
    check_caches(4, 2, uneven, 2, (const int[]){0, 1, 1, 1});
    check_caches(1, 4, two, 2, (const int[]){-1});
    check_caches(4, 1, two, 2, (const int[]){0, 0, 1, 1});
}

static void test_lists_of_processors_are_read(void **state) {
    (void)state;
    cpu_set_t set;
    assert_true(caches_parse(&set, "0-2,8,10-11\n"));
    assert_int_equal(CPU_COUNT(&set), 6);
    assert_true(CPU_ISSET(8, &set) && CPU_ISSET(11, &set) && !CPU_ISSET(3, &set));
    assert_true(caches_parse(&set, ""));
    assert_int_equal(CPU_COUNT(&set), 0);
    assert_true(caches_parse(&set, "1000-5000")); /* beyond what a set holds */
    assert_int_equal(CPU_COUNT(&set), CPU_SETSIZE - 1000);
    const char *wrong[] = {"a", "3-1", "-4", "1,,2", "1;2", "5-"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_false(caches_parse(&set, wrong[i]));
}

static void put(const char *folder, int cpu, int index, const char *name, const char *text) {
    char path[PATH_SIZE];
    assert_ok(text_format(path, sizeof path, "%s/cpu%d/cache/index%d", folder, cpu, index));
    assert_ok(folder_make(path));
    assert_int_equal(text_format(path, sizeof path, "%s/cpu%d/cache/index%d/%s", folder, cpu, index, name), ERR_NONE);
    assert_int_equal(file_write_whole(path, text, strlen(text)), ERR_NONE);
}

static void test_processors_of_a_rank_are_grouped_by_cache(void **state) {
    (void)state;
    const char *folder = scratch;
    for (int cpu = 0; cpu < 8; cpu++) {
        put(folder, cpu, 0, "level", "1\n");
        put(folder, cpu, 0, "shared_cpu_list", "0\n");
        put(folder, cpu, 3, "level", "3\n");
        put(folder, cpu, 3, "shared_cpu_list", cpu % 4 < 2 ? "0-1,4-5\n" : "2-3,6-7\n");
    }
    cpu_set_t among;
    Caches caches;
    CPU_ZERO(&among);
    for (size_t cpu = 1; cpu < 7; cpu++) CPU_SET(cpu, &among); /* a launcher's mask */
    assert_int_equal(caches_read(&caches, &among, folder), ERR_NONE);
    assert_int_equal(caches.count, 2);
    assert_int_equal(CPU_COUNT(&caches.domains[0]), 3);
    assert_true(CPU_ISSET(1, &caches.domains[0]) && CPU_ISSET(4, &caches.domains[0]) &&
                CPU_ISSET(5, &caches.domains[0]));
    assert_true(CPU_ISSET(2, &caches.domains[1]) && !CPU_ISSET(7, &caches.domains[1]));
    caches_free(&caches);
    CPU_SET(9, &among); /* of which the folder says nothing */
    assert_int_equal(caches_read(&caches, &among, folder), ERR_NONE);
    assert_int_equal(caches.count, 0);
    caches_free(&caches);
}

/* Whatever this machine has: nothing fails, and the binding ends with the teams. */
static void test_binding_ends_with_the_teams(void **state) {
    (void)state;
    cpu_set_t before, after;
    Teams teams;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(teams_new(&teams, 2, 1), ERR_NONE);
    assert_int_equal(teams_bind(&teams, &before), ERR_NONE);
    teams_free(&teams);
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
    CPU_ZERO(&after);
    assert_int_equal(teams_new(&teams, 2, 1), ERR_NONE);
    assert_int_equal(teams_bind(&teams, &after), ERR_NONE); /* no processors are this rank's alone */
    assert_null(teams.bound);
    teams_free(&teams);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_teams_never_straddle_a_cache),
        cmocka_unit_test(test_lists_of_processors_are_read),
        cmocka_unit_test(test_processors_of_a_rank_are_grouped_by_cache),
        cmocka_unit_test(test_binding_ends_with_the_teams),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
