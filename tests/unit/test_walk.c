/* base/system/walk - links are followed, loops end, and what cannot be had is named. */
#include "base/system/walk.h"

#include "support/scratch.h"

#include <sys/stat.h>

static void add(const char *name) {
    char path[PATH_SIZE];
    scratch_write(path, scratch, name, "x");
}

static void holds(const FileList *list, size_t count, const char *const *names) {
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) assert_string_equal(list->paths[i], names[i]);
}

static void links_are_followed_to_files_and_folders(void **state) {
    (void)state;
    add("store/run/a");
    add("top/walk/b");
    assert_int_equal(symlink("../store/run", in_scratch("top/run")), 0);
    assert_int_equal(symlink("run", in_scratch("top/again")), 0); /* twice, as somebody wanted */
    assert_int_equal(symlink("../../store/run/a", in_scratch("top/walk/c")), 0);
    Walk walk;
    assert_ok(walk_folder(&walk, in_scratch("top")));
    holds(&walk.files, 4, (const char *const[]){"again/a", "run/a", "walk/b", "walk/c"});
    holds(&walk.folders, 3, (const char *const[]){"again", "run", "walk"});
    assert_int_equal(walk.lost.count + walk.loops.count, 0);
    walk_free(&walk);
}

static void loops_end(void **state) {
    (void)state;
    add("top/a/b/file");
    assert_int_equal(symlink("../..", in_scratch("top/a/b/up")), 0);
    assert_int_equal(symlink(".", in_scratch("top/a/here")), 0);
    assert_int_equal(symlink("self", in_scratch("top/self")), 0);
    Walk walk;
    assert_ok(walk_folder(&walk, in_scratch("top")));
    holds(&walk.files, 1, (const char *const[]){"a/b/file"});
    holds(&walk.loops, 2, (const char *const[]){"a/b/up", "a/here"});
    holds(&walk.lost, 1, (const char *const[]){"self"});
    assert_non_null(strstr(walk.reasons[0], "in circles"));
    walk_free(&walk);
}

static void what_cannot_be_had_is_named(void **state) {
    (void)state;
    add("top/file");
    add("top/.hidden");
    add("top/shut/inside");
    assert_int_equal(symlink("/nowhere", in_scratch("top/broken")), 0);
    assert_int_equal(mkfifo(in_scratch("top/pipe"), 0600), 0);
    assert_int_equal(chmod(in_scratch("top/shut"), 0), 0);
    Walk walk;
    assert_ok(walk_folder(&walk, in_scratch("top")));
    bool shut = geteuid() != 0; /* nothing is shut to root */
    assert_int_equal(walk.files.count, shut ? 1 : 2);
    holds(&walk.lost, shut ? 3 : 2, (const char *const[]){"broken", "pipe", "shut"});
    assert_string_equal(walk.reasons[0], "a link to what is not there: /nowhere");
    assert_string_equal(walk.reasons[1], "a pipe, neither a file nor a folder");
    assert_int_equal(walk.n_hidden, 1);
    walk_free(&walk);
    assert_int_equal(chmod(in_scratch("top/shut"), 0700), 0);
}

static void a_folder_is_needed(void **state) {
    (void)state;
    Walk walk;
    add("file");
    assert_fails(walk_folder(&walk, in_scratch("nothing")), ERR_INPUT, "no such folder");
    assert_fails(walk_folder(&walk, in_scratch("file")), ERR_INPUT, "is a file");
}

int main(void) {
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, make_scratch, drop_scratch)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(links_are_followed_to_files_and_folders),
        IN_SCRATCH(loops_end),
        IN_SCRATCH(what_cannot_be_had_is_named),
        IN_SCRATCH(a_folder_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
