#include "store/foreign/weightfile.h"

#include "support/unit.h"

static void a_matrix_survives_the_round_trip(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    float *rows, values[6] = {1, -2, 3.5f, 1e-30f, 0, 7};
    size_t count;
    int dims;
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "a.npy"));
    assert_ok(npy_write(path, values, 2, 3));
    assert_ok(npy_read(&rows, &count, &dims, path));
    assert_int_equal(count, 2);
    assert_int_equal(dims, 3);
    assert_memory_equal(rows, values, sizeof values);
    free(rows);
    scratch_remove(folder);
}

static void the_header_is_what_numpy_expects(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE], *file;
    float value = 1;
    size_t length;
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "a.npy"));
    assert_ok(npy_write(path, &value, 1, 1));
    assert_ok(file_read(&file, &length, path, 1000));
    assert_int_equal(length, 128 + 4);
    assert_memory_equal(file, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }",
                        68);
    assert_int_equal(file[127], '\n');
    free(file);
    scratch_remove(folder);
}

static void foreign_and_cut_files_are_refused(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE], *file;
    float *rows, values[40] = {0};
    size_t count, length;
    int dims;
    scratch_make(folder);
    scratch_write(path, folder, "b.npy", "not a matrix");
    assert_fails(npy_read(&rows, &count, &dims, path), ERR_INPUT, "not a weight file");
    assert_ok(npy_write(path, values, 8, 5));
    assert_ok(file_read(&file, &length, path, 1000));
    assert_ok(file_write_whole(path, file, length - 4));
    free(file);
    assert_fails(npy_read(&rows, &count, &dims, path), ERR_INPUT, "values do not lie in the 39");
    char longer[128 + sizeof values + 4] = {0};
    assert_ok(npy_write(path, values, 8, 5));
    assert_ok(file_read(&file, &length, path, 1000));
    memcpy(longer, file, length);
    free(file);
    assert_ok(file_write_whole(path, longer, sizeof longer));
    assert_fails(npy_read(&rows, &count, &dims, path), ERR_INPUT, "length");
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_survives_the_round_trip),
        cmocka_unit_test(the_header_is_what_numpy_expects),
        cmocka_unit_test(foreign_and_cut_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
