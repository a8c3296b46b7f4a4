#include "store/hdf5/h5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ELEMENTS = 120 };

/* Marks the elements of a box in row-major order. */
static void mark(unsigned char *seen, const int64_t *dims, int n_dims, const int64_t *start, const int64_t *count) {
    int64_t n = 1;
    for (int d = 0; d < n_dims; d++) n *= count[d];
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, place = 0, stride = 1;
        for (int d = n_dims - 1; d >= 0; d--) {
            place += (start[d] + rest % count[d]) * stride;
            rest /= count[d];
            stride *= dims[d];
        }
        seen[place]++;
    }
}

static void check_all_ranges(const int64_t *dims, int n_dims) {
    int64_t total = 1;
    for (int d = 0; d < n_dims; d++) total *= dims[d];
    for (int64_t begin = 0; begin < total; begin++)
        for (int64_t end = begin + 1; end <= total; end++) {
            unsigned char seen[MAX_ELEMENTS] = {0};
            int boxes = 0;
            for (int64_t at = begin; at < end; boxes++) {
                int64_t start[5], count[5];
                int64_t length = hyperslab_box(start, count, dims, n_dims, at, end);
                assert_true(length >= 1);
                mark(seen, dims, n_dims, start, count);
                at += length;
            }
            for (int64_t i = 0; i < total; i++) assert_int_equal(seen[i], i >= begin && i < end);
            assert_true(boxes <= 2 * n_dims - 1);
        }
}

static void test_every_range_of_every_shape_is_covered_once(void **state) {
    (void)state;
    check_all_ranges((const int64_t[]){17}, 1);
    check_all_ranges((const int64_t[]){5, 7}, 2);
    check_all_ranges((const int64_t[]){1, 1, 6}, 3);
    check_all_ranges((const int64_t[]){3, 4, 5}, 3);
    check_all_ranges((const int64_t[]){3, 2, 1, 4, 5}, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_range_of_every_shape_is_covered_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
