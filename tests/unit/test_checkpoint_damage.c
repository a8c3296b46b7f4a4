/* Checkpoints that are cut off, flipped, or made by somebody who knows HDF5 and means harm: an error or the weights
 * that were written, never a crash and never other weights. */
#include "store/checkpoint/checkpoint.h"
#include "store/hdf5/h5.h"

#include "support/unit.h"

#include <fcntl.h>

static char scratch[PATH_SIZE], original[PATH_SIZE], damaged[PATH_SIZE];
static char *bytes; /* of the original */
static size_t length;
static char digest[DIGEST_SIZE];

static float values[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const Tensor tensors[] = {{.name = "mask_token", .n_dims = 3, .dims = {1, 1, 7}},
                                 {.name = "head.bias", .n_dims = 1, .dims = {4}}};

static int write_original(void **state) {
    (void)state;
    const Par alone = par_serial(1);
    CheckpointState of = {.step = 3, .seed = 7, .config_text = "{}"};
    CheckpointSlice slice = {.tensors = tensors, .n_tensors = 2, .end = 11, .params = values};
    WeightSet weights;
    scratch_make(scratch);
    assert_ok(checkpoint_write_all(scratch, &slice, &of, &alone));
    assert_ok(checkpoint_path(original, sizeof original, scratch, 3));
    assert_ok(path_join(damaged, sizeof damaged, scratch, "damaged.h5"));
    assert_ok(file_read(&bytes, &length, original, 1 << 20));
    assert_ok(weights_read(&weights, original));
    memcpy(digest, weights.digest, sizeof digest);
    weights_free(&weights);
    return 0;
}

static int remove_original(void **state) {
    (void)state;
    free(bytes);
    scratch_remove(scratch);
    return 0;
}

static void write_damaged(const char *data, size_t size) {
    FILE *file = fopen(damaged, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Whether it was read: then with the values that were written. */
static bool read_damaged(void) {
    WeightSet weights;
    char found[DIGEST_SIZE];
    Err err = weights_read(&weights, damaged);
    if (err && err != ERR_INPUT && err != ERR_MEMORY) fail_msg("code %d: %s", (int)err, err_message());
    for (int t = 0; !err && t < 2; t++) {
        const Tensor *tensor = weights_find(&weights, tensors[t].name);
        assert_non_null(tensor);
        assert_int_equal(tensor_count(tensor), tensor_count(&tensors[t]));
        assert_memory_equal(tensor->data, values + (t ? 7 : 0), tensor_count(tensor) * sizeof *values);
    }
    weights_free(&weights);
    if (!checkpoint_file_verify(damaged, found) && !err) assert_true(found[0]); /* it verifies what it can */
    return !err;
}

static void truncated_files_are_refused(void **state) {
    (void)state;
    for (size_t cut = 0; cut < length; cut += cut < 64 ? 1 : 37) {
        write_damaged(bytes, cut);
        if (read_damaged()) fail_msg("%zu of %zu bytes were enough", cut, length);
    }
}

static void flipped_bytes_give_the_weights_or_an_error(void **state) {
    (void)state;
    static const char masks[] = {0x01, (char)0x80, (char)0xff, 0x10};
    write_damaged(bytes, length);
    int file = open(damaged, O_WRONLY | O_CLOEXEC), n_read = 0;
    assert_true(file >= 0);
    for (size_t i = 0; i < length; i++) {
        char flipped = (char)(bytes[i] ^ masks[i % sizeof masks]);
        assert_int_equal(pwrite(file, &flipped, 1, (off_t)i), 1);
        if (read_damaged()) n_read++;
        assert_int_equal(pwrite(file, &bytes[i], 1, (off_t)i), 1);
    }
    close(file);
    assert_int_equal(n_read, 0);
}

/* ---- files that HDF5 finds in order ---- */

typedef void (*Make)(hid_t file, hid_t model);

static void put_array(hid_t group, const char *name, hid_t type, int n_dims, const hsize_t *dims, hid_t creation) {
    hid_t space = H5Screate_simple(n_dims, dims, NULL);
    hid_t dataset = H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(dataset >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

static void set_version(hid_t file, int64_t version) {
    hid_t attribute = H5Aopen(file, "schema_version", H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &version) >= 0);
    H5Aclose(attribute);
}

/* A copy of the original in which `make` puts more into /model, of version 1, which had no seal. */
static void refuse(Make make, const char *piece) {
    WeightSet weights;
    char found[DIGEST_SIZE];
    write_damaged(bytes, length - 1);
    h5_lock();
    hid_t file = H5Fopen(damaged, H5F_ACC_RDWR, H5P_DEFAULT), model = H5Gopen2(file, "/model", H5P_DEFAULT);
    assert_true(file >= 0 && model >= 0);
    set_version(file, 1);
    make(file, model);
    H5Gclose(model);
    H5Fclose(file);
    h5_unlock();
    if (!piece) {
        assert_ok(weights_read(&weights, damaged));
        weights_free(&weights);
        return;
    }
    assert_fails(weights_read(&weights, damaged), ERR_INPUT, piece);
    assert_null(weights.tensors);
    assert_fails(checkpoint_file_verify(damaged, found), ERR_INPUT, piece);
}

static void with_doubles(hid_t file, hid_t model) {
    (void)file;
    put_array(model, "wrong", H5T_IEEE_F64LE, 1, (hsize_t[]){4}, H5P_DEFAULT);
}
static void with_texts(hid_t file, hid_t model) {
    (void)file;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    put_array(model, "wrong", type, 1, (hsize_t[]){4}, H5P_DEFAULT);
    H5Tclose(type);
}
static void with_a_compound(hid_t file, hid_t model) {
    (void)file;
    hid_t type = H5Tcreate(H5T_COMPOUND, 4);
    H5Tinsert(type, "real", 0, H5T_IEEE_F32LE);
    put_array(model, "wrong", type, 1, (hsize_t[]){4}, H5P_DEFAULT);
    H5Tclose(type);
}
static void with_a_group(hid_t file, hid_t model) {
    (void)file;
    H5Gclose(H5Gcreate2(model, "wrong", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
static void with_itself(hid_t file, hid_t model) {
    H5Lcreate_hard(file, "/model", model, "wrong", H5P_DEFAULT, H5P_DEFAULT);
}
static void with_a_loop_of_links(hid_t file, hid_t model) {
    (void)file;
    H5Lcreate_soft("/model/wrong", model, "wrong", H5P_DEFAULT, H5P_DEFAULT);
}
static void with_a_link_to_another_file(hid_t file, hid_t model) {
    (void)file;
    H5Lcreate_external(original, "/model/head.bias", model, "wrong", H5P_DEFAULT, H5P_DEFAULT);
}
static void with_values_in_another_file(hid_t file, hid_t model) {
    (void)file;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, original, 0, 16);
    put_array(model, "wrong", H5T_IEEE_F32LE, 1, (hsize_t[]){4}, creation);
    H5Pclose(creation);
}
static void put_tiled(hid_t model, int n_dims, const hsize_t *dims, const hsize_t *tile) {
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, n_dims, tile);
    put_array(model, "wrong", H5T_IEEE_F32LE, n_dims, dims, creation);
    H5Pclose(creation);
}
static void with_a_terabyte_of_nothing(hid_t file, hid_t model) {
    (void)file;
    put_tiled(model, 1, (hsize_t[]){1ull << 38}, (hsize_t[]){1024});
}
static void with_more_values_than_numbers(hid_t file, hid_t model) {
    (void)file;
    const hsize_t dims[] = {1u << 31, 1u << 31, 1u << 31, 1u << 31, 1u << 31};
    put_tiled(model, 5, dims, (hsize_t[]){1, 1, 1, 1, 1024});
}
static void with_unwritten_values(hid_t file, hid_t model) {
    (void)file;
    put_array(model, "wrong", H5T_IEEE_F32LE, 1, (hsize_t[]){1 << 20}, H5P_DEFAULT);
}
static void with_many_dimensions(hid_t file, hid_t model) {
    (void)file;
    put_array(model, "wrong", H5T_IEEE_F32LE, 6, (hsize_t[]){1, 1, 1, 1, 1, 1}, H5P_DEFAULT);
}
static void with_a_single_value(hid_t file, hid_t model) {
    (void)file;
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t dataset = H5Dcreate2(model, "wrong", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(dataset);
    H5Sclose(space);
}
static void with_a_long_name(hid_t file, hid_t model) {
    (void)file;
    char name[400];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    put_array(model, name, H5T_IEEE_F32LE, 1, (hsize_t[]){4}, H5P_DEFAULT);
}
static void without_a_digest(hid_t file, hid_t model) {
    (void)file;
    assert_true(H5Adelete_by_name(model, "head.bias", "digest", H5P_DEFAULT) >= 0);
}
static void with_a_number_for_a_digest(hid_t file, hid_t model) {
    without_a_digest(file, model);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute =
        H5Acreate_by_name(model, "head.bias", "digest", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    int number = 1;
    H5Awrite(attribute, H5T_NATIVE_INT, &number);
    H5Aclose(attribute);
    H5Sclose(space);
}

static void with_nothing_else(hid_t file, hid_t model) {
    (void)file;
    (void)model;
}
static void of_a_version_that_is_sealed(hid_t file, hid_t model) {
    (void)model;
    set_version(file, 2);
}

static void what_is_no_tensor_of_ours_is_refused(void **state) {
    (void)state;
    refuse(with_nothing_else, NULL);
    refuse(of_a_version_that_is_sealed, "its seal is missing");
    refuse(with_doubles, "/model/wrong holds values of a type");
    refuse(with_texts, "/model/wrong holds values of a type");
    refuse(with_a_compound, "/model/wrong holds values of a type");
    refuse(with_a_group, "/model/wrong: cannot find this array");
    refuse(with_itself, "/model/wrong: cannot find this array");
    refuse(with_a_loop_of_links, "/model/wrong: cannot find this array");
    refuse(with_a_link_to_another_file, "/model/wrong is not stored in this file");
    refuse(with_values_in_another_file, "/model/wrong is not stored in this file");
    refuse(with_a_terabyte_of_nothing, "/model/wrong should have 1099511627776 bytes, 0 are stored");
    refuse(with_more_values_than_numbers, "/model/wrong has an impossible size");
    refuse(with_unwritten_values, "/model/wrong should have 4194304 bytes, 0 are stored");
    refuse(with_many_dimensions, "/model/wrong has 6 dimensions");
    refuse(with_a_single_value, "/model/wrong has 0 dimensions");
    refuse(with_a_long_name, "a name of 399 characters");
    refuse(without_a_digest, "digest");
    refuse(with_a_number_for_a_digest, "attribute digest of /model/head.bias is not one text");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(flipped_bytes_give_the_weights_or_an_error),
        cmocka_unit_test(what_is_no_tensor_of_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, write_original, remove_original);
}
