/* Files in tests/golden/weights come from tests/oracle/weightfile_golden.py, values from a formula in its docstring. */
#include "store/checkpoint/checkpoint.h"
#include "store/foreign/weightfile.h"

#include "support/unit.h"

#include <math.h>
#include <zip.h>

static WeightFile *open_golden(const char *name) {
    WeightFile *file;
    char path[PATH_SIZE];
    assert_ok(text_format(path, sizeof path, "%s/weights/%s", SYNVID_TEST_DATA, name));
    assert_ok(weightfile_open(&file, path));
    return file;
}

static const WeightEntry *read_named(float values[16], WeightFile *file, const char *prefix, const char *name) {
    char whole[WEIGHT_NAME_SIZE];
    assert_ok(text_format(whole, sizeof whole, "%s%s", prefix, name));
    int index = weightfile_find(file, whole);
    if (index < 0) fail_msg("no tensor %s", whole);
    const WeightEntry *entry = weightfile_entry(file, index);
    assert_in_range(entry->count, 1, 16);
    assert_ok(weightfile_read(values, file, index));
    return entry;
}

static void check_matrix(WeightFile *file, const char *prefix, const char *name, Dtype dtype) {
    float values[16];
    const WeightEntry *entry = read_named(values, file, prefix, name);
    assert_int_equal(entry->dtype, dtype);
    assert_int_equal(entry->n_dims, 2);
    assert_int_equal(entry->dims[0], 3);
    assert_int_equal(entry->dims[1], 4);
    for (int i = 0; i < 12; i++) assert_true(values[i] == (float)i / 2 - 3);
}

static void check_all(const char *name, const char *kind, const char *prefix, bool bfloat) {
    WeightFile *file = open_golden(name);
    float values[16];
    assert_string_equal(weightfile_kind(file), kind);
    check_matrix(file, prefix, "matrix", DTYPE_F32);
    check_matrix(file, prefix, "half", DTYPE_F16);
    check_matrix(file, prefix, "double", DTYPE_F64);
    if (bfloat) check_matrix(file, prefix, "bfloat", DTYPE_BF16);
    const WeightEntry *entry = read_named(values, file, prefix, "transposed");
    assert_int_equal(entry->dims[0], 4);
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 3; c++) assert_true(values[r * 3 + c] == (float)(c * 4 + r) / 2 - 3);
    read_named(values, file, prefix, "first");
    assert_true(values[0] == 0 && values[3] == 3);
    read_named(values, file, prefix, "last");
    assert_true(values[0] == 6 && values[3] == 9);
    read_named(values, file, prefix, "long");
    assert_true(values[0] == -5 && values[1] == 0x1p33f);
    read_named(values, file, prefix, "byte");
    assert_true(values[0] == 0 && values[1] == 255);
    read_named(values, file, prefix, "flag");
    assert_true(values[0] == 1 && values[1] == 0);
    assert_int_equal(read_named(values, file, prefix, "scalar")->n_dims, 0);
    assert_true(values[0] == 2.5f);
    read_named(values, file, prefix, "parameter");
    assert_true(values[0] == -3 && values[3] == -1.5f);
    weightfile_close(&file);
}

static void every_kind_gives_the_same_values(void **state) {
    (void)state;
    check_all("zip.pt", "torch zip", "model.", true);
    check_all("legacy.pth", "torch legacy", "model.", true);
    check_all("plain.safetensors", "safetensors", "", true);
    check_all("plain.npz", "npz", "", false);
    check_all("deflated.npz", "npz", "", false);
}

static void other_kinds_are_read(void **state) {
    (void)state;
    WeightFile *file = open_golden("script.pt");
    assert_string_equal(weightfile_kind(file), "TorchScript");
    check_matrix(file, "", "layer.weight", DTYPE_F32);
    weightfile_close(&file);
    file = open_golden("array.npy");
    check_matrix(file, "", "array", DTYPE_F32);
    weightfile_close(&file);
}

static void what_is_no_tensor_is_passed_over(void **state) {
    (void)state;
    WeightFile *file = open_golden("zip.pt");
    assert_int_equal(weightfile_count(file), 13); /* 12 of the model, one moment */
    assert_true(weightfile_find(file, "optimizer.state.0.exp_avg") >= 0);
    weightfile_close(&file);
}

/* ---- hostile bytes ---- */

