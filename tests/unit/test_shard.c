#include "base/system/file.h"
#include "store/data/shard.h"
#include "store/hdf5/h5.h"
#include "store_fixture.h"
#include "support/file_digest.h"

#include <fcntl.h>

static void check_all_frames(const char *path) {
    ShardReader *reader;
    Frames clip = {0};
    assert_ok(shard_open(&reader, path));
    assert_int_equal(shard_n_videos(reader), FIXTURE_VIDEOS);
    const int numbers[] = {22, 0, 4, 5, 6, 6, 20};
    for (int video = FIXTURE_VIDEOS - 1; video >= 0; video--) {
        int64_t index;
        int n_frames, height, width, label;
        assert_ok(shard_video(reader, video, &index, &n_frames, &height, &width, &label));
        assert_int_equal(index, 10 + 2 * video);
        assert_int_equal(n_frames, fixture_length(video));
        assert_int_equal(label, video - 1);
        assert_int_equal(height, FIXTURE_HEIGHT);
        assert_int_equal(width, FIXTURE_WIDTH);
        assert_ok(shard_read(reader, video, numbers, 7, &clip));
        Frames expected = {0};
        fixture_video(&expected, index, n_frames, height, width);
        for (int i = 0; i < 7; i++)
            assert_memory_equal(frames_at(&clip, i), frames_at(&expected, numbers[i]), frames_frame_bytes(&clip));
        frames_free(&expected);
    }
    frames_free(&clip);
    shard_close(&reader);
}

static void test_raw_frames_come_back(void **state) {
    (void)state;
    char digest[DIGEST_SIZE];
    fixture_shard(fixture_path("raw.h5"), STORAGE_RAW, digest);
    check_all_frames(fixture_path("raw.h5"));
}

static void test_deflated_frames_come_back(void **state) {
    (void)state;
    char digest[DIGEST_SIZE];
    fixture_shard(fixture_path("deflate.h5"), STORAGE_DEFLATE, digest);
    check_all_frames(fixture_path("deflate.h5"));
    assert_true(file_size(fixture_path("deflate.h5")) < file_size(fixture_path("raw.h5")));
}

/* The codec loses detail, so frames are near and not equal; smooth frames keep the distance small. */
static void test_encoded_videos_come_back_nearly(void **state) {
    (void)state;
    ShardWriter *writer;
    ShardReader *reader;
    Frames frames = {0}, clip = {0};
    char digest[DIGEST_SIZE], read[DIGEST_SIZE];
    const char *path = fixture_path("mpeg4.h5");
    assert_ok(shard_create(
        &writer,
        &(ShardPlan){
            .path = path, .storage = STORAGE_MPEG4, .height = 64, .width = 96, .n_videos = 2, .n_frames = 50}));
    for (int video = 0; video < 2; video++) {
        assert_ok(frames_shape(&frames, 20 + 10 * video, 64, 96));
        for (int f = 0; f < frames.n_frames; f++) memset(frames_at(&frames, f), 100 * video + 3 * f, 64 * 96 * 3);
        assert_ok(shard_append(writer, video, video, &frames, NULL));
    }
    assert_ok(shard_finish(&writer, digest));
    assert_ok(shard_digest(path, read));
    assert_string_equal(digest, read);
    assert_ok(shard_open(&reader, path));
    const int numbers[] = {29, 0, 7};
    assert_ok(shard_read(reader, 1, numbers, 3, &clip));
    for (int i = 0; i < 3; i++)
        assert_in_range(frames_at(&clip, i)[5000], 100 + 3 * numbers[i] - 4, 100 + 3 * numbers[i] + 4);
    shard_close(&reader);
    frames_free(&frames);
    frames_free(&clip);
}

