#include "base/system/file.h"
#include "base/text/text.h"
#include "store/checkpoint/checkpoint.h"
#include "store/foreign/internal/weightfile_formats.h"
#include "store/foreign/weightfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/synvid-safetensors-XXXXXX";
static char path[PATH_SIZE];

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return -1;
    return path_join(path, sizeof(path), folder, "a.safetensors") ? -1 : 0;
}

static int remove_folder(void **state) {
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static float first[6] = {1, 2, 3, 4, 5, 6}, second[1] = {-7.5f};
static const Tensor tensors[] = {{.name = "layer.weight", .n_dims = 2, .dims = {2, 3}, .data = first},
                                 {.name = "scalar", .n_dims = 1, .dims = {1}, .data = second}};

static void test_tensors_come_back(void **state) {
    (void)state;
    assert_int_equal(safetensors_write(path, tensors, 2), ERR_NONE);
    WeightFile *file;
    float values[6];
    assert_int_equal(weightfile_open(&file, path), ERR_NONE);
    assert_int_equal(weightfile_count(file), 2);
    int layer = weightfile_find(file, "layer.weight"), scalar = weightfile_find(file, "scalar");
    assert_true(layer >= 0 && scalar >= 0);
    assert_int_equal(weightfile_entry(file, layer)->n_dims, 2);
    assert_int_equal(weightfile_entry(file, layer)->dims[1], 3);
    assert_int_equal(weightfile_read(values, file, layer), ERR_NONE);
    assert_memory_equal(values, first, sizeof(first));
    assert_int_equal(weightfile_read(values, file, scalar), ERR_NONE);
    assert_memory_equal(values, second, sizeof(second));
    weightfile_close(&file);
}

/* The format's own rules, byte by byte: length, header, data without gaps at an aligned start. */
static void test_the_file_is_what_other_readers_expect(void **state) {
    (void)state;
    static const char expected[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                   "\"layer.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                                   "\"scalar\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[24,28]}}";
    char *data;
    size_t length;
    assert_int_equal(safetensors_write(path, tensors, 2), ERR_NONE);
    assert_int_equal(file_read(&data, &length, path, 1 << 20), ERR_NONE);
    uint64_t header;
    memcpy(&header, data, sizeof(header));
    assert_int_equal(header % 8, 0);
    assert_int_equal(length, 8 + header + sizeof(first) + sizeof(second));
    assert_memory_equal(data + 8, expected, sizeof(expected) - 1);
    assert_memory_equal(data + 8 + header, first, sizeof(first));
    free(data);
}

static void write_file(const char *header, uint64_t stated, size_t data_bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    uint64_t length = stated ? stated : strlen(header);
    fwrite(&length, sizeof(length), 1, file);
    fwrite(header, 1, strlen(header), file);
    for (size_t i = 0; i < data_bytes; i++) fputc(0, file);
    fclose(file);
}

static void test_files_that_do_not_add_up_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *header;
        uint64_t stated;
        size_t data_bytes;
    } broken[] = {
        {"{}", 1000, 0},
        {"{}", 1ull << 62, 0},
        {"{}", 0, 4},
        {"not json", 0, 0},
        {"[1]", 0, 0},
        {"{\"a\":{\"dtype\":\"F8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 0, 4},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 0, 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 0, 4},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 0, 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 0, 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2000000000,2000000000,2000000000],\"data_offsets\":[0,8]}}", 0, 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,6]}}", 0, 6},
        {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 0, 8},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 0, 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 0, 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
         0, 8},
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        write_file(broken[i].header, broken[i].stated, broken[i].data_bytes);
        WeightFile *file;
        assert_int_equal(weightfile_open(&file, path), ERR_INPUT);
        assert_non_null(strstr(err_message(), path));
        assert_null(file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors_come_back),
        cmocka_unit_test(test_the_file_is_what_other_readers_expect),
        cmocka_unit_test(test_files_that_do_not_add_up_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
