/* gen/ingest/ingest - the same bytes on any number of ranks; failures of one rank reach all; interrupted work goes on.
 */
#include "gen/ingest/ingest.h"

#include "par_check.h"

#include "base/config/config.h"
#include "base/system/file.h"
#include "gen/dataset/sources.h"
#include "store/data/dataset.h"
#include "store/data/pool.h"
#include "video/media/encode.h"
#include "video/media/image.h"
#include "video/transform/resize.h"

static char scratch[PATH_SIZE], videos[PATH_SIZE], images[PATH_SIZE];

static const char *below(char out[PATH_SIZE], const char *folder, const char *name) {
    CHECK_OK(path_join(out, PATH_SIZE, folder, name));
    return out;
}

static void draw(Frames *frames, int n_frames, int height, int width, int hue) {
    CHECK_OK(frames_shape(frames, n_frames, height, width));
    for (int f = 0; f < n_frames; f++)
        for (int i = 0; i < height * width; i++) {
            uint8_t *pixel = frames_at(frames, f) + i * 3;
            pixel[0] = (uint8_t)(hue + i % width);
            pixel[1] = (uint8_t)(i / width * 2 + f);
            pixel[2] = (uint8_t)(hue * 3);
        }
}

static void make_video(const char *name, int n_frames, int hue) {
    char path[PATH_SIZE], parent[PATH_SIZE];
    Frames frames = {0};
    const EncodeSettings settings = encode_preview();
    draw(&frames, n_frames, 40, 56, hue);
    CHECK_OK(path_parent(parent, sizeof parent, below(path, videos, name)));
    CHECK_OK(folder_make(parent));
    CHECK_OK(encode_file(path, &frames, &settings));
    frames_free(&frames);
}

static void make_image(const char *name, int hue) {
    char path[PATH_SIZE];
    Frames frames = {0};
    draw(&frames, 1, 30 + hue % 7, 44, hue);
    CHECK_OK(folder_make(images));
    CHECK_OK(image_write_png(below(path, images, name), &frames, 0));
    frames_free(&frames);
}

static void make_inputs(void) {
    char path[PATH_SIZE];
    make_video("walk/a.mp4", 5, 10);
    make_video("walk/b.mp4", 23, 20);
    make_video("run/c.mp4", 9, 30);
    make_video("run/d.mp4", 1, 40);
    make_video("sit/e.mp4", 12, 50);
    CHECK_OK(file_write_whole(below(path, videos, "walk/broken.mp4"), "words", 5));
    CHECK_OK(file_write_whole(below(path, videos, "readme.txt"), "words", 5));
    for (int i = 0; i < 7; i++) {
        char name[NAME_SIZE];
        CHECK_OK(text_format(name, sizeof name, "photo-%d.png", i));
        make_image(name, 20 * i);
    }
    CHECK_OK(file_write_whole(below(path, images, "broken.png"), "words", 5));
}

static IngestConfig settings_of(const char *input, IngestAs as) {
    IngestConfig config;
    fields_default(&config, ingest_fields);
    CHECK_OK(text_copy(config.input, sizeof config.input, input));
    config.as = as;
    config.size = 32;
    config.max_bad = 0.3;
    config.max_frames = 8;
    config.shard_videos = 2;
    config.label_from = as == INGEST_VIDEOS ? INGEST_LABEL_FOLDER : INGEST_LABEL_NONE;
    return config;
}

static Run run_of(const Par *par, const char *out) {
    return (Run){
        .par = *par, .out = out, .seed = 1, .progress = PROGRESS_NONE, .config_text = "{}\n", .command = "test"};
}

/* The bytes of two files. */
static bool same_file(const char *folder_a, const char *folder_b, const char *name) {
    char path[PATH_SIZE], *a = NULL, *b = NULL;
    size_t a_length = 0, b_length = 0;
    CHECK_OK(file_read(&a, &a_length, below(path, folder_a, name), (size_t)1 << 30));
    CHECK_OK(file_read(&b, &b_length, below(path, folder_b, name), (size_t)1 << 30));
    bool same = a && b && a_length == b_length && !memcmp(a, b, a_length);
    free(a);
    free(b);
    return same;
}

static void check_same_folders(const char *a, const char *b, size_t expected_files) {
    FileList files = {0};
    CHECK_OK(file_list_walk(&files, a));
    CHECK(files.count == expected_files);
    for (size_t i = 0; i < files.count; i++) CHECK(same_file(a, b, files.paths[i]));
    file_list_free(&files);
}

static void test_videos_become_the_same_bytes_all(const Par *par) {
    char serial_out[PATH_SIZE], parallel_out[PATH_SIZE];
    IngestConfig config = settings_of(videos, INGEST_VIDEOS);
    below(serial_out, scratch, "one/set");
    below(parallel_out, scratch, "many/set");
    if (par->rank == 0) {
        const Par serial = par_serial(2);
        const Run run = run_of(&serial, serial_out);
        CHECK_OK(ingest_run_all(&config, &run));
    }
    const Run run = run_of(par, parallel_out);
    CHECK_OK(ingest_run_all(&config, &run));
    if (par->rank == 0) check_same_folders(serial_out, parallel_out, 6); /* 9 clips, two a shard, and the manifest */
}