static void test_the_digest_is_of_the_contents_and_not_of_the_storage(void **state) {
    (void)state;
    char raw[DIGEST_SIZE], deflate[DIGEST_SIZE], read[DIGEST_SIZE];
    fixture_shard(fixture_path("a.h5"), STORAGE_RAW, raw);
    fixture_shard(fixture_path("b.h5"), STORAGE_DEFLATE, deflate);
    assert_string_equal(raw, deflate);
    assert_ok(shard_digest(fixture_path("a.h5"), read));
    assert_string_equal(raw, read);
    assert_ok(shard_digest(fixture_path("b.h5"), read));
    assert_string_equal(raw, read);
}

static void test_equal_clips_give_equal_bytes(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], first[DIGEST_SIZE], second[DIGEST_SIZE];
    for (int storage = STORAGE_RAW; storage <= STORAGE_DEFLATE; storage++) {
        fixture_shard(fixture_path("first.h5"), (StorageKind)storage, digest);
        sleep(storage == STORAGE_RAW); /* another second: no time may be in the file */
        fixture_shard(fixture_path("second.h5"), (StorageKind)storage, digest);
        assert_ok(digest_of_file(first, fixture_path("first.h5")));
        assert_ok(digest_of_file(second, fixture_path("second.h5")));
        assert_string_equal(first, second);
    }
}

static void flip_byte(const char *path, off_t at) {
    int descriptor = open(path, O_RDWR);
    unsigned char byte;
    assert_int_equal(pread(descriptor, &byte, 1, at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(descriptor, &byte, 1, at), 1);
    close(descriptor);
}

static void test_a_changed_pixel_changes_the_digest(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], changed[DIGEST_SIZE];
    fixture_shard(fixture_path("flip.h5"), STORAGE_RAW, digest);
    flip_byte(fixture_path("flip.h5"), (off_t)file_size(fixture_path("flip.h5")) / 2);
    assert_ok(shard_digest(fixture_path("flip.h5"), changed));
    assert_string_not_equal(digest, changed);
}

static void test_a_latent_shard_keeps_parameters_and_no_pixels(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], read[DIGEST_SIZE];
    fixture_shard(fixture_path("latent.h5"), STORAGE_LATENT, digest);
    assert_true(file_size(fixture_path("latent.h5")) < 100000);
    assert_ok(shard_digest(fixture_path("latent.h5"), read));
    assert_string_equal(digest, read);
    ShardReader *reader;
    Frames clip = {0};
    assert_ok(shard_open(&reader, fixture_path("latent.h5")));
    assert_int_equal(shard_info(reader).storage, STORAGE_LATENT);
    assert_err(ERR_USAGE, "no frames", shard_read(reader, 0, (const int[]){0}, 1, &clip));
    shard_close(&reader);
}

static void test_a_shard_appears_only_when_it_is_whole(void **state) {
    (void)state;
    const char *path = fixture_path("part.h5");
    ShardWriter *writer;
    char digest[DIGEST_SIZE], partial[PATH_SIZE];
    Frames frames = {0};
    assert_ok(file_partial_name(partial, sizeof partial, path));
    assert_ok(shard_create(
        &writer,
        &(ShardPlan){.path = path, .storage = STORAGE_RAW, .height = 8, .width = 8, .n_videos = 2, .n_frames = 6}));
    fixture_video(&frames, 0, 3, 8, 8);
    assert_ok(shard_append(writer, 0, -1, &frames, NULL));
    assert_true(file_exists(partial) && !file_exists(path));
    assert_err(ERR_INTERNAL, "1 of 2", shard_finish(&writer, digest));
    assert_null(writer);
    assert_false(file_exists(partial) || file_exists(path));
    frames_free(&frames);
}

static void test_videos_that_do_not_fit_the_shard_are_refused(void **state) {
    (void)state;
    ShardWriter *writer;
    Frames frames = {0};
    assert_ok(shard_create(&writer, &(ShardPlan){.path = fixture_path("fit.h5"),
                                                 .storage = STORAGE_RAW,
                                                 .height = 8,
                                                 .width = 8,
                                                 .n_videos = 2,
                                                 .n_frames = 6}));
    fixture_video(&frames, 0, 3, 8, 9);
    assert_err(ERR_INTERNAL, "9 x 8", shard_append(writer, 0, -1, &frames, NULL));
    fixture_video(&frames, 0, 7, 8, 8);
    assert_err(ERR_INTERNAL, "announced", shard_append(writer, 0, -1, &frames, NULL));
    fixture_video(&frames, 0, 3, 8, 8);
    assert_ok(shard_append(writer, 5, -1, &frames, NULL));
    assert_err(ERR_INTERNAL, "comes after", shard_append(writer, 5, -1, &frames, NULL));
    shard_abandon(&writer);
    assert_null(writer);
    shard_abandon(&writer);
    frames_free(&frames);
}

