#include "base/system/file.h"
#include "store/data/internal/pool_format.h"
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

/* ---- images of their own sizes ---- */

enum { OWN = 4 };
static const PoolSize own_sizes[OWN] = {{3, 5}, {17, 2}, {1, 1}, {40, 31}};

static int64_t own_bytes(void) {
    int64_t bytes = 0;
    for (int i = 0; i < OWN; i++) bytes += pool_size_bytes(own_sizes[i]);
    return bytes;
}

static uint8_t *own_pixels(void) {
    uint8_t *pixels = malloc((size_t)own_bytes());
    assert_non_null(pixels);
    for (int64_t i = 0; i < own_bytes(); i++) pixels[i] = (uint8_t)(i * 37 % 251);
    return pixels;
}

static PoolPlan own_plan(const char *path) {
    return (PoolPlan){.path = path, .kind = POOL_PHOTOGRAPHS, .fit = "keep", .count = OWN, .sizes = own_sizes};
}

static void test_images_keep_their_own_sizes(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], verified[DIGEST_SIZE];
    uint8_t *pixels = own_pixels();
    Pool pool;
    PoolWriter *writer;
    const PoolPlan plan = own_plan(fixture_path("own.h5"));
    assert_ok(pool_create(&writer, &plan));
    int64_t at = 0;
    for (int i = 0; i < OWN; i++) {
        assert_ok(pool_append(writer, pixels + at, 1));
        at += pool_size_bytes(own_sizes[i]);
    }
    assert_ok(pool_finish(&writer, digest));
    assert_ok(pool_read(&pool, plan.path));
    assert_int_equal(pool.count, OWN);
    assert_string_equal(pool.fit, "keep");
    assert_string_equal(pool.digest, digest);
    assert_int_equal(pool.height, 40); /* the largest of each */
    assert_int_equal(pool.width, 31);
    assert_int_equal(pool_bytes(&pool), own_bytes());
    at = 0;
    for (int i = 0; i < OWN; i++) {
        PoolSize size = pool_size(&pool, i);
        assert_int_equal(size.height, own_sizes[i].height);
        assert_int_equal(size.width, own_sizes[i].width);
        assert_memory_equal(pool_image(&pool, i), pixels + at, (size_t)pool_size_bytes(size));
        at += pool_size_bytes(size);
    }
    pool_free(&pool);
    pool_free(&pool);
    assert_ok(pool_verify(plan.path, verified));
    assert_string_equal(verified, digest);
    free(pixels);
}

/* The same pixels in other shapes are other images. */
static void test_sizes_are_part_of_the_digest(void **state) {
    (void)state;
    char digests[2][DIGEST_SIZE];
    uint8_t pixels[24] = {0};
    const PoolSize shapes[2] = {{2, 4}, {4, 2}};
    for (int i = 0; i < 2; i++) {
        const PoolPlan plan = {
            .path = fixture_path("shape.h5"), .kind = POOL_PHOTOGRAPHS, .count = 1, .sizes = &shapes[i]};
        assert_ok(pool_write(&plan, pixels, digests[i]));
    }
    assert_string_not_equal(digests[0], digests[1]);
}

/* One size for all has the format it always had: an older program reads it. */
static void test_images_of_one_size_stay_version_one(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], schema[NAME_SIZE];
    H5File file;
    int version;
    make_pool(fixture_path("one.h5"), digest);
    assert_ok(h5_schema(schema, sizeof schema, &version, fixture_path("one.h5")));
    assert_int_equal(version, 1);
    assert_ok(h5_open(&file, fixture_path("one.h5"), "synvid.pool", 1));
    assert_true(h5_exists(&file, "/image"));
    assert_false(h5_exists(&file, "/image_size") || h5_exists(&file, "/image_start") || h5_exists(&file, "/pixels"));
    assert_false(h5_has_attribute(&file, "fit"));
    h5_abandon(&file);
}

