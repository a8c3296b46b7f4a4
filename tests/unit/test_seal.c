#include "store/hdf5/internal/seal.h"

#include "support/unit.h"

static char scratch[PATH_SIZE], path[PATH_SIZE];
static bool sealed;

static int make_scratch(void **state) {
    (void)state;
    scratch_make(scratch);
    return path_join(path, sizeof path, scratch, "file") ? -1 : 0;
}

static int remove_scratch(void **state) {
    (void)state;
    scratch_remove(scratch);
    return 0;
}

static void write_file(const char *data, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* Flips every byte in turn; those of the two ranges may, those of the magic make a file without a seal. */
static void every_flip_outside_the_ranges_is_seen(void **state) {
    (void)state;
    char data[100], *bytes;
    size_t length;
    for (int i = 0; i < 100; i++) data[i] = (char)(i * 7);
    SealRange ranges[] = {{60, 90}, {20, 40}}; /* in any order */
    write_file(data, sizeof data);
    assert_ok(seal_check(&sealed, path));
    assert_false(sealed);
    assert_ok(seal_write(path, ranges, 2));
    assert_ok(seal_check(&sealed, path));
    assert_true(sealed);
    assert_ok(file_read(&bytes, &length, path, 1000));
    assert_int_equal(length, 100 + 2 * 16 + 32 + 8 + 8);
    assert_memory_equal(bytes, data, 100);
    for (size_t i = 0; i < length; i++) {
        bool inside = (i >= 20 && i < 40) || (i >= 60 && i < 90), in_magic = i >= length - 8;
        bytes[i] = (char)(bytes[i] ^ 1);
        write_file(bytes, length);
        if (inside || in_magic) {
            assert_ok(seal_check(&sealed, path));
            assert_int_equal(sealed, inside);
        } else
            assert_fails(seal_check(&sealed, path), ERR_INPUT, "damaged");
        bytes[i] = (char)(bytes[i] ^ 1);
    }
    free(bytes);
}

static void tables_that_make_no_sense_are_damage(void **state) {
    (void)state;
    struct {
        SealRange range;
        char digits[32];
        uint64_t n;
        char magic[8];
    } file = {.n = 1, .magic = {'S', 'Y', 'N', 'V', 'S', 'E', 'A', 'L'}};
    const SealRange ranges[] = {{1, 0}, {0, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}, {0, 1}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        file.range = ranges[i];
        write_file((const char *)&file, sizeof file);
        assert_fails(seal_check(&sealed, path), ERR_INPUT, "damaged");
    }
    const uint64_t counts[] = {2, UINT64_MAX, UINT64_MAX / 16 + 1};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        file.n = counts[i];
        write_file((const char *)&file, sizeof file);
        assert_fails(seal_check(&sealed, path), ERR_INPUT, "damaged");
    }
}

static void what_has_no_seal_passes(void **state) {
    (void)state;
    assert_ok(seal_check(&sealed, "/nowhere/at.all"));
    write_file("", 0);
    assert_ok(seal_check(&sealed, path));
    write_file("SYNVSEAL", 8);
    assert_ok(seal_check(&sealed, path));
    assert_fails(seal_write("/nowhere/at.all", NULL, 0), ERR_IO, "cannot read it back");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flip_outside_the_ranges_is_seen),
        cmocka_unit_test(tables_that_make_no_sense_are_damage),
        cmocka_unit_test(what_has_no_seal_passes),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