static void write_text_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void test_missing_foreign_and_cut_files_are_named(void **state) {
    (void)state;
    ShardReader *reader;
    char digest[DIGEST_SIZE];
    assert_err(ERR_INPUT, "absent.h5: no such file", shard_open(&reader, fixture_path("absent.h5")));
    assert_null(reader);
    assert_err(ERR_INPUT, "is a folder", shard_open(&reader, fixture_folder));
    write_text_file(fixture_path("text.h5"), "hello");
    assert_err(ERR_INPUT, "not an HDF5 file", shard_open(&reader, fixture_path("text.h5")));
    for (int storage = STORAGE_RAW; storage <= STORAGE_DEFLATE; storage++) {
        fixture_shard(fixture_path("cut.h5"), (StorageKind)storage, digest);
        assert_int_equal(truncate(fixture_path("cut.h5"), file_size(fixture_path("cut.h5")) * 2 / 3), 0);
        assert_err(ERR_INPUT, "cut.h5", shard_open(&reader, fixture_path("cut.h5")));
    }
}

static void test_other_schemas_and_newer_versions_are_refused(void **state) {
    (void)state;
    H5File file;
    ShardReader *reader;
    assert_ok(h5_create(&file, fixture_path("pool.h5"), "synvid.pool", 1));
    assert_ok(h5_close(&file));
    assert_ok(file_finish_partial(fixture_path("pool.h5")));
    assert_err(ERR_INPUT, "is a synvid.pool, expected a synvid.shard", shard_open(&reader, fixture_path("pool.h5")));
    assert_ok(h5_create(&file, fixture_path("newer.h5"), "synvid.shard", 99));
    assert_ok(h5_close(&file));
    assert_ok(file_finish_partial(fixture_path("newer.h5")));
    assert_err(ERR_INPUT, "version 99", shard_open(&reader, fixture_path("newer.h5")));
    hid_t foreign = H5Fcreate(fixture_path("foreign.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(foreign);
    assert_err(ERR_INPUT, "not one of ours", shard_open(&reader, fixture_path("foreign.h5")));
}

/* A file that says raw but holds less: the reader trusts no table. */
static void test_tables_that_contradict_each_other_are_refused(void **state) {
    (void)state;
    H5File file;
    ShardReader *reader;
    const int64_t falling[] = {0, 7, 3}, index[] = {0, 1};
    const int32_t label[] = {0, 0};
    assert_ok(h5_create(&file, fixture_path("tables.h5"), "synvid.shard", 1));
    assert_ok(h5_put_text(&file, NULL, "storage", "latent"));
    assert_ok(h5_put_int(&file, NULL, "height", 8));
    assert_ok(h5_put_int(&file, NULL, "width", 8));
    const H5Array starts = {.name = "/clip_start",
                            .kind = H5_I64,
                            .n_dims = 1,
                            .dims = {3},
                            .labels = {"v"},
                            .description = "",
                            .units = ""};
    const H5Array indices = {.name = "/clip_index",
                             .kind = H5_I64,
                             .n_dims = 1,
                             .dims = {2},
                             .labels = {"v"},
                             .description = "",
                             .units = ""};
    const H5Array labels = {
        .name = "/label", .kind = H5_I32, .n_dims = 1, .dims = {2}, .labels = {"v"}, .description = "", .units = ""};
    assert_ok(h5_array_put(&file, &starts, falling));
    assert_ok(h5_array_put(&file, &indices, index));
    assert_ok(h5_array_put(&file, &labels, label));
    assert_ok(h5_close(&file));
    assert_ok(file_finish_partial(fixture_path("tables.h5")));
    assert_err(ERR_INPUT, "does not rise", shard_open(&reader, fixture_path("tables.h5")));
}

static void test_an_unwritable_place_is_an_error_and_leaves_nothing(void **state) {
    (void)state;
    ShardWriter *writer;
    assert_err(ERR_IO, "nowhere",
               shard_create(&writer, &(ShardPlan){.path = fixture_path("nowhere/x.h5"),
                                                  .storage = STORAGE_DEFLATE,
                                                  .height = 8,
                                                  .width = 8,
                                                  .n_videos = 1,
                                                  .n_frames = 1}));
    assert_null(writer);
}

/* Wherever in the writing the disk fills up: an Err, no file of any name, and a process that goes on (HDF5 by itself
 * would crash at exit). The last limits are a few bytes short. */
static void test_a_disk_that_fills_up_at_any_point_leaves_nothing(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], first[DIGEST_SIZE] = "";
    const char *path = fixture_path("full.h5");
    for (int storage = STORAGE_RAW; storage <= STORAGE_LATENT; storage++) {
        fixture_shard(path, (StorageKind)storage, first);
        rlim_t size = (rlim_t)file_size(path);
        const rlim_t limits[] = {100,          800,         2048,        size / 8,   size / 4, size / 2,
                                 size / 4 * 3, size - 5000, size - 1000, size - 100, size - 1};
        assert_int_equal(unlink(path), 0);
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            if (limits[i] > size) continue;
            fixture_limit_files(limits[i]);
            Err err = fixture_shard_try(path, (StorageKind)storage, digest);
            fixture_limit_files(RLIM_INFINITY);
            assert_int_equal(err, ERR_IO);
            assert_non_null(strstr(err_message(), "File too large"));
            assert_false(file_exists(path) || file_exists(fixture_path("full.h5.partial")));
        }
        fixture_shard(path, (StorageKind)storage, digest);
        assert_string_equal(first, digest);
    }
}

