#include "base/system/file.h"
#include "store/data/dataset.h"
#include "store/hdf5/h5.h"
#include "store_fixture.h"

/* Two shards of FIXTURE_VIDEOS each in `folder`. */
static void make_dataset(const char *folder, StorageKind storage) {
    static char walk[] = "walk", jump[] = "jump \"high\"", config[] = "{\n  \"name\": \"moving-circles\"\n}\n";
    char *classes[] = {walk, jump};
    DatasetShard shards[2] = {0};
    Dataset dataset = {.kind = "generated",
                       .name = "moving-circles",
                       .n_clips = 2 * FIXTURE_VIDEOS,
                       .height = FIXTURE_HEIGHT,
                       .width = FIXTURE_WIDTH,
                       .seed = UINT64_MAX - 1,
                       .n_classes = 2,
                       .class_names = classes,
                       .config_text = config,
                       .n_shards = 2,
                       .shards = shards};
    assert_ok(folder_make(folder));
    for (int s = 0; s < 2; s++) {
        char path[PATH_SIZE];
        assert_ok(dataset_shard_path(path, sizeof path, folder, s));
        assert_ok(text_copy(shards[s].file, sizeof shards[s].file, path_base(path)));
        fixture_shard(path, storage, shards[s].digest);
        shards[s].first_clip = s * FIXTURE_VIDEOS;
        shards[s].n_clips = FIXTURE_VIDEOS;
        for (int video = 0; video < FIXTURE_VIDEOS; video++) shards[s].n_frames += fixture_length(video);
        dataset.n_frames += shards[s].n_frames;
    }
    assert_ok(dataset_write(&dataset, folder));
}

static void replace_in_manifest(const char *folder, const char *old, const char *new) {
    char path[PATH_SIZE], *text;
    size_t length;
    Builder changed = {0};
    assert_ok(path_join(path, sizeof path, folder, "dataset.json"));
    assert_ok(file_read(&text, &length, path, 1 << 20));
    char *at = strstr(text, old);
    assert_non_null(at);
    builder_add(&changed, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    assert_ok(file_write_whole(path, changed.data, changed.length));
    builder_free(&changed);
    free(text);
}

static void test_a_manifest_comes_back(void **state) {
    (void)state;
    Dataset dataset;
    make_dataset(fixture_path("set"), STORAGE_RAW);
    assert_ok(dataset_read(&dataset, fixture_path("set")));
    assert_string_equal(dataset.kind, "generated");
    assert_string_equal(dataset.name, "moving-circles");
    assert_true(dataset.seed == UINT64_MAX - 1);
    assert_int_equal(dataset.n_clips, 2 * FIXTURE_VIDEOS);
    assert_int_equal(dataset.n_classes, 2);
    assert_string_equal(dataset.class_names[1], "jump \"high\"");
    assert_string_equal(dataset.config_text, "{\n  \"name\": \"moving-circles\"\n}\n");
    assert_null(dataset.provenance);
    assert_string_equal(dataset.shards[1].file, "shard-00001.h5");
    dataset_free(&dataset);
}

static void test_a_dataset_is_read_as_a_source(void **state) {
    (void)state;
    for (int storage = STORAGE_RAW; storage <= STORAGE_DEFLATE; storage++) {
        ClipSource *source;
        VideoInfo info;
        Frames clip = {0}, expected = {0};
        make_dataset(fixture_path("set"), (StorageKind)storage);
        assert_ok(shard_source_open(&source, fixture_path("set"), NULL));
        assert_int_equal(source->count, 2 * FIXTURE_VIDEOS);
        assert_string_equal(source->class_names[0], "walk");
        for (int64_t index = source->count - 1; index >= 0; index--) {
            int video = (int)(index % FIXTURE_VIDEOS);
            assert_ok(clip_source_info(source, 3, index, &info));
            assert_int_equal(info.n_frames, fixture_length(video));
            assert_int_equal(info.label, video - 1);
            assert_ok(clip_source_read(source, 3, index, (const int[]){0, 21}, 2, &clip));
            fixture_video(&expected, 10 + 2 * video, 22, FIXTURE_HEIGHT, FIXTURE_WIDTH);
            assert_memory_equal(frames_at(&clip, 1), frames_at(&expected, 21), frames_frame_bytes(&clip));
        }
        assert_err(ERR_INTERNAL, "video 10 of 10", clip_source_info(source, 0, source->count, &info));
        clip_source_close(&source);
        frames_free(&clip);
        frames_free(&expected);
    }
}

/* A renderer that paints what fixture_video paints. */
static Err rendered_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n_frames,
                         Frames *out) {
    (void)source;
    (void)epoch;
    Frames video = {0};
    fixture_video(&video, index, 100, FIXTURE_HEIGHT, FIXTURE_WIDTH);
    TRY(frames_shape(out, n_frames, FIXTURE_HEIGHT, FIXTURE_WIDTH));
    for (int i = 0; i < n_frames; i++)
        memcpy(frames_at(out, i), frames_at(&video, numbers[i]), frames_frame_bytes(out));
    frames_free(&video);
    return ERR_NONE;
}