static void test_the_manifest_tells_what_was_read_all(const Par *par) {
    char out[PATH_SIZE], digest[DIGEST_SIZE];
    if (par->rank > 0) return;
    Dataset dataset = {0};
    CHECK_OK(dataset_read(&dataset, below(out, scratch, "many/set")));
    CHECK(dataset.n_clips == 9 && dataset.n_frames == 50 && dataset.n_classes == 3);
    CHECK(text_equal(dataset.class_names[0], "run") && text_equal(dataset.class_names[2], "walk"));
    CHECK(strstr(dataset.provenance, "walk/broken.mp4") && strstr(dataset.provenance, "\"files_skipped\": 1"));
    CHECK_OK(dataset_verify(out, digest));
    dataset_free(&dataset);
    ClipSource *source = NULL;
    VideoInfo info;
    CHECK_OK(dataset_source_open(&source, out));
    static const int labels[9] = {0, 0, 0, 1, 1, 2, 2, 2, 2}, lengths[9] = {4, 5, 1, 6, 6, 5, 7, 8, 8};
    for (int i = 0; i < 9; i++) {
        CHECK_OK(clip_source_info(source, 0, i, &info));
        CHECK(info.label == labels[i] && info.n_frames == lengths[i] && info.height == 32);
    }
    clip_source_close(&source);
}

/* A second call changes nothing; other settings in the same place are refused; a missing shard alone is made again. */
static void test_finished_and_interrupted_work_is_recognized_all(const Par *par) {
    char out[PATH_SIZE], path[PATH_SIZE], other[PATH_SIZE];
    IngestConfig config = settings_of(videos, INGEST_VIDEOS);
    below(other, scratch, "one/set");
    Run run = run_of(par, below(out, scratch, "many/set"));
    CHECK_OK(ingest_run_all(&config, &run));
    config.size = 48;
    CHECK_ERR(ERR_USAGE, ingest_run_all(&config, &run));
    config.size = 32;
    par_barrier_all(par);
    if (par->rank == 0) {
        char plan[64];
        Dataset dataset = {0};
        CHECK_OK(dataset_read(&dataset, out));
        const char *at = strstr(dataset.provenance, "\"plan\":");
        CHECK(at && sscanf(at, "\"plan\": \"%32[0-9a-f]", plan) == 1);
        dataset_free(&dataset);
        CHECK_OK(file_write_whole(below(path, out, "ingest.plan"), plan, strlen(plan)));
        CHECK_OK(file_remove(below(path, out, "dataset.json")));
        CHECK_OK(file_remove(below(path, out, "shard-00001.h5")));
    }
    par_barrier_all(par);
    CHECK_OK(ingest_run_all(&config, &run));
    if (par->rank == 0) check_same_folders(other, out, 6);
    par_barrier_all(par);
    config.size = 48;
    run.force = true;
    CHECK_OK(ingest_run_all(&config, &run));
}

static void test_images_become_the_same_pool_all(const Par *par) {
    char serial_out[PATH_SIZE], parallel_out[PATH_SIZE];
    const IngestConfig config = settings_of(images, INGEST_IMAGES);
    below(serial_out, scratch, "one/pool.h5");
    below(parallel_out, scratch, "many/pool.h5");
    if (par->rank == 0) {
        const Par serial = par_serial(2);
        const Run run = run_of(&serial, serial_out);
        CHECK_OK(ingest_run_all(&config, &run));
    }
    const Run run = run_of(par, parallel_out);
    CHECK_OK(ingest_run_all(&config, &run));
    CHECK_OK(ingest_run_all(&config, &run));
    if (par->rank > 0) return;
    Pool one = {0}, many = {0};
    CHECK_OK(pool_read(&one, serial_out));
    CHECK_OK(pool_read(&many, parallel_out));
    CHECK(many.count == 7 && many.height == 32 && many.width == 32);
    CHECK(text_equal(one.digest, many.digest) && text_equal(many.sources[3], "photo-3.png"));
    pool_free(&one);
    pool_free(&many);
}

/* What image `file` of the pool has to be. */
static void expect_image(Frames *out, const char *file, IngestFit fit) {
    char path[PATH_SIZE];
    Frames image = {0};
    CHECK_OK(image_read(&image, below(path, images, file)));
    if (fit == INGEST_FIT_SQUARE) CHECK_OK(square_of(out, &image, 32));
    if (fit == INGEST_FIT_STRETCH) CHECK_OK(resize_nearest(out, &image, NULL, 32, 32));
    if (fit == INGEST_FIT_KEEP) {
        CHECK_OK(frames_shape(out, 1, image.height, image.width));
        memcpy(out->data, image.data, frames_frame_bytes(out));
    }
    frames_free(&image);
}

