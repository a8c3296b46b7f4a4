#include "base/system/file.h"

#include "support/scratch.h"

#include <sys/stat.h>

static void a_file_is_read_whole_with_a_zero_behind(void **state) {
    (void)state;
    char path[PATH_SIZE], *data = NULL;
    size_t length = 0;
    scratch_write(path, scratch, "text", "hello");
    assert_ok(file_read(&data, &length, path, 5));
    assert_int_equal(length, 5);
    assert_string_equal(data, "hello");
    free(data);
    scratch_write(path, scratch, "empty", "");
    assert_ok(file_read(&data, &length, path, 0));
    assert_int_equal(length, 0);
    assert_string_equal(data, "");
    free(data);
}

static void a_large_file_is_read_in_pieces(void **state) {
    (void)state;
    enum { BYTES = 300001 };
    char path[PATH_SIZE], *data = NULL, *content = malloc(BYTES);
    size_t length = 0;
    for (int i = 0; i < BYTES; i++) content[i] = (char)(i % 251);
    assert_ok(path_join(path, sizeof path, scratch, "large"));
    assert_ok(file_write_whole(path, content, BYTES));
    assert_int_equal(file_size(path), BYTES);
    assert_ok(file_read(&data, &length, path, BYTES));
    assert_int_equal(length, BYTES);
    assert_memory_equal(data, content, BYTES);
    free(data);
    free(content);
}

static void what_cannot_be_read_is_named(void **state) {
    (void)state;
    char path[PATH_SIZE], *data = NULL;
    size_t length = 0;
    scratch_write(path, scratch, "text", "hello");
    assert_fails(file_read(&data, &length, path, 4), ERR_INPUT, "larger than the 4 bytes");
    assert_null(data);
    assert_fails(file_read(&data, &length, in_scratch("nothing"), 9), ERR_INPUT, "nothing: cannot open");
    assert_fails(file_read(&data, &length, scratch, 9), ERR_INPUT, "is a folder");
    assert_int_equal(file_size(in_scratch("nothing")), -1);
}

static void a_written_file_appears_whole_and_leaves_no_partial(void **state) {
    (void)state;
    const char *path = in_scratch("out");
    assert_ok(file_write_whole(path, "1", 1));
    assert_ok(file_write_whole(path, "22", 2));
    assert_int_equal(file_size(path), 2);
    assert_false(file_exists(in_scratch("out.partial")));
}

static void an_unwritable_place_leaves_nothing_behind(void **state) {
    (void)state;
    assert_fails(file_write_whole(in_scratch("no/such/folder/out"), "1", 1), ERR_IO, "out.partial: cannot create");
    assert_ok(folder_make(in_scratch("out")));
    assert_fails(file_write_whole(in_scratch("out"), "1", 1), ERR_IO, "cannot rename");
    assert_false(file_exists(in_scratch("out.partial")));
}

static void a_streamed_file_is_finished_by_renaming(void **state) {
    (void)state;
    char partial[PATH_SIZE], path[PATH_SIZE];
    assert_ok(path_join(path, sizeof path, scratch, "stream"));
    assert_ok(file_partial_name(partial, sizeof partial, path));
    assert_fails(file_finish_partial(path), ERR_IO, "stream.partial: cannot open");
    assert_ok(file_append_line(partial, "one"));
    assert_ok(file_append_line(partial, "two"));
    assert_false(file_exists(path));
    assert_ok(file_finish_partial(path));
    assert_int_equal(file_size(path), 8);
    assert_false(file_exists(partial));
    assert_ok(file_append_line(partial, "three"));
    file_remove_partial(path);
    assert_false(file_exists(partial));
}

static void folders_are_made_with_their_parents(void **state) {
    (void)state;
    assert_ok(folder_make(in_scratch("a/b/c")));
    assert_ok(folder_make(in_scratch("a/b/c")));
    assert_true(file_is_directory(in_scratch("a/b/c")));
    char path[PATH_SIZE];
    scratch_write(path, scratch, "file", "");
    assert_fails(folder_make(path), ERR_IO, "file stands where a folder is needed");
    assert_fails(folder_make(in_scratch("file/below")), ERR_IO, "cannot make this folder");
}

static void only_partials_are_cleared(void **state) {
    (void)state;
    char path[PATH_SIZE];
    scratch_write(path, scratch, "keep.h5", "");
    scratch_write(path, scratch, "drop.h5.partial", "");
    scratch_write(path, scratch, "partial", "");
    assert_ok(folder_remove_partials(scratch));
    assert_true(file_exists(in_scratch("keep.h5")));
    assert_true(file_exists(in_scratch("partial")));
    assert_false(file_exists(in_scratch("drop.h5.partial")));
    assert_fails(folder_remove_partials(in_scratch("nothing")), ERR_IO, "cannot open this folder");
}

static void removing_what_is_not_there_is_fine(void **state) {
    (void)state;
    assert_ok(file_remove(in_scratch("nothing")));
    assert_fails(file_remove(scratch), ERR_IO, "cannot remove");
}

static void a_walk_lists_files_in_bytewise_order(void **state) {
    (void)state;
    char path[PATH_SIZE];
    scratch_write(path, scratch, "b.txt", "");
    scratch_write(path, scratch, "a/z.txt", "");
    scratch_write(path, scratch, "a/B.txt", "");
    scratch_write(path, scratch, ".hidden", "");
    scratch_write(path, scratch, "a/.git/x", "");
    assert_int_equal(symlink(scratch, in_scratch("a/loop")), 0);
    FileList list;
    assert_ok(file_list_walk(&list, scratch));
    assert_int_equal(list.count, 3);
    assert_string_equal(list.paths[0], "a/B.txt");
    assert_string_equal(list.paths[1], "a/z.txt");
    assert_string_equal(list.paths[2], "b.txt");
    file_list_free(&list);
    assert_ok(folder_make(in_scratch("void")));
    assert_ok(file_list_walk(&list, in_scratch("void")));
    assert_int_equal(list.count, 0);
    file_list_free(&list);
    assert_fails(file_list_walk(&list, in_scratch("nothing")), ERR_INPUT, "no such folder");
    assert_fails(file_list_walk(&list, in_scratch("b.txt")), ERR_INPUT, "is a file");
}

static void free_space_is_that_of_the_nearest_folder(void **state) {
    (void)state;
    uint64_t here = 0, below = 0;
    assert_ok(folder_free_bytes(&here, scratch));
    assert_ok(folder_free_bytes(&below, in_scratch("not/yet/there")));
    assert_true(here > 0 && below > 0);
}

int main(void) {
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, make_scratch, drop_scratch)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_file_is_read_whole_with_a_zero_behind),
        IN_SCRATCH(a_large_file_is_read_in_pieces),
        IN_SCRATCH(what_cannot_be_read_is_named),
        IN_SCRATCH(a_written_file_appears_whole_and_leaves_no_partial),
        IN_SCRATCH(an_unwritable_place_leaves_nothing_behind),
        IN_SCRATCH(a_streamed_file_is_finished_by_renaming),
        IN_SCRATCH(folders_are_made_with_their_parents),
        IN_SCRATCH(only_partials_are_cleared),
        IN_SCRATCH(removing_what_is_not_there_is_fine),
        IN_SCRATCH(a_walk_lists_files_in_bytewise_order),
        IN_SCRATCH(free_space_is_that_of_the_nearest_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