static void rendered_close(ClipSource *source) {
    free(source);
}

static Err rendered_open(ClipSource **source, const Dataset *dataset, const char *folder) {
    (void)folder;
    static const ClipSourceOps ops = {.kind = "test", .read = rendered_read, .close = rendered_close};
    *source = calloc(1, sizeof **source);
    **source = (ClipSource){.ops = &ops, .count = dataset->n_clips};
    return ERR_NONE;
}

static void test_latent_datasets_are_rendered_on_reading(void **state) {
    (void)state;
    ClipSource *source;
    Frames clip = {0}, expected = {0};
    make_dataset(fixture_path("latent"), STORAGE_LATENT);
    assert_err(ERR_USAGE, "cannot render", shard_source_open(&source, fixture_path("latent"), NULL));
    assert_ok(shard_source_open(&source, fixture_path("latent"), rendered_open));
    assert_ok(clip_source_read(source, 0, 7, (const int[]){5}, 1, &clip));
    fixture_video(&expected, 14, 6, FIXTURE_HEIGHT, FIXTURE_WIDTH);
    assert_memory_equal(clip.data, frames_at(&expected, 5), frames_frame_bytes(&clip));
    clip_source_close(&source);
    frames_free(&clip);
    frames_free(&expected);
}

static void test_verify_names_the_shard_that_was_changed(void **state) {
    (void)state;
    char digest[DIGEST_SIZE], path[PATH_SIZE];
    make_dataset(fixture_path("verify"), STORAGE_RAW);
    assert_ok(dataset_verify(fixture_path("verify"), digest));
    assert_int_equal(strlen(digest), 32);
    assert_ok(dataset_shard_path(path, sizeof path, fixture_path("verify"), 1));
    FILE *shard = fopen(path, "r+b");
    fseek(shard, 100000, SEEK_SET);
    fputs("damage", shard);
    fclose(shard);
    assert_err(ERR_INPUT, "shard-00001.h5", dataset_verify(fixture_path("verify"), digest));
}

static void test_a_missing_shard_or_manifest_is_named(void **state) {
    (void)state;
    ClipSource *source;
    char path[PATH_SIZE];
    make_dataset(fixture_path("gone"), STORAGE_LATENT);
    assert_ok(dataset_shard_path(path, sizeof path, fixture_path("gone"), 1));
    assert_int_equal(unlink(path), 0);
    assert_err(ERR_INPUT, "shard-00001.h5: is missing", shard_source_open(&source, fixture_path("gone"), NULL));
    assert_null(source);
    assert_err(ERR_INPUT, "no such dataset folder", shard_source_open(&source, fixture_path("never"), NULL));
    assert_ok(folder_make(fixture_path("empty")));
    assert_err(ERR_INPUT, "has no dataset.json", shard_source_open(&source, fixture_path("empty"), NULL));
}

static void test_an_edited_manifest_is_refused(void **state) {
    (void)state;
    Dataset dataset;
    const char *edits[][3] = {
        {"\"clips\": 10", "\"clips\": 11", "do not agree"},
        {"\"clips\": 10", "\"clips\": \"ten\"", "clips: expected a whole"},
        {"\"height\": 70", "\"height\": 0", "outside"},
        {"shard-00001.h5", "../../etc/passwd", "leads out"},
        {"synvid.dataset", "synvid.result", "is a synvid.result"},
        {"\"schema_version\": 1", "\"schema_version\": 7", "version 7"},
        {"\"kind\"", "\"kin\"", "kind: missing"},
        {"\"first_clip\": 5", "\"first_clip\": 4", "expected 5"},
    };
    for (size_t e = 0; e < sizeof edits / sizeof *edits; e++) {
        make_dataset(fixture_path("edit"), STORAGE_LATENT);
        replace_in_manifest(fixture_path("edit"), edits[e][0], edits[e][1]);
        assert_err(ERR_INPUT, edits[e][2], dataset_read(&dataset, fixture_path("edit")));
        assert_null(dataset.shards);
    }
}

