#include "base/system/file.h"
#include "store/data/pool.h"
#include "store/hdf5/h5.h"
#include "store_fixture.h"
#include "support/file_digest.h"

enum { COUNT = 5, HEIGHT = 17, WIDTH = 19 };

static Err try_pool(const char *path, char digest[DIGEST_SIZE]) {
    static const char *const sources[COUNT] = {"a.jpg", "sub/b.png", "", NULL, "\xc3\xa9t\xc3\xa9.jpg"};
    Frames images = {0};
    fixture_video(&images, 3, COUNT, HEIGHT, WIDTH);
    const PoolPlan plan = {.path = path,
                           .kind = "photographs",
                           .count = COUNT,
                           .height = HEIGHT,
                           .width = WIDTH,
                           .sources = sources,
                           .seed = 7,
                           .config_text = "{}"};
    Err err = pool_write(&plan, images.data, digest);
    frames_free(&images);
    return err;
}

static void make_pool(const char *path, char digest[DIGEST_SIZE]) {
    assert_ok(try_pool(path, digest));
}

static void test_a_pool_comes_back(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], verified[DIGEST_SIZE];
    Pool pool;
    make_pool(fixture_path("pool.h5"), digest);
    assert_ok(pool_read(&pool, fixture_path("pool.h5")));
    assert_int_equal(pool.count, COUNT);
    assert_string_equal(pool.kind, "photographs");
    assert_string_equal(pool.digest, digest);
    assert_string_equal(pool.sources[1], "sub/b.png");
    assert_string_equal(pool.sources[3], "");
    assert_string_equal(pool.sources[4], "\xc3\xa9t\xc3\xa9.jpg");
    Frames expected = {0};
    fixture_video(&expected, 3, COUNT, HEIGHT, WIDTH);
    for (int image = 0; image < COUNT; image++)
        assert_memory_equal(pool_image(&pool, image), frames_at(&expected, image), frames_frame_bytes(&expected));
    frames_free(&expected);
    pool_free(&pool);
    pool_free(&pool);
    assert_ok(pool_verify(fixture_path("pool.h5"), verified));
    assert_string_equal(verified, digest);
}

static void test_equal_images_give_equal_bytes(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], first[DIGEST_SIZE], second[DIGEST_SIZE];
    make_pool(fixture_path("first.h5"), digest);
    sleep(1); /* another second: no time may be in the file */
    make_pool(fixture_path("second.h5"), digest);
    assert_ok(digest_of_file(first, fixture_path("first.h5")));
    assert_ok(digest_of_file(second, fixture_path("second.h5")));
    assert_string_equal(first, second);
}

/* Image by image or all at once: the same file. */
static void test_pools_are_made_in_pieces(void **state) {
    (void)state;
    char whole[DIGEST_SIZE], pieces[DIGEST_SIZE];
    const char *paths[] = {fixture_path("whole.h5"), fixture_path("pieces.h5")};
    Frames images = {0};
    PoolWriter *writer;
    fixture_video(&images, 3, COUNT, HEIGHT, WIDTH);
    PoolPlan plan = {.path = paths[0], .kind = "photographs", .count = COUNT, .height = HEIGHT, .width = WIDTH};
    assert_ok(pool_write(&plan, images.data, whole));
    plan.path = paths[1];
    assert_ok(pool_create(&writer, &plan));
    for (int image = 0; image < COUNT; image += 2)
        assert_ok(pool_append(writer, frames_at(&images, image), image + 1 < COUNT ? 2 : 1));
    assert_err(ERR_INTERNAL, "more images than", pool_append(writer, images.data, 1));
    assert_ok(pool_finish(&writer, pieces));
    assert_string_equal(pieces, whole);
    for (int i = 0; i < 2; i++) assert_ok(digest_of_file(i ? pieces : whole, paths[i]));
    assert_string_equal(pieces, whole);
    assert_ok(pool_create(&writer, &plan)); /* too few: what was there stays */
    assert_ok(pool_append(writer, images.data, COUNT - 1));
    assert_err(ERR_INTERNAL, "4 of 5", pool_finish(&writer, pieces));
    assert_null(writer);
    assert_false(file_exists(fixture_path("pieces.h5.partial")));
    assert_ok(digest_of_file(pieces, paths[1]));
    assert_string_equal(pieces, whole);
    frames_free(&images);
}

/* A cut file must be refused: touching a mapped page beyond its end would kill the process. */
static void test_cut_off_and_foreign_pools_are_refused(void **state) {
    (void)state;
    char digest[DIGEST_SIZE];
    Pool pool;
    make_pool(fixture_path("cut.h5"), digest);
    assert_int_equal(truncate(fixture_path("cut.h5"), 3000), 0);
    assert_err(ERR_INPUT, "cut.h5", pool_read(&pool, fixture_path("cut.h5")));
    assert_err(ERR_INPUT, "no such file", pool_read(&pool, fixture_path("none.h5")));
    fixture_shard(fixture_path("shard.h5"), STORAGE_RAW, digest);
    assert_err(ERR_INPUT, "is a synvid.shard", pool_read(&pool, fixture_path("shard.h5")));
    assert_null(pool.storage);
}

static void test_damaged_pixels_are_found_by_verify(void **state) {
    (void)state;
    char digest[DIGEST_SIZE];
    make_pool(fixture_path("bad.h5"), digest);
    FILE *file = fopen(fixture_path("bad.h5"), "r+b");
    fseek(file, (long)file_size(fixture_path("bad.h5")) / 2, SEEK_SET);
    fputs("damage", file);
    fclose(file);
    assert_err(ERR_INPUT, "the file says", pool_verify(fixture_path("bad.h5"), digest));
}

static void test_a_disk_that_fills_up_leaves_no_pool(void **state) {
    (void)state;
    char digest[DIGEST_SIZE];
    const char *path = fixture_path("full.h5");
    make_pool(path, digest);
    int64_t size = file_size(path);
    assert_int_equal(unlink(path), 0);
    for (int64_t limit = 100; limit < size; limit += 1 + size / 20) {
        fixture_limit_files((rlim_t)limit);
        Err err = try_pool(path, digest);
        fixture_limit_files(RLIM_INFINITY);
        assert_int_equal(err, ERR_IO);
        assert_false(file_exists(path) || file_exists(fixture_path("full.h5.partial")));
    }
    make_pool(path, digest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pool_comes_back),
        cmocka_unit_test(test_equal_images_give_equal_bytes),
        cmocka_unit_test(test_pools_are_made_in_pieces),
        cmocka_unit_test(test_cut_off_and_foreign_pools_are_refused),
        cmocka_unit_test(test_a_disk_that_fills_up_leaves_no_pool),
        cmocka_unit_test(test_damaged_pixels_are_found_by_verify),
    };
    int failed = cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
    return failed || H5close() < 0; /* crashes if a full disk left the library in pieces */
}