/* Pixel by pixel, and equal files on one rank and many; a size says nothing where images keep their own. */
static void test_each_fit_shows_what_it_says_all(const Par *par) {
    static const char *const fits[] = {"", "stretch", "keep"};
    for (IngestFit fit = INGEST_FIT_SQUARE; fit <= INGEST_FIT_KEEP; fit++) {
        char serial_out[PATH_SIZE], parallel_out[PATH_SIZE], one[PATH_SIZE], many[PATH_SIZE], name[NAME_SIZE];
        IngestConfig config = settings_of(images, INGEST_IMAGES);
        config.fit = (int)fit;
        snprintf(name, sizeof name, "fit-%d.h5", (int)fit);
        below(one, scratch, "one");
        below(many, scratch, "many");
        below(serial_out, one, name);
        below(parallel_out, many, name);
        if (par->rank == 0) {
            const Par serial = par_serial(2);
            const Run run = run_of(&serial, serial_out);
            CHECK_OK(ingest_run_all(&config, &run));
        }
        const Run run = run_of(par, parallel_out);
        if (fit == INGEST_FIT_KEEP) config.size = 0;
        CHECK_OK(ingest_run_all(&config, &run));
        if (par->rank > 0) continue;
        Pool pool = {0};
        CHECK_OK(pool_read(&pool, parallel_out));
        CHECK(pool.count == 7 && text_equal(pool.fit, fits[fit]));
        for (int i = 0; i < pool.count; i++) {
            Frames expected = {0};
            expect_image(&expected, pool.sources[i], fit);
            PoolSize size = pool_size(&pool, i);
            CHECK(size.height == expected.height && size.width == expected.width);
            CHECK(!memcmp(pool_image(&pool, i), expected.data, frames_frame_bytes(&expected)));
            frames_free(&expected);
        }
        pool_free(&pool);
        CHECK(same_file(one, many, name));
    }
}

static void test_too_many_bad_files_leave_nothing_all(const Par *par) {
    char out[PATH_SIZE];
    IngestConfig config = settings_of(videos, INGEST_VIDEOS);
    config.max_bad = 0.01;
    const Run run = run_of(par, below(out, scratch, "never"));
    CHECK_ERR(ERR_INPUT, ingest_run_all(&config, &run));
    CHECK(strstr(err_message(), "1 of 6 files") && strstr(err_message(), "walk/broken.mp4"));
    CHECK(!file_exists(out));
}

static void test_a_reproducible_subset_is_read_all(const Par *par) {
    char out[PATH_SIZE];
    IngestConfig config = settings_of(videos, INGEST_VIDEOS);
    config.limit = 3;
    config.max_bad = 0.5;
    const Run run = run_of(par, below(out, scratch, "subset"));
    CHECK_OK(ingest_run_all(&config, &run));
    if (par->rank > 0) return;
    Dataset dataset = {0};
    CHECK_OK(dataset_read(&dataset, out));
    CHECK(dataset.n_classes == 3 && strstr(dataset.provenance, "\"files_tried\": 3"));
    dataset_free(&dataset);
}

static void test_bad_places_are_refused_on_every_rank_all(const Par *par) {
    char out[PATH_SIZE], empty[PATH_SIZE];
    below(empty, scratch, "empty");
    CHECK_OK(folder_make(empty));
    IngestConfig config = settings_of(empty, INGEST_VIDEOS);
    Run run = run_of(par, below(out, scratch, "never"));
    CHECK_ERR(ERR_INPUT, ingest_run_all(&config, &run));
    config = settings_of("/nonexistent", INGEST_VIDEOS);
    CHECK_ERR(ERR_INPUT, ingest_run_all(&config, &run));
    config = settings_of(images, INGEST_IMAGES);
    CHECK_ERR(ERR_USAGE, ingest_run_all(&config, &run));
    config = settings_of(videos, INGEST_VIDEOS);
    run.out = "/proc/none/set";
    CHECK_ERR(ERR_IO, ingest_run_all(&config, &run));
    CHECK(!file_exists(out));
}

static void share_scratch_all(const Par *par) {
    if (par->rank == 0) {
        const char *parent = getenv("TMPDIR");
        CHECK_OK(text_format(scratch, sizeof scratch, "%s/synvid-ingest-XXXXXX", parent ? parent : "/tmp"));
        CHECK(mkdtemp(scratch) != NULL);
    }
    CHECK_OK(spread_bytes_all(scratch, sizeof scratch, par));
    below(videos, scratch, "videos");
    below(images, scratch, "images");
    if (par->rank == 0) make_inputs();
    par_barrier_all(par);
}

static void remove_scratch(const Par *par) {
    char command[PATH_SIZE + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    if (par->rank == 0) CHECK(system(command) == 0);
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    share_scratch_all(&par);
    test_videos_become_the_same_bytes_all(&par);
    test_the_manifest_tells_what_was_read_all(&par);
    par_barrier_all(&par);
    test_finished_and_interrupted_work_is_recognized_all(&par);
    test_images_become_the_same_pool_all(&par);
    test_each_fit_shows_what_it_says_all(&par);
    test_too_many_bad_files_leave_nothing_all(&par);
    test_a_reproducible_subset_is_read_all(&par);
    test_bad_places_are_refused_on_every_rank_all(&par);
    par_barrier_all(&par);
    remove_scratch(&par);
    return par_check_finish_all(&par);
}