/* A pool whose arrays say what they like; NULL: the array is left out. */
static void make_hostile(const char *path, const PoolSize *sizes, const int64_t *starts, int64_t n_starts,
                         int64_t n_bytes) {
    H5File file;
    uint8_t *pixels = own_pixels();
    static const char *const names[OWN] = {"a", "b", "c", "d"};
    H5Array size_array = pool_image_size_array(OWN), start_array = pool_image_start_array(n_starts - 1);
    H5Array pixel_array = pool_pixels_array(n_bytes);
    assert_ok(h5_create(&file, path, "synvid.pool", 2));
    assert_ok(h5_put_text(&file, NULL, "kind", "photographs"));
    assert_ok(h5_put_text(&file, NULL, "digest", "00000000000000000000000000000000"));
    if (sizes) assert_ok(h5_array_put(&file, &size_array, sizes));
    if (starts) assert_ok(h5_array_put(&file, &start_array, starts));
    assert_ok(h5_array_put(&file, &pixel_array, pixels));
    assert_ok(h5_texts_put(&file, "/source", names, OWN, "image", "names"));
    assert_ok(h5_close(&file));
    assert_ok(h5_finish(path));
    free(pixels);
}

static void refuse(const char *words, const PoolSize *sizes, const int64_t *starts, int64_t n_starts, int64_t n_bytes) {
    Pool pool;
    const char *path = fixture_path("hostile.h5");
    make_hostile(path, sizes, starts, n_starts, n_bytes);
    assert_err(ERR_INPUT, words, pool_read(&pool, path));
    assert_null(pool.storage);
    assert_null(pool.sizes);
}

static void test_sizes_that_do_not_fit_the_pixels_are_refused(void **state) {
    (void)state;
    Pool pool;
    PoolSize sizes[OWN];
    int64_t all = own_bytes(), right[OWN + 1] = {0}, starts[OWN + 1];
    for (int i = 0; i < OWN; i++) right[i + 1] = right[i] + pool_size_bytes(own_sizes[i]);
    make_hostile(fixture_path("right.h5"), own_sizes, right, OWN + 1, all);
    assert_ok(pool_read(&pool, fixture_path("right.h5"))); /* what follows fails for its reason alone */
    pool_free(&pool);
    static const PoolSize wrong[] = {{0, 5}, {-1, 5}, {INT32_MIN, 2}, {1 << 15, 1}, {32767, 32767}, {INT32_MAX, 4}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(sizes, own_sizes, sizeof sizes);
        sizes[1] = wrong[i];
        refuse("sides are 1 to", sizes, right, OWN + 1, all);
    }
    memcpy(sizes, own_sizes, sizeof sizes);
    sizes[2] = (PoolSize){2, 1};
    refuse("image 2 of 1 x 2 pixels has 3 bytes in /image_start, expected 6", sizes, right, OWN + 1, all);
    static const int64_t moves[] = {1, -1, INT64_MAX / 2, -(INT64_MAX / 2)};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        memcpy(starts, right, sizeof starts);
        starts[2] += moves[i];
        refuse("in /image_start, expected", own_sizes, starts, OWN + 1, all);
    }
    memcpy(starts, right, sizeof starts);
    starts[0] = -3;
    refuse("/image_start begins with -3", own_sizes, starts, OWN + 1, all);
    refuse("/pixels has", own_sizes, right, OWN + 1, all - 1);
    refuse("image_start", own_sizes, right, OWN, all);
    refuse("image_size", NULL, right, OWN + 1, all);
    refuse("image_start", own_sizes, NULL, 1, all);
}

static void test_cut_off_pools_of_sizes_are_refused(void **state) {
    (void)state;
    char digest[DIGEST_SIZE];
    Pool pool;
    uint8_t *pixels = own_pixels();
    const PoolPlan plan = own_plan(fixture_path("short.h5"));
    assert_ok(pool_write(&plan, pixels, digest));
    int refused = 0;
    for (int64_t size = file_size(plan.path) - 1; size > 0; size -= 1 + size / 7) {
        assert_int_equal(truncate(plan.path, size), 0);
        Err err = pool_read(&pool, plan.path);
        if (!err) { /* what was cut off is of the seal, which a file may be without */
            assert_int_equal(refused, 0);
            assert_memory_equal(pool.images, pixels, (size_t)own_bytes());
            pool_free(&pool);
            continue;
        }
        refused++;
        assert_int_equal(err, ERR_INPUT);
        assert_null(pool.storage);
    }
    assert_true(refused > 10);
    free(pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images_keep_their_own_sizes),
        cmocka_unit_test(test_sizes_are_part_of_the_digest),
        cmocka_unit_test(test_images_of_one_size_stay_version_one),
        cmocka_unit_test(test_sizes_that_do_not_fit_the_pixels_are_refused),
        cmocka_unit_test(test_cut_off_pools_of_sizes_are_refused),
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
