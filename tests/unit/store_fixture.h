/* Small videos with known pixels and a folder of its own, for the tests of store/. */
#pragma once

#include "base/text/text.h"
#include "store/data/shard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(expression)                                                                                          \
    do {                                                                                                               \
        Err assert_ok_ = (expression);                                                                                 \
        if (assert_ok_) fail_msg("%s: %s (%s)", #expression, err_text(assert_ok_), err_message());                     \
    } while (0)
/* The call fails with this code, and the message holds `part`. */
#define assert_err(code, part, expression)                                                                             \
    do {                                                                                                               \
        Err assert_err_ = (expression);                                                                                \
        if (assert_err_ != (code) || !strstr(err_message(), (part)))                                                   \
            fail_msg("%s: gave %s (%s), expected %s with \"%s\"", #expression, err_text(assert_err_),                  \
                     assert_err_ ? err_message() : "", err_text(code), (part));                                        \
    } while (0)

/* From here on no file of this process grows beyond `bytes`, as if the disk were full (EFBIG instead of ENOSPC);
 * RLIM_INFINITY lifts it. */
static inline void fixture_limit_files(rlim_t bytes) {
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static char fixture_folder[PATH_SIZE];

static inline int fixture_setup(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(fixture_folder, sizeof fixture_folder, "%s/synvid-test-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(fixture_folder) ? 0 : 1;
}

static inline int fixture_teardown(void **state) {
    (void)state;
    char command[PATH_SIZE + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", fixture_folder);
    return system(command);
}

/* A path in the test's folder; up to four are valid at a time. */
static inline const char *fixture_path(const char *name) {
    static char paths[4][2 * PATH_SIZE];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", fixture_folder, name);
    return paths[turn];
}

/* Every pixel tells its video, frame, place and channel, modulo 251. */
static inline uint8_t fixture_pixel(int64_t clip_index, int frame, int y, int x, int channel) {
    return (uint8_t)((clip_index * 37 + frame * 11 + y * 3 + x * 5 + channel * 7) % 251);
}

static inline void fixture_video(Frames *frames, int64_t clip_index, int n_frames, int height, int width) {
    assert_ok(frames_shape(frames, n_frames, height, width));
    for (int f = 0; f < n_frames; f++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int c = 0; c < 3; c++)
                    frames_at(frames, f)[(y * width + x) * 3 + c] = fixture_pixel(clip_index, f, y, x, c);
}

enum { FIXTURE_HEIGHT = 70, FIXTURE_WIDTH = 96, FIXTURE_VIDEOS = 5 };

/* Lengths 23, 36, 49, ...: tiles of 50 frames span videos. */
static inline int fixture_length(int video) {
    return 23 + 13 * video;
}

static const LatentColumn fixture_columns[] = {
    {"radius", "circumscribed radius", "pixels", LATENT_F32, 2, 1},
    {"kind", "which shape", "number", LATENT_I32, 2, 3},
};

/* Video k has index 10 + 2k and label k - 1. */
static inline Err fixture_shard_try(const char *path, StorageKind storage, char digest[DIGEST_SIZE]) {
    int64_t total = 0;
    for (int video = 0; video < FIXTURE_VIDEOS; video++) total += fixture_length(video);
    ShardWriter *writer;
    const ShardPlan plan = {.path = path,
                            .config_text = "{\"name\": \"fixture\"}",
                            .storage = storage,
                            .height = FIXTURE_HEIGHT,
                            .width = FIXTURE_WIDTH,
                            .n_videos = FIXTURE_VIDEOS,
                            .n_frames = total,
                            .columns = fixture_columns,
                            .n_columns = 2};
    TRY(shard_create(&writer, &plan));
    Frames frames = {0};
    Err err = ERR_NONE;
    for (int video = 0; !err && video < FIXTURE_VIDEOS; video++) {
        const float radius[2] = {(float)video, 0.5f};
        const int32_t kind[6] = {video, 1, 2, 3, 4, 5};
        const void *latents[] = {radius, kind};
        fixture_video(&frames, 10 + 2 * video, fixture_length(video), FIXTURE_HEIGHT, FIXTURE_WIDTH);
        err = shard_append(writer, 10 + 2 * video, video - 1, &frames, latents);
    }
    frames_free(&frames);
    if (err)
        shard_abandon(&writer);
    else
        err = shard_finish(&writer, digest);
    assert_null(writer);
    return err;
}

static inline void fixture_shard(const char *path, StorageKind storage, char digest[DIGEST_SIZE]) {
    assert_ok(fixture_shard_try(path, storage, digest));
}
