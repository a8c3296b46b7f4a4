/* What a sealed file of every kind leaves out of its seal, and that any other byte that is flipped is seen before HDF5
 * looks inside. Checkpoints: test_checkpoint_damage.c. */
#include "base/system/file.h"
#include "store/data/pool.h"
#include "store/hdf5/h5.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <string.h>

typedef struct {
    uint64_t begin, end;
} LeftOut;

static bool is_left_out(const LeftOut *ranges, uint64_t n_ranges, size_t at) {
    for (uint64_t i = 0; i < n_ranges; i++)
        if (at >= ranges[i].begin && at < ranges[i].end) return true;
    return false;
}

/* Returns how many bytes the seal covers. */
static size_t flip_all(const char *path) {
    enum { TAIL = 48, BEHIND_DIGITS = 16, MAGIC = 8 };
    char *bytes, schema[NAME_SIZE];
    size_t length, covered = 0;
    uint64_t n_ranges;
    int version;
    assert_ok(file_read(&bytes, &length, path, 1 << 26));
    assert_memory_equal(bytes + length - MAGIC, "SYNVSEAL", MAGIC);
    memcpy(&n_ranges, bytes + length - BEHIND_DIGITS, sizeof n_ranges);
    assert_in_range(n_ranges, 1, 10000);
    LeftOut *ranges = malloc(n_ranges * sizeof *ranges);
    memcpy(ranges, bytes + length - TAIL - n_ranges * sizeof *ranges, n_ranges * sizeof *ranges);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    for (size_t i = 0; i < length - MAGIC; i++) {
        if (is_left_out(ranges, n_ranges, i)) continue;
        char flipped = (char)(bytes[i] ^ 0x10);
        assert_int_equal(pwrite(file, &flipped, 1, (off_t)i), 1);
        assert_err(ERR_INPUT, "damaged", h5_schema(schema, sizeof schema, &version, path));
        assert_int_equal(pwrite(file, &bytes[i], 1, (off_t)i), 1);
        covered++;
    }
    close(file);
    assert_ok(h5_schema(schema, sizeof schema, &version, path));
    free(ranges);
    free(bytes);
    return covered;
}

static void test_shards_are_sealed_but_for_their_numbers(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], again[DIGEST_SIZE];
    const StorageKind kinds[] = {STORAGE_RAW, STORAGE_DEFLATE};
    for (int k = 0; k < 2; k++) {
        const char *path = fixture_path(k ? "deflated.h5" : "raw.h5");
        fixture_shard(path, kinds[k], digest);
        assert_in_range(flip_all(path), 4000, 100000);
        assert_ok(shard_digest(path, again));
        assert_string_equal(again, digest);
    }
}

/* The names of a pool's sources are texts in a heap: all of it is sealed. */
static void test_pools_are_sealed_but_for_their_pixels(void **state) {
    (void)state;
    char digest[DIGEST_SIZE];
    uint8_t images[2 * 8 * 8 * 3] = {7};
    const char *const sources[] = {"one.png", "two.png"};
    const char *path = fixture_path("pool.h5");
    const PoolPlan plan = {.path = path, .kind = "photos", .count = 2, .height = 8, .width = 8, .sources = sources};
    assert_ok(pool_write(&plan, images, digest));
    assert_in_range(flip_all(path), 4000, 100000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shards_are_sealed_but_for_their_numbers),
        cmocka_unit_test(test_pools_are_sealed_but_for_their_pixels),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