/* By HDF5 itself: our own reading refuses arrays that lie in other files. */
static void *read_virtual(H5Array *array, const H5File *file) {
    hsize_t dims[H5_DIMS];
    void *data;
    h5_lock();
    hid_t dataset = H5Dopen2(file->id, array->name, H5P_DEFAULT), space = H5Dget_space(dataset);
    assert_int_equal(H5Sget_simple_extent_dims(space, dims, NULL), array->n_dims);
    for (int i = 0; i < array->n_dims; i++) array->dims[i] = (int64_t)dims[i];
    data = malloc((size_t)h5_count(array) * sizeof(int64_t));
    hid_t type = array->kind == H5_U8 ? H5T_NATIVE_UINT8 : H5T_NATIVE_INT64;
    assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Sclose(space);
    H5Dclose(dataset);
    h5_unlock();
    if (array->kind == H5_U8)
        assert_err(ERR_INPUT, "is not stored in this file", h5_array_get(&(void *){NULL}, array, file));
    return data;
}

/* The arrays of a master are those of the shards, one after the other. */
static void test_a_master_shows_all_shards_as_one(void **state) {
    (void)state;
    const StorageKind kinds[] = {STORAGE_RAW, STORAGE_DEFLATE};
    for (int k = 0; k < 2; k++) {
        /* percent signs are patterns to HDF5, and a pattern %b would be a number */
        const char *folder = fixture_path(k ? "50%b deflated %% é" : "set-of-shards");
        char inside[PATH_SIZE], shard_path[PATH_SIZE];
        make_dataset(folder, kinds[k]);
        assert_ok(path_join(inside, sizeof inside, folder, "all.h5"));
        const char *paths[] = {inside, fixture_path("outside.h5")};
        for (int p = 0; p < 2; p++) {
            H5File master, shard;
            uint8_t *all, *part;
            int64_t *start, at = 0;
            H5Array frames = {.name = "/frames", .kind = H5_U8, .n_dims = 4, .dims = {-1, -1, -1, 3}};
            H5Array starts = {.name = "/clip_start", .kind = H5_I64, .n_dims = 1, .dims = {2 * FIXTURE_VIDEOS + 1}};
            assert_ok(master_write(paths[p], folder));
            assert_ok(h5_open(&master, paths[p], "synvid.master", 1));
            all = read_virtual(&frames, &master);
            start = read_virtual(&starts, &master);
            assert_int_equal(start[2 * FIXTURE_VIDEOS], frames.dims[0]);
            for (int s = 0; s < 2; s++) {
                H5Array one = {.name = "/frames", .kind = H5_U8, .n_dims = 4, .dims = {-1, -1, -1, 3}};
                assert_ok(dataset_shard_path(shard_path, sizeof shard_path, folder, s));
                assert_ok(h5_open(&shard, shard_path, "synvid.shard", 1));
                assert_ok(h5_array_get((void **)&part, &one, &shard));
                assert_memory_equal(all + at, part, (size_t)h5_count(&one));
                at += h5_count(&one);
                free(part);
                h5_abandon(&shard);
            }
            assert_int_equal(at, h5_count(&frames));
            free(all);
            free(start);
            h5_abandon(&master);
        }
        assert_ok(dataset_shard_path(shard_path, sizeof shard_path, folder, 1));
        assert_int_equal(unlink(shard_path), 0);
        assert_err(ERR_INPUT, "shard-00001.h5", master_write(fixture_path("none.h5"), folder));
        assert_false(file_exists(fixture_path("none.h5")));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_manifest_comes_back),
        cmocka_unit_test(test_a_dataset_is_read_as_a_source),
        cmocka_unit_test(test_latent_datasets_are_rendered_on_reading),
        cmocka_unit_test(test_verify_names_the_shard_that_was_changed),
        cmocka_unit_test(test_a_missing_shard_or_manifest_is_named),
        cmocka_unit_test(test_an_edited_manifest_is_refused),
        cmocka_unit_test(test_a_master_shows_all_shards_as_one),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