/* Opens and reads all there is; any end is fine but a crash. Returns whether everything was read. */
static bool devour(const unsigned char *data, size_t length) {
    WeightFile *file;
    if (weightfile_open_bytes(&file, "hostile", data, length)) return false;
    bool whole = true;
    for (int i = 0; i < weightfile_count(file); i++) {
        int64_t count = weightfile_entry(file, i)->count;
        assert_true(count <= (int64_t)length * 1032); /* no more than deflate can hold */
        float *values = malloc((size_t)count * sizeof *values + 1);
        assert_non_null(values);
        whole &= !weightfile_read(values, file, i);
        free(values);
    }
    weightfile_close(&file);
    return whole;
}

static const char *const goldens[] = {"zip.pt",    "legacy.pth",   "script.pt", "plain.safetensors",
                                      "plain.npz", "deflated.npz", "array.npy"};

static void truncated_files_are_refused(void **state) {
    (void)state;
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++) {
        char path[PATH_SIZE], *data;
        size_t length;
        assert_ok(text_format(path, sizeof path, "%s/weights/%s", SYNVID_TEST_DATA, goldens[g]));
        assert_ok(file_read(&data, &length, path, 1 << 20));
        assert_true(devour((unsigned char *)data, length));
        for (size_t cut = 0; cut < length; cut += 7) {
            unsigned char *part = malloc(cut + 1); /* of its own, so that reading past the end is seen */
            memcpy(part, data, cut);
            unsigned char *exact = realloc(part, cut ? cut : 1);
            assert_false(devour(exact, cut));
            free(exact);
        }
        free(data);
    }
}

static void flipped_bits_do_not_crash(void **state) {
    (void)state;
    static const unsigned char masks[] = {0x01, 0x80, 0xff};
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++) {
        char path[PATH_SIZE], *data;
        size_t length;
        assert_ok(text_format(path, sizeof path, "%s/weights/%s", SYNVID_TEST_DATA, goldens[g]));
        assert_ok(file_read(&data, &length, path, 1 << 20));
        for (size_t i = 0; i < length; i++)
            for (size_t m = 0; m < sizeof masks; m++) {
                data[i] = (char)(data[i] ^ masks[m]);
                (void)devour((unsigned char *)data, length);
                data[i] = (char)(data[i] ^ masks[m]);
            }
        free(data);
    }
}

