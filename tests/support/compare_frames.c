/* compare_frames DATASET|POOL.h5 EXPECTED - every frame that an ingest made of its files against EXPECTED/<file>.rgb:
 * raw frames, RGB, of the dataset's size. EXPECTED/<file>.tolerance holds the levels a channel may be off; none without
 * it. Says which files differ in how many pixels, and which were expected and are not there; ends with 1 then. */
#include "base/system/file.h"
#include "store/data/dataset.h"
#include "store/data/pool.h"
#include "video/frames/source.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *expected;
    int64_t n_files, n_wrong_files, n_frames, n_wrong_pixels;
    int worst; /* within what is tolerated */
} Comparison;

static int tolerance_of(const char *path) {
    char *text = NULL, name[PATH_SIZE];
    size_t length;
    int tolerance = 0;
    if (!text_format(name, sizeof name, "%s.tolerance", path) && file_exists(name) &&
        !file_read(&text, &length, name, 16))
        tolerance = (int)strtol(text, NULL, 10);
    free(text);
    return tolerance;
}

static int64_t count_wrong(Comparison *all, const Frames *frames, const uint8_t *expected, int tolerance) {
    int64_t n_wrong = 0, n_pixels = (int64_t)frames->n_frames * frames->height * frames->width;
    for (int64_t i = 0; i < n_pixels; i++) {
        int off = 0;
        for (int c = 0; c < 3; c++) {
            int difference = abs(frames->data[3 * i + c] - expected[3 * i + c]);
            if (difference > off) off = difference;
        }
        n_wrong += off > tolerance;
        if (off <= tolerance && off > all->worst) all->worst = off;
    }
    return n_wrong;
}

static Err compare_file(Comparison *all, const char *name, const Frames *frames) {
    char path[PATH_SIZE], raw[PATH_SIZE], *expected = NULL;
    size_t length = 0, bytes = frames_frame_bytes(frames) * (size_t)frames->n_frames;
    TRY(path_join(path, sizeof path, all->expected, name));
    TRY(text_format(raw, sizeof raw, "%s.rgb", path));
    TRY(file_read(&expected, &length, raw, 1 << 28));
    int64_t n_wrong = length == bytes ? count_wrong(all, frames, (const uint8_t *)expected, tolerance_of(path)) : -1;
    if (n_wrong < 0)
        printf("%s: %d frames, %.1f expected\n", name, frames->n_frames,
               (double)length / (double)frames_frame_bytes(frames));
    if (n_wrong > 0) printf("%s: %lld wrong pixels\n", name, (long long)n_wrong);
    all->n_files++;
    all->n_frames += frames->n_frames;
    all->n_wrong_files += n_wrong != 0;
    all->n_wrong_pixels += n_wrong > 0 ? n_wrong : 0;
    free(expected);
    return ERR_NONE;
}

static Err compare_dataset(Comparison *all, const char *folder) {
    Dataset dataset = {0};
    ClipSource *source = NULL;
    Frames frames = {0};
    TRY(dataset_read(&dataset, folder));
    Err err = shard_source_open(&source, folder, NULL);
    cJSON *tree = cJSON_Parse(dataset.provenance);
    const cJSON *used = cJSON_GetObjectItemCaseSensitive(tree, "used"), *file;
    int64_t index = 0;
    cJSON_ArrayForEach(file, used) {
        static int numbers[1 << 16];
        int n_frames = (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(file, "frames"));
        for (int i = 0; i < n_frames; i++) numbers[i] = i;
        if (!err) err = clip_source_read(source, 0, index++, numbers, n_frames, &frames);
        if (!err)
            err = compare_file(all, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, "file")), &frames);
    }
    cJSON_Delete(tree);
    frames_free(&frames);
    clip_source_close(&source);
    dataset_free(&dataset);
    return err;
}

static Err compare_pool(Comparison *all, const char *path) {
    Pool pool = {0};
    Frames frame = {0};
    TRY(pool_read(&pool, path));
    Err err = frames_shape(&frame, 1, pool.height, pool.width);
    for (int i = 0; i < pool.count && !err; i++) {
        memcpy(frame.data, pool_image(&pool, i), frames_frame_bytes(&frame));
        err = compare_file(all, pool.sources[i], &frame);
    }
    frames_free(&frame);
    pool_free(&pool);
    return err;
}

static Err find_missing(Comparison *all) {
    FileList files;
    int64_t n_expected = 0;
    TRY(file_list_walk(&files, all->expected));
    for (size_t i = 0; i < files.count; i++) n_expected += text_ends(files.paths[i], ".rgb");
    file_list_free(&files);
    if (n_expected != all->n_files)
        printf("%lld files were expected, %lld are there\n", (long long)n_expected, (long long)all->n_files);
    all->n_wrong_files += n_expected != all->n_files;
    return ERR_NONE;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    Comparison all = {.expected = argv[2]};
    Err err = text_ends(argv[1], ".h5") ? compare_pool(&all, argv[1]) : compare_dataset(&all, argv[1]);
    if (!err) err = find_missing(&all);
    if (err) fprintf(stderr, "%s\n", err_message());
    printf("%lld files, %lld frames, %lld wrong pixels, others off by at most %d\n", (long long)all.n_files,
           (long long)all.n_frames, (long long)all.n_wrong_pixels, all.worst);
    return err || all.n_wrong_files > 0;
}