/* Enough frames for a raw shard of petabytes. */
static void test_a_shard_larger_than_the_disk_is_refused_at_once(void **state) {
    (void)state;
    ShardWriter *writer;
    assert_err(ERR_IO, "No space left",
               shard_create(&writer, &(ShardPlan){.path = fixture_path("huge.h5"),
                                                  .storage = STORAGE_RAW,
                                                  .height = 4096,
                                                  .width = 4096,
                                                  .n_videos = 1,
                                                  .n_frames = INT64_C(1) << 30}));
    assert_false(file_exists(fixture_path("huge.h5.partial")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw_frames_come_back),
        cmocka_unit_test(test_deflated_frames_come_back),
        cmocka_unit_test(test_encoded_videos_come_back_nearly),
        cmocka_unit_test(test_the_digest_is_of_the_contents_and_not_of_the_storage),
        cmocka_unit_test(test_equal_clips_give_equal_bytes),
        cmocka_unit_test(test_a_changed_pixel_changes_the_digest),
        cmocka_unit_test(test_a_latent_shard_keeps_parameters_and_no_pixels),
        cmocka_unit_test(test_a_shard_appears_only_when_it_is_whole),
        cmocka_unit_test(test_videos_that_do_not_fit_the_shard_are_refused),
        cmocka_unit_test(test_missing_foreign_and_cut_files_are_named),
        cmocka_unit_test(test_other_schemas_and_newer_versions_are_refused),
        cmocka_unit_test(test_tables_that_contradict_each_other_are_refused),
        cmocka_unit_test(test_an_unwritable_place_is_an_error_and_leaves_nothing),
        cmocka_unit_test(test_a_disk_that_fills_up_at_any_point_leaves_nothing),
        cmocka_unit_test(test_a_shard_larger_than_the_disk_is_refused_at_once),
    };
    int failed = cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
    return failed || H5close() < 0; /* crashes if a full disk left the library in pieces */
}