/* A legacy file of empty leading pickles and then this object. */
static Err open_pickle(const char *object, size_t length) {
    static const char head[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.N.N.";
    unsigned char data[512];
    WeightFile *file;
    assert_true(sizeof head - 1 + length <= sizeof data);
    memcpy(data, head, sizeof head - 1);
    memcpy(data + sizeof head - 1, object, length);
    Err err = weightfile_open_bytes(&file, "hostile", data, sizeof head - 1 + length);
    weightfile_close(&file);
    return err;
}
#define OPEN_PICKLE(text) open_pickle(text, sizeof(text) - 1)

static void hostile_pickles_are_refused(void **state) {
    (void)state;
    assert_fails(OPEN_PICKLE("]q\0h\0a.]."), ERR_INPUT, "nested deeper"); /* a list that holds itself */
    assert_fails(OPEN_PICKLE("X\xff\xff\xff\xffz"), ERR_INPUT, "truncated");
    assert_fails(OPEN_PICKLE("h\7."), ERR_INPUT, "unknown memo");
    assert_fails(OPEN_PICKLE("Nr\xff\xff\xff\xff."), ERR_INPUT, "impossible memo");
    assert_fails(OPEN_PICKLE("t."), ERR_INPUT, "no mark");
    assert_fails(OPEN_PICKLE("R."), ERR_INPUT, "empty stack");
    assert_fails(OPEN_PICKLE("(1."), ERR_INPUT, "empty stack"); /* a mark taken back before anything was pushed */
    assert_fails(OPEN_PICKLE("\x8c\2a\0\x8c\1b\x93."), ERR_INPUT, "zero inside a name");
    assert_fails(OPEN_PICKLE("I1\n."), ERR_INPUT, "unknown opcode 0x49");
    /* os.system('true') is a value like any other: nothing is called, and nothing is a weight. */
    assert_ok(OPEN_PICKLE("cos\nsystem\n\x8c\4true\x85R.]."));
}

static Err open_safetensors(const char *header, size_t data_bytes) {
    unsigned char data[1024] = {0};
    WeightFile *file;
    size_t length = strlen(header);
    assert_true(8 + length + data_bytes <= sizeof data);
    data[0] = (unsigned char)length;
    data[1] = (unsigned char)(length >> 8);
    memcpy(data + 8, header, length);
    Err err = weightfile_open_bytes(&file, "hostile", data, 8 + length + data_bytes);
    weightfile_close(&file);
    return err;
}

#define F32(name, shape, begin, end)                                                                                   \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void safetensors_that_do_not_add_up_are_refused(void **state) {
    (void)state;
    assert_ok(open_safetensors("{" F32("a", "[2]", "0", "8") "}", 8));
    assert_fails(open_safetensors("{" F32("a", "[2]", "0", "8") "," F32("b", "[2]", "4", "12") "}", 16), ERR_INPUT,
                 "overlap");
    assert_fails(open_safetensors("{" F32("a", "[2]", "0", "8") "}", 12), ERR_INPUT, "no tensor names");
    assert_fails(open_safetensors("{" F32("a", "[2]", "8", "16") "}", 8), ERR_INPUT, "a: data_offsets");
    assert_fails(open_safetensors("{" F32("a", "[4611686018427387904,4]", "0", "0") "}", 0), ERR_INPUT, "a: ");
    assert_fails(open_safetensors("{" F32("a", "[3000000000,3000000000,3000000000]", "0", "8") "}", 8), ERR_INPUT,
                 "a: data_offsets");
    char long_name[400] = "{\"";
    memset(long_name + 2, 'n', 256);
    strncat(long_name, "\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 100);
    assert_fails(open_safetensors(long_name, 4), ERR_INPUT, "a name of more than 255 characters");
    assert_fails(open_safetensors("{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1), ERR_INPUT,
                 "dtype F8");
}

/* ---- zip bombs ---- */

static void put_number(unsigned char *at, uint32_t number) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(number >> 8 * i);
}

/* Opens the archive after its first directory entry says another size before packing (APPNOTE.TXT 4.3.12). */
static Err open_with_size(unsigned char *data, size_t length, uint32_t size) {
    enum { ENTRY_SIZE = 24 };
    WeightFile *file;
    unsigned char *entry = memmem(data, length, "PK\x01\x02", 4);
    assert_non_null(entry);
    put_number(entry + ENTRY_SIZE, size);
    Err err = weightfile_open_bytes(&file, "bomb", data, length);
    weightfile_close(&file);
    return err;
}

/* An archive of one deflated array whose bytes hardly shrink, so that a gigabyte is in reach of its size. */
static unsigned char *make_archive(size_t *length) {
    enum { BYTES = 3 << 20 };
    char folder[PATH_SIZE], path[PATH_SIZE], *data;
    unsigned char *array = malloc(BYTES);
    uint32_t state = 1;
    for (size_t i = 0; i < BYTES; i++) array[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24 & 0x3f);
    memcpy(array, "\x93NUMPY", 6);
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "a.npz"));
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    zip_int64_t member = zip_file_add(archive, "a.npy", zip_source_buffer(archive, array, BYTES, 0), 0);
    assert_int_equal(zip_set_file_compression(archive, (zip_uint64_t)member, ZIP_CM_DEFLATE, 1), 0);
    assert_int_equal(zip_close(archive), 0);
    assert_ok(file_read(&data, length, path, BYTES));
    scratch_remove(folder);
    free(array);
    return (unsigned char *)data;
}

static void zip_bombs_are_refused_by_what_they_say(void **state) {
    (void)state;
    char path[PATH_SIZE], *golden;
    size_t length;
    assert_ok(text_format(path, sizeof path, "%s/weights/deflated.npz", SYNVID_TEST_DATA));
    assert_ok(file_read(&golden, &length, path, 1 << 20));
    assert_fails(open_with_size((unsigned char *)golden, length, 0x7fffffff), ERR_INPUT, "cannot unpack to 2147483647");
    free(golden);
    unsigned char *archive = make_archive(&length);
    assert_in_range(length, 0x7fffffff / 1032 + 1, 3 << 20);
    assert_fails(open_with_size(archive, length, 0x7fffffff), ERR_INPUT, "may unpack to 1073741824 bytes");
    free(archive);
}

static void what_is_no_weight_file_says_so(void **state) {
    (void)state;
    WeightFile *file;
    assert_fails(weightfile_open_bytes(&file, "noise", "hello, world", 12), ERR_INPUT, "noise: not a weight file");
    assert_fails(weightfile_open(&file, "/nowhere/at.all"), ERR_INPUT, "no such file");
    assert_fails(weightfile_open_bytes(&file, "memory", "\x89HDF\r\n\x1a\n...", 11), ERR_INPUT, "from its file");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_the_same_values),
        cmocka_unit_test(other_kinds_are_read),
        cmocka_unit_test(what_is_no_tensor_is_passed_over),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(flipped_bits_do_not_crash),
        cmocka_unit_test(hostile_pickles_are_refused),
        cmocka_unit_test(safetensors_that_do_not_add_up_are_refused),
        cmocka_unit_test(zip_bombs_are_refused_by_what_they_say),
        cmocka_unit_test(what_is_no_weight_file_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
